// Handshake: the mutual authentication with which every session between two daemons begins. PROTOCOL.md §7.
//
//   dialling                       dialled
//      HELLO (nonce, place)  ---->
//      <----  HELLO (nonce, place)           both are sent at once, without waiting
//      AUTH (signature, charters, head) -->
//      <----  AUTH (signature, charters, head)
//
// Each side signs its role and both HELLOs with its daemon key, so a signature is good for one session, one direction
// and these two places. Nothing secret follows and all content certifies itself: the identity serves quotas and
// introductions only, which is why any proxy may stand between. Pure; node thread.
#pragma once

#include <optional>
#include <utility>

#include "protocol/frame.h"

namespace maillage::protocol {

enum class Role : std::uint8_t { kDialling = 0, kDialled = 1 };

// Who we are, as AUTH says it.
struct Identity {
  PlaceId place;
  KeyPair key;
};

class Handshake {
 public:
  // `own` is what `hello()` sends; its nonce must be fresh.
  Handshake(Role role, const Hello& own);

  const SharedBytes& hello() const { return own_hello_; }

  // The other's HELLO, decoded and as it came. Gives our AUTH frame. kUnsupportedVersion; kBadHello when it comes
  // twice; kSelf when the other is this very place.
  Result<Bytes> on_hello(const Hello& hello, ByteView frame, const Identity& identity, const HeadBundle& own);

  // The other's AUTH. `known` is the chain we hold of that place, or null: an older charter than that one's latest
  // is refused, so a key that was rotated away opens nothing. Gives the verified chain; `peer()` is valid then.
  Result<CharterChain> on_auth(const Auth& auth, const CharterChain* known);

  // Of this session, once greeted: SHA-256 of the dialling side's HELLO frame, and of the dialled side's.
  std::pair<Hash, Hash> hellos() const;

  bool greeted() const { return other_.has_value(); }
  bool open() const { return open_; }
  const PlaceId& peer() const { return other_->place; }
  const Hello& peer_hello() const { return *other_; }

 private:
  Bytes transcript(Role signer) const;

  Role role_;
  PlaceId own_place_;
  SharedBytes own_hello_;
  Hash other_hello_hash_;
  std::optional<Hello> other_;
  bool open_ = false;
};

// The chain that `charters` makes, or extends `known` to; charters that `known` has already are passed over.
// kBadCharter when they belong to another place or contradict the known chain.
Result<CharterChain> chain_of(const PlaceId& place, std::span<const SignedCharter> charters, const CharterChain* known);

// kBadHead or kBadSignature unless the head is signed under a charter of this chain and its epoch is not below that
// charter's minimum. One signature verification.
Result<void> verify_under(const SignedHead& head, const CharterChain& chain);

}  // namespace maillage::protocol
