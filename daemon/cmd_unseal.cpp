// `unseal`: what was erased within three days comes back from sealed files, for whoever has the recovery sheet.
#include <iostream>
#include <sstream>

#include <sys/stat.h>

#include <boost/json/parse.hpp>

#include "daemon/clock.h"
#include "daemon/command.h"
#include "daemon/http_client.h"
#include "protocol/sealed.h"
#include "registry/file.h"
#include "registry/unsealed.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;
using protocol::ErrorCode;
using protocol::fail;

using Sheets = std::vector<registry::RecoverySheet>;

// One sheet, in as many lines as it was copied, or several, one a line.
Result<Sheets> parse_sheets(const std::string& text) {
  auto one = registry::RecoverySheet::parse(text);
  if (one) return Sheets{*one};
  Sheets sheets;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    auto sheet = registry::RecoverySheet::parse(line);
    if (!sheet) return tl::unexpected(sheet.error());
    sheets.push_back(*sheet);
  }
  return sheets.empty() ? tl::unexpected(one.error()) : Result<Sheets>(std::move(sheets));
}

// A place whole, and its seal.
constexpr std::uint64_t kFileBytesMax = 2 * protocol::kPlaceBytesMax;

// Signed for that place and moment.
PeerUrl question(const PeerUrl& peer, const protocol::PlaceId& place, const protocol::KeyPair& root) {
  protocol::UnixTime time = now().wall;
  std::string signature = root.sign(protocol::sealed_request(place, time)).hex();
  return beside(peer, "/api/v1/sealed/" + place.hex() + "/" + root.public_key().hex() + "/" + std::to_string(time.ms) + "/" + signature);
}

// The files that one partner keeps.
Result<std::vector<std::string>> fetch_as(const std::string& address, const protocol::PlaceId& place, const protocol::KeyPair& root) {
  auto peer = parse_peer_url(address);
  if (!peer) return fail(ErrorCode::kBadPeer, address);
  PeerUrl asked = question(*peer, place, root);
  auto answered = http_get(asked, "en");
  if (answered && answered->status == 403) {  // or by a proxy on the way
    bool sheet = answered->body.find("/" + std::string(protocol::slug(ErrorCode::kWrongSheet)) + "\"") != std::string::npos;
    return sheet ? fail(ErrorCode::kWrongSheet, "") : fail(ErrorCode::kDenied, address);
  }
  auto list = body_of(asked, std::move(answered));
  if (!list) return tl::unexpected(list.error());
  boost::system::error_code malformed;
  json::value answer = json::parse(*list, malformed);
  if (malformed || !answer.is_object()) return fail(ErrorCode::kNobodyAnswers, address);
  std::vector<std::string> files;
  for (const json::value& name : list_of(answer.get_object(), "files")) {
    if (!name.is_string()) continue;
    PeerUrl url = question(*peer, place, root);
    url.target += "/" + std::string(name.get_string());
    auto file = body_of(url, http_post(url, "en", kFileBytesMax));
    if (!file) return tl::unexpected(file.error());
    files.push_back(std::move(*file));
  }
  return files;
}

// The roots of now may be another sheet's than those that it was sealed for: whichever sheet is believed.
Result<std::vector<std::string>> fetch_from(const std::string& address, const protocol::PlaceId& place, const Sheets& sheets) {
  auto files = fetch_as(address, place, sheets.front().root(0));
  for (std::size_t i = 1; i < sheets.size() && !files; ++i) files = fetch_as(address, place, sheets[i].root(0));
  return files;
}

struct Opened {
  json::array repositories;
  std::string said;
};

void open_one(Opened& opened, protocol::ByteView file, const Sheets& sheets, const UnsealOptions& options, const Terminal& terminal) {
  auto made = registry::unseal_into(options.out, file, sheets.front());
  for (std::size_t i = 1; i < sheets.size() && !made && made.error().code == ErrorCode::kWrongSheet; ++i)
    made = registry::unseal_into(options.out, file, sheets[i]);
  bool had = !made && made.error().code == ErrorCode::kExists;  // two partners keep the same
  if (had) return;
  if (!made) {
    std::cerr << protocol::sentence(made.error(), terminal.language) << "\n";
    return;
  }
  opened.repositories.emplace_back(made->string());
  opened.said += say(Message::kUnsealed, terminal.language, {made->string()}) + "\n";
}

// What partners that answer keep; who does not is told of.
Result<void> open_fetched(Opened& opened, const Sheets& sheets, const UnsealOptions& options, const Terminal& terminal) {
  if (options.peers.empty()) return {};
  auto place = protocol::PlaceId::parse(options.place);
  if (!place) return tl::unexpected(place.error());
  for (const std::string& address : options.peers) {
    auto files = fetch_from(address, *place, sheets);
    if (!files) {
      std::cerr << address << " : " << protocol::sentence(files.error(), terminal.language) << "\n";
      continue;
    }
    for (const std::string& file : *files) open_one(opened, protocol::as_bytes(file), sheets, options, terminal);
  }
  return {};
}

ControlMessage nothing(const Terminal& terminal) {
  ControlMessage reply;
  reply.body["error"] = {{"code", "nothing-unsealed"}, {"detail", say(Message::kUnsealNothing, terminal.language)}};
  return reply;
}

}  // namespace

int run_unseal(const UnsealOptions& options, const Terminal& terminal) {
  auto text = read_sheet(options.keys);
  auto sheets = text ? parse_sheets(*text) : tl::unexpected(text.error());
  if (!sheets) return complain(sheets.error(), terminal);
  ::umask(077);
  Opened opened;
  for (const std::filesystem::path& path : options.files) {
    auto file = registry::read_file(path, kFileBytesMax);
    if (!file) return complain(file.error(), terminal);
    open_one(opened, *file, *sheets, options, terminal);
  }
  if (auto fetched = open_fetched(opened, *sheets, options, terminal); !fetched) return complain(fetched.error(), terminal);
  if (opened.repositories.empty()) return complain(nothing(terminal), terminal);
  opened.said += say(Message::kUnsealedNext, terminal.language);
  return conclude(json::object{{"repositories", std::move(opened.repositories)}}, opened.said, terminal);
}

}  // namespace maillage::daemon
