// PlaceHistory: the objects of one place's history, and nothing else of the store.
//
// What a contributor's pack leans on, and what her commits refer to without sending it, must be found here. Rationale:
// the store holds every place, and for a while what a place has replaced; a push that names an object by its id must
// neither bring it back nor find out whether it is here.
//
// Found lazily, newest commit first: a pack made on the newest state costs that state. What is nowhere in the store
// costs nothing, what is there but not of this place costs the whole history once. One thread.
#pragma once

#include <deque>
#include <unordered_map>
#include <unordered_set>

#include "registry/commit.h"

namespace maillage::registry {

class PlaceHistory final : public ObjectSource {
 public:
  // `head` is a commit that `store` holds, with all it reaches. `store` must outlive this.
  PlaceHistory(const ObjectSource& store, const ObjectId& head);

  bool contains(const ObjectId& id) const override;
  Result<Object> read(const ObjectId& id) const override;
  // Hashed once, however many commits and folders have it.
  Result<BlobSummary> summarise_blob(const ObjectId& id) const override;

  // Commits from the head to this one, breadth first over all parents: 0 is the head; nothing: not of this history.
  std::optional<std::size_t> distance(const ObjectId& commit) const;

 private:
  bool step() const;  // one more commit; false when there are none left
  bool list_next_tree() const;
  void list(const ObjectId& tree) const;

  const ObjectSource& store_;
  mutable std::deque<ObjectId> waiting_;
  mutable std::vector<ObjectId> trees_;  // of the commits met, in order
  mutable std::size_t listed_ = 0;       // of them
  mutable std::unordered_map<ObjectId, std::size_t> commits_;
  mutable std::unordered_set<ObjectId> queued_, objects_;
  mutable std::unordered_map<ObjectId, BlobSummary> summaries_;
};

}  // namespace maillage::registry
