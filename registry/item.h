// Item: a record as an answer shows it: its own fields, then what the registry knows about it (query.h). Any thread.
#pragma once

#include <boost/json/object.hpp>

#include "registry/selection.h"

namespace maillage::registry {

// A place as an item names it.
struct ShownPlace {
  PlaceId id;
  std::string name, slug;
};

struct ShownPublisher {
  ShownPlace place;
  PathKey path;
  std::optional<ShownPlace> host;
};

// Named in one item. Rationale: anybody may publish the same source again and again, and a page has a thousand items.
inline constexpr std::size_t kPublishersShownMax = 20;

// What an item takes from memory, copied out so that the store is read without holding the index.
struct ItemSource {
  ShownPlace place;
  PathKey path;
  What what = What::kPlaces;
  std::optional<ShownPlace> host;          // of places and networks, when another daemon's place publishes it
  std::vector<ShownPublisher> publishers;  // when there are several; the face first
  std::size_t publishers_left_off = 0;
  std::optional<GeoPoint> place_geo;
  std::optional<double> distance;
  std::optional<Occurrence> occurrence;
};

ItemSource item_source(const Columns& columns, const Query& query, const Hit& hit);

// Without its publishers. Nothing when the stored bytes are no record any more.
std::optional<boost::json::object> make_item(const ItemSource& source, const StoredRecord& stored);

// One of its "publishers". The same.
std::optional<boost::json::object> make_publisher(const ShownPublisher& publisher, const StoredRecord& stored);

}  // namespace maillage::registry
