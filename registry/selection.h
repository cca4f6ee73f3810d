// Selection: the rows that a query matches, each with what orders it. STORAGE.md, "Query". Readers of the columns.
#pragma once

#include "registry/columns.h"

namespace maillage::registry {

struct Hit {
  std::uint32_t row = 0;
  std::uint32_t score = 0;        // relevance to q, 0 without
  double distance = 0;            // km from near, 0 without
  std::int64_t start = 0;         // of the event, or of its occurrence that matched; 0 for the rest
  std::int64_t occurrence_end = 0;
};

// Relevance of one word: how it was met, times kFieldWeights of where. A record's relevance is the sum over the words.
inline constexpr std::uint32_t kExactQuality = 4, kStemQuality = 3, kPrefixQuality = 2, kTypoQuality = 1;

struct Selection {
  std::vector<Hit> hits;             // by name
  std::size_t without_position = 0;  // rows that only `near` refused, for want of a point
};

// Every match. Typos of a word count only when no record of any list has the word, its stem or, for the last
// word, its prefix. Rationale: `lille` must not find every `ville`.
Selection select(const Columns& columns, const Query& query);

}  // namespace maillage::registry
