// Reads a place's git history: its chain of commits, and what a new head changes in its records.
//
// Dates are a pure function of the history, the same on every node: a record is *created* by the commit that brought
// its path, and *updated* by the last one that changed its bytes, both by committer time along first parents. A record
// withdrawn and brought back is a new one. Any thread.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "registry/commit.h"
#include "registry/place_changes.h"

namespace maillage::registry {

// What is known already of when a record was created, so that an update need not walk the history. May be empty.
using KnownCreation = std::function<std::optional<UnixTime>(const PlaceId& place, const std::string& path)>;

// What going from commit `from` (held until now; nothing: none) to `to` changes. When `from` is not on `to`'s chain of
// first parents everything is read again and `replaces_all` is set. Only record files, of at most kRecordBytesMax; a
// larger one counts as withdrawn. Cost: the commits between, else all of them.
Result<PlaceChanges> changes_between(const ObjectSource& source, const PlaceId& place, std::optional<ObjectId> from,
                                     const ObjectId& to, const KnownCreation& known = {});

// One step of a chain of first parents.
struct ChainLink {
  ObjectId id;
  ObjectId tree;
  UnixTime time;  // committer's
};

// From `to` back to the root, or to `until` (included) when it is met.
Result<std::vector<ChainLink>> first_parents(const ObjectSource& source, const ObjectId& to,
                                             std::optional<ObjectId> until = std::nullopt);

// Whether `ancestor` is `commit` or one of its ancestors, over all parents. Cost: the history, at worst.
Result<bool> descends_from(const ObjectSource& source, const ObjectId& commit, const ObjectId& ancestor);

}  // namespace maillage::registry
