// `key trustees | request | vouch`: other places that give a place back when its recovery sheet is lost. registry/trustees.h.
#include <algorithm>
#include <iostream>

#include "daemon/clock.h"
#include "daemon/command.h"
#include "daemon/testimony.h"
#include "registry/file.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;
using protocol::ErrorCode;
using protocol::fail;
using registry::RecoverySheet;
using registry::TrusteeCode;
using registry::Vouching;

constexpr std::uint64_t kVouchingBytesMax = 8 * protocol::kMiB;  // as many places as a file may have, each with all signatures

const json::object* result_of(const ControlMessage& reply) {
  const json::value* result = reply.body.if_contains("result");
  return result != nullptr && result->is_object() ? &result->get_object() : nullptr;
}

Result<std::string> read_one_sheet(const Terminal& terminal) {
  auto sheets = read_sheets(terminal);
  if (!sheets) return tl::unexpected(sheets.error());
  if (sheets->size() != 1) return fail(ErrorCode::kUsage, "MAILLAGE …");
  return std::string(sheets->front().as_string());
}

Result<std::vector<protocol::PublicKey>> keys_of(const std::vector<std::string>& codes, Language language) {
  std::vector<protocol::PublicKey> keys;
  for (const std::string& code : codes) {
    auto parsed = TrusteeCode::parse(code);
    if (!parsed) return fail(ErrorCode::kUsage, say(Message::kTrusteeBadCode, language, {code.substr(0, 100)}));
    keys.push_back(parsed->key);
  }
  return keys;
}

int show_code(const Terminal& terminal) {
  auto text = read_one_sheet(terminal);
  auto sheet = text ? RecoverySheet::parse(*text) : tl::unexpected(text.error());
  if (!sheet) return complain(sheet.error(), terminal);
  std::string code = TrusteeCode::of(*sheet).text();
  return conclude(json::object{{"trustee", code}}, say(Message::kTrusteeCode, terminal.language, {code}), terminal);
}

// The latest chain that partners tell of this place, and of those that the same daemon keeps under the same roots.
std::vector<protocol::CharterChain> chains_beside(const std::vector<Partner>& partners, const protocol::PlaceId& place) {
  std::vector<protocol::CharterChain> latest;
  for (const Partner& partner : partners)
    for (const registry::Handover& one : partner.told) {
      auto chain = registry::chain_in(one);
      if (!chain) continue;
      auto known = std::ranges::find(latest, chain->place(), &protocol::CharterChain::place);
      if (known == latest.end()) latest.push_back(std::move(*chain));
      else if (known->size() < chain->size()) *known = std::move(*chain);
    }
  auto named = std::ranges::find(latest, place, &protocol::CharterChain::place);
  if (named == latest.end()) return {};
  protocol::Charter like = named->latest();
  std::erase_if(latest, [&](const auto& chain) { return chain.latest().roots != like.roots || chain.latest().daemon_key != like.daemon_key; });
  return latest;
}

Result<Vouching> ask_for(const TrusteeOptions& options, const RecoverySheet& sheet, const std::vector<protocol::PublicKey>& keys, const Terminal& terminal) {
  auto place = protocol::PlaceId::parse(options.place);
  if (!place) return fail(ErrorCode::kUnknownPlace, options.place);
  auto partners = hear_all(options.peers, keys.front(), terminal.language);
  if (!partners) return tl::unexpected(partners.error());
  Vouching vouching;
  for (const protocol::CharterChain& chain : chains_beside(*partners, *place)) {
    auto asked = registry::ask_trustees(chain, sheet, keys, now().wall);
    if (!asked) return tl::unexpected(asked.error());
    vouching.push_back(std::move(*asked));
  }
  if (vouching.empty()) return fail(ErrorCode::kUnknownPlace, options.place);
  if (vouching.size() > registry::kVouchingPlacesMax) return fail(ErrorCode::kTooMany, std::to_string(vouching.size()));
  return vouching;
}

// What a trustee is told before it signs, and after.
std::string lines_of(const json::object& result, Language language) {
  std::string said = say(Message::kVouchAsked, language, {text_of(result, "spoken")}) + "\n";
  for (const json::value& each : list_of(result, "places")) {
    const json::object& place = each.as_object();
    said += "  " + told(place, "name") + "  " + text_of(place, "place") + "  " + std::to_string(number_of(place, "signatures")) + " / " +
            std::to_string(number_of(place, "needed")) + "\n";
  }
  return said;
}

}  // namespace

ControlMessage too_few_trustees(const Terminal& terminal) {
  ControlMessage reply;
  reply.body["error"] = {{"code", std::string(protocol::slug(ErrorCode::kBadSignature))}, {"detail", say(Message::kVouchedTooFew, terminal.language)}};
  return reply;
}

Result<Vouching> read_vouching(const std::vector<std::filesystem::path>& files) {
  Vouching all;
  for (const std::filesystem::path& file : files) {
    auto bytes = registry::read_file(file, kVouchingBytesMax);
    auto one = bytes ? registry::decode_vouching(*bytes) : tl::unexpected(bytes.error());
    if (!one) return tl::unexpected(one.error());
    if (all.empty()) all = *one;
    registry::merge(all, *one);
  }
  return all;
}

int run_key_trustees(const TrusteeOptions& options, const Terminal& terminal) {
  int asked = (options.show ? 1 : 0) + (options.none ? 1 : 0) + (options.codes.empty() ? 0 : 1);
  if (asked != 1) return complain(protocol::Error{ErrorCode::kUsage, say(Message::kTrusteeOneOf, terminal.language)}, terminal);
  if (options.show) return show_code(terminal);
  if (options.dir.empty()) return complain(protocol::Error{ErrorCode::kUsage, "--dir"}, terminal);
  auto keys = keys_of(options.codes, terminal.language);
  if (!keys) return complain(keys.error(), terminal);
  auto sheet = read_one_sheet(terminal);
  if (!sheet) return complain(sheet.error(), terminal);
  ControlMessage request;
  request.body = {{"verb", "key-trustees"}, {"sheet", *sheet}, {"needed", options.none ? 1U : options.needed}};
  json::array& trustees = request.body["trustees"].emplace_array();
  for (const protocol::PublicKey& key : *keys) trustees.emplace_back(key.hex());
  ControlMessage reply = perform_on(options.dir, std::move(request), terminal);
  const json::object* result = result_of(reply);
  if (result == nullptr) return complain(reply, terminal);
  std::string count = std::to_string(number_of(*result, "places")), needed = std::to_string(options.needed), all = std::to_string(keys->size());
  std::string said = say(Message::kTrusteesNone, terminal.language, {count});
  if (!options.none) said = say(Message::kTrusteesNamed, terminal.language, {count, needed, all});
  if (!is_true(*result, "running")) said += "\n" + say(Message::kKeyNotTold, terminal.language, {options.dir.string()});
  return conclude(*result, said, terminal);
}

int run_key_request(const TrusteeOptions& options, const Terminal& terminal) {
  auto keys = keys_of(options.codes, terminal.language);
  if (!keys) return complain(keys.error(), terminal);
  std::error_code unseen;
  if (std::filesystem::exists(options.file, unseen)) return complain(protocol::Error{ErrorCode::kFileExists, options.file.string()}, terminal);
  auto text = read_one_sheet(terminal);
  auto sheet = text ? RecoverySheet::parse(*text) : tl::unexpected(text.error());
  if (!sheet) return complain(sheet.error(), terminal);
  auto vouching = ask_for(options, *sheet, *keys, terminal);
  if (!vouching) return complain(vouching.error(), terminal);
  if (auto written = registry::write_file(options.file, registry::encode_vouching(*vouching)); !written) return complain(written.error(), terminal);
  std::string number = registry::spoken(*vouching), count = std::to_string(vouching->size()), file = options.file.string();
  return conclude(json::object{{"places", vouching->size()}, {"spoken", number}},
                  say(Message::kVouchRequested, terminal.language, {count, file, number}), terminal);
}

int run_key_vouch(const TrusteeOptions& options, const Terminal& terminal) {
  auto bytes = registry::read_file(options.file, kVouchingBytesMax);
  if (!bytes) return complain(bytes.error(), terminal);
  ControlMessage request;
  request.body["verb"] = "key-vouch";
  request.blobs.push_back(std::move(*bytes));
  if (options.yes) {
    auto sheet = read_one_sheet(terminal);
    if (!sheet) return complain(sheet.error(), terminal);
    request.body["sheet"] = *sheet;
  }
  ControlMessage reply = perform_on(options.dir, std::move(request), terminal);
  const json::object* result = result_of(reply);
  if (result == nullptr) return complain(reply, terminal);
  std::string said = lines_of(*result, terminal.language);
  if (!options.yes) {
    if (!terminal.json) std::cerr << said;
    return complain(protocol::Error{ErrorCode::kUsage, say(Message::kVouchNeedsYes, terminal.language)}, terminal);
  }
  if (reply.blobs.size() != 1) return complain(reply, terminal);
  if (auto written = registry::replace_file(options.file, reply.blobs.front()); !written) return complain(written.error(), terminal);
  return conclude(*result, said + say(Message::kVouched, terminal.language, {options.file.string()}), terminal);
}

}  // namespace maillage::daemon
