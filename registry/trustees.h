// Trustees: other places that together give a place back to its people when its recovery sheet is lost. STORAGE.md "Trustees".
//
// A charter with trustees has threshold k ≥ 2 and k + n roots: the sheet's subkeys 0 … k − 1, so that its people go on alone, and
// one key of each of n ≥ k trustees. A trustee's key is a subkey of its own recovery sheet: no daemon has it, and a lost disk
// loses it to nobody. Invariant: fewer than k trustees sign nothing that counts, and what they sign names a sheet, never a daemon:
// whoever has that sheet goes on as with any other. What comes from hand to hand is believed in nothing. Any thread.
#pragma once

#include <span>

#include "protocol/charter.h"
#include "registry/keys.h"

namespace maillage::registry {

// Of a sheet: beyond every root that it can hold itself, so that no place of a trustee is ever taken for one that it stands by.
inline constexpr std::uint64_t kTrusteeSubkey = 1'000;
// Named as daemon key by the charter between the lost sheet and the first daemon of the new one: no daemon has it.
inline constexpr std::uint64_t kBridgeSubkey = 1'001;
// Of signatures: one trustee alone must never suffice.
inline constexpr std::uint8_t kTrusteesNeededMin = 2;

// What a trustee gives to whoever names it, in one line to copy: "MAILLAGE-TRUSTEE-", 64 hex digits of the key and 8 of its
// SHA-256, so that a slip of the pen is noticed.
struct TrusteeCode {
  protocol::PublicKey key;
  bool operator==(const TrusteeCode&) const = default;

  static TrusteeCode of(const RecoverySheet& sheet) { return {sheet.root(kTrusteeSubkey).public_key()}; }
  std::string text() const;
  // kMalformed.
  static protocol::Result<TrusteeCode> parse(std::string_view text);
};

struct Trust {
  std::uint8_t needed = 1;                  // 1: none, the sheet alone
  std::vector<protocol::PublicKey> keys;    // of the trustees, distinct
};

// The roots of a charter with that trust, ascending. kOutOfRange unless 2 ≤ needed ≤ n and needed + n ≤ 7 (or 1 and none); kDuplicateValue.
protocol::Result<std::vector<protocol::PublicKey>> roots_with(const RecoverySheet& sheet, const Trust& trust);

// ---- with the sheet lost

// The charters that trustees are asked to sign, one a place, on their way:
//   "maillage-vouching-1\n" ‖ u16 count ‖ signed charters
using Vouching = std::vector<protocol::SignedCharter>;
inline constexpr std::size_t kVouchingPlacesMax = 4'096;

protocol::Bytes encode_vouching(const Vouching& vouching);
// kMalformed when it is something else, and what the parts' decoders give. Only the form is checked.
protocol::Result<Vouching> decode_vouching(protocol::ByteView bytes);

// The charter after `chain`'s last that makes `fresh` the place's sheet beside these trustees, signed by `fresh`. kNotFound when one
// of them is no trustee of the place, kOutOfRange when they are too few.
protocol::Result<protocol::SignedCharter> ask_trustees(const protocol::CharterChain& chain, const RecoverySheet& fresh,
                                                       const std::vector<protocol::PublicKey>& trustees, protocol::UnixTime now);

// Whether a trustee may sign it: it follows `known`, asks for as many signatures as before, voids no epoch, and its only new roots
// are as many as the lost sheet held. kHandoverStale when more is known here, kBadCharter.
protocol::Result<void> check_vouchable(const protocol::Charter& next, const protocol::CharterChain& known);

// How many roots of the charter before have signed it.
std::size_t vouched_by(const protocol::SignedCharter& next, const protocol::Charter& before);

// Without signatures that are wrong, or of nobody who has a say: one of those would spoil the charter for everybody.
protocol::SignedCharter cleaned(const protocol::SignedCharter& next, const protocol::Charter& before);

// Appends what trustees signed for this place to its chain, unless it is there. kWrongSheet when there is nothing for this place;
// what CharterChain::extend gives, kBadSignature when too few have signed.
protocol::Result<void> extend_vouched(protocol::CharterChain& chain, const Vouching& vouching);

// Adds what `more` has rightly signed of the same charters; what is about other ones is left out.
void merge(Vouching& vouching, const Vouching& more);

// A number to read to each other, of all that is asked: 40 digits in groups of five.
std::string spoken(const Vouching& vouching);

}  // namespace maillage::registry
