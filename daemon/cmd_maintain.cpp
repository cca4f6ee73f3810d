#include <iostream>
#include <iterator>

#include "daemon/command.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;

int show_count(std::string_view verb, Message done, std::string_view key, const std::filesystem::path& dir, const Terminal& terminal) {
  ControlMessage reply = ask(verb, dir, terminal);
  const json::value* result = reply.body.if_contains("result");
  if (result == nullptr) return complain(reply, terminal);
  boost::system::error_code inexact;
  auto count = result->at(key).to_number<std::uint64_t>(inexact);
  return conclude(*result, say(done, terminal.language, {std::to_string(count)}), terminal);
}

}  // namespace

int run_verify(const std::filesystem::path& dir, const Terminal& terminal) {
  ControlMessage reply = ask("verify", dir, terminal);
  const json::value* result = reply.body.if_contains("result");
  if (result == nullptr) return complain(reply, terminal);
  std::string said;
  const json::array& findings = result->at("findings").as_array();
  for (const json::value& finding : findings) said += told(finding.as_object(), "where") + ": " + told(finding.as_object(), "detail") + "\n";
  if (findings.empty()) said = say(Message::kSound, terminal.language);
  int written = conclude(*result, said, terminal);
  return findings.empty() ? written : kFailed;
}

int run_reindex(const std::filesystem::path& dir, const Terminal& terminal) {
  return show_count("reindex", Message::kReindexed, "records", dir, terminal);
}

int run_refs(const std::filesystem::path& dir, const Terminal& terminal) {
  return show_count("refs", Message::kRefsWritten, "refs", dir, terminal);
}

int run_settle(const std::filesystem::path& dir, const std::string& place, bool take, const Terminal& terminal) {
  ControlMessage request;
  request.body["verb"] = "settle";
  request.body["place"] = place;
  request.body["answer"] = take ? "take" : "keep";
  ControlMessage reply = perform_on(dir, std::move(request), terminal);
  const json::value* result = reply.body.if_contains("result");
  if (result == nullptr || reply.body.contains("error")) return complain(reply, terminal);
  return conclude(*result, say(take ? Message::kSettleTaken : Message::kSettleKept, terminal.language, {text_of(result->as_object(), "name")}), terminal);
}

int run_sheet(const std::filesystem::path& dir, const std::string& place, const Terminal& terminal) {
  constexpr std::size_t kSheetBytesMax = 64 * 1024;
  if (!terminal.json) std::cerr << say(Message::kTypeSheet, terminal.language) << "\n";
  std::string sheet(std::istreambuf_iterator<char>(std::cin), {});
  if (sheet.size() > kSheetBytesMax) return complain(protocol::Error{ErrorCode::kTooLarge, "stdin"}, terminal);
  ControlMessage request;
  request.body["verb"] = "sheet";
  request.body["sheet"] = sheet;
  request.body["place"] = place;
  ControlMessage reply = perform_on(dir, std::move(request), terminal);
  const json::value* result = reply.body.if_contains("result");
  if (result == nullptr || reply.body.contains("error")) return complain(reply, terminal);
  std::string name = told(result->as_object(), "name");
  std::string said = name.empty() ? say(Message::kSheetConfirmed, terminal.language) : say(Message::kOwnSheetConfirmed, terminal.language, {name});
  return conclude(*result, said, terminal);
}

}  // namespace maillage::daemon
