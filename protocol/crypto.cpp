#include "protocol/crypto.h"

#include <sodium.h>

namespace maillage::protocol {
namespace {

void start_sodium() {
  static const int started = sodium_init();
  check(started >= 0, "libsodium does not start");
}

crypto_hash_sha256_state* state_of(std::array<std::uint8_t, 128>& raw) {
  static_assert(sizeof(crypto_hash_sha256_state) <= 128);
  return reinterpret_cast<crypto_hash_sha256_state*>(raw.data());
}

}  // namespace

Hash sha256(ByteView bytes) {
  Hash hash;
  crypto_hash_sha256(hash.bytes.data(), bytes.data(), bytes.size());
  return hash;
}

Hash sha256(std::initializer_list<ByteView> pieces) {
  Sha256 hasher;
  for (ByteView piece : pieces) hasher.update(piece);
  return hasher.finish();
}

std::array<std::uint8_t, 64> sha512(ByteView bytes) {
  std::array<std::uint8_t, 64> hash;
  crypto_hash_sha512(hash.data(), bytes.data(), bytes.size());
  return hash;
}

Sha256::Sha256() { crypto_hash_sha256_init(state_of(state_)); }
void Sha256::update(ByteView bytes) { crypto_hash_sha256_update(state_of(state_), bytes.data(), bytes.size()); }
Hash Sha256::finish() {
  Hash hash;
  crypto_hash_sha256_final(state_of(state_), hash.bytes.data());
  return hash;
}

KeyPair::KeyPair(const Seed& seed) {
  start_sodium();
  static_assert(crypto_sign_SECRETKEYBYTES == 64 && crypto_sign_SEEDBYTES == 32);
  crypto_sign_seed_keypair(public_.bytes.data(), secret_.data(), seed.bytes.data());
}

KeyPair::~KeyPair() { sodium_memzero(secret_.data(), secret_.size()); }

Signature KeyPair::sign(ByteView message) const {
  Signature signature;
  crypto_sign_detached(signature.bytes.data(), nullptr, message.data(), message.size(), secret_.data());
  return signature;
}

bool verify(const PublicKey& key, ByteView message, const Signature& signature) {
  start_sodium();
  return crypto_sign_verify_detached(signature.bytes.data(), message.data(), message.size(), key.bytes.data()) == 0;
}

std::uint64_t siphash(const SketchKey& key, ByteView message) {
  static_assert(crypto_shorthash_BYTES == 8 && crypto_shorthash_KEYBYTES == 16);
  std::array<std::uint8_t, 8> out;
  crypto_shorthash(out.data(), message.data(), message.size(), key.bytes.data());
  std::uint64_t value = 0;
  for (std::size_t i = 8; i-- > 0;) value = value << 8 | out[i];  // SipHash defines its output as little-endian
  return value;
}

Seed derive_seed(const Seed& master, std::uint64_t index, std::string_view context) {
  check(context.size() == crypto_kdf_CONTEXTBYTES, "a key derivation context is 8 characters");
  Seed seed;
  crypto_kdf_derive_from_key(seed.bytes.data(), seed.bytes.size(), index, context.data(), master.bytes.data());
  return seed;
}

SystemRandom::SystemRandom() { start_sodium(); }
void SystemRandom::fill(std::span<std::uint8_t> out) { randombytes_buf(out.data(), out.size()); }

}  // namespace maillage::protocol
