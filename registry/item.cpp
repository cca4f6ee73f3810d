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

ShownPlace shown(const IndexedPlace& place) { return {place.id, place.name, place.slug}; }

std::optional<ShownPlace> shown_host(const Columns& columns, std::uint32_t place) {
  const IndexedPlace* host = columns.host_of(place);
  return host ? std::optional(shown(*host)) : std::nullopt;
}

boost::json::object place_json(const ShownPlace& place) {
  return {{"id", place.id.hex()}, {"slug", text_or_null(place.slug)}, {"name", text_or_null(place.name)}};
}

// Metres are as fine as anybody's point on a map.
double rounded_km(double km) { return std::round(km * 1000) / 1000; }

}  // namespace

ItemSource item_source(const Columns& columns, const Query& query, const Hit& hit) {
  const Row& row = columns.rows()[hit.row];
  const IndexedPlace& place = columns.places()[row.place];
  ItemSource source;
  source.place = shown(place);
  source.path = row.path;
  source.what = row.what;
  source.host = shown_host(columns, row.place);
  auto publishers = columns.publishers(row);
  if (publishers.size() > kPublishersShownMax) source.publishers_left_off = publishers.size() - kPublishersShownMax;
  for (const Publisher& publisher : publishers.first(publishers.size() - source.publishers_left_off)) {
    const Row& one = columns.rows()[publisher.row];
    if (publishers.size() > 1) source.publishers.push_back({shown(columns.places()[one.place]), one.path, shown_host(columns, one.place)});
  }
  if (!row.geo && place.profile != kNoRow) source.place_geo = columns.rows()[place.profile].geo;
  if (query.near) source.distance = hit.distance;
  bool occurs = row.repetition && (query.from || query.to);
  if (occurs) source.occurrence = Occurrence{{hit.start}, {hit.occurrence_end}};
  return source;
}

std::optional<boost::json::object> make_item(const ItemSource& source, const StoredRecord& stored) {
  auto record = protocol::parse_record(stored.json);
  if (!record) return std::nullopt;
  auto address = protocol::address_of(source.place.id, stored.path);
  if (!address) return std::nullopt;
  boost::json::object item = std::move(*record);
  bool is_profile = source.what == What::kPlaces || source.what == What::kNetworks;
  // Fields of these names in the record would be taken for our word.
  for (const char* ours : {"publishers", "publishersLeftOff", "forked", "twoCharters"}) item.erase(ours);
  if (is_profile) {
    item["id"] = source.place.id.hex();
    item["slug"] = text_or_null(source.place.slug);
    item.erase("host");
    if (source.host) item["host"] = place_json(*source.host);
  } else {
    item["place"] = place_json(source.place);
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

std::optional<boost::json::object> make_publisher(const ShownPublisher& publisher, const StoredRecord& stored) {
  auto record = protocol::parse_record(stored.json);
  auto address = protocol::address_of(publisher.place.id, stored.path);
  if (!record || !address) return std::nullopt;
  boost::json::object item = place_json(publisher.place);
  item["record"] = protocol::to_text(*address);
  const auto* source = record->if_contains("source");
  auto retrieved = source && source->is_object() ? protocol::text_field(source->get_object(), "retrieved") : std::nullopt;
  if (retrieved) item["retrieved"] = *retrieved;
  if (publisher.host) item["host"] = place_json(*publisher.host);
  return item;
}

}  // namespace maillage::registry
