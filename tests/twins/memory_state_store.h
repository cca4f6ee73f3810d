// The StateStore's twin: ordered maps in memory, with what is durable and what is not yet kept apart, as on a disk.
//
// `crash()` forgets what was not synced. `write` syncs, as the seam promises; `write_unsynced` exists so that tests can
// see that forgetting. `fail_next` makes the next write fail as a full disk does. Simulation and Catch2 tests: one thread.
#pragma once

#include <array>
#include <map>
#include <optional>

#include "registry/state_store.h"

namespace maillage::tests {

class MemoryStateStore final : public registry::StateStore {
 public:
  protocol::Result<void> write(const registry::WriteBatch& batch) override {
    if (auto error = std::exchange(next_error_, std::nullopt)) return tl::unexpected(*error);
    write_unsynced(batch);
    sync();
    return {};
  }

  protocol::Result<std::optional<std::string>> get(registry::Column column, std::string_view key) const override {
    const Table& table = visible_[index(column)];
    auto found = table.find(key);
    if (found == table.end()) return std::optional<std::string>();
    return std::optional<std::string>(found->second);
  }

  protocol::Result<void> scan(registry::Column column, std::string_view prefix,
                              const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    Table snapshot = visible_[index(column)];
    for (auto at = snapshot.lower_bound(prefix); at != snapshot.end() && at->first.starts_with(prefix); ++at) {
      if (!visit(at->first, at->second)) break;
    }
    return {};
  }

  void write_unsynced(const registry::WriteBatch& batch) {
    for (const auto& change : batch.changes()) {
      Table& table = visible_[index(change.column)];
      if (change.value) table[change.key] = *change.value;
      else table.erase(change.key);
      unsynced_.push_back(change);
    }
  }
  void sync() {
    for (auto& change : unsynced_) {
      Table& table = durable_[index(change.column)];
      if (change.value) table[change.key] = std::move(*change.value);
      else table.erase(change.key);
    }
    unsynced_.clear();
  }
  // What a crash would leave.
  std::optional<std::string> durable(registry::Column column, std::string_view key) const {
    const Table& table = durable_[index(column)];
    auto found = table.find(key);
    return found == table.end() ? std::nullopt : std::optional(found->second);
  }
  void crash() {
    visible_ = durable_;
    unsynced_.clear();
  }
  void fail_next(protocol::ErrorCode code) { next_error_ = protocol::Error{code, "twin"}; }

 private:
  using Table = std::map<std::string, std::string, std::less<>>;
  static std::size_t index(registry::Column column) { return static_cast<std::size_t>(column); }

  std::array<Table, registry::kColumns> visible_, durable_;
  std::vector<registry::WriteBatch::Change> unsynced_;
  std::optional<protocol::Error> next_error_;
};

}  // namespace maillage::tests
