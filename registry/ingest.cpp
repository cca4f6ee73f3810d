#include "registry/ingest.h"

#include <algorithm>
#include <unordered_set>

#include "registry/pack_overlay.h"

namespace maillage::registry {
namespace {

using protocol::fail;

// Walks everything that heads reach in the pack, and marks it.
class Reach {
 public:
  Reach(const PackTable& table, const ObjectSource& store)
      : table_(table), store_(store), marked_(table.entries().size()), heights_(table.entries().size()) {}

  // Every commit of a head's history is canonical, complete, and one of them has no parent.
  Result<void> history(const ExpectedPlace& place) {
    if (!place.base.is_zero() && !store_.contains(place.base)) return missing(place.base);
    Walk walk{place.base, {place.head.head.commit}, {place.head.head.commit}};
    if (auto done = drain(walk); !done) return done;
    // The base's own history was judged when it came in: one beginning. But when some commit leads into the store
    // beside the base, both ways may end at the same beginning, so everything is walked.
    if (walk.met_base && walk.left_pack) {
      walk.base = {};
      walk.waiting.push_back(place.base);
      if (auto done = drain(walk); !done) return done;
    } else if (walk.met_base) {
      ++walk.roots;
    }
    if (walk.roots != 1) return fail(ErrorCode::kManyRoots, std::to_string(walk.roots) + " in " + place.head.head.place.hex());
    return {};
  }

  Result<void> no_stowaway() const {
    auto found = std::ranges::find(marked_, false);
    if (found == marked_.end()) return {};
    const PackEntry& entry = table_.entries()[static_cast<std::size_t>(found - marked_.begin())];
    return fail(ErrorCode::kStowaway, std::string(name_of(entry.kind)) + " " + entry.id.hex());
  }

 private:
  struct Walk {
    ObjectId base;
    std::vector<ObjectId> waiting;
    std::unordered_set<ObjectId> seen;
    std::size_t roots = 0;
    bool met_base = false;
    bool left_pack = false;  // reached a commit of the store that is not the base
  };

  static tl::unexpected<Error> missing(const ObjectId& id) { return fail(ErrorCode::kMissingObject, id.hex()); }

  Result<void> drain(Walk& walk) {
    while (!walk.waiting.empty()) {
      ObjectId id = walk.waiting.back();
      walk.waiting.pop_back();
      if (id == walk.base) {
        walk.met_base = true;
        continue;
      }
      auto commit = visit_commit(walk, id);
      if (!commit) return tl::unexpected(commit.error());
      if (commit->parents.empty()) ++walk.roots;
      for (const ObjectId& parent : commit->parents)
        if (walk.seen.insert(parent).second) walk.waiting.push_back(parent);
    }
    return {};
  }

  Result<Commit> visit_commit(Walk& walk, const ObjectId& id) {
    auto index = table_.find(id);
    if (!index) {
      walk.left_pack = true;
      if (!store_.contains(id)) return missing(id);
      auto bytes = store_.read_as(ObjectKind::kCommit, id);
      return bytes ? read_commit(*bytes) : tl::unexpected(bytes.error());
    }
    auto bytes = take(*index, ObjectKind::kCommit);
    if (!bytes) return tl::unexpected(bytes.error());
    auto commit = read_commit(*bytes);
    if (!commit) return fail(commit.error().code, id.hex() + ": " + commit.error().context);
    if (!commit->signature) return fail(ErrorCode::kBadObject, id.hex() + ": commit without signature");
    if (auto height = visit_tree(commit->tree, 0); !height) return tl::unexpected(height.error());
    return commit;
  }

  // Marks an object of the pack, which must be of this kind, and inflates it.
  Result<Bytes> take(std::uint32_t index, ObjectKind kind) {
    const PackEntry& entry = table_.entries()[index];
    if (entry.kind != kind) return fail(ErrorCode::kBadObject, entry.id.hex() + ": not a " + std::string(name_of(kind)));
    marked_[index] = true;
    return table_.inflate(entry);
  }

  // Folders below and including this one. What the store has was judged when it came in, with all below it.
  Result<std::uint8_t> visit_tree(const ObjectId& id, std::size_t depth) {
    auto index = table_.find(id);
    if (!index) return store_.contains(id) ? Result<std::uint8_t>(1) : missing(id);
    if (heights_[*index] == 0) {
      if (depth >= protocol::kPathDepthMax) return fail(ErrorCode::kBadObject, id.hex() + ": too deep");
      auto height = read_folder(*index, depth);
      if (!height) return height;
      heights_[*index] = *height;
    }
    if (depth + heights_[*index] > protocol::kPathDepthMax) return fail(ErrorCode::kBadObject, id.hex() + ": too deep");
    return heights_[*index];
  }

  Result<std::uint8_t> read_folder(std::uint32_t index, std::size_t depth) {
    auto bytes = take(index, ObjectKind::kTree);
    if (!bytes) return tl::unexpected(bytes.error());
    auto entries = read_tree(*bytes);
    if (!entries) return tl::unexpected(entries.error());
    if (entries->empty() && depth > 0) return fail(ErrorCode::kBadObject, "empty folder");
    std::uint8_t below = 0;
    for (const TreeEntry& entry : *entries) {
      auto height = entry.is_folder ? visit_tree(entry.id, depth + 1) : visit_blob(entry);
      if (!height) return height;
      below = std::max(below, *height);
    }
    return below + 1;
  }

  Result<std::uint8_t> visit_blob(const TreeEntry& entry) {
    auto index = table_.find(entry.id);
    if (!index) return store_.contains(entry.id) ? Result<std::uint8_t>(0) : missing(entry.id);
    if (table_.entries()[*index].kind != ObjectKind::kBlob) return fail(ErrorCode::kBadObject, std::string(entry.name) + ": not a blob");
    marked_[*index] = true;
    return 0;
  }

  const PackTable& table_;
  const ObjectSource& store_;
  std::vector<bool> marked_;
  std::vector<std::uint8_t> heights_;  // of folders by entry; 0: not visited
};

Result<PlaceChanges> check_place(const ObjectSource& objects, Reach& reach, const ExpectedPlace& place, TreeCache& cache,
                                 const KnownCreation& known) {
  const protocol::Head& head = place.head.head;
  if (auto done = reach.history(place); !done) return tl::unexpected(done.error());
  auto bytes = objects.read_as(ObjectKind::kCommit, head.commit);
  if (!bytes) return tl::unexpected(bytes.error());
  auto commit = read_commit(*bytes);
  if (!commit) return tl::unexpected(commit.error());
  auto summary = summarise(objects, commit->tree, cache);
  if (!summary) return tl::unexpected(summary.error());
  if (summary->state != head.state) return fail(ErrorCode::kWrongState, head.place.hex());
  auto base = place.base.is_zero() ? std::nullopt : std::optional(place.base);
  return changes_between(objects, head.place, base, head.commit, known);
}

}  // namespace

bool CheckedPack::accepted() const {
  return std::ranges::all_of(places, [](const auto& place) { return place.has_value(); });
}

Result<CheckedPack> check_pack(const ObjectSource& store, StagedPack& staged, std::span<const ExpectedPlace> places,
                               TreeCache& cache, const PackLimits& limits, const KnownCreation& known, std::optional<PackTable> table) {
  if (!table) {
    auto bytes = staged.bytes();
    if (!bytes) return tl::unexpected(bytes.error());
    auto read = PackTable::read(*bytes, store, limits);
    if (!read) return tl::unexpected(read.error());
    table = std::move(*read);
  }
  CheckedPack checked{std::move(*table), {}};
  PackOverlay objects(checked.table, store);
  Reach reach(checked.table, store);
  for (const ExpectedPlace& place : places) checked.places.push_back(check_place(objects, reach, place, cache, known));
  if (!checked.accepted()) return checked;
  if (auto done = reach.no_stowaway(); !done) return tl::unexpected(done.error());
  return checked;
}

}  // namespace maillage::registry
