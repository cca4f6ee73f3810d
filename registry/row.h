// Row: one indexed record as plain values, and IndexedPlace: the place it belongs to. Numbered by their place in the
// vectors of Columns, which owns and guards them.
#pragma once

#include "registry/stored_record.h"
#include "registry/word_list.h"

namespace maillage::registry {

using FacetId = std::uint32_t;  // facet in the top 4 bits: the sorted ids of a row lie together by facet
inline constexpr FacetId kFacetNumber = (FacetId{1} << 28) - 1;  // the rest of the bits
inline constexpr FacetId kNoFacet = ~FacetId{0};
inline constexpr std::uint32_t kNoRow = WordList::kRowsMax;

struct Row {
  std::uint32_t place = 0;  // ordinal in places()
  PathKey path;
  What what = What::kPlaces;
  bool alive = true;
  bool face = true;  // of its card (cards.h), once settled
  std::uint32_t words = 0;  // listed for it
  std::optional<GeoPoint> geo;
  std::vector<FacetId> facets;  // ascending
  std::int64_t start = kNoTime, end = kNoTime;
  std::shared_ptr<const Repetition> repetition;
  std::string name_key;
  std::uint64_t name_start = 0;  // first_bytes of it: decides nearly every comparison

  // What questions see.
  bool shown() const { return alive && face; }
};

struct IndexedPlace {
  PlaceId id;
  std::uint32_t profile = kNoRow;
  std::string name, slug;  // of the profile
  std::vector<std::uint32_t> rows;  // living
};

}  // namespace maillage::registry
