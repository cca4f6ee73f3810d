// `block`, `unblock`, `admit`: who is let in here, by the word of people.
#include "daemon/command.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;

// As `partners` shows it.
constexpr std::size_t kToldDigits = 12;

// What a verb answered, or nothing once it has complained.
std::optional<json::object> perform(const char* verb, const AdmissionOptions& options, const Terminal& terminal, int& code) {
  ControlMessage request;
  request.body = {{"verb", verb}, {"place", options.place}, {"reason", options.reason}};
  ControlMessage reply = perform_on(options.dir, std::move(request), terminal);
  const json::value* result = reply.body.if_contains("result");
  if (result != nullptr && result->is_object()) return result->get_object();
  code = complain(reply, terminal);
  return std::nullopt;
}

int run(const char* verb, const AdmissionOptions& options, Message said, const Terminal& terminal) {
  int code = kDone;
  auto place = perform(verb, options, terminal, code);
  if (!place) return code;
  std::string digits = text_of(*place, "place").substr(0, kToldDigits);
  return conclude(*place, say(said, terminal.language, {called(*place), digits, options.dir.string()}), terminal);
}

// What the place is now that it is blocked no more.
std::string standing(const json::object& place, const AdmissionOptions& options, Language language) {
  if (is_true(place, "partner")) return say(Message::kUnblockedPartner, language);
  if (is_true(place, "letIn")) return say(Message::kUnblockedLetIn, language);
  auto config = load_config(options.dir.string(), {});
  bool waits = config && config->peers.admission == Admission::kInvited;
  return waits ? say(Message::kUnblockedWaits, language, {text_of(place, "place"), options.dir.string()}) : "";
}

}  // namespace

int run_block(const AdmissionOptions& options, const Terminal& terminal) { return run("block", options, Message::kPlaceBlocked, terminal); }

int run_unblock(const AdmissionOptions& options, const Terminal& terminal) {
  int code = kDone;
  auto place = perform("unblock", options, terminal, code);
  if (!place) return code;
  std::string said = say(Message::kPlaceUnblocked, terminal.language, {called(*place)}), then = standing(*place, options, terminal.language);
  return conclude(*place, then.empty() ? said : said + "\n" + then, terminal);
}

int run_admit(const AdmissionOptions& options, const Terminal& terminal) { return run("admit", options, Message::kPlaceAdmitted, terminal); }

}  // namespace maillage::daemon
