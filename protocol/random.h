// The one source of randomness that the sans-I/O code is given: the daemon's is libsodium's, a simulation's a seed's.
#pragma once

#include <cstdint>

#include "protocol/ids.h"

namespace maillage::protocol {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;

  std::uint64_t u64() {
    std::array<std::uint8_t, 8> raw{};
    fill(raw);
    std::uint64_t value;
    std::memcpy(&value, raw.data(), sizeof value);
    return value;
  }

  // Uniform in [0, bound); bound > 0. The bias of a 64-bit remainder is below 2^-32 for every bound used here.
  std::uint64_t below(std::uint64_t bound) { return u64() % bound; }

  template <class T>
  T fixed() {
    T value;
    fill(value.bytes);
    return value;
  }
};

}  // namespace maillage::protocol
