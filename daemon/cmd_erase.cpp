// `erase`: what a place erases everywhere, after it was told what that does and what it cannot do.
#include <iostream>

#include <unistd.h>

#include "daemon/command.h"
#include "protocol/path.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;

std::string lines_of(const std::vector<std::string>& paths) {
  std::string list;
  for (const std::string& path : paths) list += "\n  " + path;
  return list;
}

std::string warning_of(const EraseOptions& options, Language language) {
  std::string what = options.whole_place ? say(Message::kErasePlace, language)
                     : options.history   ? say(Message::kErasePast, language)
                                         : say(Message::kErasePaths, language, {lines_of(options.paths)});
  return what + "\n" + say(Message::kEraseMeans, language);
}

// Whether somebody who read the warning says so. A script says it with --yes.
Result<bool> confirm(const EraseOptions& options, const Terminal& terminal) {
  if (options.yes) return true;
  if (::isatty(STDIN_FILENO) == 0) return protocol::fail(ErrorCode::kUsage, say(Message::kEraseNeedsYes, terminal.language));
  std::cerr << warning_of(options, terminal.language) << "\n" << say(Message::kEraseAsk, terminal.language) << " " << std::flush;
  std::string typed;
  std::getline(std::cin, typed);
  return typed == "oui" || typed == "yes";
}

Result<void> check_asked(const EraseOptions& options, const Terminal& terminal) {
  int asked = (options.paths.empty() ? 0 : 1) + (options.whole_place ? 1 : 0) + (options.history ? 1 : 0) + (options.status ? 1 : 0);
  if (asked != 1) return protocol::fail(ErrorCode::kUsage, say(Message::kEraseOneOf, terminal.language));
  for (const std::string& path : options.paths)
    if (auto fine = protocol::check_path(path); !fine) return fine;
  return {};
}

ControlMessage request_to(std::string_view verb, const EraseOptions& options) {
  ControlMessage request;
  request.body["verb"] = verb;
  if (!options.place.empty()) request.body["place"] = options.place;
  return request;
}

Message word_of(const json::object& replica) {
  if (is_true(replica, "keepsNothing")) return Message::kEraseLetGo;
  return is_true(replica, "confirmed") ? Message::kEraseConfirmed : Message::kEraseUnconfirmed;
}

std::string lines_of(const json::object& place, Language language) {
  std::string called = told(place, "name");
  if (called.empty()) called = text_of(place, "place");
  std::string said = say(Message::kEraseSince, language, {called, text_of(place, "erased")});
  said += "\n" + say(is_true(place, "purgedHere") ? Message::kEraseHereDone : Message::kEraseHereWaits, language) + "\n";
  const json::array& replicas = list_of(place, "replicas");
  for (const json::value& each : replicas) {
    const json::object& replica = each.as_object();
    std::string name = told(replica, "name");
    if (name.empty()) name = text_of(replica, "replica").substr(0, 12);
    said += say(word_of(replica), language, {name, text_of(replica, "since")}) + "\n";
  }
  if (replicas.empty()) said += say(Message::kEraseNobody, language) + "\n";
  return said;
}

int show_status(const EraseOptions& options, const Terminal& terminal) {
  ControlMessage reply = perform_on(options.dir, request_to("erase-status", options), terminal);
  const json::value* result = reply.body.if_contains("result");
  if (result == nullptr || !result->is_object()) return complain(reply, terminal);
  std::string said;
  for (const json::value& place : list_of(result->get_object(), "places")) said += lines_of(place.as_object(), terminal.language);
  if (said.empty()) said = say(Message::kEraseNever, terminal.language);
  return conclude(*result, said, terminal);
}

}  // namespace

int run_erase(const EraseOptions& options, const Terminal& terminal) {
  if (auto fine = check_asked(options, terminal); !fine) return complain(fine.error(), terminal);
  if (options.status) return show_status(options, terminal);
  auto sure = confirm(options, terminal);
  if (!sure) return complain(sure.error(), terminal);
  if (!*sure) {
    std::cerr << say(Message::kEraseNot, terminal.language) << "\n";
    return 1;
  }
  ControlMessage request = request_to("erase", options);
  request.body["paths"] = json::array(options.paths.begin(), options.paths.end());
  request.body["wholePlace"] = options.whole_place;
  ControlMessage reply = perform_on(options.dir, std::move(request), terminal);
  const json::value* result = reply.body.if_contains("result");
  if (result == nullptr || !result->is_object() || reply.body.contains("error")) return complain(reply, terminal);
  const json::object& done = result->get_object();
  std::string said;
  for (const json::value& path : list_of(done, "changed")) said += say(Message::kErased, terminal.language, {path.as_string().c_str()}) + "\n";
  if (!is_true(done, "purged")) said += say(Message::kEraseWaits, terminal.language, {text_of(done, "waits")}) + "\n";
  said += say(Message::kEraseDone, terminal.language, {options.dir.string()});
  return conclude(*result, said, terminal);
}

}  // namespace maillage::daemon
