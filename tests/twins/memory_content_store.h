// The ContentStore's twin: packs as maps of objects in memory. What `adopt` returned for is durable, as the seam
// promises; `crash()` forgets the rest, which is what is staged. `fail_next` makes the next append or adopt fail as a
// full disk does, with nothing adopted. Simulation and Catch2 tests: one thread.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
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
    for (const auto& [id, object] : pack.objects) where_[id] = table.name();
    packs_.emplace(table.name(), std::move(pack));
    return table.name();
  }

  protocol::Result<void> release(const registry::PackName& name) override {
    if (auto found = packs_.find(name); found != packs_.end()) found->second.marked = false;
    return {};
  }
  protocol::Result<void> discard(const registry::PackName& name) override {
    if (auto found = packs_.find(name); found != packs_.end() && found->second.marked) packs_.erase(found), index_anew();
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
  // What a purge leaves: no object that `keep` does not name.
  void purge(const std::set<protocol::ObjectId>& keep) {
    std::map<registry::PackName, Pack> left;
    for (auto at = packs_.begin(); at != packs_.end();) {
      bool loses = std::erase_if(at->second.objects, [&](const auto& entry) { return !keep.contains(entry.first); }) > 0;
      auto rewritten = packs_.extract(at++);
      // What is left is another pack: the one that was may come again.
      if (loses) rewritten.key().checksum.bytes = {0xff, static_cast<std::uint8_t>(++rewritten_ >> 8), static_cast<std::uint8_t>(rewritten_)};
      if (!rewritten.mapped().objects.empty()) left.insert(std::move(rewritten));
    }
    packs_ = std::move(left);
    index_anew();
  }
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
    auto pack = where_.find(id);
    return pack == where_.end() ? nullptr : &packs_.at(pack->second).objects.at(id);
  }
  void index_anew() {
    where_.clear();
    for (const auto& [name, pack] : packs_)
      for (const auto& [id, object] : pack.objects) where_[id] = name;
  }

  std::map<registry::PackName, Pack> packs_;
  std::unordered_map<protocol::ObjectId, registry::PackName> where_;  // one of the packs that have it
  std::uint64_t run_ = 0;
  unsigned rewritten_ = 0;
  std::optional<protocol::Error> next_error_;
};

}  // namespace maillage::tests
