// Strong types for the fixed-size values of the protocol: two of them never mix by accident. Any thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>

#include "protocol/bytes.h"

namespace maillage::protocol {

template <class Tag, std::size_t Size>
struct FixedBytes {
  static constexpr std::size_t kSize = Size;
  std::array<std::uint8_t, Size> bytes{};

  auto operator<=>(const FixedBytes&) const = default;
  bool is_zero() const { return *this == FixedBytes{}; }
  std::string hex() const { return to_hex(bytes); }

  // kMalformed unless `text` is exactly 2 × Size lower-case hexadecimal digits.
  static Result<FixedBytes> parse(std::string_view text) {
    auto decoded = from_hex(text);
    if (!decoded) return tl::unexpected(decoded.error());
    if (decoded->size() != Size) return fail(ErrorCode::kMalformed, "hexadecimal: wrong length");
    FixedBytes value;
    std::memcpy(value.bytes.data(), decoded->data(), Size);
    return value;
  }
};

using Hash = FixedBytes<struct HashTag, 32>;            // SHA-256
using PlaceId = FixedBytes<struct PlaceIdTag, 32>;      // SHA-256 of the genesis charter
using ObjectId = FixedBytes<struct ObjectIdTag, 20>;    // git's SHA-1 name of an object
using PublicKey = FixedBytes<struct PublicKeyTag, 32>;  // Ed25519
using Signature = FixedBytes<struct SignatureTag, 64>;  // Ed25519
using Seed = FixedBytes<struct SeedTag, 32>;            // Ed25519 secret seed
using Nonce = FixedBytes<struct NonceTag, 32>;
using SketchKey = FixedBytes<struct SketchKeyTag, 16>;  // SipHash key

}  // namespace maillage::protocol

// The values are hashes or keys already: their first bytes are as good as any hash of them. Tables keyed by what a
// peer chooses are bounded, so a crafted pile-up in one bucket costs at most one table.
template <class Tag, std::size_t Size>
struct std::hash<maillage::protocol::FixedBytes<Tag, Size>> {
  std::size_t operator()(const maillage::protocol::FixedBytes<Tag, Size>& value) const noexcept {
    std::size_t result;
    std::memcpy(&result, value.bytes.data(), sizeof result);
    return result;
  }
};
