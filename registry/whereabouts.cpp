#include "registry/whereabouts.h"

#include <algorithm>

#include <boost/json/array.hpp>

#include "protocol/admission.h"
#include "protocol/record.h"

namespace maillage::registry {
namespace {

namespace json = boost::json;
using protocol::as_bytes;
using protocol::as_text;
using protocol::fail;
using protocol::kNeighboursMax;
using protocol::Reader;
using protocol::Writer;

constexpr std::string_view kProfile = "profile.json";

std::string key_of(const PlaceId& place) { return "w" + std::string(as_text(place.bytes)); }

// The texts of a list, whatever else is in it.
std::vector<std::string_view> texts_of(const json::object& record, std::string_view field) {
  std::vector<std::string_view> texts;
  const json::value* list = record.if_contains(field);
  if (list == nullptr || !list->is_array()) return texts;
  for (const json::value& each : list->get_array())
    if (each.is_string()) texts.emplace_back(each.get_string());
  return texts;
}

bool is_endpoint(std::string_view text) {
  return text.size() <= kEndpointBytesMax && (text.starts_with("ws://") || text.starts_with("wss://"));
}

}  // namespace

Whereabouts read_whereabouts(const PlaceId& place, ByteView profile) {
  Whereabouts found{place, {}, {}};
  auto record = protocol::parse_record(profile);
  if (!record) return found;
  for (std::string_view text : texts_of(*record, "endpoints"))
    if (found.endpoints.size() < kEndpointsMax && is_endpoint(text)) found.endpoints.emplace_back(text);
  for (std::string_view text : texts_of(*record, "neighbours"))
    if (auto id = PlaceId::parse(text); id && found.neighbours.size() < kNeighboursMax) found.neighbours.push_back(*id);
  return found;
}

std::string encode(const Whereabouts& whereabouts) {
  Writer out;
  out.u8(static_cast<std::uint8_t>(whereabouts.endpoints.size()));
  for (const std::string& endpoint : whereabouts.endpoints) out.u16(static_cast<std::uint16_t>(endpoint.size())).text(endpoint);
  out.u16(static_cast<std::uint16_t>(whereabouts.neighbours.size()));
  for (const PlaceId& neighbour : whereabouts.neighbours) out.fixed(neighbour);
  return std::string(as_text(out.bytes()));
}

Result<Whereabouts> decode_whereabouts(const PlaceId& place, std::string_view value) {
  Reader in(as_bytes(value));
  Whereabouts found{place, {}, {}};
  std::size_t endpoints = in.u8();
  for (std::size_t i = 0; i < endpoints && !in.failed(); ++i) {
    std::size_t size = in.u16();
    found.endpoints.emplace_back(as_text(in.take(size)));
  }
  std::size_t neighbours = in.u16();
  if (endpoints > kEndpointsMax || neighbours > kNeighboursMax) return fail(ErrorCode::kTooMany, "whereabouts");
  for (std::size_t i = 0; i < neighbours && !in.failed(); ++i) found.neighbours.push_back(in.fixed<PlaceId>());
  if (auto whole = in.finish("whereabouts"); !whole) return tl::unexpected(whole.error());
  return found;
}

std::optional<Whereabouts> changed_whereabouts(const PlaceChanges& changes) {
  auto profile = std::ranges::find(changes.records, kProfile, &RecordVersion::path);
  if (profile != changes.records.end() && profile->json) return read_whereabouts(changes.place, *profile->json);
  if (profile == changes.records.end() && !changes.replaces_all) return std::nullopt;
  return Whereabouts{changes.place, {}, {}};
}

void put_whereabouts(WriteBatch& batch, const Whereabouts& whereabouts) {
  if (whereabouts.empty()) batch.erase(Column::kPeers, key_of(whereabouts.place));
  else batch.put(Column::kPeers, key_of(whereabouts.place), encode(whereabouts));
}

Result<Whereabouts> get_whereabouts(const StateStore& store, const PlaceId& place) {
  auto row = store.get(Column::kPeers, key_of(place));
  if (!row) return tl::unexpected(row.error());
  return *row ? decode_whereabouts(place, **row) : Whereabouts{place, {}, {}};
}

Result<std::vector<Whereabouts>> all_whereabouts(const StateStore& store) {
  std::vector<Whereabouts> all;
  auto scanned = store.scan(Column::kPeers, "w", [&](std::string_view key, std::string_view value) {
    Reader in(as_bytes(key.substr(1)));
    auto place = in.fixed<PlaceId>();
    auto found = decode_whereabouts(place, value);
    if (!in.failed() && found) all.push_back(std::move(*found));
    return true;
  });
  if (!scanned) return tl::unexpected(scanned.error());
  return all;
}

}  // namespace maillage::registry
