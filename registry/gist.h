// Gist: what queries look at in one record, taken out of its JSON once. Immutable; any thread.
#pragma once

#include <limits>
#include <memory>

#include <boost/json/object.hpp>

#include "registry/query.h"
#include "registry/repetition.h"
#include "registry/text.h"

namespace maillage::registry {

// Where a word stands in a record; its weight in the relevance of an answer.
enum class Field : std::uint8_t { kText, kKeyword, kName };
inline constexpr int kFieldWeights[] = {1, 2, 4};

// What can be ticked. The first five and the territory are inherited from the place when a record is silent.
enum class Facet : std::uint8_t { kActivity, kService, kStage, kGovernance, kTerritory, kType, kSource };

struct FacetValue {
  Facet facet;
  std::string value;  // of the territory: a letter for the level, then the code: r53, d29, e200068120, c29039
  auto operator<=>(const FacetValue&) const = default;
};

struct GistWord {
  std::uint32_t number;  // in the lexicon
  Field field;           // where it stands best
};

inline constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

struct Gist {
  What what = What::kPlaces;
  std::string name;
  std::optional<GeoPoint> geo;
  std::vector<FacetValue> facets;  // distinct
  std::vector<GistWord> words;     // distinct; neighbours in a name also as one word: "arlab" finds Konk Ar Lab
  // Events: half-open, kNoTime when the event has no readable start. Needs and offers: from publication to deadline.
  std::int64_t start = kNoTime, end = kNoTime;
  std::shared_ptr<const Repetition> repetition;
  // When the record was copied from its source; kNoTime: it has none, or does not say when.
  std::int64_t retrieved = kNoTime;
  // When it last changed.
  std::int64_t updated = kNoTime;
  // By hand, since it was copied; of one that does not carry its copy's digest, since it was first published.
  bool corrected = false;
};

// The vocabulary of `type`, which is `topics` for needs and offers.
std::string_view type_vocabulary(What what);

// `record` has passed read_indexable and belongs in list `what`.
Gist read_gist(Lexicon& lexicon, What what, const boost::json::object& record, UnixTime created, UnixTime updated);

}  // namespace maillage::registry
