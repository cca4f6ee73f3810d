#include "protocol/estimate.h"

#include <algorithm>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/crypto.h"

using namespace maillage::protocol;

namespace {

std::vector<Hash> some(std::size_t count, std::mt19937_64& random) {
  std::vector<Hash> elements(count);
  for (Hash& element : elements)
    for (std::uint8_t& byte : element.bytes) byte = static_cast<std::uint8_t>(random());
  return elements;
}

Estimate of(const std::vector<Hash>& elements) {
  Estimate estimate;
  for (const Hash& element : elements) estimate.toggle(element);
  return estimate;
}

}  // namespace

TEST_CASE("equal sets are nothing apart, in whatever order they were made") {
  std::mt19937_64 random(1);
  auto elements = some(5'000, random);
  Estimate one = of(elements);
  std::ranges::shuffle(elements, random);
  CHECK(of(elements) == one);
  CHECK(one.apart(of(elements)) == 0);
  CHECK(Estimate().apart(Estimate()) == 0);
}

TEST_CASE("an element that comes and goes leaves the estimate as it was") {
  std::mt19937_64 random(2);
  Estimate before = of(some(300, random)), after = before;
  auto visitors = some(50, random);
  for (const Hash& visitor : visitors) after.toggle(visitor);
  CHECK_FALSE(after == before);
  for (const Hash& visitor : visitors) after.toggle(visitor);
  CHECK(after == before);
}

TEST_CASE("how far apart two sets are is told nearly exactly of a few differences and roughly of many, however large the sets") {
  auto differences = GENERATE(1u, 4u, 12u, 60u, 500u, 20'000u);
  auto common = GENERATE(0u, 40'000u);
  std::mt19937_64 random(differences + common);
  double sum = 0, worst = 0;
  constexpr int kTrials = 40;
  for (int trial = 0; trial < kTrials; ++trial) {
    Estimate here = of(some(common, random)), there = here;
    for (const Hash& element : some(differences, random)) (random() % 2 == 0 ? here : there).toggle(element);
    double apart = here.apart(there);
    CHECK(apart == there.apart(here));
    sum += apart / differences / kTrials;
    worst = std::max(worst, std::abs(apart - differences) / differences);
  }
  CAPTURE(differences, common, sum, worst);
  CHECK(std::abs(sum - 1) < 0.1);
  CHECK(worst < (differences <= 4 ? 0.6 : 0.7));
}

TEST_CASE("a set is told with as many levels as it needs, which are read as they were written") {
  std::mt19937_64 random(3);
  CHECK(Estimate().levels().empty());
  CHECK(of(some(10, random)).levels().size() <= 10);
  Estimate large = of(some(60'000, random));
  CHECK(large.levels().size() >= 14);
  CHECK(large.levels().size() <= Estimate::kLevelsMax);
  CHECK(Estimate(large.levels()) == large);
  Hash rare{}, other{};  // on the last level, whatever follows
  other.bytes[2] = 1;
  for (const Hash& element : {rare, other}) CHECK(of({element}).levels().size() == Estimate::kLevelsMax);
}

TEST_CASE("tables that no sets have give a number all the same") {
  std::vector<std::uint64_t> full(Estimate::kLevelsMax, ~std::uint64_t{0}), half(Estimate::kLevelsMax, 0x5555555555555555);
  for (const auto& levels : {full, half}) {
    double apart = Estimate(levels).apart(Estimate());
    CHECK(apart > 1e6);
    CHECK(apart < 1e9);
  }
  std::vector<std::uint64_t> last(Estimate::kLevelsMax, 0);
  last.back() = 1;
  CHECK(Estimate(last).apart(Estimate()) >= 1);
}
