// `place add | list | code | export | adopt`: the places that one daemon keeps for others.
#include <iostream>

#include "daemon/command.h"
#include "registry/file.h"
#include "registry/registry.h"
#include "registry/territory.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;

// Recovery sheets are secrets: they come on standard input, one a line, never as words of the command.
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

const json::object* result_of(const ControlMessage& reply) {
  const json::value* result = reply.body.if_contains("result");
  return result != nullptr ? result->if_object() : nullptr;
}

}  // namespace

int run_place_add(const PlaceAddOptions& options, const Terminal& terminal) {
  const InitOptions& place = options.place;
  if (place.name.find_first_not_of(" \t") == std::string::npos) return complain(protocol::Error{ErrorCode::kEmptyName, ""}, terminal);
  if (!place.commune.empty() && !registry::find_commune(place.commune)) return complain(protocol::Error{ErrorCode::kUnknownCommune, place.commune}, terminal);
  ControlMessage request;
  request.body = {{"verb", "place-add"}, {"name", place.name}, {"network", place.network}, {"commune", place.commune}, {"ownSheet", options.own_sheet}};
  if (place.lat) request.body["lat"] = *place.lat;
  if (place.lon) request.body["lon"] = *place.lon;
  ControlMessage reply = perform_on(place.dir, std::move(request), terminal);
  const json::object* result = result_of(reply);
  if (result == nullptr) return complain(reply, terminal);
  std::string said = say(Message::kInitDone, terminal.language, {text_of(*result, "name"), text_of(*result, "place"), text_of(*result, "slug")});
  if (std::string sheet = text_of(*result, "recovery_sheet"); !sheet.empty())
    said += "\n\n" + say(Message::kInitSheet, terminal.language) + "\n\n  " + sheet + "\n";
  return conclude(*result, said, terminal);
}

int run_place_list(const std::filesystem::path& dir, const Terminal& terminal) {
  ControlMessage reply = ask("place-list", dir, terminal);
  const json::object* result = result_of(reply);
  if (result == nullptr) return complain(reply, terminal);
  std::string said;
  for (const json::value& each : result->at("places").as_array()) {
    const json::object& place = each.as_object();
    said += text_of(place, "place") + "  " + text_of(place, "slug") + "  " + text_of(place, "name");
    if (place.at("own").as_bool()) said += "  " + say(Message::kPlaceOwn, terminal.language);
    if (place.at("movedAway").as_bool()) said += "  " + say(Message::kPlaceMovedAway, terminal.language);
    said += "\n";
  }
  return conclude(*result, said, terminal);
}

int run_place_code(const std::filesystem::path& dir, const Terminal& terminal) {
  ControlMessage reply = ask("place-successor", dir, terminal);
  const json::object* result = result_of(reply);
  if (result == nullptr) return complain(reply, terminal);
  return conclude(*result, text_of(*result, "successor"), terminal);
}

int run_place_export(const PlaceExportOptions& options, const Terminal& terminal) {
  ControlMessage request;
  request.body = {{"verb", "place-export"}, {"place", options.place}, {"to", options.to}};
  if (!options.to.empty()) {
    auto sheets = read_sheets(terminal);
    if (!sheets) return complain(sheets.error(), terminal);
    request.body["sheets"] = std::move(*sheets);
  }
  ControlMessage reply = perform_on(options.dir, std::move(request), terminal);
  const json::object* result = result_of(reply);
  if (result == nullptr || reply.blobs.size() != 1) return complain(reply, terminal);
  if (auto written = registry::write_file(options.file, reply.blobs.front()); !written) return complain(written.error(), terminal);
  return conclude(*result, say(Message::kPlaceExported, terminal.language, {text_of(*result, "name"), options.file.string()}), terminal);
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
  return conclude(*result, say(Message::kPlaceAdopted, terminal.language, {text_of(*result, "name")}), terminal);
}

}  // namespace maillage::daemon
