#include "registry/kinship.h"

#include <algorithm>
#include <unordered_set>

#include "registry/history.h"

namespace maillage::registry {

using namespace protocol;

Result<Kinship> kinship(const ObjectSource& source, const ObjectId& ours, const ObjectId& theirs) {
  if (ours == theirs) return Kinship::kSame;
  auto behind = descends_from(source, ours, theirs);
  if (!behind) return tl::unexpected(behind.error());
  if (*behind) return Kinship::kBehind;
  auto ahead = descends_from(source, theirs, ours);
  if (!ahead) return tl::unexpected(ahead.error());
  if (*ahead) return Kinship::kAhead;
  // A history has one beginning (ingest.h), so any way back leads there.
  auto our_way = first_parents(source, ours), their_way = first_parents(source, theirs);
  if (!our_way) return tl::unexpected(our_way.error());
  if (!their_way) return tl::unexpected(their_way.error());
  return our_way->back().id == their_way->back().id ? Kinship::kBeside : Kinship::kBroken;
}

Result<Draft> reapplied(const ObjectSource& source, const ObjectId& ours, const ObjectId& theirs) {
  auto our_way = first_parents(source, ours), their_way = first_parents(source, theirs);
  if (!our_way) return tl::unexpected(our_way.error());
  if (!their_way) return tl::unexpected(their_way.error());
  std::unordered_set<ObjectId> theirs_all;
  for (const ChainLink& link : *their_way) theirs_all.insert(link.id);
  auto parted = std::ranges::find_if(*our_way, [&](const ChainLink& link) { return theirs_all.contains(link.id); });
  if (parted == our_way->end()) return fail(ErrorCode::kNotFound, "common beginning of " + theirs.hex());
  auto changes = diff_trees(source, parted->tree, our_way->front().tree);
  if (!changes) return tl::unexpected(changes.error());
  Draft draft;
  draft.parent = theirs;
  draft.tree = their_way->front().tree;
  for (const FileChange& change : *changes) {
    if (change.after) {
      auto bytes = source.read_as(ObjectKind::kBlob, *change.after);
      if (!bytes) return tl::unexpected(bytes.error());
      draft.files[change.path] = std::move(*bytes);
      continue;
    }
    auto still = find_path(source, *draft.tree, change.path);
    if (!still) return tl::unexpected(still.error());
    if (*still) draft.files[change.path] = std::nullopt;
  }
  return draft;
}

}  // namespace maillage::registry
