#include "protocol/crypto.h"

#include <openssl/evp.h>
#include <sodium.h>

namespace maillage::protocol {
namespace {

void start_sodium() {
  static const int started = sodium_init();
  check(started >= 0, "libsodium does not start");
}

// Fetched once: asking for it by name at every hash costs more than a hash.
const EVP_MD* sha256_method() {
  static const EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  check(method != nullptr, "OpenSSL has no SHA-256");
  return method;
}

std::uint64_t little_endian(const std::uint8_t* bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 8; i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

}  // namespace

Hash sha256(ByteView bytes) { return sha256({bytes}); }

Hash sha256(std::initializer_list<ByteView> pieces) {
  thread_local Sha256 hasher;  // `finish` leaves it as new
  for (ByteView piece : pieces) hasher.update(piece);
  return hasher.finish();
}

std::array<std::uint8_t, 64> sha512(ByteView bytes) {
  std::array<std::uint8_t, 64> hash;
  crypto_hash_sha512(hash.data(), bytes.data(), bytes.size());
  return hash;
}

void Sha256::Free::operator()(void* context) const { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context)); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  check(context_ && EVP_DigestInit_ex2(static_cast<EVP_MD_CTX*>(context_.get()), sha256_method(), nullptr) == 1, "SHA-256 does not start");
}

void Sha256::update(ByteView bytes) {
  check(EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_.get()), bytes.data(), bytes.size()) == 1, "SHA-256 fails");
}

Hash Sha256::finish() {
  Hash hash;
  auto* context = static_cast<EVP_MD_CTX*>(context_.get());
  bool ended = EVP_DigestFinal_ex(context, hash.bytes.data(), nullptr) == 1 && EVP_DigestInit_ex2(context, nullptr, nullptr) == 1;
  check(ended, "SHA-256 fails");
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

Seed KeyPair::exchange_secret() const {
  Seed secret;
  crypto_sign_ed25519_sk_to_curve25519(secret.bytes.data(), secret_.data());
  return secret;
}

bool verify(const PublicKey& key, ByteView message, const Signature& signature) {
  start_sodium();
  return crypto_sign_verify_detached(signature.bytes.data(), message.data(), message.size(), key.bytes.data()) == 0;
}

std::uint64_t siphash(const SketchKey& key, ByteView message) {
  static_assert(crypto_shorthash_BYTES == 8 && crypto_shorthash_KEYBYTES == 16);
  std::array<std::uint8_t, 8> out;
  crypto_shorthash(out.data(), message.data(), message.size(), key.bytes.data());
  return little_endian(out.data());  // as SipHash defines its output
}

std::array<std::uint64_t, 2> siphash128(const SketchKey& key, ByteView message) {
  static_assert(crypto_shorthash_siphashx24_BYTES == 16 && crypto_shorthash_siphashx24_KEYBYTES == 16);
  std::array<std::uint8_t, 16> out;
  crypto_shorthash_siphashx24(out.data(), message.data(), message.size(), key.bytes.data());
  return {little_endian(out.data()), little_endian(out.data() + 8)};
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
