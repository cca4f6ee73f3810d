// `block`, `unblock`, `admit`: who is let in here, by the word of people.
#include "daemon/command.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;

std::string called(const json::object& place) {
  std::string name = told(place, "name");
  return name.empty() ? text_of(place, "place") : name;
}

int run(const char* verb, const AdmissionOptions& options, Message said, const Terminal& terminal) {
  ControlMessage request;
  request.body = {{"verb", verb}, {"place", options.place}, {"reason", options.reason}};
  ControlMessage reply = perform_on(options.dir, std::move(request), terminal);
  const json::value* result = reply.body.if_contains("result");
  if (result == nullptr || !result->is_object()) return complain(reply, terminal);
  const json::object& place = result->get_object();
  return conclude(*result, say(said, terminal.language, {called(place), text_of(place, "place"), options.dir.string()}), terminal);
}

}  // namespace

int run_block(const AdmissionOptions& options, const Terminal& terminal) { return run("block", options, Message::kPlaceBlocked, terminal); }
int run_unblock(const AdmissionOptions& options, const Terminal& terminal) { return run("unblock", options, Message::kPlaceUnblocked, terminal); }
int run_admit(const AdmissionOptions& options, const Terminal& terminal) { return run("admit", options, Message::kPlaceAdmitted, terminal); }

}  // namespace maillage::daemon
