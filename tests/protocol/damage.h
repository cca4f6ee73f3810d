// What the wire can do to a message: cut it anywhere, change any byte. Every parser's test runs through both.
#pragma once

#include <functional>

#include "protocol/bytes.h"

namespace maillage::tests {

// Calls `parse` with every proper prefix of `valid`.
inline void for_each_truncation(const protocol::Bytes& valid, const std::function<void(protocol::ByteView)>& parse) {
  // A copy of exactly that size, so that a sanitizer sees a read past its end.
  for (std::size_t size = 0; size < valid.size(); ++size) {
    protocol::Bytes cut(valid.begin(), valid.begin() + static_cast<std::ptrdiff_t>(size));
    parse(cut);
  }
}

// Calls `parse` with `valid` after each change of a single byte: lowest bit, highest bit, all bits.
inline void for_each_flip(const protocol::Bytes& valid, const std::function<void(protocol::ByteView)>& parse) {
  for (std::size_t at = 0; at < valid.size(); ++at)
    for (std::uint8_t mask : {0x01, 0x80, 0xff}) {
      protocol::Bytes flipped = valid;
      flipped[at] ^= mask;
      parse(flipped);
    }
}

}  // namespace maillage::tests
