#include "registry/place_history.h"

#include "registry/tree.h"

namespace maillage::registry {

using protocol::fail;

PlaceHistory::PlaceHistory(const ObjectSource& store, const ObjectId& head) : store_(store), waiting_{head}, queued_{head} {}

bool PlaceHistory::step() const {
  if (waiting_.empty()) return false;
  ObjectId id = waiting_.front();
  waiting_.pop_front();
  auto bytes = store_.read_as(ObjectKind::kCommit, id);
  auto commit = bytes ? read_commit(*bytes) : tl::unexpected(bytes.error());
  if (!commit) return true;  // damaged, which `verify` tells: nothing leans on it
  commits_.emplace(id, commits_.size());
  trees_.push_back(commit->tree);
  for (const ObjectId& parent : commit->parents)
    if (queued_.insert(parent).second) waiting_.push_back(parent);
  return true;
}

bool PlaceHistory::list_next_tree() const {
  if (listed_ == trees_.size() && !step()) return false;
  if (listed_ < trees_.size()) list(trees_[listed_++]);
  return true;
}

void PlaceHistory::list(const ObjectId& tree) const {
  if (!objects_.insert(tree).second) return;
  auto bytes = store_.read_as(ObjectKind::kTree, tree);
  auto entries = bytes ? read_tree(*bytes) : tl::unexpected(bytes.error());
  if (!entries) return;
  for (const TreeEntry& entry : *entries) {
    if (entry.is_folder) list(entry.id);
    else objects_.insert(entry.id);
  }
}

std::optional<std::size_t> PlaceHistory::distance(const ObjectId& commit) const {
  if (!store_.contains(commit)) return std::nullopt;
  for (;;) {
    if (auto found = commits_.find(commit); found != commits_.end()) return found->second;
    if (!step()) return std::nullopt;
  }
}

bool PlaceHistory::contains(const ObjectId& id) const {
  if (!store_.contains(id)) return false;
  for (;;) {
    if (objects_.contains(id) || commits_.contains(id)) return true;
    if (!list_next_tree()) return false;
  }
}

Result<Object> PlaceHistory::read(const ObjectId& id) const {
  if (!contains(id)) return fail(ErrorCode::kNotFound, id.hex());
  return store_.read(id);
}

Result<BlobSummary> PlaceHistory::summarise_blob(const ObjectId& id) const {
  if (auto known = summaries_.find(id); known != summaries_.end()) return known->second;
  if (!contains(id)) return fail(ErrorCode::kNotFound, id.hex());
  auto summary = store_.summarise_blob(id);
  if (summary) summaries_.emplace(id, *summary);
  return summary;
}

}  // namespace maillage::registry
