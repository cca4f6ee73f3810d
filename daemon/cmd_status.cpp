// `status` and `peers`: how a place and its partners are, in sentences an operator reads, or as JSON.
#include <algorithm>

#include "daemon/command.h"
#include "daemon/config_standing.h"
#include "protocol/utf8.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;

// A partner whose clock is further away than this makes dates on screens wrong: worth telling.
constexpr std::int64_t kClockToldMs = 60'000;

// Who has the last publication, and who has an older one.
void tell_receipts(std::string& said, const json::object& place, const std::string& head, Language language) {
  std::string received, behind;
  for (const json::value& each : list_of(place, "receipts")) {
    const json::object& receipt = each.get_object();
    std::string name = called(receipt, "replica");
    if (text_of(receipt, "head") == head)
      received += (received.empty() ? "" : ", ") + name;
    else
      behind += say(Message::kStatusBehind, language, {name, text_of(receipt, "time")}) + "\n";
  }
  said += received.empty() ? say(Message::kStatusReceivedByNobody, language) : say(Message::kStatusReceived, language, {received});
  said += "\n" + behind;
}

void tell_place(std::string& said, const json::object& place, Language language) {
  std::string name = called(place, "id"), slug = text_of(place, "slug");
  said += (slug.empty() ? say(Message::kStatusNoProfile, language, {name}) : say(Message::kStatusPlace, language, {name, slug})) + "\n";
  if (const json::value* head = place.if_contains("head"); head != nullptr && head->is_object()) {
    said += say(Message::kStatusPublished, language, {text_of(head->get_object(), "time")}) + "\n";
    if (is_true(place, "movedAway")) said += say(Message::kStatusMovedAway, language) + "\n";
    else if (is_true(place, "keptBack")) said += say(Message::kStatusKeptBack, language) + "\n";
    else tell_receipts(said, place, text_of(head->get_object(), "hash"), language);
    if (is_true(place, "forked")) said += say(Message::kStatusForked, language) + "\n";
  }
  for (const json::value& each : list_of(place, "problems")) {
    const json::object& problem = each.get_object();
    protocol::Error error{protocol::code_of_slug(text_of(problem, "code")), text_of(problem, "context")};
    said += say(Message::kStatusProblem, language, {told(problem, "path"), protocol::shown(protocol::sentence(error, language), kToldCharactersMax)}) + "\n";
  }
}

// Gives whether something is asked.
bool tell_question(std::string& said, const json::object& place, const std::string& dir, Language language) {
  const json::value* question = place.if_contains("question");
  if (question == nullptr || !question->is_object()) return false;
  std::string code = text_of(question->get_object(), "code"), name = told(place, "name");
  std::string id = text_of(place, "id"), when;
  if (const json::value* theirs = question->get_object().if_contains("theirs"); theirs != nullptr && theirs->is_object())
    when = text_of(theirs->get_object(), "time");
  Message asked = code == "history-replaced" ? Message::kStatusHistoryReplaced : Message::kStatusTwoDaemons;
  if (code == "counters-exhausted") said += say(Message::kStatusExhausted, language, {name, when}) + "\n";
  else said += say(asked, language, {name, when, id, dir, id, dir}) + "\n";
  return true;
}

// "Finistère (29)"; a place by its name, or the beginning of its id.
std::string followed(const json::object& entry) {
  std::string text = text_of(entry, "text"), name = told(entry, "name");
  constexpr std::size_t kCodeMax = 16;
  if (text.size() > kCodeMax) return name.empty() ? text.substr(0, kCodeMax) : name;
  return name.empty() ? text : name + " (" + text + ")";
}

// Two daemons that follow what we do are looked for (DESIGN "Scope"). Gives whether there is something to do.
bool tell_scope(std::string& said, const json::object& status, Language language) {
  std::string names;
  for (const json::value& each : list_of(status, "scope"))
    if (each.is_object()) names += (names.empty() ? "" : ", ") + followed(each.get_object());
  if (!names.empty())
    said += say(Message::kStatusScope, language, {names, std::to_string(number_of(status, "known")), std::to_string(number_of(status, "held"))}) + "\n";
  std::int64_t outbound = number_of(status, "outbound"), covering = number_of(status, "covering");
  bool lacking = covering < std::min<std::int64_t>(2, outbound);
  if (lacking) said += say(Message::kStatusScopePartners, language, {std::to_string(outbound), std::to_string(covering)}) + "\n";
  std::string holders;
  for (const json::value& each : list_of(status, "holders")) {
    if (!each.is_object()) continue;
    std::string address = told(each.get_object(), "address");
    holders += (holders.empty() ? "" : ", ") + called(each.get_object(), "id") + (address.empty() ? "" : " (" + address + ")");
  }
  bool missing = !holders.empty() && number_of(status, "held") < number_of(status, "known");
  if (missing) said += say(Message::kStatusHolders, language, {holders}) + "\n";
  return lacking || missing;
}

// The address that the daemon's own profile should name, when it names none and others are told to find us there.
std::string missing_endpoint(const json::object& status, const std::filesystem::path& dir) {
  auto config = load_config(dir.string(), {});
  const json::array& own = list_of(status, "own");
  if (!config || config->http.public_url.empty() || own.empty() || !own.front().is_object()) return "";
  if (!list_of(own.front().get_object(), "endpoints").empty()) return "";
  return "ws" + config->http.public_url.substr(4) + config->http.base_path + "/peer";  // http → ws, https → wss
}

// With no daemon, what the next one would find in the file.
void look_at_config(json::object& status, const std::filesystem::path& dir, Language language) {
  auto config = load_config(dir.string(), {});
  if (!config) status["configRefused"] = {{"code", std::string(slug(config.error().code))}, {"detail", sentence(config.error(), language)}};
  else if (auto remarks = config_remarks(*config, config->http.listen); !remarks.empty()) status["configRemarks"] = remarks_told(remarks, language);
}

// Gives whether there is something to do.
bool tell_config(std::string& said, const json::object& status, Language language) {
  for (const json::value& each : list_of(status, "configRemarks"))
    said += say(Message::kStatusConfigRemark, language, {told(each.get_object(), "detail")}) + "\n";
  const json::object& refused = object_at(status, "configRefused");
  std::string since = text_of(refused, "since"), detail = told(refused, "detail");
  if (!since.empty()) said += say(Message::kStatusConfigRefused, language, {since, detail}) + "\n";
  else if (!refused.empty()) said += say(Message::kStatusConfigWrong, language, {detail}) + "\n";
  return !refused.empty() || !list_of(status, "configRemarks").empty();
}

// Those whose people have a word to say before they take this place. Gives whether some refuse it: a stranger that has not let it in yet
// asks nothing of anybody here.
bool tell_standing(std::string& said, const json::object& status, const std::string& dir, Language language) {
  std::string own = list_of(status, "own").empty() ? "" : text_of(list_of(status, "own").front().get_object(), "id");
  for (const json::value& each : list_of(status, "refusedBy")) {
    const json::object& place = each.get_object();
    std::string next = text_of(place, "nextAttempt"), code = text_of(place, "code");
    Message why = code == "other-chain"         ? Message::kStatusOtherKeys
                  : code == "duplicate-session" ? Message::kStatusTwoMachines
                                                : Message::kStatusRefusedBy;
    said += say(why, language, {called(place), text_of(place, "since"), dir, dir});
    said += next.empty() ? say(Message::kStatusNotCalled, language) : say(Message::kStatusNextAttempt, language, {next});
    said += "\n";
  }
  for (const json::value& each : list_of(status, "untaken"))
    said += say(Message::kStatusUntaken, language, {called(each.get_object()), own.substr(0, 12)}) + "\n";
  return !list_of(status, "refusedBy").empty();
}

void tell_peer(std::string& said, const json::object& peer, Language language) {
  Message state = is_true(peer, "waiting")      ? Message::kPeersWaiting
                  : is_true(peer, "reconciled") ? Message::kPeersConnected
                                                : Message::kPeersCatchingUp;
  said += say(state, language, {is_true(peer, "waiting") ? told_guest(peer) : called(peer)}) + "\n";
  std::int64_t offset = number_of(peer, "clock_offset_ms");
  if (std::abs(offset) > kClockToldMs) said += say(Message::kPeersClock, language, {std::to_string(offset / 1000)}) + "\n";
}

std::string told_address(const json::object& address, Language language) {
  std::string url = told(address, "url"), failures = std::to_string(number_of(address, "failures")), next = text_of(address, "nextAttempt");
  bool refuses = is_true(address, "refuses");
  if (!refuses && (is_true(address, "connected") || failures == "0")) return say(Message::kPeersAddress, language, {url});
  std::string state = say(refuses ? Message::kPeersAddressRefuses : Message::kPeersAddressFailing, language, {url, failures});
  return next.empty() ? state : state + say(Message::kStatusNextAttempt, language, {next});
}

void tell_counts(std::string& said, const json::object& status, Language language) {
  const json::object& counts = object_at(status, "counts");
  auto count = [&](std::string_view key) { return std::to_string(number_of(counts, key)); };
  if (counts.empty()) return;
  said += say(Message::kStatusCounts, language,
              {count("places"), count("networks"), count("events"), count("resources"), count("needs"), count("offers")}) + "\n";
}

void tell_hosting(std::string& said, const json::object& status, const std::string& dir, Language language) {
  std::int64_t hosted = number_of(status, "hosted"), moved = number_of(status, "movedAway");
  if (hosted + moved > 0) said += say(Message::kStatusHosted, language, {std::to_string(hosted), std::to_string(moved)}) + "\n";
  // Those shown are the daemon's own and hosted ones.
  std::int64_t more = hosted + 1 - static_cast<std::int64_t>(list_of(status, "own").size());
  if (more > 0) said += say(Message::kStatusMore, language, {std::to_string(more), dir}) + "\n";
}

// Gives whether something is asked about who publishes our places.
bool tell_doubts(std::string& said, const json::object& status, const std::string& dir, Language language) {
  bool asked = false;
  for (const json::value& each : list_of(status, "own")) {
    const json::object& place = each.get_object();
    asked = tell_question(said, place, dir, language) || is_true(place, "movedAway") || asked;
  }
  auto called = [](const json::value& place) {
    std::string name = told(place.get_object(), "name");
    return name.empty() ? text_of(place.get_object(), "id") : name;
  };
  for (const json::value& place : list_of(status, "twoCharters")) {
    said += say(Message::kStatusTwoCharters, language, {called(place)}) + "\n";
    asked = true;
  }
  // Of ours it stands with the place.
  auto ours = [&](const json::value& place) {
    auto same = [&](const json::value& own) { return text_of(own.get_object(), "id") == text_of(place.get_object(), "id"); };
    return std::ranges::any_of(list_of(status, "own"), same);
  };
  for (const json::value& place : list_of(status, "forked"))
    if (!ours(place)) said += say(Message::kStatusForkedElsewhere, language, {called(place)}) + "\n";
  return asked;
}

// What waits for a person here. Gives whether something does; a place that waits may go on waiting.
bool tell_what_waits(std::string& said, const json::object& status, const std::filesystem::path& dir, Language language) {
  bool running = is_true(status, "running"), confirmed = is_true(status, "sheetConfirmed");
  std::string endpoint = missing_endpoint(status, dir);
  std::int64_t contributions = number_of(status, "contributions"), places = number_of(status, "waitingPlaces");
  if (!running) said += say(Message::kStatusNotRunning, language, {dir.string()}) + "\n";
  if (!confirmed) said += say(Message::kStatusSheet, language, {dir.string()}) + "\n";
  if (contributions > 0) said += say(Message::kStatusInbox, language, {std::to_string(contributions), dir.string()}) + "\n";
  if (!endpoint.empty()) said += say(Message::kStatusEndpoint, language, {endpoint, dir.string()}) + "\n";
  if (places > 0) said += say(Message::kPlacesWait, language, {std::to_string(places), dir.string()}) + "\n";
  for (const json::value& each : list_of(status, "waiting")) said += told_waiting(each.get_object(), dir.string(), language) + "\n";
  return !running || !confirmed || contributions > 0 || !endpoint.empty();
}

}  // namespace

int run_status(const std::filesystem::path& dir, const Terminal& terminal) {
  Language language = terminal.language;
  ControlMessage reply = ask("status", dir, terminal);
  json::value* result = reply.body.if_contains("result");
  if (result == nullptr || !result->is_object()) return complain(reply, terminal);
  json::object& status = result->get_object();
  if (!is_true(status, "running")) look_at_config(status, dir, language);
  std::string said;
  for (const json::value& place : list_of(status, "own")) tell_place(said, place.get_object(), language);
  tell_counts(said, status, language);
  bool asked = tell_scope(said, status, language);
  tell_hosting(said, status, dir.string(), language);
  asked = tell_doubts(said, status, dir.string(), language) || asked;
  asked = tell_what_waits(said, status, dir, language) || asked;
  asked = tell_standing(said, status, dir.string(), language) || asked;
  asked = tell_config(said, status, language) || asked;
  if (!asked) said += say(Message::kStatusFine, language);
  return conclude(*result, said, terminal);
}

int run_peers(const std::filesystem::path& dir, const Terminal& terminal) {
  ControlMessage reply = ask("peers", dir, terminal);
  const json::value* result = reply.body.if_contains("result");
  if (result == nullptr || !result->is_object()) return complain(reply, terminal);
  std::string said;
  for (const json::value& peer : list_of(result->get_object(), "peers")) tell_peer(said, peer.get_object(), terminal.language);
  if (said.empty()) said = say(Message::kPeersNone, terminal.language) + "\n";
  for (const json::value& each : list_of(result->get_object(), "addresses")) said += told_address(each.get_object(), terminal.language) + "\n";
  if (!said.empty() && said.back() == '\n') said.pop_back();
  return conclude(*result, said, terminal);
}

}  // namespace maillage::daemon
