// Kinship: how the history of somebody's head of our place lies beside ours, and what we changed since the two parted. What
// protocol/own_head.h asks of the store (OwnCompare, OwnReapply). Any thread.
#pragma once

#include "protocol/own_head.h"
#include "registry/draft.h"

namespace maillage::registry {

// Of two commits whose histories are both here. Cost: both histories, at worst. kNotFound, kBadObject.
Result<protocol::Kinship> kinship(const ObjectSource& source, const ObjectId& ours, const ObjectId& theirs);

// The commit that puts what ours changed since the two parted on top of theirs; where both changed a file, ours counts.
// `author`, `committer` and `message` are the caller's. Nothing that was taken out of history comes back: both have one
// beginning. kNotFound when they have not.
Result<Draft> reapplied(const ObjectSource& source, const ObjectId& ours, const ObjectId& theirs);

}  // namespace maillage::registry
