// `status` and `peers`: how a place and its partners are, in sentences an operator reads, or as JSON.
#include <algorithm>

#include "daemon/command.h"
#include "protocol/utf8.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;

// A partner whose clock is further away than this makes dates on screens wrong: worth telling.
constexpr std::int64_t kClockToldMs = 60'000;

// A place's name, or the beginning of its identity when it has told none.
std::string called(const json::object& object, std::string_view id_key) {
  std::string name = told(object, "name");
  return name.empty() ? text_of(object, id_key).substr(0, 12) : name;
}

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
  said += say(Message::kStatusPlace, language, {told(place, "name"), text_of(place, "slug")}) + "\n";
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

void tell_peer(std::string& said, const json::object& peer, Language language) {
  Message state = is_true(peer, "reconciled") ? Message::kPeersConnected : Message::kPeersCatchingUp;
  said += say(state, language, {called(peer, "place")}) + "\n";
  std::int64_t offset = number_of(peer, "clock_offset_ms");
  if (std::abs(offset) > kClockToldMs) said += say(Message::kPeersClock, language, {std::to_string(offset / 1000)}) + "\n";
}

}  // namespace

int run_status(const std::filesystem::path& dir, const Terminal& terminal) {
  ControlMessage reply = ask("status", dir, terminal);
  const json::value* result = reply.body.if_contains("result");
  if (result == nullptr || !result->is_object()) return complain(reply, terminal);
  const json::object& status = result->get_object();
  std::string said;
  bool asked = false;
  for (const json::value& place : list_of(status, "own")) tell_place(said, place.get_object(), terminal.language);
  if (const json::value* counts = status.if_contains("counts"); counts != nullptr && counts->is_object()) {
    auto count = [&](std::string_view key) { return std::to_string(number_of(counts->get_object(), key)); };
    said += say(Message::kStatusCounts, terminal.language,
                {count("places"), count("networks"), count("events"), count("resources"), count("needs"), count("offers")}) + "\n";
  }
  asked = tell_scope(said, status, terminal.language);
  std::int64_t hosted = number_of(status, "hosted"), moved = number_of(status, "movedAway");
  if (hosted + moved > 0) said += say(Message::kStatusHosted, terminal.language, {std::to_string(hosted), std::to_string(moved)}) + "\n";
  // Those shown are the daemon's own and hosted ones.
  std::int64_t more = hosted + 1 - static_cast<std::int64_t>(list_of(status, "own").size());
  if (more > 0) said += say(Message::kStatusMore, terminal.language, {std::to_string(more), dir.string()}) + "\n";
  for (const json::value& each : list_of(status, "own")) {
    const json::object& place = each.get_object();
    asked = tell_question(said, place, dir.string(), terminal.language) || is_true(place, "movedAway") || asked;
  }
  auto called = [](const json::value& place) {
    std::string name = told(place.get_object(), "name");
    return name.empty() ? text_of(place.get_object(), "id") : name;
  };
  for (const json::value& place : list_of(status, "twoCharters")) {
    said += say(Message::kStatusTwoCharters, terminal.language, {called(place)}) + "\n";
    asked = true;
  }
  // Of ours it stands with the place.
  auto ours = [&](const json::value& place) {
    return std::ranges::any_of(list_of(status, "own"), [&](const json::value& own) { return text_of(own.get_object(), "id") == text_of(place.get_object(), "id"); });
  };
  for (const json::value& place : list_of(status, "forked"))
    if (!ours(place)) said += say(Message::kStatusForkedElsewhere, terminal.language, {called(place)}) + "\n";
  bool running = is_true(status, "running"), confirmed = is_true(status, "sheetConfirmed");
  if (!running) said += say(Message::kStatusNotRunning, terminal.language, {dir.string()}) + "\n";
  if (!confirmed) said += say(Message::kStatusSheet, terminal.language, {dir.string()}) + "\n";
  std::int64_t waiting = number_of(status, "contributions");
  if (waiting > 0) said += say(Message::kStatusInbox, terminal.language, {std::to_string(waiting), dir.string()}) + "\n";
  std::string endpoint = missing_endpoint(status, dir);
  if (!endpoint.empty()) said += say(Message::kStatusEndpoint, terminal.language, {endpoint, dir.string()}) + "\n", asked = true;
  std::int64_t places_wait = number_of(status, "waitingPlaces");
  if (places_wait > 0) said += say(Message::kPlacesWait, terminal.language, {std::to_string(places_wait), dir.string()}) + "\n";
  if (running && confirmed && waiting == 0 && !asked) said += say(Message::kStatusFine, terminal.language);
  return conclude(*result, said, terminal);
}

int run_peers(const std::filesystem::path& dir, const Terminal& terminal) {
  ControlMessage reply = ask("peers", dir, terminal);
  const json::value* result = reply.body.if_contains("result");
  if (result == nullptr || !result->is_object()) return complain(reply, terminal);
  std::string said;
  for (const json::value& peer : list_of(result->get_object(), "peers")) tell_peer(said, peer.get_object(), terminal.language);
  if (said.empty()) said = say(Message::kPeersNone, terminal.language) + "\n";
  for (const json::value& each : list_of(result->get_object(), "addresses")) {
    const json::object& address = each.get_object();
    std::string failures = std::to_string(number_of(address, "failures"));
    said += is_true(address, "connected") || failures == "0" ? say(Message::kPeersAddress, terminal.language, {told(address, "url")})
                                                            : say(Message::kPeersAddressFailing, terminal.language, {told(address, "url"), failures});
    said += "\n";
  }
  if (!said.empty() && said.back() == '\n') said.pop_back();
  return conclude(*result, said, terminal);
}

}  // namespace maillage::daemon
