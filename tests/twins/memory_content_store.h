// The ContentStore's twin: packs as maps of objects in memory. What `adopt` returned for is durable, as the seam
// promises; `crash()` forgets the rest, which is what is staged. `fail_next` makes the next append or adopt fail as a
// full disk does, with nothing adopted. Simulation and Catch2 tests: one thread.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "registry/content_store.h"
#include "registry/pack_reader.h"

namespace maillage::tests {

class MemoryContentStore final : public registry::ContentStore {
 public:
  bool contains(const protocol::ObjectId& id) const override { return find(id) != nullptr; }

  protocol::Result<registry::Object> read(const protocol::ObjectId& id) const override {
    if (const registry::Object* object = find(id)) return *object;
    return protocol::fail(protocol::ErrorCode::kNotFound, id.hex());
  }

  protocol::Result<std::unique_ptr<registry::StagedPack>> stage(std::uint64_t bytes_max) override {
    return std::make_unique<Staged>(*this, bytes_max);
  }

  protocol::Result<registry::PackName> adopt(registry::StagedPack& staged, const registry::PackTable& table) override {
    if (auto error = std::exchange(next_error_, std::nullopt)) return tl::unexpected(*error);
    protocol::check(static_cast<Staged&>(staged).run == run_, "a staged pack does not survive a crash");
    if (packs_.contains(table.name())) return table.name();
    Pack pack{{}, true};
    for (const registry::PackEntry& entry : table.entries()) {
      auto bytes = table.inflate(entry);
      if (!bytes) return tl::unexpected(bytes.error());
      pack.objects[entry.id] = {entry.kind, std::move(*bytes)};
    }
    for (const protocol::ObjectId& id : table.borrowed()) {
      auto base = read(id);
      if (!base) return tl::unexpected(base.error());
      pack.objects[id] = std::move(*base);
    }
    packs_.emplace(table.name(), std::move(pack));
    return table.name();
  }

  protocol::Result<void> release(const registry::PackName& name) override {
    if (auto found = packs_.find(name); found != packs_.end()) found->second.marked = false;
    return {};
  }
  protocol::Result<void> discard(const registry::PackName& name) override {
    if (auto found = packs_.find(name); found != packs_.end() && found->second.marked) packs_.erase(found);
    return {};
  }
  protocol::Result<std::vector<registry::PackName>> kept() const override {
    std::vector<registry::PackName> names;
    for (const auto& [name, pack] : packs_)
      if (pack.marked) names.push_back(name);
    return names;
  }
  bool holds(const registry::PackName& name, const protocol::ObjectId& id) const override {
    auto found = packs_.find(name);
    return found != packs_.end() && found->second.objects.contains(id);
  }

  void crash() { ++run_; }
  void fail_next(protocol::ErrorCode code) { next_error_ = protocol::Error{code, "twin"}; }

 private:
  struct Pack {
    std::map<protocol::ObjectId, registry::Object> objects;
    bool marked;
  };

  struct Staged final : registry::StagedPack {
    Staged(MemoryContentStore& owner, std::uint64_t cap) : store(owner), run(owner.run_), bytes_max(cap) {}
    protocol::Result<void> append(protocol::ByteView more) override {
      if (auto error = std::exchange(store.next_error_, std::nullopt)) return tl::unexpected(*error);
      if (more.size() > bytes_max - content.size()) return protocol::fail(protocol::ErrorCode::kTooLarge, "pack");
      content.insert(content.end(), more.begin(), more.end());
      return {};
    }
    protocol::Result<protocol::ByteView> bytes() override { return protocol::ByteView(content); }

    MemoryContentStore& store;
    std::uint64_t run;
    std::uint64_t bytes_max;
    protocol::Bytes content;
  };

  const registry::Object* find(const protocol::ObjectId& id) const {
    for (const auto& [name, pack] : packs_)
      if (auto found = pack.objects.find(id); found != pack.objects.end()) return &found->second;
    return nullptr;
  }

  std::map<registry::PackName, Pack> packs_;
  std::uint64_t run_ = 0;
  std::optional<protocol::Error> next_error_;
};

}  // namespace maillage::tests
