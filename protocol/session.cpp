#include "protocol/session.h"

#include "protocol/chain_rule.h"

namespace maillage::protocol {
namespace {

constexpr std::string_view kDomain = "peer-auth-1\n";

}  // namespace

Handshake::Handshake(Role role, const Hello& own)
    : role_(role), own_place_(own.place), own_hello_(std::make_shared<const Bytes>(encode(own))) {}

std::pair<Hash, Hash> Handshake::hellos() const {
  Hash own = sha256(*own_hello_);
  return role_ == Role::kDialling ? std::pair(own, other_hello_hash_) : std::pair(other_hello_hash_, own);
}

Bytes Handshake::transcript(Role signer) const {
  auto [dialling, dialled] = hellos();
  Writer out;
  out.text(kDomain).u8(static_cast<std::uint8_t>(signer)).fixed(dialling).fixed(dialled);
  return std::move(out).take();
}

Result<Bytes> Handshake::on_hello(const Hello& hello, ByteView frame, const Identity& identity, const HeadBundle& own) {
  if (other_) return fail(ErrorCode::kUnexpectedFrame, "second HELLO");
  if (hello.version != kProtocolVersion)
    return fail(ErrorCode::kUnsupportedVersion, "protocol " + std::to_string(hello.version));
  if (hello.place == own_place_) return fail(ErrorCode::kSamePlace, hello.place.hex());
  other_ = hello;
  other_hello_hash_ = sha256(frame);
  return encode(Auth{identity.key.sign(transcript(role_)), own});
}

Result<CharterChain> Handshake::on_auth(const Auth& auth, const CharterChain* known) {
  if (!other_ || open_) return fail(ErrorCode::kUnexpectedFrame, "AUTH");
  auto chain = chain_of(other_->place, auth.own.charters, known);
  if (!chain) return chain;
  const SignedHead& head = auth.own.heads.front();
  if (head.head.place != other_->place) return fail(ErrorCode::kBadHead, "AUTH with another place's head");
  // The key must be the latest charter's. The head may be an older one of the same key: a daemon restored from before its
  // roots changed learns that from us.
  if (head.head.charter >= chain->size() || chain->at(head.head.charter).charter.daemon_key != chain->latest().daemon_key)
    return fail(ErrorCode::kBadHead, "AUTH under an old charter");
  if (auto verified = verify_under(head, *chain); !verified) return tl::unexpected(verified.error());
  Role signer = role_ == Role::kDialling ? Role::kDialled : Role::kDialling;
  if (!verify(chain->latest().daemon_key, transcript(signer), auth.signature))
    return fail(ErrorCode::kBadSignature, "AUTH of " + other_->place.hex());
  open_ = true;
  return chain;
}

Result<CharterChain> chain_of(const PlaceId& place, std::span<const SignedCharter> charters, const CharterChain* known) {
  std::optional<CharterChain> chain;
  if (known != nullptr) chain = *known;
  for (std::size_t i = 0; i < charters.size(); ++i) {
    const SignedCharter& charter = charters[i];
    std::uint16_t number = charter.charter.number;
    if (!chain) {
      auto started = CharterChain::start(charter);
      if (!started) return started;
      chain = std::move(*started);
      if (chain->place() != place) return fail(ErrorCode::kBadCharter, "of another place");
    } else if (number < chain->size()) {
      if (chain->at(number).charter == charter.charter) continue;
      if (known == nullptr || chain->size() != known->size()) return fail(ErrorCode::kOtherChain, place.hex());
      return replace_from(*known, charters.subspan(i));
    } else if (auto extended = chain->extend(charter); !extended) {
      return tl::unexpected(extended.error());
    }
  }
  if (!chain) return fail(ErrorCode::kUnknownPlace, place.hex());
  return std::move(*chain);
}

Result<void> verify_under(const SignedHead& head, const CharterChain& chain) {
  if (head.head.charter >= chain.size())
    return fail(ErrorCode::kMissingCharter, "charter " + std::to_string(head.head.charter) + " of " + head.head.place.hex());
  const Charter& charter = chain.at(head.head.charter).charter;
  if (head.head.epoch < charter.minimum_epoch) return fail(ErrorCode::kBadHead, "epoch below the charter's minimum");
  return verify(head, charter.daemon_key);
}

}  // namespace maillage::protocol
