// `place add | list | code | export | adopt`: the places that one daemon keeps for others.
#include <iostream>

#include "daemon/command.h"
#include "protocol/crypto.h"
#include "protocol/record.h"
#include "registry/file.h"
#include "registry/keys.h"
#include "registry/registry.h"
#include "registry/territory.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;

// Enough of a key to tell it from the others of one place.
constexpr std::size_t kRootShown = 16;

ControlMessage request_to(std::string_view verb) {
  ControlMessage request;
  request.body["verb"] = verb;
  return request;
}

const json::object* result_of(const ControlMessage& reply) {
  const json::value* result = reply.body.if_contains("result");
  return result != nullptr ? result->if_object() : nullptr;
}

Result<void> check_place(const InitOptions& place) {
  if (place.name.find_first_not_of(" \t") == std::string::npos) return protocol::fail(ErrorCode::kEmptyName, "");
  if (!place.commune.empty() && !registry::find_commune(place.commune)) return protocol::fail(ErrorCode::kUnknownCommune, place.commune);
  return {};
}

// The sheet is seen before its root is anybody's: made here, so that the daemon never knows it, and shown before the daemon
// is asked for the place. As JSON it is the beginning of the one object that the command writes.
Result<void> show_own_sheet(const registry::RecoverySheet& sheet, const std::string& name, const Terminal& terminal) {
  if (terminal.json) std::cout << R"({"recovery_sheet":")" << sheet.text() << '"' << std::flush;
  else std::cout << say(Message::kPlaceSheet, terminal.language, {name}) << "\n\n  " << sheet.text() << "\n\n";
  std::cout << drawn_sheet(sheet.text(), terminal) << std::flush;
  return std::cout ? Result<void>() : protocol::fail(ErrorCode::kIo, "stdout");
}

int conclude_after_sheet(const ControlMessage& reply, const std::string& said, const Terminal& terminal) {
  const json::object* result = result_of(reply);
  if (!terminal.json && result != nullptr) return conclude(*result, said, terminal);
  json::object rest = result != nullptr ? *result : reply.body;
  rest.erase("sentences");
  if (terminal.json) std::cout << ',' << fit_json_for_terminal(protocol::to_json_text(rest)).substr(1) << std::endl;
  if (result != nullptr) return std::cout ? kDone : kFailed;
  int code = complain(reply, {terminal.language, false});
  std::cerr << say(Message::kPlaceSheetVoid, terminal.language) << "\n";
  return code;
}

}  // namespace

// Secrets: they come on standard input, never as words of the command.
Result<json::array> read_sheets(const Terminal& terminal) {
  constexpr std::size_t kSheetsBytesMax = 64 * 1024;
  if (!terminal.json) std::cerr << say(Message::kTypeSheets, terminal.language) << "\n";
  json::array sheets;
  std::size_t bytes = 0;
  for (std::string line; std::getline(std::cin, line);) {
    bytes += line.size();
    if (bytes > kSheetsBytesMax) return protocol::fail(ErrorCode::kTooLarge, "stdin");
    if (line.find_first_not_of(" \t\r") != std::string::npos) sheets.emplace_back(line);
  }
  return sheets;
}

int run_place_add(const PlaceAddOptions& options, const Terminal& terminal) {
  const InitOptions& place = options.place;
  if (auto fine = check_place(place); !fine) return complain(fine.error(), terminal);
  ControlMessage request;
  request.body = {{"verb", "place-add"}, {"name", place.name}, {"network", place.network}, {"commune", place.commune}};
  if (place.lat) request.body["lat"] = *place.lat;
  if (place.lon) request.body["lon"] = *place.lon;
  OpenDirectory directory(place.dir, terminal);
  if (options.own_sheet) {
    // Whether there is anybody to ask comes first: a sheet is not shown for nothing.
    if (ControlMessage reply = directory.perform(request_to("place-successor")); result_of(reply) == nullptr) return complain(reply, terminal);
    protocol::SystemRandom random;
    auto sheet = registry::RecoverySheet::make(random);
    request.body["ownRoot"] = sheet.root(0).public_key().hex();
    if (auto shown = show_own_sheet(sheet, place.name, terminal); !shown) return complain(shown.error(), {terminal.language, false});
  }
  ControlMessage reply = directory.perform(std::move(request));
  const json::object* result = result_of(reply);
  std::string said;
  if (result != nullptr) said = say(Message::kInitDone, terminal.language, {told(*result, "name"), text_of(*result, "place"), text_of(*result, "slug")});
  if (options.own_sheet) return conclude_after_sheet(reply, said, terminal);
  return result != nullptr ? conclude(*result, said, terminal) : complain(reply, terminal);
}

int run_place_list(const std::filesystem::path& dir, const std::string& text, const Terminal& terminal) {
  ControlMessage request = request_to("place-list");
  request.body["text"] = text;
  ControlMessage reply = perform_on(dir, std::move(request), terminal);
  const json::object* result = result_of(reply);
  if (result == nullptr) return complain(reply, terminal);
  std::string said;
  for (const json::value& each : result->at("places").as_array()) {
    const json::object& place = each.as_object();
    said += text_of(place, "place") + "  " + text_of(place, "slug") + "  " + told(place, "name");
    if (place.at("own").as_bool()) said += "  " + say(Message::kPlaceOwn, terminal.language);
    if (place.at("movedAway").as_bool()) said += "  " + say(Message::kPlaceMovedAway, terminal.language);
    if (is_true(place, "handedOver")) said += "  " + say(Message::kPlaceHandedOver, terminal.language);
    std::string lost;
    for (const json::value& path : list_of(place, "lost")) lost += (lost.empty() ? "" : ", ") + std::string(path.as_string());
    if (!lost.empty()) said += "  " + say(Message::kPlaceLost, terminal.language, {lost});
    said += "\n";
  }
  if (said.empty()) said = say(Message::kPlaceNone, terminal.language, {text});
  return conclude(*result, said, terminal);
}

int run_place_code(const std::filesystem::path& dir, const Terminal& terminal) {
  ControlMessage reply = ask("place-successor", dir, terminal);
  const json::object* result = result_of(reply);
  if (result == nullptr) return complain(reply, terminal);
  return conclude(*result, text_of(*result, "successor"), terminal);
}

int run_place_export(const PlaceExportOptions& options, const Terminal& terminal) {
  std::error_code unseen;
  if (std::filesystem::symlink_status(options.file, unseen).type() != std::filesystem::file_type::not_found)
    return complain(protocol::Error{ErrorCode::kFileExists, options.file.string()}, terminal);
  ControlMessage request;
  request.body = {{"verb", "place-export"}, {"place", options.place}, {"to", options.to}};
  OpenDirectory directory(options.dir, terminal);
  if (!options.to.empty()) {
    // Before a long sheet is typed: what is wrong with the words of the command.
    ControlMessage asked = request;
    asked.body["check"] = true;
    if (ControlMessage fine = directory.perform(std::move(asked)); result_of(fine) == nullptr) return complain(fine, terminal);
    auto sheets = read_sheets(terminal);
    if (!sheets) return complain(sheets.error(), terminal);
    request.body["sheets"] = std::move(*sheets);
  }
  ControlMessage reply = directory.perform(std::move(request));
  const json::object* result = result_of(reply);
  if (result == nullptr || reply.blobs.size() != 1) return complain(reply, terminal);
  if (auto written = registry::write_file(options.file, reply.blobs.front()); !written) return complain(written.error(), terminal);
  std::string name = told(*result, "name"), file = options.file.string(), slug = text_of(*result, "slug"), dir = options.dir.string();
  if (options.to.empty()) return conclude(*result, say(Message::kPlaceCopied, terminal.language, {name, file}), terminal);
  return conclude(*result, say(Message::kPlaceExported, terminal.language, {name, file, dir, slug}), terminal);
}

int run_place_keep(const std::filesystem::path& dir, const std::string& place, const Terminal& terminal) {
  ControlMessage request = request_to("place-keep");
  request.body["place"] = place;
  ControlMessage reply = perform_on(dir, std::move(request), terminal);
  const json::object* result = result_of(reply);
  if (result == nullptr) return complain(reply, terminal);
  return conclude(*result, say(Message::kPlaceKept, terminal.language, {told(*result, "name")}), terminal);
}

int run_place_adopt(const PlaceAdoptOptions& options, const Terminal& terminal) {
  auto bytes = registry::read_file(options.file, kControlBlobsBytesMax);
  if (!bytes) return complain(bytes.error(), terminal);
  auto sheets = read_sheets(terminal);
  if (!sheets) return complain(sheets.error(), terminal);
  ControlMessage request;
  request.body = {{"verb", "place-adopt"}, {"sheets", std::move(*sheets)}};
  request.blobs.push_back(std::move(*bytes));
  ControlMessage reply = perform_on(options.dir, std::move(request), terminal);
  const json::object* result = result_of(reply);
  if (result == nullptr) return complain(reply, terminal);
  std::string said = say(Message::kPlaceAdopted, terminal.language, {told(*result, "name")}), others;
  for (const json::value& root : result->at("otherRoots").as_array())
    others += (others.empty() ? "" : ", ") + std::string(root.as_string()).substr(0, kRootShown);
  if (!others.empty()) said += "\n" + say(Message::kPlaceOtherRoots, terminal.language, {others});
  return conclude(*result, said, terminal);
}

}  // namespace maillage::daemon
