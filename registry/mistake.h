// Mistake: a value in a question that nothing in the index has, and that surely is a slip: a commune that is in no table,
// or a word one or two letters from a word of the vocabulary, or its label. `activity=fablabs` is told; it is not "no place".
//
// Vocabularies are open: a newer daemon's records may have words that we do not know, so what any record has is never a
// mistake, and what resembles nothing finds nothing. In two steps, since comparing words is slow and changes of the index wait
// for whoever reads it: `find_doubts` by readers of the columns, `check_mistakes` by any thread.
#pragma once

#include "registry/columns.h"

namespace maillage::registry {

// Of one question, the words that we do not know and compare: people tick the others.
inline constexpr int kComparedMax = 8;

// A value that no record has.
struct Doubt {
  std::string_view parameter, vocabulary;  // no vocabulary: communes
  std::string_view value;                  // the query's
};
std::vector<Doubt> find_doubts(const Columns& columns, const Query& query);

// kBadParameter, with what was probably meant.
Result<void> check_mistakes(const std::vector<Doubt>& doubts);

}  // namespace maillage::registry
