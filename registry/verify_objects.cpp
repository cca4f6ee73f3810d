#include "registry/verify_objects.h"

#include <unordered_set>

#include "registry/commit.h"
#include "registry/tree.h"

namespace maillage::registry {
namespace {

using protocol::fail;

// Walks heads' histories over the store alone; each object is looked at once, however many places share it.
class Audit {
 public:
  explicit Audit(const ObjectSource& store) : store_(store) {}

  Result<void> head(const protocol::Head& head) {
    auto roots = history(head.commit);
    if (!roots) return tl::unexpected(roots.error());
    if (*roots != 1) return fail(ErrorCode::kManyRoots, std::to_string(*roots));
    auto commit = load(head.commit);
    if (!commit) return tl::unexpected(commit.error());
    auto summary = summarise(store_, commit->tree, cache_);
    if (!summary) return tl::unexpected(summary.error());
    if (summary->state != head.state) return fail(ErrorCode::kWrongState, "");
    return {};
  }

 private:
  Result<Commit> load(const ObjectId& id) const {
    auto bytes = store_.read_as(ObjectKind::kCommit, id);
    return bytes ? read_commit(*bytes) : tl::unexpected(bytes.error());
  }

  Result<std::size_t> history(const ObjectId& tip) {
    std::size_t roots = 0;
    std::vector<ObjectId> waiting{tip};
    std::unordered_set<ObjectId> seen{tip};
    while (!waiting.empty()) {
      auto commit = load(waiting.back());
      waiting.pop_back();
      if (!commit) return tl::unexpected(commit.error());
      if (auto done = tree(commit->tree); !done) return tl::unexpected(done.error());
      if (commit->parents.empty()) ++roots;
      for (const ObjectId& parent : commit->parents)
        if (seen.insert(parent).second) waiting.push_back(parent);
    }
    return roots;
  }

  Result<void> tree(const ObjectId& id) {
    if (sound_.contains(id)) return {};
    auto bytes = store_.read_as(ObjectKind::kTree, id);
    if (!bytes) return tl::unexpected(bytes.error());
    auto entries = read_tree(*bytes);
    if (!entries) return tl::unexpected(entries.error());
    for (const TreeEntry& entry : *entries) {
      if (!entry.is_folder && !store_.contains(entry.id)) return fail(ErrorCode::kMissingObject, entry.id.hex());
      if (!entry.is_folder) continue;
      if (auto done = tree(entry.id); !done) return done;
    }
    sound_.insert(id);
    return {};
  }

  const ObjectSource& store_;
  TreeCache cache_;
  std::unordered_set<ObjectId> sound_;
};

}  // namespace

std::vector<Error> verify_objects(const ObjectStore& store, std::span<const protocol::SignedHead> held) {
  std::vector<Error> found = store.verify();
  Audit audit(store);
  for (const protocol::SignedHead& head : held)
    if (auto sound = audit.head(head.head); !sound)
      found.push_back({sound.error().code, "place " + head.head.place.hex() + ": " + sound.error().context});
  return found;
}

}  // namespace maillage::registry
