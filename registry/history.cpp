#include "registry/history.h"

#include <map>
#include <unordered_set>

#include "protocol/limits.h"
#include "protocol/record_kind.h"
#include "registry/tree.h"

namespace maillage::registry {
namespace {

UnixTime time_of(const Commit& commit) { return {commit.committer.seconds * 1000}; }

Result<Commit> load(const ObjectSource& source, const ObjectId& id) {
  auto bytes = source.read_as(ObjectKind::kCommit, id);
  if (!bytes) return tl::unexpected(bytes.error());
  return read_commit(*bytes);
}

// What became of one record file along a chain of commits.
struct Life {
  std::optional<ObjectId> blob;     // nothing: withdrawn
  std::optional<UnixTime> created;  // nothing: before the chain
  UnixTime updated;
};
using Lives = std::map<std::string, Life>;

// Follows the chain, oldest commit last, from a tree that is known already (or nothing).
Result<Lives> follow(const ObjectSource& source, const std::vector<ChainLink>& chain, std::optional<ObjectId> tree) {
  Lives lives;
  for (auto link = chain.rbegin(); link != chain.rend(); ++link) {
    auto changes = diff_trees(source, tree, link->tree);
    if (!changes) return tl::unexpected(changes.error());
    for (const FileChange& change : *changes) {
      if (!protocol::is_record_path(change.path)) continue;
      Life& life = lives[change.path];
      life.blob = change.after;
      life.updated = link->time;
      if (!change.before) life.created = link->time;
    }
    tree = link->tree;
  }
  return lives;
}

// When a path that is there at `commit` came.
Result<UnixTime> creation(const ObjectSource& source, const ObjectId& commit, const std::string& path) {
  auto chain = first_parents(source, commit);
  if (!chain) return tl::unexpected(chain.error());
  UnixTime created = chain->front().time;
  for (const ChainLink& link : *chain) {
    auto blob = find_path(source, link.tree, path);
    if (!blob) return tl::unexpected(blob.error());
    if (!*blob) break;
    created = link.time;
  }
  return created;
}

Result<RecordVersion> version_of(const ObjectSource& source, const std::string& path, const Life& life) {
  RecordVersion version{path, std::nullopt, {}, life.created.value_or(life.updated), life.updated};
  if (!life.blob) return version;
  auto json = source.read_hashed(*life.blob);
  if (!json) return tl::unexpected(json.error());
  if (json->bytes.size() > protocol::kRecordBytesMax) return version;
  version.sha256 = json->sha256;
  version.json = std::move(json->bytes);
  return version;
}

}  // namespace

Result<std::vector<ChainLink>> first_parents(const ObjectSource& source, const ObjectId& to, std::optional<ObjectId> until) {
  std::vector<ChainLink> chain;
  for (ObjectId next = to;;) {
    auto commit = load(source, next);
    if (!commit) return tl::unexpected(commit.error());
    chain.push_back({next, commit->tree, time_of(*commit)});
    if (next == until || commit->parents.empty()) return chain;
    next = commit->parents.front();
  }
}

Result<bool> descends_from(const ObjectSource& source, const ObjectId& commit, const ObjectId& ancestor) {
  std::unordered_set<ObjectId> seen{commit};
  std::vector<ObjectId> waiting{commit};
  while (!waiting.empty()) {
    ObjectId id = waiting.back();
    waiting.pop_back();
    if (id == ancestor) return true;
    auto loaded = load(source, id);
    if (!loaded) return tl::unexpected(loaded.error());
    for (const ObjectId& parent : loaded->parents)
      if (seen.insert(parent).second) waiting.push_back(parent);
  }
  return false;
}

Result<PlaceChanges> changes_between(const ObjectSource& source, const PlaceId& place, std::optional<ObjectId> from,
                                     const ObjectId& to, const KnownCreation& known) {
  auto chain = first_parents(source, to, from);
  if (!chain) return tl::unexpected(chain.error());
  PlaceChanges changes{place, !from || chain->back().id != *from, {}};
  std::optional<ObjectId> tree;
  if (!changes.replaces_all) {
    tree = chain->back().tree;
    chain->pop_back();
  }
  auto lives = follow(source, *chain, tree);
  if (!lives) return tl::unexpected(lives.error());
  for (auto& [path, life] : *lives) {
    if (!life.blob && changes.replaces_all) continue;
    if (life.blob && !life.created && known) life.created = known(place, path);
    if (life.blob && !life.created) {
      auto created = creation(source, *from, path);
      if (!created) return tl::unexpected(created.error());
      life.created = *created;
    }
    auto version = version_of(source, path, life);
    if (!version) return tl::unexpected(version.error());
    if (version->json || !changes.replaces_all) changes.records.push_back(std::move(*version));
  }
  return changes;
}

}  // namespace maillage::registry
