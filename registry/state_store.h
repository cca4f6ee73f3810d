// StateStore: the small truths beside the git objects (heads, charters, records, peers), as ordered keys and values
// in a few columns. A seam: RocksDB in a daemon, a twin that models durable and un-synced bytes in a simulation; one
// contract suite runs on both.
//
// Invariant: `write` is atomic across columns and durable when it returns; it is the only commit point of the whole
// registry (STORAGE.md). Any thread; writes are serialised by the caller.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/bytes.h"

namespace maillage::registry {

// Rationale for few columns: each keeps a memtable and pins the write-ahead log until it is flushed.
enum class Column : std::uint8_t {
  kMeta,      // format version, own settings, counters
  kHeads,     // place id ‖ 's' or 'h' → signed head: seen and held
  kCharters,  // place id ‖ number → signed charter
  kEvidence,  // place id ‖ charter ‖ epoch → two conflicting signed heads
  kRecords,   // place id ‖ 16 bytes of SHA-256(path) → record with its dates (no user text in keys)
  kPeers,     // address book and admission
  kInbox,     // contributions that wait
  kCommons,   // object id → the commits and trees of the tree of everything (git/whole_chain.h); written by the git threads
};
inline constexpr std::size_t kColumns = 8;

class WriteBatch {
 public:
  struct Change {
    Column column;
    std::string key;
    std::optional<std::string> value;  // nothing: delete
  };
  void put(Column column, std::string key, std::string value) {
    bytes_ += key.size() + value.size();
    changes_.push_back({column, std::move(key), std::move(value)});
  }
  void erase(Column column, std::string key) {
    bytes_ += key.size();
    changes_.push_back({column, std::move(key), std::nullopt});
  }
  const std::vector<Change>& changes() const { return changes_; }
  std::size_t bytes() const { return bytes_; }
  bool empty() const { return changes_.empty(); }

 private:
  std::vector<Change> changes_;
  std::size_t bytes_ = 0;
};

class StateStore {
 public:
  virtual ~StateStore() = default;

  // All or nothing, durable on return. kDiskFull or kIo; nothing is changed then.
  virtual protocol::Result<void> write(const WriteBatch& batch) = 0;

  // The value, or nothing. kCorrupt when a checksum fails.
  virtual protocol::Result<std::optional<std::string>> get(Column column, std::string_view key) const = 0;

  // Every key with `prefix`, ascending, from a consistent snapshot, until `visit` returns false.
  virtual protocol::Result<void> scan(Column column, std::string_view prefix,
                                      const std::function<bool(std::string_view key, std::string_view value)>& visit) const = 0;
};

}  // namespace maillage::registry
