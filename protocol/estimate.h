// Estimate: a hundred bytes by which two sides guess how many of their elements differ, before either sent one cell of a sketch.
// PROTOCOL.md §5.
//
// An element is on one of 20 levels, on level i with probability 2^-(i+1), and on one of its 64 bits, which tells whether the number of
// elements there is odd. The exclusive or of two tables is that of what differs: on some level it is neither empty nor full.
// Without a key, so that one table serves every session and is kept up to date at the cost of one bit a change. Rationale: whoever
// grinds heads until they fall upon one another's bits makes the guess wrong and nothing else; it decides how many cells
// come first, and the sketch itself has a key. Node thread.
#pragma once

#include <span>

#include "protocol/ids.h"

namespace maillage::protocol {

class Estimate {
 public:
  static constexpr std::size_t kLevelsMax = 20;

  Estimate() = default;
  // As `levels()` gave them. Precondition: at most kLevelsMax.
  explicit Estimate(std::span<const std::uint64_t> levels);

  // An element comes into the set, or leaves it.
  void toggle(const Hash& element);

  // The first ones, without the zeros at the end.
  std::span<const std::uint64_t> levels() const;

  // About how many elements only one of the two sets has: exact for a few, off by a sixth of itself (standard deviation) for many.
  double apart(const Estimate& other) const;

  bool operator==(const Estimate&) const = default;

 private:
  std::array<std::uint64_t, kLevelsMax> parity_{};
};

}  // namespace maillage::protocol
