// A sealed file: what a break of history replaced, readable by a root of the place's charter and by nobody else.
// PROTOCOL.md "Sealed files".
//
// A fresh key encrypts the content piece by piece; the key is in the file once for each root, in a box that only that root
// opens. Each piece is bound to its number, to whether it is the last, and to all that stands before the content: nothing can
// be moved, cut off or put in from another file. Who holds the file learns the place, the charter, the epoch and the size.
// Pure; any thread.
#pragma once

#include <span>

#include "protocol/crypto.h"
#include "protocol/time.h"

namespace maillage::protocol {

inline constexpr std::size_t kSealedPieceBytes = 64 * 1024;  // of content in a piece; the last may have fewer, or none

// Of which state of a place: what its last head said.
struct SealedTitle {
  PlaceId place;
  std::uint16_t charter = 0;
  std::uint64_t epoch = 0;
  ObjectId commit;
  auto operator<=>(const SealedTitle&) const = default;
};

// What its file is called: place, charter, epoch and commit, with hyphens.
std::string file_name(const SealedTitle& title);

class Sealer {
 public:
  // Roots that are no keys for agreement are left out. `random` makes the key.
  Sealer(const SealedTitle& title, std::span<const PublicKey> roots, Random& random);

  // What the file begins with.
  const Bytes& front() const { return front_; }
  // How many roots can open it.
  std::size_t locks() const { return locks_; }
  // The next piece: exactly kSealedPieceBytes, but for the last.
  Bytes seal(ByteView piece, bool last);

 private:
  Seed key_;
  Bytes front_;
  std::size_t locks_ = 0;
  std::uint64_t number_ = 0;
};

// kMalformed, kTruncated. Only the form of the front is checked.
Result<SealedTitle> read_sealed_title(ByteView file);

// The content. kWrongSheet when `root` opens none of the boxes, kCorrupt when a byte is not as it was sealed, kMalformed, kTruncated.
Result<Bytes> unseal(ByteView file, const KeyPair& root);

// What a root signs to be given a sealed file: "maillage-sealed-request-1\n" ‖ place ‖ i64 time.
Bytes sealed_request(const PlaceId& place, UnixTime time);

}  // namespace maillage::protocol
