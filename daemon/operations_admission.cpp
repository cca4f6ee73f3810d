#include "daemon/operations_admission.h"

#include <algorithm>
#include <array>

#include <boost/json/array.hpp>

#include "daemon/log.h"
#include "daemon/operation_reply.h"
#include "protocol/utf8.h"
#include "registry/time_zone.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;
using protocol::Error;
using protocol::ErrorCode;
using protocol::PlaceId;
using protocol::Result;

constexpr std::array<std::string_view, 3> kVerbs{"block", "unblock", "admit"};
// Fewer digits of an id than this are a slip, not a name.
constexpr std::size_t kDigitsMin = 8;

json::object named(const registry::Registry& registry, const PlaceId& place) {
  auto called = registry.known_name(place);
  return {{"place", place.hex()}, {"slug", called.slug}, {"name", called.name}};
}

std::vector<PlaceId> waiting_places(const Operations& operations) {
  std::vector<PlaceId> places;
  if (!operations.waiting) return places;
  for (const WaitingPlace& each : operations.waiting()) places.push_back(each.place);
  return places;
}

// The one of `places` whose id is `text`, or alone begins so.
std::optional<PlaceId> beginning_with(std::string_view text, const std::vector<PlaceId>& places) {
  if (text.size() < kDigitsMin) return std::nullopt;
  auto begins = [&](const PlaceId& place) { return place.hex().starts_with(text); };
  auto found = std::ranges::find_if(places, begins);
  return found == places.end() || std::ranges::count_if(places, begins) > 1 ? std::nullopt : std::optional(*found);
}

// By its id, whoever knows it; by its short name, when it is here; by the first digits, of one that waits.
Result<PlaceId> place_to_block(const Operations& operations, std::string_view wanted) {
  if (auto id = PlaceId::parse(wanted)) return *id;
  if (auto id = beginning_with(wanted, waiting_places(operations))) return *id;
  auto item = operations.registry.place(wanted);
  if (!item) return tl::unexpected(item.error());
  auto id = PlaceId::parse(text(*item, "id"));
  return id ? Result<PlaceId>(*id) : protocol::fail(ErrorCode::kNotFound, protocol::shown(wanted, 64));
}

void tell_daemon(const Operations& operations) {
  if (operations.partners_changed) operations.partners_changed();
}

ControlMessage block(const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  registry::Registry& registry = operations.registry;
  auto place = place_to_block(operations, text(request.body, "place"));
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
  std::string wanted = text(request.body, "place");
  auto contacts = operations.registry.address_book().read();
  if (!contacts) return refuse(request, contacts.error());
  std::vector<PlaceId> blocked;
  for (const auto& each : contacts->blocked) blocked.push_back(each.place);
  auto place = beginning_with(wanted, blocked);
  if (!place) return refuse(request, Error{ErrorCode::kNotBlocked, protocol::shown(wanted, 64)});
  if (auto done = operations.registry.address_book().unblock(*place); !done) return refuse(request, done.error());
  tell_daemon(operations);
  return answer(named(operations.registry, *place));
}

ControlMessage admit(const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  std::string wanted = text(request.body, "place");
  auto whole = PlaceId::parse(wanted);
  auto place = whole ? std::optional(*whole) : beginning_with(wanted, waiting_places(operations));
  if (!place) return refuse(request, Error{ErrorCode::kNotWaiting, protocol::shown(wanted, 64)});
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

void list_admission(json::object& into, const Operations& operations, const registry::Contacts& contacts) {
  json::array blocked, let_in, waiting;
  for (const auto& each : contacts.blocked)
    blocked.push_back({{"place", each.place.hex()}, {"since", registry::format_utc(each.since)}, {"reason", each.reason}});
  for (const auto& each : contacts.let_in) {
    json::object shown = named(operations.registry, each.place);
    shown["since"] = registry::format_utc(each.since);
    let_in.push_back(std::move(shown));
  }
  for (const WaitingPlace& each : operations.waiting ? operations.waiting() : std::vector<WaitingPlace>())
    waiting.push_back({{"place", each.place.hex()},
                       {"introducer", each.introducer.hex()},
                       {"introducerName", operations.registry.known_name(each.introducer).name},
                       {"since", registry::format_utc(each.since)}});
  into["blocked"] = std::move(blocked);
  into["letIn"] = std::move(let_in);
  into["waiting"] = std::move(waiting);
}

}  // namespace maillage::daemon
