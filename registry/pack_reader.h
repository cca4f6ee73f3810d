// PackTable: what is in a git pack (version 2) that a stranger sent, found under caps and without trusting a byte.
//
// Every object is inflated once, in order, through one buffer: its name, SHA-256 and place in the file are kept, its
// bytes are not. A declared size is compared with the cap of its kind *before* anything is inflated; all that is
// inflated, also for deltas, counts against one budget, so that a zip bomb or delta bomb costs no more than the budget.
// Refused: tags, objects twice, deltas deeper than kDeltaDepthMax or that lean on one another in a ring, a base that is
// nowhere, a wrong trailer, bytes after it. Not here: what the objects say (ingest.h). Immutable once read; any thread.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "protocol/limits.h"
#include "registry/content_store.h"

namespace maillage::registry {

struct PackLimits {
  std::uint64_t objects_max = protocol::kPackObjectsMax;
  // Everything inflated, bases of deltas included. A place and its history compress about 3 : 1; 512 of them fit.
  std::uint64_t inflated_bytes_max = 4ULL * 1024 * protocol::kMiB;
  // Larger than a place may hold only where a file that is too large is to be named (push_check.h).
  std::uint64_t blob_bytes_max = protocol::kFileBytesMax;
};

struct PackEntry {
  ObjectId id;
  ObjectKind kind;
  std::uint8_t delta_depth = 0;  // 0: whole
  std::uint32_t size = 0;        // inflated, deltas applied
  std::uint32_t crc32 = 0;       // of the raw entry, for the .idx
  std::uint64_t offset = 0;      // of the raw entry in the pack
  std::uint64_t end = 0;         // where the next one starts
  Hash sha256;                   // of a blob; zero for other kinds
  std::uint32_t kept_at = 0;     // one more than where its bytes are kept; 0: they are not
  std::uint32_t base = 0;        // one more than the index of the entry that it leans on; 0: it is whole, or leans on an object outside
};

class PackTable {
 public:
  // `bases` lends objects that a thin pack's deltas lean on. The bytes must outlive the table.
  // kTruncated, kTrailingBytes, kTooLarge, kTooMany, kBadPack. Cost: about 6 µs an object plus 5 ms a MB inflated.
  static Result<PackTable> read(ByteView pack, const ObjectSource& bases, const PackLimits& limits = {});

  std::span<const PackEntry> entries() const { return entries_; }  // by offset

  // Index into entries(), or nothing.
  std::optional<std::uint32_t> find(const ObjectId& id) const;

  // The bytes of an object of this pack.
  Result<Bytes> inflate(const PackEntry& entry) const;

  // Objects that are not in the pack but are bases of deltas in it, ascending: what makes it thin.
  const std::vector<ObjectId>& borrowed() const { return borrowed_; }

  const PackName& name() const { return name_; }
  ByteView pack() const { return pack_; }

 private:
  friend class PackScan;

  const PackEntry* entry_at(std::uint64_t offset) const;
  void keep(PackEntry& entry, ByteView bytes);

  // Small objects as they were inflated to be named: records, which are read again to be indexed, and folders, which are
  // walked, summarised and compared. In blocks that no object crosses.
  static constexpr std::size_t kKeptBlockBytes = 1024 * 1024;
  static constexpr std::size_t kKeptBlocksMax = 64;
  static constexpr std::size_t kKeptObjectBytesMax = 4 * 1024;
  std::vector<Bytes> kept_;

  ByteView pack_;
  const ObjectSource* bases_ = nullptr;
  PackName name_;
  std::vector<PackEntry> entries_;
  // `fan_[f]` of `by_id_` have ids whose first twelve bits are below f: looking up compares two or three ids, not fifteen.
  static constexpr std::size_t kFans = 4'096;
  static std::size_t fan_of(const ObjectId& id) { return static_cast<std::size_t>(id.bytes[0]) << 4 | id.bytes[1] >> 4; }

  std::vector<std::uint32_t> by_id_;  // indexes into entries_, ascending by id
  std::vector<std::uint32_t> fan_;    // empty until `by_id_` is
  std::vector<ObjectId> borrowed_;
};

}  // namespace maillage::registry
