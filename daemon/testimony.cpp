#include "daemon/testimony.h"

#include <algorithm>
#include <iostream>

#include <boost/json/parse.hpp>

#include "daemon/reply_fields.h"

namespace maillage::daemon {

namespace json = boost::json;
using protocol::Error;
using protocol::ErrorCode;
using protocol::fail;
using protocol::Result;

namespace {

PeerUrl question(const PeerUrl& peer, const std::string& target) { return beside(peer, "/api/v1/recovery/" + target); }

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

}  // namespace

Result<std::vector<Partner>> hear_all(const std::vector<std::string>& addresses, const protocol::PublicKey& root, protocol::Language language) {
  std::vector<Partner> partners;
  for (const std::string& address : addresses) {
    auto heard = hear(address, root);
    if (!heard && heard.error().code == ErrorCode::kBadPeer) return tl::unexpected(heard.error());
    if (!heard) std::cerr << address << " : " << protocol::sentence(heard.error(), language) << "\n";
    else partners.push_back(std::move(*heard));
  }
  return partners;
}

Result<registry::Handover> fetch_place(const std::vector<Partner>& partners, std::size_t& asked, const protocol::PublicKey& root,
                                       const protocol::SignedHead& head) {
  Error last{ErrorCode::kIdentityElsewhere, head.head.place.hex()};
  while (asked < partners.size()) {
    const Partner& partner = partners[asked++];
    bool tells = std::ranges::any_of(partner.told, [&](const registry::Handover& one) { return one.head.head == head.head; });
    if (!tells) continue;
    PeerUrl url = question(partner.url, root.hex() + "/" + head.head.place.hex());
    auto body = body_of(url, http_post(url, "en", registry::kRecoveredBytesMax));
    auto handover = body ? registry::decode_handover(protocol::as_bytes(*body)) : tl::unexpected(body.error());
    if (handover && handover->head.head == head.head) return handover;
    // It published, or heard more, since it told.
    last = handover ? Error{ErrorCode::kIdentityElsewhere, head.head.place.hex()} : handover.error();
  }
  return tl::unexpected(last);
}

}  // namespace maillage::daemon
