#include "daemon/operations_hosting.h"

#include <algorithm>
#include <tuple>

#include <boost/json/array.hpp>

#include "daemon/operation_reply.h"
#include "registry/import/cell.h"
#include "registry/text.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;
using protocol::Error;
using protocol::ErrorCode;

std::optional<double> number(const json::object& body, std::string_view key) {
  const json::value* value = body.if_contains(key);
  return value != nullptr && value->is_number() ? std::optional(value->to_number<double>()) : std::nullopt;
}

bool is_true(const json::object& body, std::string_view key) {
  const json::value* value = body.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

void announce(const Operations& operations, registry::Announcement& announcement) {
  if (!announcement.place || !operations.announce) return;
  protocol::Published published;
  published.places.push_back(std::move(*announcement.place));
  operations.announce(std::move(published));
}

json::object named(const registry::Registry& registry, const protocol::PlaceId& place) {
  auto called = registry.known_name(place);
  return {{"place", place.hex()}, {"slug", called.slug}, {"name", called.name}};
}

ControlMessage add(const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  registry::NewPlace place{text(request.body, "name"), is_true(request.body, "network"), text(request.body, "commune"),
                           number(request.body, "lat"), number(request.body, "lon")};
  std::optional<protocol::PublicKey> own_root;
  if (std::string root = text(request.body, "ownRoot"); !root.empty()) {
    auto parsed = protocol::PublicKey::parse(root);
    if (!parsed) return refuse(request, parsed.error());
    own_root = *parsed;
  }
  auto added = operations.registry.add_place(place, own_root, now);
  if (!added) return refuse(request, added.error());
  json::object result = named(operations.registry, added->place);
  announce(operations, added->announcement);
  return answer(std::move(result));
}

// In the order of the French alphabet; what has no name any more comes last.
bool listed_before(const json::object& a, const json::object& b) {
  auto key = [](const json::object& place) {
    std::string name = text(place, "name");
    return std::make_tuple(name.empty(), registry::name_key(name), text(place, "place"));
  };
  return key(a) < key(b);
}

bool matches(const json::object& place, const std::string& wanted) {
  std::string folded = registry::folded_value(wanted);
  return registry::folded_value(text(place, "name")).find(folded) != std::string::npos || text(place, "slug").find(folded) != std::string::npos ||
         text(place, "place").starts_with(folded);
}

ControlMessage list(const Operations& operations, const ControlMessage& request) {
  std::string wanted = text(request.body, "text");
  std::vector<json::object> places;
  for (const registry::HostedPlace& hosted : operations.registry.hosted_places()) {
    json::object entry = named(operations.registry, hosted.place);
    entry["own"] = hosted.place == operations.registry.identity().place;
    entry["movedAway"] = hosted.moved_away;
    entry["handedOver"] = hosted.handed_over;
    if (!hosted.lost.empty()) entry["lost"] = json::array(hosted.lost.begin(), hosted.lost.end());
    if (wanted.empty() || matches(entry, wanted)) places.push_back(std::move(entry));
  }
  std::ranges::sort(places, listed_before);
  return answer(json::object{{"places", json::array(places.begin(), places.end())}});
}

ControlMessage export_place(const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  std::string wanted = text(request.body, "place"), to = text(request.body, "to");
  auto place = operations.registry.own_place(wanted);
  if (!place) return refuse(request, place.error());
  std::optional<registry::Successor> successor;
  if (!to.empty()) {
    auto parsed = registry::Successor::parse(to);
    if (!parsed) return refuse(request, parsed.error());
    successor = *parsed;
  }
  auto file = operations.registry.export_place(*place, successor, texts(request.body, "sheets"), now);
  // No sheet was given yet, and nothing but a sheet is missing: nothing was signed.
  bool asks = successor && is_true(request.body, "check");
  if (asks && !file && file.error().code == ErrorCode::kWrongSheet) return answer(named(operations.registry, *place));
  if (!file) return refuse(request, file.error());
  ControlMessage reply = answer(named(operations.registry, *place));
  reply.blobs.push_back(std::move(*file));
  return reply;
}

ControlMessage keep(const Operations& operations, const ControlMessage& request) {
  auto place = operations.registry.own_place(text(request.body, "place"));
  if (!place) return refuse(request, place.error());
  if (auto kept = operations.registry.keep_place(*place); !kept) return refuse(request, kept.error());
  return answer(named(operations.registry, *place));
}

ControlMessage adopt(const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  if (request.blobs.size() != 1) return refuse(request, Error{ErrorCode::kBadHandover, ""});
  auto adopted = operations.registry.adopt_place(request.blobs.front(), texts(request.body, "sheets"), now);
  if (!adopted) return refuse(request, adopted.error());
  protocol::PlaceId place = adopted->place->head.chain.place();
  announce(operations, *adopted);
  json::object result = named(operations.registry, place);
  json::array others;
  if (auto roots = operations.registry.other_roots(place); roots)
    for (const protocol::PublicKey& root : *roots) others.emplace_back(root.hex());
  result["otherRoots"] = std::move(others);
  return answer(std::move(result));
}

}  // namespace

ControlMessage perform_hosting(std::string_view verb, const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  if (verb == "place-add") return add(operations, request, now);
  if (verb == "place-list") return list(operations, request);
  if (verb == "place-successor") return answer(json::object{{"successor", operations.registry.successor().text()}});
  if (verb == "place-export") return export_place(operations, request, now);
  if (verb == "place-keep") return keep(operations, request);
  if (verb == "place-adopt") return adopt(operations, request, now);
  return refuse(request, Error{ErrorCode::kUsage, std::string(verb.substr(0, 100))});
}

}  // namespace maillage::daemon
