// Mistake: a value in a question that nothing in the index has and that is not in its vocabulary or table either.
// `activity=fablabs` is told, and so is `type=coworking`; it is not "no place". What was meant is said with it: the word
// that is near, the parameter whose word it is, else some words that there are; of a commune that is no more, the one it became
// part of, unless a record still says it.
//
// Vocabularies are open: a newer daemon's records may have words that we do not know, so what any record has is never a
// mistake. In two steps, since comparing words is slow and changes of the index wait for whoever reads it: `find_doubts` by
// readers of the columns, `check_mistakes` by any thread.
#pragma once

#include "registry/columns.h"

namespace maillage::registry {

// Words named as examples, when nothing else is known of what was meant.
inline constexpr std::size_t kExampleWordsMax = 5;

// A value that no record has.
struct Doubt {
  std::string_view parameter, vocabulary;  // no vocabulary: communes
  std::string_view value;                  // the query's
  What what = What::kPlaces;
};
std::vector<Doubt> find_doubts(const Columns& columns, const Query& query);

// kAmbiguousName: several places have a slug that is asked for. By readers of the columns.
Result<void> check_names(const Columns& columns, const Query& query);

// Names them by their ids.
protocol::Error ambiguous_name(std::string_view asked, const std::vector<PlaceId>& places);

// kBadParameter, with what was probably meant.
Result<void> check_mistakes(const std::vector<Doubt>& doubts);

}  // namespace maillage::registry
