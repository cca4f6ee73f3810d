#include "daemon/operations_partners.h"

#include <algorithm>
#include <array>

#include <boost/json/array.hpp>

#include "daemon/named_place.h"
#include "daemon/operation_reply.h"
#include "daemon/operations_admission.h"
#include "daemon/peer_url.h"
#include "protocol/crypto.h"
#include "protocol/utf8.h"
#include "registry/time_zone.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;
using protocol::Error;
using protocol::ErrorCode;

constexpr std::array<std::string_view, 5> kVerbs{"invite", "partner-list", "invitation-revoke", "join", "part"};
constexpr std::int64_t kDay = 24 * 3'600'000;
constexpr std::int64_t kDaysMax = 366;
constexpr std::int64_t kUsesMax = 1'000;

std::int64_t number(const json::object& body, std::string_view key, std::int64_t missing) {
  const json::value* value = body.if_contains(key);
  return value != nullptr && value->is_int64() ? value->get_int64() : missing;
}

void tell_daemon(const Operations& operations) {
  if (operations.partners_changed) operations.partners_changed();
}

ControlMessage invite(const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  std::int64_t days = number(request.body, "days", 14), uses = number(request.body, "uses", 1);
  if (days < 1 || days > kDaysMax || uses < 1 || uses > kUsesMax) return refuse(request, Error{ErrorCode::kUsage, "days, uses"});
  std::string note = text(request.body, "note");
  if (note.size() > registry::kInvitationNoteMax) return refuse(request, Error{ErrorCode::kTooLarge, "note"});
  protocol::SystemRandom random;
  registry::GivenInvitation given;
  given.invitation = {random.fixed<protocol::InvitationSecret>(), {now.ms + days * kDay}, static_cast<std::uint16_t>(uses)};
  given.made = now;
  given.note = note;
  if (auto done = operations.registry.address_book().invite(given, now); !done) return refuse(request, done.error());
  tell_daemon(operations);
  protocol::InvitationText link{operations.registry.identity().place, given.invitation.secret};
  return answer(json::object{{"invitation", id_of(given.invitation.secret).hex()},
                             {"text", link.text()},
                             {"placeName", operations.registry.name_of(link.from).name},
                             {"expires", registry::format_utc(given.invitation.expires)},
                             {"uses", uses},
                             {"note", note}});
}

std::string_view state_of(const registry::GivenInvitation& given, protocol::UnixTime now) {
  if (given.invitation.uses == 0) return "used";
  return given.invitation.expires <= now ? "expired" : "open";
}

ControlMessage list(const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  auto contacts = operations.registry.address_book().read();
  if (!contacts) return refuse(request, contacts.error());
  std::ranges::sort(contacts->invitations, {}, &registry::GivenInvitation::made);
  json::array invitations, accepted, joined;
  for (const auto& given : contacts->invitations)
    invitations.push_back({{"invitation", id_of(given.invitation.secret).hex()},
                           {"note", given.note},
                           {"expires", registry::format_utc(given.invitation.expires)},
                           {"uses", given.invitation.uses},
                           {"state", state_of(given, now)}});
  for (const auto& place : contacts->accepted) {
    if (is_blocked(*contacts, place.place)) continue;
    json::object shown = named(operations.registry, place.place);
    shown["since"] = registry::format_utc(place.since);
    accepted.push_back(std::move(shown));
  }
  for (const auto& place : contacts->joined) {
    if (is_blocked(*contacts, place.place)) continue;
    json::object shown = named(operations.registry, place.place);
    shown["url"] = place.url;
    shown["since"] = registry::format_utc(place.since);
    static constexpr std::array<std::string_view, 3> kStates{"waiting", "accepted", "refused"};
    shown["state"] = kStates.at(static_cast<std::size_t>(place.state));
    shown["invitation"] = id_of(place.secret).hex();
    if (!place.trouble.empty()) shown["trouble"] = place.trouble;
    joined.push_back(std::move(shown));
  }
  json::object listed{{"invitations", std::move(invitations)}, {"accepted", std::move(accepted)}, {"joined", std::move(joined)}};
  list_admission(listed, operations, *contacts);
  return answer(std::move(listed));
}

ControlMessage revoke(const Operations& operations, const ControlMessage& request) {
  auto id = protocol::InvitationId::parse(text(request.body, "invitation"));
  if (!id) return refuse(request, Error{ErrorCode::kUnknownInvitation, protocol::shown(text(request.body, "invitation"), 64)});
  if (auto done = operations.registry.address_book().revoke(*id); !done) return refuse(request, done.error());
  tell_daemon(operations);
  return answer(json::object{{"invitation", id->hex()}});
}

ControlMessage join(const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  auto invitation = protocol::InvitationText::parse(text(request.body, "invitation"));
  if (!invitation) return refuse(request, invitation.error());
  if (invitation->from == operations.registry.identity().place) return refuse(request, Error{ErrorCode::kSamePlace, invitation->from.hex()});
  registry::JoinedPlace joined{invitation->from, invitation->secret, now, text(request.body, "url")};
  if (auto url = parse_peer_url(joined.url); !url) return refuse(request, url.error());
  if (auto done = operations.registry.address_book().join(joined); !done) return refuse(request, done.error());
  tell_daemon(operations);
  return answer(named(operations.registry, joined.place));
}

ControlMessage part(const Operations& operations, const ControlMessage& request) {
  auto contacts = operations.registry.address_book().read();
  if (!contacts) return refuse(request, contacts.error());
  std::vector<protocol::PlaceId> known;
  for (const auto& place : contacts->accepted) known.push_back(place.place);
  for (const auto& place : contacts->joined) known.push_back(place.place);
  auto found = place_meant(operations.registry, text(request.body, "place"), known, ErrorCode::kUnknownPlace);
  if (!found) return refuse(request, found.error());
  if (auto done = operations.registry.address_book().part_from(*found); !done) return refuse(request, done.error());
  tell_daemon(operations);
  return answer(named(operations.registry, *found));
}

}  // namespace

bool is_about_partners(std::string_view verb) { return std::ranges::find(kVerbs, verb) != kVerbs.end(); }

ControlMessage perform_partners(std::string_view verb, const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  if (verb == "invite") return invite(operations, request, now);
  if (verb == "partner-list") return list(operations, request, now);
  if (verb == "invitation-revoke") return revoke(operations, request);
  if (verb == "join") return join(operations, request, now);
  return part(operations, request);
}

}  // namespace maillage::daemon
