#include "protocol/rate_limit.h"

#include <algorithm>

namespace maillage::protocol {
namespace {

constexpr std::uint64_t kBillion = 1'000'000'000;

}  // namespace

TokenBucket::TokenBucket(std::uint64_t capacity, std::uint64_t per_second)
    : capacity_(std::min(capacity, kTokensMax) * kBillion),
      per_second_(std::min(per_second, kTokensMax)),
      level_(capacity_) {}

std::uint64_t TokenBucket::level_at(Instant now) const {
  if (now <= updated_ || per_second_ == 0) return level_;
  // Unsigned: the distance between two extreme instants does not fit a signed duration.
  std::uint64_t elapsed = static_cast<std::uint64_t>(now.time_since_epoch().count()) -
                          static_cast<std::uint64_t>(updated_.time_since_epoch().count());
  std::uint64_t missing = capacity_ - level_;
  if (elapsed > missing / per_second_) return capacity_;
  return level_ + elapsed * per_second_;
}

bool TokenBucket::take(std::uint64_t count, Instant now) {
  level_ = level_at(now);
  updated_ = std::max(updated_, now);
  if (count > level_ / kBillion) return false;
  level_ -= count * kBillion;
  return true;
}

Duration TokenBucket::wait(std::uint64_t count, Instant now) const {
  std::uint64_t level = level_at(now);
  if (count <= level / kBillion) return Duration::zero();
  if (count > capacity_ / kBillion || per_second_ == 0) return Duration::max();
  return Duration((count * kBillion - level + per_second_ - 1) / per_second_);
}

}  // namespace maillage::protocol
