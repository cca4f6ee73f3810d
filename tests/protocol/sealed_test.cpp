#include "protocol/sealed.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "tests/protocol/author.h"
#include "tests/protocol/damage.h"

using namespace maillage::protocol;
using namespace maillage::tests;

namespace {

KeyPair key(std::uint8_t number) { return KeyPair(Seed{{number}}); }

SealedTitle title() {
  SealedTitle title;
  title.place.bytes[0] = 7;
  title.charter = 2;
  title.epoch = 0x0102030405060708;
  title.commit.bytes[19] = 9;
  return title;
}

Bytes some(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 31 >> 3);
  return bytes;
}

Bytes sealed(const Bytes& content, const std::vector<PublicKey>& roots) {
  SeededRandom random(1);
  Sealer sealer(title(), roots, random);
  Bytes file = sealer.front();
  for (std::size_t at = 0; at == 0 || at < content.size(); at += kSealedPieceBytes) {
    std::size_t size = std::min(kSealedPieceBytes, content.size() - at);
    Bytes piece = sealer.seal(ByteView(content).subspan(at, size), at + size == content.size());
    file.insert(file.end(), piece.begin(), piece.end());
  }
  return file;
}

}  // namespace

TEST_CASE("each root opens a sealed file of any length, and nobody else does") {
  for (std::size_t size : {std::size_t{0}, std::size_t{1}, kSealedPieceBytes - 1, kSealedPieceBytes, kSealedPieceBytes + 1, 3 * kSealedPieceBytes}) {
    CAPTURE(size);
    Bytes content = some(size), file = sealed(content, {key(1).public_key(), key(2).public_key()});
    CHECK(*unseal(file, key(1)) == content);
    CHECK(*unseal(file, key(2)) == content);
    CHECK(unseal(file, key(3)).error().code == ErrorCode::kWrongSheet);
    CHECK(*read_sealed_title(file) == title());
  }
}

TEST_CASE("a sealed file that is cut, changed, or has pieces of another place or order does not open") {
  Bytes content = some(300), file = sealed(content, {key(1).public_key()});
  for_each_truncation(file, [](ByteView cut) { REQUIRE_FALSE(unseal(cut, key(1))); });
  for_each_flip(file, [](ByteView flipped) { REQUIRE_FALSE(unseal(flipped, key(1))); });
  Bytes longer = file;
  longer.push_back(0);
  CHECK_FALSE(unseal(longer, key(1)));

  Bytes two = sealed(some(2 * kSealedPieceBytes), {key(1).public_key()});
  std::size_t front = two.size() - 2 * (kSealedPieceBytes + 16);
  Bytes first_alone(two.begin(), two.begin() + static_cast<std::ptrdiff_t>(front + kSealedPieceBytes + 16));
  CHECK_FALSE(unseal(first_alone, key(1)));
  Bytes swapped = two;
  std::swap_ranges(swapped.begin() + static_cast<std::ptrdiff_t>(front), swapped.begin() + static_cast<std::ptrdiff_t>(front + kSealedPieceBytes + 16),
                   swapped.begin() + static_cast<std::ptrdiff_t>(front + kSealedPieceBytes + 16));
  CHECK_FALSE(unseal(swapped, key(1)));
}

TEST_CASE("nothing of what is sealed can be read in the file, and two files of one content have nothing in common") {
  Bytes content(4000, 'c'), file = sealed(content, {key(1).public_key()});
  CHECK(as_text(file).find("cccc") == std::string_view::npos);
  SeededRandom other(2);
  PublicKey root = key(1).public_key();
  Sealer again(title(), std::span(&root, 1), other);
  Bytes piece = again.seal(content, true);
  CHECK_FALSE(std::equal(piece.begin(), piece.begin() + 32, file.end() - static_cast<std::ptrdiff_t>(piece.size())));
}

TEST_CASE("a root that is no point of the curve locks nothing") {
  SeededRandom random(1);
  PublicKey zero;
  Sealer sealer(title(), std::span(&zero, 1), random);
  CHECK(sealer.locks() == 0);
}
