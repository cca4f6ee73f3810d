#include "protocol/estimate.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace maillage::protocol {
namespace {

constexpr double kBits = 64;
constexpr double kApartMax = 1 << 28;

// The share of all elements that one bit of a level has. The last level has those of all levels there might be above it.
double share(std::size_t level) { return std::exp2(-static_cast<double>(std::min(level + 1, Estimate::kLevelsMax - 1))) / kBits; }

}  // namespace

Estimate::Estimate(std::span<const std::uint64_t> levels) { std::ranges::copy(levels, parity_.begin()); }

void Estimate::toggle(const Hash& element) {
  std::uint32_t first = 0;
  for (std::size_t i = 0; i < 4; ++i) first = first << 8 | element.bytes[i];
  std::size_t level = std::min<std::size_t>(static_cast<std::size_t>(std::countl_zero(first)), kLevelsMax - 1);
  parity_[level] ^= std::uint64_t{1} << element.bytes[4] % 64;
}

std::span<const std::uint64_t> Estimate::levels() const {
  std::size_t count = kLevelsMax;
  while (count > 0 && parity_[count - 1] == 0) --count;
  return std::span(parity_).first(count);
}

// The number that makes what is seen most likely. With n differences a bit is odd with probability (1 − e^(−2n share)) / 2; where the
// logarithm of the likelihood stops rising is found by halving.
double Estimate::apart(const Estimate& other) const {
  std::array<double, kLevelsMax> odd{};
  for (std::size_t i = 0; i < kLevelsMax; ++i) odd[i] = std::popcount(parity_[i] ^ other.parity_[i]);
  if (std::ranges::all_of(odd, [](double bits) { return bits == 0; })) return 0;
  auto still_rising = [&odd](double differences) {
    double slope = 0;
    for (std::size_t i = 0; i < kLevelsMax; ++i) {
      double rate = 2 * share(i), even = std::exp(-rate * differences);
      slope += rate * even * (2 * odd[i] - kBits + kBits * even) / -std::expm1(-2 * rate * differences);
    }
    return slope > 0;
  };
  double low = 0.5, high = kApartMax;
  for (int halvings = 0; halvings < 40; ++halvings) {
    double middle = std::sqrt(low * high);
    (still_rising(middle) ? low : high) = middle;
  }
  return high;
}

}  // namespace maillage::protocol
