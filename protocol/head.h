// Head: a place's signed statement "my state is exactly this". The only authority in the system; everything else is
// content fetched after it. PROTOCOL.md §4. Pure; any thread.
//
// Invariant: heads of one place are totally ordered by (charter, epoch, sequence, hash), and a node's state for a
// place is the greatest valid head it has seen. Merge is max: commutative, associative, idempotent.
// Time orders nothing and refuses nothing.
#pragma once

#include <optional>

#include "protocol/crypto.h"
#include "protocol/time.h"

namespace maillage::protocol {

// Where a place is, as far as scope needs it: ISO 3166 country (2 letters) and INSEE commune (5 characters), each
// all zero when unknown; one spare byte, zero.
struct TerritoryCell {
  std::array<std::uint8_t, 8> bytes{};
  auto operator<=>(const TerritoryCell&) const = default;

  // `country` of 2 and `commune` of 5 characters, or empty; anything else gives the empty cell.
  static TerritoryCell of(std::string_view country, std::string_view commune);
  std::string country() const;
  std::string commune() const;
};

// A 64-bit Bloom filter, 2 bits a place: whom the open records of this place speak to.
class Addressed {
 public:
  Addressed() = default;
  explicit Addressed(std::uint64_t bits) : bits_(bits) {}
  void add(const PlaceId& place);
  // False positives, never false negatives.
  bool may_contain(const PlaceId& place) const;
  std::uint64_t bits() const { return bits_; }
  auto operator<=>(const Addressed&) const = default;

 private:
  std::uint64_t bits_ = 0;
};

struct Head {
  static constexpr std::size_t kBytes = 160;
  static constexpr std::uint8_t kVersion = 1;
  static constexpr std::uint8_t kClosed = 1;  // flag: the place says that it is closed for good

  std::uint8_t flags = 0;
  std::uint16_t charter = 0;   // number of the charter whose daemon key signs this head
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;
  UnixTime time;               // when its daemon signed it, by its own clock
  PlaceId place;
  ObjectId commit;             // git name of the commit; a locator, never what is trusted
  Hash state;                  // SHA-256 of the root folder (state.h)
  Hash previous;               // SHA-256 of the head this one replaces; zero for the first
  TerritoryCell cell;
  Addressed addressed;

  bool operator==(const Head&) const = default;
};

// A head with its daemon key's signature over "place-head-1\n" ‖ the 160 bytes.
struct SignedHead {
  static constexpr std::size_t kBytes = Head::kBytes + 64;

  Head head;
  Signature signature;

  bool operator==(const SignedHead&) const = default;
};

std::array<std::uint8_t, Head::kBytes> encode(const Head& head);
void write(Writer& out, const SignedHead& head);

// kUnsupportedVersion for another version; a reserved flag or spare byte that is set is kept refused (kBadHead).
Result<SignedHead> read_signed_head(Reader& in);

// SHA-256 of the unsigned 160 bytes: the head's name, and the last term of the order.
Hash hash_of(const Head& head);

SignedHead sign(const Head& head, const KeyPair& daemon_key);

// kBadSignature unless `daemon_key` signed it. 0.1 ms.
Result<void> verify(const SignedHead& head, const PublicKey& daemon_key);

// The total order. Compares the hash only when all counters are equal.
std::strong_ordering order(const Head& a, const Head& b);

// The first two terms of the order. A fork concerns one reign; a head of a later one heals it, or breaks history.
inline std::pair<std::uint16_t, std::uint64_t> reign(const Head& head) { return {head.charter, head.epoch}; }

// Two different heads that claim the same (place, charter, epoch, sequence): self-proving evidence of a fork.
bool conflicts(const Head& a, const Head& b);

// The element that a sketch holds for this head: SHA-256 of the 160 bytes ‖ (1 when a fork of its epoch is known, else 0).
Hash sketch_element(const Head& head, bool forked);

}  // namespace maillage::protocol
