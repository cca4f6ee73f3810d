// `invite`, `join`, `partners`: who becomes a partner of whom, by the word of people on both sides.
#include <chrono>
#include <iostream>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <unistd.h>

#include "daemon/command.h"
#include "daemon/invitation_link.h"
#include "daemon/qr_code.h"
#include "registry/file.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;
using protocol::Result;

// How long `join` waits for the other side: a dial, a handshake, and what is written on both.
constexpr int kLooks = 50;
constexpr int kLooksForName = 10;
constexpr std::chrono::milliseconds kLook{200};

const json::object* result_of(const ControlMessage& reply) {
  const json::value* result = reply.body.if_contains("result");
  return result != nullptr ? result->if_object() : nullptr;
}

Result<std::string> base_of(const InviteOptions& options) {
  if (!options.url.empty()) return invitation_base(options.url);
  auto config = load_config(options.dir.string(), {});
  if (!config) return tl::unexpected(config.error());
  return config->http.public_url.empty() ? std::string() : config->http.public_url + config->http.base_path;
}

// Why there is no answer, or a refusal.
std::string trouble_of(const json::object& place, Language language) {
  std::string about = text_of(place, "state") == "refused" ? text_of(place, "invitation") : told(place, "url");
  return protocol::sentence({protocol::code_of_slug(text_of(place, "trouble")), about}, language);
}

std::string tell_joined(const json::object& place, Language language) {
  std::string state = text_of(place, "state"), name = called(place);
  if (state == "refused") return say(Message::kPartnerRefused, language, {name, trouble_of(place, language)}) + "\n";
  std::string said = say(state == "accepted" ? Message::kPartnerJoined : Message::kPartnerWaiting, language, {name, told(place, "url")}) + "\n";
  if (!text_of(place, "trouble").empty()) said += say(Message::kPartnerTrouble, language, {trouble_of(place, language)}) + "\n";
  return said;
}

// How the place that we joined stands now; nothing when it is joined no more.
std::optional<json::object> joined_place(const std::filesystem::path& dir, const std::string& place, const Terminal& terminal) {
  ControlMessage reply = ask("partner-list", dir, terminal);
  const json::object* result = result_of(reply);
  if (result == nullptr) return std::nullopt;
  for (const json::value& each : list_of(*result, "joined"))
    if (text_of(each.get_object(), "place") == place) return each.get_object();
  return std::nullopt;
}

// What it has answered, or what kept it from answering; how it stands after a while. Its name comes a moment after.
std::optional<json::object> await_answer(const std::filesystem::path& dir, const std::string& place, const Terminal& terminal) {
  std::optional<json::object> found = joined_place(dir, place, terminal);
  int named = 0;
  boost::asio::io_context context;
  for (int look = 0; look < kLooks && found; ++look) {
    bool accepted = text_of(*found, "state") == "accepted";
    bool known = accepted ? !told(*found, "name").empty() || ++named > kLooksForName : !text_of(*found, "trouble").empty();
    if (known) break;
    boost::asio::steady_timer(context, kLook).wait();
    found = joined_place(dir, place, terminal);
  }
  return found;
}

bool runs(const std::filesystem::path& dir, const Terminal& terminal) {
  ControlMessage reply = ask("status", dir, terminal);
  const json::object* status = result_of(reply);
  return status != nullptr && is_true(*status, "running");
}

// The QR code: above what is said, or into a file to print.
Result<void> draw(const std::string& link, const InviteOptions& options, const Terminal& terminal) {
  auto code = QrCode::of(link);
  if (!code) return tl::unexpected(code.error());
  if (!options.svg.empty()) {
    std::string drawing = code->svg(say(Message::kJoinPageTitle, terminal.language));
    return registry::write_file(options.svg, protocol::as_bytes(drawing));
  }
  if (!terminal.json) std::cout << code->terminal_text(isatty(STDOUT_FILENO) != 0) << "\n";
  return {};
}

int tell_answer(const json::object& place, const std::filesystem::path& dir, const Terminal& terminal) {
  Language language = terminal.language;
  std::string state = text_of(place, "state");
  bool accepted = state == "accepted", trouble = !text_of(place, "trouble").empty();
  std::string said = accepted             ? say(Message::kJoined, language, {called(place)})
                     : state == "refused" ? say(Message::kJoinRefused, language, {called(place), trouble_of(place, language)})
                     : trouble            ? say(Message::kJoinTrouble, language, {trouble_of(place, language), dir.string()})
                                          : say(Message::kJoinWaits, language, {told(place, "url"), dir.string()});
  int code = conclude(place, said, terminal);
  return accepted ? code : kFailed;
}

void tell_admission(std::string& said, const json::object& result, const std::string& dir, Language language) {
  for (const json::value& each : list_of(result, "letIn"))
    said += say(Message::kPartnerLetIn, language, {called(each.get_object()), text_of(each.get_object(), "since")}) + "\n";
  for (const json::value& each : list_of(result, "blocked")) {
    const json::object& place = each.get_object();
    std::string reason = told(place, "reason");
    said += say(Message::kPartnerBlocked, language, {called(place), text_of(place, "since"), reason.empty() ? "" : " (" + reason + ")"});
    if (is_true(place, "partner")) said += say(Message::kBlockedPartner, language);
    else if (is_true(place, "letIn")) said += say(Message::kBlockedLetIn, language);
    said += "\n";
  }
  for (const json::value& each : list_of(result, "waiting")) said += told_waiting(each.get_object(), dir, language) + "\n";
}

std::string first_line(std::istream& from) {
  std::string line;
  std::getline(from, line);
  return line;
}

}  // namespace

std::string told_guest(const json::object& place) {
  std::string digits = text_of(place, "place").substr(0, 12), name = told(place, "name"), commune = told(place, "commune");
  return (name.empty() ? digits : name + " (" + digits + ")") + (commune.empty() ? "" : ", " + commune);
}

std::string told_waiting(const json::object& place, const std::string& dir, Language language) {
  std::string id = text_of(place, "place"), introducer = text_of(place, "introducer"), name = told(place, "introducerName");
  std::string digits = id.substr(0, 12);
  if (introducer == id) name = say(Message::kIntroducedByItself, language);
  else if (name.empty()) name = introducer.substr(0, 12);
  return say(Message::kPlaceWaits, language, {told_guest(place), text_of(place, "since"), name, text_of(place, "signed"), digits, dir, digits, dir});
}

int run_invite(const InviteOptions& options, const Terminal& terminal) {
  auto base = base_of(options);
  if (!base) return complain(base.error(), terminal);
  if (base->empty()) {
    std::cerr << say(Message::kInviteNeedsUrl, terminal.language) << "\n";
    return kUsage;
  }
  // Before there is an invitation that nobody would see.
  if (!options.svg.empty() && std::filesystem::exists(options.svg))
    return complain(protocol::Error{protocol::ErrorCode::kFileExists, options.svg.string()}, terminal);
  ControlMessage request;
  request.body = {{"verb", "invite"}, {"note", options.note}, {"uses", options.uses}, {"days", options.days}};
  OpenDirectory directory(options.dir, terminal);
  ControlMessage reply = directory.perform(std::move(request));
  const json::object* made = result_of(reply);
  if (made == nullptr) return complain(reply, terminal);
  auto invitation = protocol::InvitationText::parse(text_of(*made, "text"));
  if (!invitation) return complain(invitation.error(), terminal);
  json::object result = *made;
  result.erase("text");
  std::string link = InvitationLink{*base, *invitation}.text();
  result["link"] = link;
  if (auto drawn = draw(link, options, terminal); !drawn) return complain(drawn.error(), terminal);
  return conclude(result, say(Message::kInvitation, terminal.language, {told(result, "placeName"), link, text_of(result, "expires"),
                              std::to_string(number_of(result, "uses")), text_of(result, "invitation"), options.dir.string()}), terminal);
}

int run_join(const std::filesystem::path& dir, const std::string& text, const Terminal& terminal) {
  auto link = InvitationLink::parse(text == "-" ? first_line(std::cin) : text);
  if (!link) return complain(link.error(), terminal);
  ControlMessage request;
  request.body = {{"verb", "join"}, {"invitation", link->invitation.text()}, {"url", link->peer_url()}};
  ControlMessage reply = perform_on(dir, std::move(request), terminal);
  const json::object* result = result_of(reply);
  if (result == nullptr) return complain(reply, terminal);
  auto answered = runs(dir, terminal) ? await_answer(dir, text_of(*result, "place"), terminal) : std::nullopt;
  if (!answered) {
    json::object waits = *result;
    waits["state"] = "waiting";
    return conclude(waits, say(Message::kJoinWaits, terminal.language, {link->base, dir.string()}), terminal);
  }
  return tell_answer(*answered, dir, terminal);
}

int run_partners(const PartnersOptions& options, const Terminal& terminal) {
  ControlMessage request;
  if (!options.revoke.empty()) request.body = {{"verb", "invitation-revoke"}, {"invitation", options.revoke}};
  else if (!options.part.empty()) request.body = {{"verb", "part"}, {"place", options.part}};
  else request.body = {{"verb", "partner-list"}};
  ControlMessage reply = perform_on(options.dir, std::move(request), terminal);
  const json::object* result = result_of(reply);
  if (result == nullptr) return complain(reply, terminal);
  if (!options.revoke.empty()) return conclude(*result, say(Message::kInvitationRevoked, terminal.language, {text_of(*result, "invitation")}), terminal);
  if (!options.part.empty()) return conclude(*result, say(Message::kPartnerParted, terminal.language, {called(*result)}), terminal);
  std::string said;
  for (const json::value& each : list_of(*result, "accepted")) {
    const json::object& place = each.get_object();
    said += say(Message::kPartnerAccepted, terminal.language, {called(place), text_of(place, "since")}) + "\n";
  }
  for (const json::value& each : list_of(*result, "joined")) said += tell_joined(each.get_object(), terminal.language);
  if (said.empty()) said = say(Message::kPartnersNone, terminal.language, {options.dir.string()}) + "\n";
  for (const json::value& each : list_of(*result, "invitations")) {
    const json::object& given = each.get_object();
    if (text_of(given, "state") != "open") continue;
    std::string note = told(given, "note");
    said += say(Message::kInvitationOpen, terminal.language, {text_of(given, "invitation"), text_of(given, "expires"), std::to_string(number_of(given, "uses")),
                note.empty() ? "" : "(" + note + ")"}) + "\n";
  }
  tell_admission(said, *result, options.dir.string(), terminal.language);
  said.pop_back();
  return conclude(*result, said, terminal);
}

}  // namespace maillage::daemon
