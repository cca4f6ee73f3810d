// Two kinds of time that never mix. Both are parameters everywhere in this layer: nothing here reads a clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace maillage::protocol {

// Monotonic time since an arbitrary start: timers, rates, round trips.
struct MonotonicClockTag {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicClockTag>;
  static constexpr bool is_steady = true;
};
using Instant = MonotonicClockTag::time_point;
using Duration = std::chrono::nanoseconds;

// Milliseconds since 1970-01-01T00:00:00Z: what records, heads and people show. It orders nothing.
struct UnixTime {
  std::int64_t ms = 0;
  auto operator<=>(const UnixTime&) const = default;
};

// What `on(input, now)` is told: both readings of one moment.
struct Now {
  Instant instant;
  UnixTime wall;
};

}  // namespace maillage::protocol
