// Item: a record as an answer shows it: its own fields, then what the registry knows about it (query.h). Any thread.
#pragma once

#include <boost/json/object.hpp>

#include "registry/selection.h"

namespace maillage::registry {

// What an item takes from memory, copied out so that the store is read without holding the index.
struct ItemSource {
  PlaceId place;
  PathKey path;
  What what = What::kPlaces;
  std::string place_name, place_slug;
  std::optional<GeoPoint> place_geo;
  std::optional<double> distance;
  std::optional<Occurrence> occurrence;
};

ItemSource item_source(const Columns& columns, const Query& query, const Hit& hit);

// Nothing when the stored bytes are no record any more.
std::optional<boost::json::object> make_item(const ItemSource& source, const StoredRecord& stored);

}  // namespace maillage::registry
