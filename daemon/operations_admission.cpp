#include "daemon/operations_admission.h"

#include <algorithm>
#include <array>

#include <boost/json/array.hpp>

#include "daemon/log.h"
#include "daemon/named_place.h"
#include "daemon/operation_reply.h"
#include "registry/time_zone.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;
using protocol::Error;
using protocol::ErrorCode;
using protocol::PlaceId;

constexpr std::array<std::string_view, 3> kVerbs{"block", "unblock", "admit"};

std::vector<PlaceId> waiting_places(const Operations& operations) {
  std::vector<PlaceId> places;
  if (!operations.waiting) return places;
  for (const WaitingPlace& each : operations.waiting()) places.push_back(each.place);
  return places;
}

// Those whom people here know, and those that wait.
std::vector<PlaceId> met_places(const Operations& operations, const registry::Contacts& contacts) {
  std::vector<PlaceId> places = waiting_places(operations);
  for (const auto& each : contacts.accepted) places.push_back(each.place);
  for (const auto& each : contacts.joined) places.push_back(each.place);
  for (const auto& each : contacts.let_in) places.push_back(each.place);
  return places;
}

// What a place that is blocked is besides, and is again without the block.
void tell_standing(json::object& shown, const registry::Contacts& contacts, const PlaceId& place) {
  auto among = [&](const auto& listed) { return std::ranges::any_of(listed, [&](const auto& each) { return each.place == place; }); };
  if (among(contacts.accepted) || among(contacts.joined)) shown["partner"] = true;
  if (among(contacts.let_in)) shown["letIn"] = true;
}

void tell_daemon(const Operations& operations) {
  if (operations.partners_changed) operations.partners_changed();
}

ControlMessage block(const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  registry::Registry& registry = operations.registry;
  auto contacts = registry.address_book().read();
  if (!contacts) return refuse(request, contacts.error());
  auto place = known_place_meant(registry, text(request.body, "place"), met_places(operations, *contacts), ErrorCode::kUnknownHere);
  if (!place) return refuse(request, place.error());
  json::object result = named(registry, *place);  // by the name that goes
  if (std::ranges::count(registry.own_places(), *place) > 0) return refuse(request, Error{ErrorCode::kBlockOwn, place->hex()});
  std::string reason = text(request.body, "reason");
  if (reason.size() > registry::kBlockReasonMax) return refuse(request, Error{ErrorCode::kTooLarge, "reason"});
  if (auto done = registry.address_book().block({*place, now, reason}); !done) return refuse(request, done.error());
  tell_daemon(operations);
  // What it alone introduced goes with it once the daemon has looked.
  auto forgotten = registry.forget({*place});
  auto purged = forgotten ? registry.purge(now) : tl::unexpected(forgotten.error());
  if (operations.purged) operations.purged(purged.value_or(std::vector<PlaceId>()));
  if (!purged) {
    result["waits"] = protocol::sentence(purged.error(), language_of(request));
    log(LogLevel::kWarning, "registry.forget_failed", {{"reason", purged.error().context}});
  }
  return answer(std::move(result));
}

ControlMessage unblock(const Operations& operations, const ControlMessage& request) {
  auto contacts = operations.registry.address_book().read();
  if (!contacts) return refuse(request, contacts.error());
  std::vector<PlaceId> blocked;
  for (const auto& each : contacts->blocked) blocked.push_back(each.place);
  auto place = place_meant(operations.registry, text(request.body, "place"), blocked, ErrorCode::kNotBlocked);
  if (!place) return refuse(request, place.error());
  if (auto done = operations.registry.address_book().unblock(*place); !done) return refuse(request, done.error());
  tell_daemon(operations);
  json::object result = named(operations.registry, *place);
  tell_standing(result, *contacts, *place);
  return answer(std::move(result));
}

ControlMessage admit(const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  auto place = known_place_meant(operations.registry, text(request.body, "place"), waiting_places(operations), ErrorCode::kNotWaiting);
  if (!place) return refuse(request, place.error());
  if (auto done = operations.registry.address_book().let_in({*place, now}); !done) return refuse(request, done.error());
  tell_daemon(operations);
  return answer(named(operations.registry, *place));
}

}  // namespace

bool is_about_admission(std::string_view verb) { return std::ranges::find(kVerbs, verb) != kVerbs.end(); }

ControlMessage perform_admission(std::string_view verb, const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  if (verb == "block") return block(operations, request, now);
  if (verb == "unblock") return unblock(operations, request);
  return admit(operations, request, now);
}

json::array list_waiting(const Operations& operations, std::size_t most) {
  json::array waiting;
  if (!operations.waiting) return waiting;
  for (const WaitingPlace& each : operations.waiting()) {
    if (waiting.size() == most) break;
    json::object shown = named(operations.registry, each.place);
    shown["since"] = registry::format_utc(each.since);
    shown["commune"] = commune_told(each.cell);
    shown["signed"] = registry::format_utc(each.signed_at);
    shown["introducer"] = each.introducer.hex();
    shown["introducerName"] = operations.registry.known_name(each.introducer).name;
    waiting.push_back(std::move(shown));
  }
  return waiting;
}

bool is_blocked(const registry::Contacts& contacts, const PlaceId& place) {
  return std::ranges::find(contacts.blocked, place, &registry::BlockedPlace::place) != contacts.blocked.end();
}

void list_admission(json::object& into, const Operations& operations, const registry::Contacts& contacts) {
  json::array blocked, let_in;
  for (const auto& each : contacts.blocked) {
    json::object shown{{"place", each.place.hex()}, {"since", registry::format_utc(each.since)}, {"reason", each.reason}};
    tell_standing(shown, contacts, each.place);
    blocked.push_back(std::move(shown));
  }
  for (const auto& each : contacts.let_in) {
    if (is_blocked(contacts, each.place)) continue;
    json::object shown = named(operations.registry, each.place);
    shown["since"] = registry::format_utc(each.since);
    let_in.push_back(std::move(shown));
  }
  into["blocked"] = std::move(blocked);
  into["letIn"] = std::move(let_in);
  into["waiting"] = list_waiting(operations, kWaitingListedMax);
}

}  // namespace maillage::daemon
