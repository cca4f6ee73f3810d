// `key rotate | recover | sheet`: other keys for the places of this daemon, signed by the recovery sheet.
#include <iostream>

#include "daemon/command.h"
#include "protocol/crypto.h"
#include "registry/keys.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;
using protocol::Error;
using protocol::ErrorCode;

// The sheet of now and, when there is to be another, that one: whoever typed it has it.
Result<json::object> read_wish(const KeyOptions& options, bool supersede, const Terminal& terminal) {
  if (!terminal.json && options.new_sheet) std::cerr << say(Message::kKeyTypeBoth, terminal.language) << "\n";
  auto sheets = read_sheets(terminal);
  if (!sheets) return tl::unexpected(sheets.error());
  std::size_t wanted = options.new_sheet ? 2 : 1;
  if (sheets->size() != wanted) return protocol::fail(ErrorCode::kUsage, options.new_sheet ? "--new-sheet (2 × MAILLAGE …)" : "MAILLAGE …");
  json::object wish{{"verb", "key-renew"}, {"sheet", sheets->front()}, {"supersede", supersede}, {"minimumEpoch", options.minimum_epoch}};
  if (options.new_sheet) wish["newSheet"] = sheets->back();
  return wish;
}

// What the daemon made of it.
int tell(const KeyOptions& options, bool supersede, const ControlMessage& reply, const Terminal& terminal) {
  const json::value* result = reply.body.if_contains("result");
  if (result == nullptr || !result->is_object()) return complain(reply, terminal);
  const json::object& renewed = result->get_object();
  std::string said = say(Message::kKeyRenewed, terminal.language, {std::to_string(number_of(renewed, "places"))});
  if (supersede) said += "\n" + say(Message::kKeySuperseded, terminal.language);
  if (options.new_sheet || !options.vouched.empty()) said += "\n" + say(Message::kKeyNewSheet, terminal.language);
  if (!is_true(renewed, "running")) said += "\n" + say(Message::kKeyNotTold, terminal.language, {options.dir.string()});
  return conclude(*result, said, terminal);
}

int renew(const KeyOptions& options, bool supersede, const Terminal& terminal) {
  auto vouching = read_vouching(options.vouched);
  if (!vouching) return complain(vouching.error(), terminal);
  auto wish = read_wish(options, supersede, terminal);
  if (!wish) return complain(wish.error(), terminal);
  ControlMessage request;
  request.body = std::move(*wish);
  if (!vouching->empty()) request.blobs.push_back(registry::encode_vouching(*vouching));
  ControlMessage reply = perform_on(options.dir, std::move(request), terminal);
  const json::value* error = reply.body.if_contains("error");
  bool too_few = !vouching->empty() && error != nullptr && error->is_object() && text_of(error->get_object(), "code") == "bad-signature";
  return too_few ? complain(too_few_trustees(terminal), terminal) : tell(options, supersede, reply, terminal);
}

}  // namespace

int run_key_rotate(const KeyOptions& options, const Terminal& terminal) { return renew(options, false, terminal); }
int run_key_recover(const KeyOptions& options, const Terminal& terminal) { return renew(options, true, terminal); }

int run_key_sheet(const Terminal& terminal) {
  protocol::SystemRandom random;
  std::string sheet = registry::RecoverySheet::make(random).text();
  int done = conclude(json::object{{"recovery_sheet", sheet}}, say(Message::kKeySheet, terminal.language, {sheet}), terminal);
  std::cout << drawn_sheet(sheet, terminal) << std::flush;
  return std::cout ? done : kFailed;
}

}  // namespace maillage::daemon
