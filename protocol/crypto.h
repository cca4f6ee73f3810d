// The cryptography of the protocol: libsodium's Ed25519, SipHash-2-4 and BLAKE2b key derivation, and OpenSSL's SHA-256,
// which is five times as fast where the processor has instructions for it. Any thread. Costs measured on one core of a
// small machine: verify 0.05–0.1 ms, sign 0.03 ms, SHA-256 0.2 µs and 1.4 GB/s.
#pragma once

#include <memory>

#include "protocol/ids.h"
#include "protocol/random.h"

namespace maillage::protocol {

// SHA-256 (FIPS 180-4) of one piece, or of several as if they were one.
Hash sha256(ByteView bytes);
Hash sha256(std::initializer_list<ByteView> pieces);

// SHA-512, which OpenSSH's signatures take of a message. Nothing of our own protocol uses it.
std::array<std::uint8_t, 64> sha512(ByteView bytes);

// SHA-256 fed piece by piece.
class Sha256 {
 public:
  Sha256();
  void update(ByteView bytes);
  Hash finish();  // and begins anew

 private:
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;
};

// An Ed25519 key pair (RFC 8032) made from its 32-byte seed. Holds a secret: the memory is wiped on destruction.
class KeyPair {
 public:
  explicit KeyPair(const Seed& seed);
  KeyPair(const KeyPair&) = default;
  KeyPair& operator=(const KeyPair&) = default;
  ~KeyPair();

  const PublicKey& public_key() const { return public_; }
  Signature sign(ByteView message) const;
  // The secret of the same key for agreement (X25519, RFC 7748): what opens a box that was sealed to it.
  Seed exchange_secret() const;

 private:
  std::array<std::uint8_t, 64> secret_;
  PublicKey public_;
};

// crypto_sign_verify_detached: cofactorless, refuses small-order keys and non-canonical encodings.
bool verify(const PublicKey& key, ByteView message, const Signature& signature);

// SipHash-2-4 of `message` under `key`: the short keyed identifier of an element in a sketch.
std::uint64_t siphash(const SketchKey& key, ByteView message);
// The same with 128 bits.
std::array<std::uint64_t, 2> siphash128(const SketchKey& key, ByteView message);

// Subkey number `index` of `master` for `context` (exactly 8 characters): BLAKE2b, as crypto_kdf does.
Seed derive_seed(const Seed& master, std::uint64_t index, std::string_view context);

// The system's own randomness.
class SystemRandom final : public Random {
 public:
  SystemRandom();
  void fill(std::span<std::uint8_t> out) override;
};

}  // namespace maillage::protocol
