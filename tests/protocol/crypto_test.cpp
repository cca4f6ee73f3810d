#include "protocol/crypto.h"

#include <catch2/catch.hpp>

using namespace maillage::protocol;

namespace {

Bytes hex(std::string_view text) { return from_hex(text).value(); }

template <class T>
T fixed(std::string_view text) {
  return T::parse(text).value();
}

}  // namespace

TEST_CASE("SHA-256 gives the digests of FIPS 180-4, whole and in pieces") {
  CHECK(sha256(ByteView{}).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256(as_bytes("abc")).hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  constexpr std::string_view kTwoBlocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  Hash expected = fixed<Hash>("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256(as_bytes(kTwoBlocks)) == expected);
  CHECK(sha256({as_bytes(kTwoBlocks.substr(0, 7)), ByteView{}, as_bytes(kTwoBlocks.substr(7))}) == expected);
  Sha256 hasher;
  for (char c : kTwoBlocks) hasher.update(as_bytes(std::string_view(&c, 1)));
  CHECK(hasher.finish() == expected);
}

TEST_CASE("Ed25519 gives the keys and signatures of RFC 8032") {
  struct Vector {
    const char *seed, *key, *message, *signature;
  };
  for (const Vector& vector : {
           Vector{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                  "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
           Vector{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                  "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
           Vector{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                  "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
                  "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                  "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"}}) {
    KeyPair pair(fixed<Seed>(vector.seed));
    CHECK(pair.public_key().hex() == vector.key);
    CHECK(pair.sign(hex(vector.message)).hex() == vector.signature);
    CHECK(verify(pair.public_key(), hex(vector.message), fixed<Signature>(vector.signature)));
  }
}

TEST_CASE("a signature holds for its own key and message only") {
  KeyPair pair(Seed{{1}}), other(Seed{{2}});
  Signature signature = pair.sign(as_bytes("message"));
  CHECK(verify(pair.public_key(), as_bytes("message"), signature));
  CHECK_FALSE(verify(pair.public_key(), as_bytes("massage"), signature));
  CHECK_FALSE(verify(other.public_key(), as_bytes("message"), signature));
  for (std::size_t i = 0; i < signature.bytes.size(); ++i) {
    Signature flipped = signature;
    flipped.bytes[i] ^= 1;
    CHECK_FALSE(verify(pair.public_key(), as_bytes("message"), flipped));
  }
}

TEST_CASE("keys of small order and doubled signatures are refused") {
  // The identity point as a key: R = identity, S = 0 would verify for every message without the check.
  PublicKey identity{{1}};
  CHECK_FALSE(verify(identity, as_bytes("anything"), Signature{{1}}));
  CHECK_FALSE(verify(PublicKey{}, as_bytes("anything"), Signature{}));

  // S + L verifies in lax implementations: the same statement with a second signature.
  constexpr std::array<std::uint8_t, 32> kOrder{0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                                0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                                0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
  KeyPair pair(Seed{{1}});
  Signature doubled = pair.sign(as_bytes("message"));
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += doubled.bytes[32 + i] + kOrder[i];
    doubled.bytes[32 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  CHECK_FALSE(verify(pair.public_key(), as_bytes("message"), doubled));
}

TEST_CASE("SipHash-2-4 gives the values of its reference implementation") {
  SketchKey key;
  Bytes message;
  for (std::uint8_t i = 0; i < 16; ++i) key.bytes[i] = i;
  CHECK(siphash(key, message) == 0x726fdb47dd0e0e31);
  for (std::uint8_t i = 0; i < 15; ++i) message.push_back(i);
  CHECK(siphash(key, message) == 0xa129ca6149be45e5);
  message.resize(8);
  CHECK(siphash(key, message) == 0x93f5f5799a932462);
}

TEST_CASE("subkeys differ by index, context and master, and are always the same") {
  Seed master{{7}};
  CHECK(derive_seed(master, 1, "roots-01") == derive_seed(master, 1, "roots-01"));
  CHECK(derive_seed(master, 1, "roots-01") != derive_seed(master, 2, "roots-01"));
  CHECK(derive_seed(master, 1, "roots-01") != derive_seed(master, 1, "daemon-1"));
  CHECK(derive_seed(master, 1, "roots-01") != derive_seed(Seed{{8}}, 1, "roots-01"));
}

TEST_CASE("the system's randomness does not repeat") {
  SystemRandom random;
  CHECK(random.u64() != random.u64());
  CHECK(random.fixed<Nonce>() != random.fixed<Nonce>());
  for (int i = 0; i < 100; ++i) CHECK(random.below(3) < 3);
}
