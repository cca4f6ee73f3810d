// `recover`: a daemon's places come back from its recovery sheet, out of what its partners hold. registry/recovery.h.
#include <algorithm>
#include <iostream>
#include <iterator>
#include <map>

#include <sys/stat.h>

#include <boost/json/parse.hpp>

#include "daemon/clock.h"
#include "daemon/command.h"
#include "daemon/http_client.h"
#include "registry/file.h"
#include "registry/registry.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;
using protocol::Error;
using protocol::ErrorCode;
using protocol::fail;

// One partner, and what it tells of the sheet's places.
struct Partner {
  PeerUrl url;
  std::string from;  // the daemon's own place: two addresses of one are one partner
  registry::Testimony told;
};

// ws://HOST/base/peer → http://HOST/base/api/v1/recovery/…
PeerUrl question(const PeerUrl& peer, const std::string& target) {
  constexpr std::string_view kPeer = "/peer";
  PeerUrl url = peer;
  if (url.target.ends_with(kPeer)) url.target.resize(url.target.size() - kPeer.size());
  url.target += "/api/v1/recovery/" + target;
  return url;
}

Result<std::string> body_of(const PeerUrl& url, Result<HttpResponse> answer) {
  if (!answer) return tl::unexpected(answer.error());
  if (answer->status != 200) return fail(ErrorCode::kNobodyAnswers, url.host_header() + url.target);
  return std::move(answer->body);
}

// What cannot be read counts as not told.
registry::Testimony read_testimony(const json::object& answer) {
  registry::Testimony told;
  const json::value* places = answer.if_contains("places");
  if (places == nullptr || !places->is_array()) return told;
  for (const json::value& each : places->get_array()) {
    auto bytes = each.is_string() ? protocol::from_hex(each.get_string()) : fail(ErrorCode::kMalformed, "");
    auto handover = bytes ? registry::decode_handover(*bytes) : tl::unexpected(bytes.error());
    if (handover) told.push_back(std::move(*handover));
  }
  return told;
}

Result<Partner> hear(const std::string& address, const protocol::PublicKey& root) {
  auto url = parse_peer_url(address);
  if (!url) return fail(ErrorCode::kBadPeer, address);
  PeerUrl asked = question(*url, root.hex());
  auto body = body_of(asked, http_get(asked, "en"));
  if (!body) return tl::unexpected(body.error());
  boost::system::error_code malformed;
  json::value answer = json::parse(*body, malformed);
  if (malformed || !answer.is_object()) return fail(ErrorCode::kNobodyAnswers, address);
  return Partner{*url, text_of(answer.get_object(), "daemon"), read_testimony(answer.get_object())};
}

// Those that answer, each daemon once; who does not is told of.
Result<std::vector<Partner>> hear_all(const RecoverOptions& options, const protocol::PublicKey& root, const Terminal& terminal) {
  std::map<std::string, Partner> partners;
  for (const std::string& address : options.peers) {
    auto heard = hear(address, root);
    if (!heard && heard.error().code == ErrorCode::kBadPeer) return tl::unexpected(heard.error());
    if (!heard) std::cerr << address << " : " << protocol::sentence(heard.error(), terminal.language) << "\n";
    else partners.emplace(heard->from, std::move(*heard));
  }
  std::vector<Partner> all;
  for (auto& [from, partner] : partners) all.push_back(std::move(partner));
  return all;
}

// A refusal that only this verb knows.
ControlMessage refusal(const std::string& code, Message message, const Terminal& terminal, const std::string& about = "") {
  ControlMessage reply;
  reply.body["error"] = {{"code", code}, {"detail", say(message, terminal.language, {about})}};
  return reply;
}

tl::expected<registry::RecoveryChoice, ControlMessage> choose(const std::vector<Partner>& partners, const protocol::PublicKey& root, bool accept_alone,
                                                              const Terminal& terminal) {
  std::vector<registry::Testimony> told;
  for (const Partner& partner : partners) told.push_back(partner.told);
  auto choice = registry::choose_recovery(root, told, accept_alone);
  std::string undecided;
  for (const protocol::PlaceId& place : choice.undecided) undecided += (undecided.empty() ? "" : ", ") + place.hex();
  if (!undecided.empty()) return tl::unexpected(refusal("not-agreed", Message::kRecoverNotAgreed, terminal, undecided.substr(0, 500)));
  if (choice.agreed.empty()) return tl::unexpected(refusal("nothing-recovered", Message::kRecoverNothing, terminal));
  return choice;
}

Result<registry::Handover> fetch(const std::vector<Partner>& partners, const protocol::PublicKey& root, const protocol::SignedHead& head) {
  Error last{ErrorCode::kIdentityElsewhere, head.head.place.hex()};
  for (const Partner& partner : partners) {
    bool tells = std::ranges::any_of(partner.told, [&](const registry::Handover& one) { return one.head.head == head.head; });
    if (!tells) continue;
    PeerUrl asked = question(partner.url, root.hex() + "/" + head.head.place.hex());
    auto body = body_of(asked, http_post(asked, "en", registry::kRecoveredBytesMax));
    auto handover = body ? registry::decode_handover(protocol::as_bytes(*body)) : tl::unexpected(body.error());
    if (handover && handover->head.head == head.head) return handover;
    // It published, or heard more, since it told.
    last = handover ? Error{ErrorCode::kIdentityElsewhere, head.head.place.hex()} : handover.error();
  }
  return tl::unexpected(last);
}

int show(const RecoverOptions& options, const std::vector<protocol::PlaceId>& recovered, const Terminal& terminal) {
  auto opened = registry::Registry::open(options.dir);
  if (!opened) return complain(opened.error(), terminal);
  json::array places;
  std::string names;
  for (const protocol::PlaceId& place : recovered) {
    auto called = (*opened)->name_of(place);
    places.push_back({{"id", place.hex()}, {"slug", called.slug}, {"name", called.name}});
    names += "\n  " + (called.name.empty() ? place.hex() : called.name);
  }
  std::string own = (*opened)->identity().place.hex();
  std::string said = say(Message::kRecovered, terminal.language, {std::to_string(recovered.size()), names, options.dir.string(), options.peers.front()});
  return conclude(json::object{{"own", own}, {"places", std::move(places)}}, said, terminal);
}

}  // namespace

int run_recover(const RecoverOptions& options, const Terminal& terminal) {
  if (auto fine = check_new_folder(options.dir); !fine) return complain(fine.error(), terminal);
  auto text = read_sheet(options.keys);
  auto sheet = text ? registry::RecoverySheet::parse(*text) : tl::unexpected(text.error());
  if (!sheet) return complain(sheet.error(), terminal);
  protocol::PublicKey root = sheet->root(0).public_key();
  auto partners = hear_all(options, root, terminal);
  if (!partners) return complain(partners.error(), terminal);
  auto choice = choose(*partners, root, options.accept_alone, terminal);
  if (!choice) return complain(choice.error(), terminal);
  ::umask(077);
  auto recovered = registry::Registry::recover(options.dir, *text, choice->agreed, now().wall,
                                               [&](const protocol::SignedHead& head) { return fetch(*partners, root, head); });
  return recovered ? show(options, *recovered, terminal) : complain(recovered.error(), terminal);
}

}  // namespace maillage::daemon
