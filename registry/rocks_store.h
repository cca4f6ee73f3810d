// RocksStore: the StateStore of a real daemon, on RocksDB. One column family for each Column.
//
// Invariant: a `write` that returned is on the disk (synced write-ahead log) in full, or not there at all.
// The directory has one owner at a time: a second open gives kBusy. Nothing throws. Any thread; writes are serialised
// by the caller. STORAGE.md, "Columns".
#pragma once

#include <filesystem>
#include <memory>

#include "registry/state_store.h"

namespace maillage::registry {

using protocol::Result;

// Memory bounds. Rationale: an operator's machine has less than 100 MB for the whole daemon; heads of 100,000 places
// are 22 MB on disk, so a small cache already holds what is hot.
inline constexpr std::size_t kBlockCacheBytes = 16 * 1024 * 1024;
inline constexpr std::size_t kColumnBufferBytes = 8 * 1024 * 1024;  // one memtable of one column
inline constexpr std::size_t kAllBuffersBytes = 24 * 1024 * 1024;   // every memtable together, then the largest flushes
// The write-ahead log is deleted once every column is flushed: small, because erased bytes live in it too, and a
// column that is rarely written would otherwise keep it for ever.
inline constexpr std::size_t kWriteAheadLogBytesMax = 32 * 1024 * 1024;
// The manifest holds key bounds of files that are gone: rolled over early.
inline constexpr std::size_t kManifestBytesMax = 1024 * 1024;

class RocksStore final : public StateStore {
 public:
  // Opens or creates the store in `directory` (its parent exists). kBusy when another process or object has it open,
  // kCorrupt when it cannot be read, kDiskFull, kIo.
  static Result<std::unique_ptr<RocksStore>> open(const std::filesystem::path& directory);
  ~RocksStore() override;

  Result<void> write(const WriteBatch& batch) override;
  Result<std::optional<std::string>> get(Column column, std::string_view key) const override;
  Result<void> scan(Column column, std::string_view prefix,
                    const std::function<bool(std::string_view, std::string_view)>& visit) const override;

  // Reads every file and checks every checksum: kCorrupt names the first damaged file. Minutes for gigabytes.
  Result<void> verify_checksums() const;

  // After an erasure: rewrites what holds keys with `prefix`, so that deleted values leave the files and the log.
  Result<void> purge(Column column, std::string_view prefix);

 private:
  struct Parts;
  explicit RocksStore(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace maillage::registry
