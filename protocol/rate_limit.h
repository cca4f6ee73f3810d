// TokenBucket: how much of something a peer may ask for, refilled over time. Integer nanoseconds throughout.
//
// Invariant: over any span of t seconds at most capacity + per_second × t is taken, and whoever waits `wait()` is let
// through. Rationale: a limiter that counts whole seconds never refills for a peer that asks more than once a second.
// Node thread.
#pragma once

#include <cstdint>

#include "protocol/time.h"

namespace maillage::protocol {

class TokenBucket {
 public:
  // Starts full. `capacity` and `per_second` are at most kTokensMax (larger ones are lowered to it); a bucket of zero
  // `per_second` never refills.
  TokenBucket(std::uint64_t capacity, std::uint64_t per_second);

  static constexpr std::uint64_t kTokensMax = std::uint64_t{1} << 32;  // 4 GB a second; keeps all sums in 64 bits

  // Takes `count` tokens, or none and false. Time that goes back counts as no time.
  bool take(std::uint64_t count, Instant now);

  // Nothing that was taken is missing any more.
  bool full(Instant now) const { return level_at(now) == capacity_; }

  // How long until `take(count)` succeeds if nothing else is taken: zero when it would now, Duration::max() when never.
  Duration wait(std::uint64_t count, Instant now) const;

 private:
  std::uint64_t level_at(Instant now) const;  // in billionths of a token

  std::uint64_t capacity_;    // in billionths of a token
  std::uint64_t per_second_;  // tokens a second = billionths a nanosecond
  std::uint64_t level_;
  Instant updated_ = Instant::min();
};

}  // namespace maillage::protocol
