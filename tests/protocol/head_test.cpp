#include "protocol/head.h"

#include <random>

#include <catch2/catch.hpp>

#include "tests/protocol/damage.h"

using namespace maillage::protocol;

namespace {

KeyPair key_number(std::uint8_t number) { return KeyPair(Seed{{number}}); }

Head full_head() {
  Head head;
  head.flags = Head::kClosed;
  head.charter = 2;
  head.epoch = 3;
  head.sequence = 0x0102030405060708;
  head.time.ms = 1'700'000'000'000;
  head.place.bytes.fill(0x11);
  head.commit.bytes.fill(0x22);
  head.state.bytes.fill(0x33);
  head.previous.bytes.fill(0x44);
  head.cell = TerritoryCell::of("FR", "29039");
  head.addressed.add(head.place);
  return head;
}

Bytes encoded(const SignedHead& head) {
  Writer out;
  write(out, head);
  return std::move(out).take();
}

// Heads of one place that often share some or all counters.
Head random_head(std::mt19937_64& random) {
  Head head;
  head.charter = random() % 2;
  head.epoch = random() % 2;
  head.sequence = random() % 3;
  head.time.ms = static_cast<std::int64_t>(random() % 4);
  head.state.bytes[0] = static_cast<std::uint8_t>(random() % 2);
  return head;
}

bool below(const Head& a, const Head& b) { return order(a, b) < 0; }
Head merge(const Head& a, const Head& b) { return below(a, b) ? b : a; }

}  // namespace

TEST_CASE("a signed head survives encoding and decoding, and its signature holds") {
  KeyPair key = key_number(1);
  SignedHead signed_head = sign(full_head(), key);
  Bytes bytes = encoded(signed_head);
  REQUIRE(bytes.size() == SignedHead::kBytes);
  Reader in(bytes);
  auto decoded = read_signed_head(in);
  REQUIRE(decoded);
  CHECK(in.finish("head"));
  CHECK(*decoded == signed_head);
  CHECK(verify(*decoded, key.public_key()));
  CHECK(decoded->head.cell.country() == "FR");
  CHECK(decoded->head.cell.commune() == "29039");
}

TEST_CASE("a signature is for one head, one key and one purpose") {
  KeyPair key = key_number(1), other = key_number(2);
  SignedHead head = sign(full_head(), key);
  CHECK(verify(head, other.public_key()).error().code == ErrorCode::kBadSignature);
  SignedHead later = head;
  ++later.head.sequence;
  CHECK_FALSE(verify(later, key.public_key()));
  // The bytes without the purpose in front of them.
  SignedHead bare{head.head, key.sign(encode(head.head))};
  CHECK_FALSE(verify(bare, key.public_key()));
}

TEST_CASE("every truncation of a head is refused as such") {
  maillage::tests::for_each_truncation(encoded(sign(full_head(), key_number(1))), [](ByteView cut) {
    Reader in(cut);
    auto decoded = read_signed_head(in);
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().code == ErrorCode::kTruncated);
  });
}

TEST_CASE("every changed byte of a head breaks its form or its signature") {
  KeyPair key = key_number(1);
  maillage::tests::for_each_flip(encoded(sign(full_head(), key)), [&](ByteView flipped) {
    Reader in(flipped);
    auto decoded = read_signed_head(in);
    if (decoded) CHECK(verify(*decoded, key.public_key()).error().code == ErrorCode::kBadSignature);
  });
}

TEST_CASE("another version, an unknown flag and a used spare byte are refused") {
  Bytes valid = encoded(sign(full_head(), key_number(1)));
  auto error_with = [&](std::size_t at, std::uint8_t value) {
    Bytes changed = valid;
    changed[at] = value;
    Reader in(changed);
    return read_signed_head(in).error().code;
  };
  CHECK(error_with(0, 2) == ErrorCode::kUnsupportedVersion);
  CHECK(error_with(1, 2) == ErrorCode::kBadHead);
  CHECK(error_with(151, 1) == ErrorCode::kBadHead);
}

TEST_CASE("the order of heads is total and agrees with equality") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    Head a = random_head(random), b = random_head(random), c = random_head(random);
    REQUIRE(below(a, b) + below(b, a) + (a == b) == 1);
    if (below(a, b) && below(b, c)) REQUIRE(below(a, c));
  }
}

TEST_CASE("merging heads is commutative, associative and idempotent") {
  std::mt19937_64 random(2);
  for (int i = 0; i < 20'000; ++i) {
    Head a = random_head(random), b = random_head(random), c = random_head(random);
    REQUIRE(merge(a, b) == merge(b, a));
    REQUIRE(merge(merge(a, b), c) == merge(a, merge(b, c)));
    REQUIRE(merge(a, a) == a);
  }
}

TEST_CASE("a charter outranks an epoch, an epoch a sequence, a sequence the hash, and time orders nothing") {
  Head low, high;
  low.epoch = low.sequence = 9;
  high.charter = 1;
  CHECK(below(low, high));
  low = high = Head{};
  low.sequence = 9;
  high.epoch = 1;
  CHECK(below(low, high));
  low = high = Head{};
  low.time.ms = 1'000'000;
  high.sequence = 1;
  CHECK(below(low, high));
  low = high = Head{};
  high.time.ms = 5;
  CHECK(below(low, high) == (hash_of(low) < hash_of(high)));
}

TEST_CASE("two heads conflict when they claim one turn of one place and differ") {
  Head a = full_head(), b = a;
  CHECK_FALSE(conflicts(a, b));
  b.time.ms += 1;
  CHECK(conflicts(a, b));
  for (auto change : {+[](Head& head) { ++head.sequence; }, +[](Head& head) { ++head.epoch; },
                      +[](Head& head) { ++head.charter; }, +[](Head& head) { head.place.bytes[0] ^= 1; }}) {
    Head c = b;
    change(c);
    CHECK_FALSE(conflicts(a, c));
  }
}

TEST_CASE("a sketch sees another element when a head changes or its fork becomes known") {
  Head head = full_head(), other = head;
  ++other.sequence;
  CHECK(sketch_element(head, false) != sketch_element(head, true));
  CHECK(sketch_element(head, false) != sketch_element(other, false));
  CHECK(sketch_element(head, true) == sketch_element(head, true));
}

TEST_CASE("whoever is addressed is never missed, and few others are hit") {
  std::mt19937_64 random(3);
  auto random_place = [&] {
    PlaceId place;
    for (std::uint8_t& byte : place.bytes) byte = static_cast<std::uint8_t>(random());
    return place;
  };
  int false_hits = 0;
  for (int trial = 0; trial < 2'000; ++trial) {
    Addressed addressed;
    std::vector<PlaceId> places(random() % 6);
    for (PlaceId& place : places) addressed.add(place = random_place());
    for (const PlaceId& place : places) REQUIRE(addressed.may_contain(place));
    false_hits += addressed.may_contain(random_place()) ? 1 : 0;
  }
  CHECK(false_hits < 100);
  CHECK_FALSE(Addressed().may_contain(random_place()));
}

TEST_CASE("a territory cell holds what is known and is empty otherwise") {
  TerritoryCell corsica = TerritoryCell::of("FR", "2A004");
  CHECK(corsica.country() == "FR");
  CHECK(corsica.commune() == "2A004");
  CHECK(TerritoryCell::of("BE", "").commune().empty());
  CHECK(TerritoryCell::of("", "") == TerritoryCell{});
  CHECK(TerritoryCell::of("FRA", "123456") == TerritoryCell{});
}
