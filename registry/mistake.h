// Mistake: a value in a question that nothing in the index has, and that surely is a slip: a commune that is in no table,
// or a word one or two letters from a word of the vocabulary, or its label. `activity=fablabs` is told; it is not "no place".
//
// Vocabularies are open: a newer daemon's records may have words that we do not know, so what any record has is never a
// mistake, and what resembles nothing finds nothing. Readers of the columns.
#pragma once

#include "registry/columns.h"

namespace maillage::registry {

// kBadParameter, with what was probably meant.
Result<void> check_mistakes(const Columns& columns, const Query& query);

}  // namespace maillage::registry
