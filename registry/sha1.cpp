#include "registry/sha1.h"

#include <algorithm>
#include <bit>

namespace maillage::registry {

using protocol::ByteView;

void Sha1::block(const std::uint8_t* bytes) {
  std::array<std::uint32_t, 80> w;
  for (int i = 0; i < 16; ++i)
    w[i] = static_cast<std::uint32_t>(bytes[4 * i]) << 24 | bytes[4 * i + 1] << 16 | bytes[4 * i + 2] << 8 | bytes[4 * i + 3];
  for (int i = 16; i < 80; ++i) w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  auto [a, b, c, d, e] = state_;
  auto round = [&](std::uint32_t f, std::uint32_t k, std::uint32_t word) {
    std::uint32_t next = std::rotl(a, 5) + f + e + k + word;
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  };
  for (int i = 0; i < 20; ++i) round((b & c) | (~b & d), 0x5a827999, w[i]);
  for (int i = 20; i < 40; ++i) round(b ^ c ^ d, 0x6ed9eba1, w[i]);
  for (int i = 40; i < 60; ++i) round((b & c) | (b & d) | (c & d), 0x8f1bbcdc, w[i]);
  for (int i = 60; i < 80; ++i) round(b ^ c ^ d, 0xca62c1d6, w[i]);
  state_ = {state_[0] + a, state_[1] + b, state_[2] + c, state_[3] + d, state_[4] + e};
}

void Sha1::update(ByteView bytes) {
  std::size_t held = length_ % 64;
  length_ += bytes.size();
  if (held > 0) {
    std::size_t taken = std::min(bytes.size(), 64 - held);
    std::copy_n(bytes.begin(), taken, pending_.begin() + static_cast<std::ptrdiff_t>(held));
    bytes = bytes.subspan(taken);
    if (held + taken < 64) return;
    block(pending_.data());
  }
  for (; bytes.size() >= 64; bytes = bytes.subspan(64)) block(bytes.data());
  std::copy(bytes.begin(), bytes.end(), pending_.begin());
}

protocol::ObjectId Sha1::finish() {
  std::uint64_t bits = length_ * 8;
  static constexpr std::array<std::uint8_t, 64> kPadding{0x80};
  std::size_t held = length_ % 64;
  update(ByteView(kPadding).first(held < 56 ? 56 - held : 120 - held));
  std::array<std::uint8_t, 8> tail;
  for (int i = 0; i < 8; ++i) tail[i] = static_cast<std::uint8_t>(bits >> (56 - 8 * i));
  update(tail);
  protocol::ObjectId digest;
  for (std::size_t i = 0; i < 20; ++i) digest.bytes[i] = static_cast<std::uint8_t>(state_[i / 4] >> (24 - 8 * (i % 4)));
  return digest;
}

}  // namespace maillage::registry
