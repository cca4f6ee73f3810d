#include "registry/item.h"

#include <cmath>

#include <boost/json.hpp>

#include "protocol/record.h"
#include "protocol/record_kind.h"

namespace maillage::registry {
namespace {

boost::json::value text_or_null(const std::string& text) {
  return text.empty() ? boost::json::value(nullptr) : boost::json::value(text);
}

// Metres are as fine as anybody's point on a map.
double rounded_km(double km) { return std::round(km * 1000) / 1000; }

}  // namespace

ItemSource item_source(const Columns& columns, const Query& query, const Hit& hit) {
  const Row& row = columns.rows()[hit.row];
  const IndexedPlace& place = columns.places()[row.place];
  ItemSource source{place.id, row.path, row.what, place.name, place.slug, {}, {}, {}};
  if (!row.geo && place.profile != kNoRow) source.place_geo = columns.rows()[place.profile].geo;
  if (query.near) source.distance = hit.distance;
  bool occurs = row.repetition && (query.from || query.to);
  if (occurs) source.occurrence = Occurrence{{hit.start}, {hit.occurrence_end}};
  return source;
}

std::optional<boost::json::object> make_item(const ItemSource& source, const StoredRecord& stored) {
  auto record = protocol::parse_record(stored.json);
  if (!record) return std::nullopt;
  auto address = protocol::address_of(source.place, stored.path);
  if (!address) return std::nullopt;
  boost::json::object item = std::move(*record);
  bool is_profile = source.what == What::kPlaces || source.what == What::kNetworks;
  if (is_profile) {
    item["id"] = source.place.hex();
    item["slug"] = text_or_null(source.place_slug);
  } else {
    item["place"] = {{"id", source.place.hex()}, {"slug", text_or_null(source.place_slug)},
                     {"name", text_or_null(source.place_name)}};
  }
  item["record"] = protocol::to_text(*address);
  item["created"] = format_utc(stored.created);
  item["updated"] = format_utc(stored.updated);
  if (source.place_geo) item["geo"] = {{"lat", source.place_geo->lat}, {"lon", source.place_geo->lon}};
  if (source.distance) item["distance"] = rounded_km(*source.distance);
  if (source.occurrence) {
    item["occurrence"] = {{"start", format_utc(source.occurrence->start)}, {"end", format_utc(source.occurrence->end)}};
  }
  return item;
}

}  // namespace maillage::registry
