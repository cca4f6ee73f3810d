#include "protocol/charter.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "protocol/limits.h"
#include "tests/protocol/damage.h"

using namespace maillage::protocol;

namespace {

KeyPair key_number(std::uint8_t number) { return KeyPair(Seed{{number}}); }

std::vector<KeyPair> keys(std::initializer_list<int> numbers) {
  std::vector<KeyPair> pairs;
  for (int number : numbers) pairs.push_back(key_number(static_cast<std::uint8_t>(number)));
  return pairs;
}

std::vector<PublicKey> roots(std::initializer_list<int> numbers) {
  std::vector<PublicKey> list;
  for (const KeyPair& pair : keys(numbers)) list.push_back(pair.public_key());
  std::ranges::sort(list);
  return list;
}

Charter genesis_of(std::initializer_list<int> root_numbers, std::uint8_t threshold) {
  Charter charter;
  charter.threshold = threshold;
  charter.roots = roots(root_numbers);
  charter.daemon_key = key_number(100).public_key();
  charter.time.ms = 1'700'000'000'000;
  return charter;
}

CharterChain chain_of(std::initializer_list<int> root_numbers, std::uint8_t threshold) {
  return CharterChain::start({genesis_of(root_numbers, threshold), {}}).value();
}

// The next charter as its daemon would draft it: the same roots, a new daemon key.
Charter next_of(const CharterChain& chain) {
  Charter charter = chain.latest();
  charter.place = chain.place();
  charter.number = chain.size();
  charter.previous = hash_of(chain.latest());
  charter.daemon_key = key_number(101).public_key();
  return charter;
}

ErrorCode refusal(CharterChain chain, const SignedCharter& next) {
  CharterChain before = chain;
  auto extended = chain.extend(next);
  REQUIRE_FALSE(extended);
  CHECK(chain == before);
  return extended.error().code;
}

Bytes encoded(const SignedCharter& charter) {
  Writer out;
  write(out, charter);
  return std::move(out).take();
}

Result<SignedCharter> decoded(ByteView bytes) {
  Reader in(bytes);
  return read_signed_charter(in);
}

SignedCharter rotated() {
  CharterChain chain = chain_of({1, 2, 3}, 2);
  return sign(next_of(chain), keys({1, 2}));
}

}  // namespace

TEST_CASE("the genesis is hashed into the place id and needs no signature") {
  Charter genesis = genesis_of({1}, 1);
  auto chain = CharterChain::start({genesis, {}});
  REQUIRE(chain);
  CHECK(chain->place().bytes == sha256(encode(genesis)).bytes);
  CHECK(chain->size() == 1);
  CHECK(chain->latest() == genesis);
}

TEST_CASE("a chain starts with nothing but an unsigned genesis") {
  auto start_error = [](const SignedCharter& charter) { return CharterChain::start(charter).error().code; };
  Charter genesis = genesis_of({1, 2}, 1);
  CHECK(start_error(sign(genesis, keys({1}))) == ErrorCode::kBadCharter);
  Charter numbered = genesis;
  numbered.number = 1;
  CHECK(start_error({numbered, {}}) == ErrorCode::kBadCharter);
  Charter placed = genesis;
  placed.place.bytes[0] = 1;
  CHECK(start_error({placed, {}}) == ErrorCode::kBadCharter);
  Charter following = genesis;
  following.previous.bytes[0] = 1;
  CHECK(start_error({following, {}}) == ErrorCode::kBadCharter);
}

TEST_CASE("root keys are 1 to 7, distinct and ascending, and the threshold is one of their numbers") {
  auto start_error = [](const Charter& charter) { return CharterChain::start({charter, {}}).error().code; };
  Charter charter = genesis_of({1, 2, 3}, 2);
  Charter none = charter;
  none.roots.clear();
  CHECK(start_error(none) == ErrorCode::kBadCharter);
  CHECK(start_error(genesis_of({1, 2, 3, 4, 5, 6, 7, 8}, 1)) == ErrorCode::kBadCharter);
  CHECK(start_error(genesis_of({1, 1}, 1)) == ErrorCode::kBadCharter);
  Charter unordered = charter;
  std::ranges::reverse(unordered.roots);
  CHECK(start_error(unordered) == ErrorCode::kBadCharter);
  CHECK(start_error(genesis_of({1, 2}, 0)) == ErrorCode::kBadCharter);
  CHECK(start_error(genesis_of({1, 2}, 3)) == ErrorCode::kBadCharter);
}

TEST_CASE("a charter is accepted when the threshold of the old and of the new roots signed it") {
  CharterChain chain = chain_of({1, 2, 3}, 2);
  Charter next = next_of(chain);
  next.roots = roots({3, 4, 5});
  next.minimum_epoch = 4;
  REQUIRE(chain.extend(sign(next, keys({1, 3, 4}))));  // 1 and 3 of the old, 3 and 4 of the new
  CHECK(chain.size() == 2);
  CHECK(chain.latest() == next);
  CHECK(chain.at(1).charter == next);
}

TEST_CASE("too few old or new roots do not make a charter") {
  CharterChain chain = chain_of({1, 2, 3}, 2);
  Charter next = next_of(chain);
  CHECK(refusal(chain, {next, {}}) == ErrorCode::kBadSignature);
  CHECK(refusal(chain, sign(next, keys({1}))) == ErrorCode::kBadSignature);
  next.roots = roots({3, 4, 5});
  CHECK(refusal(chain, sign(next, keys({1, 2}))) == ErrorCode::kBadSignature);
  CHECK(refusal(chain, sign(next, keys({4, 5}))) == ErrorCode::kBadSignature);
  CHECK(refusal(chain, sign(next, keys({3, 4, 5}))) == ErrorCode::kBadSignature);
  CHECK(refusal(chain, sign(next, keys({1, 2, 4}))) == ErrorCode::kBadSignature);
}

TEST_CASE("a signature that is wrong, of a stranger or doubled spoils the charter") {
  CharterChain chain = chain_of({1, 2, 3}, 2);
  Charter next = next_of(chain);
  CHECK(refusal(chain, sign(next, keys({1, 2, 9}))) == ErrorCode::kBadSignature);
  SignedCharter wrong = sign(next, keys({1, 2}));
  wrong.signatures[1].signature.bytes[0] ^= 1;
  CHECK(refusal(chain, wrong) == ErrorCode::kBadSignature);
  CHECK(refusal(chain, sign(next, keys({1, 1}))) == ErrorCode::kBadCharter);
  SignedCharter unordered = sign(next, keys({1, 2}));
  std::ranges::reverse(unordered.signatures);
  CHECK(refusal(chain, unordered) == ErrorCode::kBadCharter);
  // A daemon key is no root, whatever it signs.
  CHECK(refusal(chain, sign(next, keys({100, 101}))) == ErrorCode::kBadSignature);
}

TEST_CASE("more signatures than a frame foresees are refused") {
  CharterChain chain = chain_of({1, 2, 3, 4}, 4);
  Charter next = next_of(chain);
  next.roots = roots({4, 5, 6, 7, 8});
  SignedCharter eight = sign(next, keys({1, 2, 3, 4, 5, 6, 7, 8}));
  CHECK(refusal(chain, eight) == ErrorCode::kBadCharter);
  CHECK(decoded(encoded(eight)).error().code == ErrorCode::kBadCharter);
}

TEST_CASE("a charter of another place, number or predecessor does not continue the chain") {
  CharterChain chain = chain_of({1}, 1);
  auto refused_with = [&](auto change) {
    Charter next = next_of(chain);
    change(next);
    return refusal(chain, sign(next, keys({1})));
  };
  CHECK(refused_with([](Charter& next) { next.place.bytes[0] ^= 1; }) == ErrorCode::kBadCharter);
  CHECK(refused_with([](Charter& next) { next.place = {}; }) == ErrorCode::kBadCharter);
  CHECK(refused_with([](Charter& next) { next.number = 2; }) == ErrorCode::kBadCharter);
  CHECK(refused_with([](Charter& next) { next.number = 0; }) == ErrorCode::kBadCharter);
  CHECK(refused_with([](Charter& next) { next.previous.bytes[0] ^= 1; }) == ErrorCode::kBadCharter);
  CHECK(refused_with([](Charter& next) { next.roots = roots({1, 1}); }) == ErrorCode::kBadCharter);
  CHECK(refused_with([](Charter& next) { next.threshold = 0; }) == ErrorCode::kBadCharter);
}

TEST_CASE("the minimum epoch never goes back") {
  CharterChain chain = chain_of({1}, 1);
  Charter second = next_of(chain);
  second.minimum_epoch = 5;
  REQUIRE(chain.extend(sign(second, keys({1}))));
  Charter third = next_of(chain);
  third.minimum_epoch = 4;
  CHECK(refusal(chain, sign(third, keys({1}))) == ErrorCode::kBadCharter);
  third.minimum_epoch = 5;
  CHECK(chain.extend(sign(third, keys({1}))));
}

TEST_CASE("an old charter cannot be signed again into a chain that has moved on") {
  CharterChain chain = chain_of({1, 2, 3}, 2);
  Charter second = next_of(chain);
  second.roots = roots({4, 5});
  second.threshold = 1;
  REQUIRE(chain.extend(sign(second, keys({1, 2, 4}))));
  Charter third = next_of(chain);
  CHECK(refusal(chain, sign(third, keys({1, 2, 3}))) == ErrorCode::kBadSignature);
  CHECK(chain.extend(sign(third, keys({5}))));
}

TEST_CASE("a chain ends at 256 charters") {
  CharterChain chain = chain_of({1}, 1);
  while (chain.size() < kChartersMax) REQUIRE(chain.extend(sign(next_of(chain), keys({1}))));
  CHECK(chain.size() == 256);
  CHECK(refusal(chain, sign(next_of(chain), keys({1}))) == ErrorCode::kTooMany);
}

TEST_CASE("a signed charter survives encoding and decoding") {
  for (const SignedCharter& charter : {SignedCharter{genesis_of({1}, 1), {}}, rotated()}) {
    Bytes bytes = encoded(charter);
    CHECK(bytes.size() == 118 + 32 * charter.charter.roots.size() + 96 * charter.signatures.size());
    Reader in(bytes);
    CHECK(read_signed_charter(in).value() == charter);
    CHECK(in.finish("charter"));
  }
}

TEST_CASE("every truncation of a charter is refused as such") {
  maillage::tests::for_each_truncation(encoded(rotated()), [](ByteView cut) {
    auto result = decoded(cut);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::kTruncated);
  });
}

TEST_CASE("every changed byte of a charter breaks its form or its place in the chain") {
  CharterChain chain = chain_of({1, 2, 3}, 2);
  maillage::tests::for_each_flip(encoded(rotated()), [&](ByteView flipped) {
    Reader in(flipped);
    auto result = read_signed_charter(in);
    if (!result || !in.finish("charter")) return;
    CharterChain copy = chain;
    CHECK_FALSE(copy.extend(*result));
  });
}

TEST_CASE("hostile counts in a charter are refused before anything is read for them") {
  Bytes valid = encoded(rotated());
  auto error_with = [&](std::size_t at, std::uint8_t value) {
    Bytes changed = valid;
    changed[at] = value;
    return decoded(changed).error().code;
  };
  CHECK(error_with(0, 9) == ErrorCode::kUnsupportedVersion);
  CHECK(error_with(33, 1) == ErrorCode::kTooMany);      // number 257
  CHECK(error_with(67, 0) == ErrorCode::kBadCharter);   // threshold
  CHECK(error_with(68, 255) == ErrorCode::kBadCharter); // roots
  CHECK(error_with(68 + 1 + 3 * 32 + 32 + 16, 8) == ErrorCode::kBadCharter);  // signatures
}
