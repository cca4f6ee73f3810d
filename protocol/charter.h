// Charter: the rare, root-signed identity document of a place, and the chain of them. PROTOCOL.md §3.
//
// Invariant of a chain: charter 0 (the genesis) hashes to the place id; charter n+1 carries number n+1 and n's hash
// and is signed by the threshold of n's roots and of its own (the rule of TUF's root role). A charter acts only
// through a head signed by its daemon key. Pure; any thread.
#pragma once

#include <vector>

#include "protocol/crypto.h"
#include "protocol/time.h"

namespace maillage::protocol {

struct Charter {
  static constexpr std::uint8_t kVersion = 1;

  PlaceId place;               // zero in the genesis, whose hash it is
  std::uint16_t number = 0;    // 0 … kChartersMax − 1
  Hash previous;               // hash of charter number − 1; zero in the genesis
  std::uint8_t threshold = 1;  // 1 … roots.size()
  std::vector<PublicKey> roots;  // 1 … kRootKeysMax, strictly ascending, so distinct
  PublicKey daemon_key;
  std::uint64_t minimum_epoch = 0;  // heads of lower epochs are void under this charter
  UnixTime time;

  bool operator==(const Charter&) const = default;
};

struct RootSignature {
  PublicKey root;
  Signature signature;
  bool operator==(const RootSignature&) const = default;
};

// A charter with its root signatures over "place-charter-1\n" ‖ the charter's bytes, strictly ascending by key, at
// most kCharterSignaturesMax. A genesis carries none: the place id is its hash, and the head under it shows that its
// daemon consents.
struct SignedCharter {
  Charter charter;
  std::vector<RootSignature> signatures;
  bool operator==(const SignedCharter&) const = default;
};

Bytes encode(const Charter& charter);

// SHA-256 of the unsigned bytes. Of a genesis: the place id.
Hash hash_of(const Charter& charter);
PlaceId place_of_genesis(const Charter& genesis);

void write(Writer& out, const SignedCharter& charter);
Result<SignedCharter> read_signed_charter(Reader& in);

// The charter with the signatures of `roots` added, in canonical order.
SignedCharter sign(const Charter& charter, std::span<const KeyPair> roots);

// A verified chain: genesis first, at most kChartersMax. Only `start` and `extend` make one, so that a chain that
// exists is valid.
class CharterChain {
 public:
  // kBadCharter when it is not a genesis.
  static Result<CharterChain> start(const SignedCharter& genesis);

  // Appends charter number size(). kBadCharter, kBadSignature (threshold not reached) or kTooMany; the chain is
  // unchanged then. Up to 7 verifications.
  Result<void> extend(const SignedCharter& next);

  const PlaceId& place() const { return place_; }
  const SignedCharter& at(std::uint16_t number) const { return charters_[number]; }
  const Charter& latest() const { return charters_.back().charter; }
  std::uint16_t size() const { return static_cast<std::uint16_t>(charters_.size()); }
  const std::vector<SignedCharter>& charters() const { return charters_; }

  bool operator==(const CharterChain&) const = default;

 private:
  PlaceId place_;
  std::vector<SignedCharter> charters_;
};

}  // namespace maillage::protocol
