#include "protocol/rate_limit.h"

#include <limits>
#include <random>

#include <catch2/catch.hpp>

using namespace maillage::protocol;
using namespace std::chrono_literals;

namespace {

constexpr Instant kStart{1h};

}  // namespace

TEST_CASE("a bucket starts full, empties, and refuses without taking") {
  TokenBucket bucket(10, 1);
  CHECK(bucket.take(7, kStart));
  CHECK_FALSE(bucket.take(4, kStart));
  CHECK(bucket.take(3, kStart));
  CHECK_FALSE(bucket.take(1, kStart));
  CHECK(bucket.take(0, kStart));
}

TEST_CASE("a peer that asks much more than once a second gets exactly its rate") {
  TokenBucket bucket(5, 5);
  int taken = 0;
  for (int i = 0; i <= 10'000; ++i) taken += bucket.take(1, kStart + i * 1ms) ? 1 : 0;
  CHECK(taken == 5 + 5 * 10);
}

TEST_CASE("asking every nanosecond loses nothing to rounding") {
  TokenBucket bucket(1, 3);  // a third of a second is no whole number of nanoseconds
  REQUIRE(bucket.take(1, kStart));
  for (int i = 0; i < 100'000; ++i) REQUIRE_FALSE(bucket.take(1, kStart + Duration(i)));
  CHECK_FALSE(bucket.take(1, kStart + Duration(333'333'333)));
  CHECK(bucket.take(1, kStart + Duration(333'333'334)));
}

TEST_CASE("whoever waits as long as it is told is let through, and not a nanosecond earlier") {
  std::mt19937_64 random(1);
  for (int trial = 0; trial < 500; ++trial) {
    TokenBucket bucket(1 + random() % 1'000, 1 + random() % 100'000);
    Instant now = kStart;
    for (int i = 0; i < 20; ++i) {
      now += Duration(random() % 100'000'000);
      std::uint64_t count = random() % 1'200;
      Duration wait = bucket.wait(count, now);
      if (wait == Duration::max()) {
        CHECK_FALSE(bucket.take(count, now + 24h));
        break;
      }
      if (wait > Duration::zero()) CHECK_FALSE(TokenBucket(bucket).take(count, now + wait - 1ns));
      REQUIRE(bucket.take(count, now + wait));
      now += wait;
    }
  }
}

TEST_CASE("a bucket never holds more than its capacity") {
  TokenBucket bucket(3, 1'000);
  CHECK_FALSE(bucket.take(4, kStart + 24h));
  CHECK(bucket.take(3, kStart + 48h));
  CHECK_FALSE(bucket.take(1, kStart + 48h));
  CHECK(bucket.wait(4, kStart) == Duration::max());
}

TEST_CASE("time that goes back counts as no time and gives nothing twice") {
  TokenBucket bucket(1, 1);
  REQUIRE(bucket.take(1, kStart));
  CHECK_FALSE(bucket.take(1, kStart - 1h));
  CHECK_FALSE(bucket.take(1, kStart));
  CHECK(bucket.take(1, kStart + 1s));
}

TEST_CASE("a bucket that never refills says so") {
  TokenBucket bucket(2, 0);
  REQUIRE(bucket.take(2, kStart));
  CHECK_FALSE(bucket.take(1, Instant::max()));
  CHECK(bucket.wait(1, kStart) == Duration::max());
}

TEST_CASE("extreme times, capacities and counts do not overflow") {
  constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();
  TokenBucket bucket(kHuge, kHuge);
  CHECK(bucket.take(TokenBucket::kTokensMax, Instant::min()));
  CHECK_FALSE(bucket.take(1, Instant::min()));
  CHECK_FALSE(bucket.take(kHuge, Instant::max()));
  CHECK(bucket.take(TokenBucket::kTokensMax, Instant::max()));
  CHECK_FALSE(bucket.take(1, Instant::max()));
  CHECK(bucket.wait(kHuge, Instant::max()) == Duration::max());
  CHECK(bucket.wait(TokenBucket::kTokensMax, Instant::max()) == 1s);

  TokenBucket slow(TokenBucket::kTokensMax, 1);
  REQUIRE(slow.take(TokenBucket::kTokensMax, Instant::min()));
  CHECK(slow.wait(TokenBucket::kTokensMax, Instant::min()) == std::chrono::seconds(TokenBucket::kTokensMax));
  CHECK(slow.take(TokenBucket::kTokensMax, Instant::max()));
}
