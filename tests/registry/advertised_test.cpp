#include <catch2/catch.hpp>

#include "registry/git/advertised.h"

using namespace maillage::registry;
using namespace maillage::protocol;

namespace {

PlaceId place(std::uint32_t number) {
  PlaceId id;
  std::memcpy(id.bytes.data(), &number, sizeof number);
  return id;
}

ObjectId commit(std::uint8_t number) { return ObjectId{{number}}; }

}  // namespace

TEST_CASE("what was told is remembered for ten minutes, of its own repository only") {
  Advertised advertised;
  advertised.note(place(1), {commit(1), std::nullopt, {1'000}});
  advertised.note(place(1), {commit(2), std::nullopt, {2'000}});
  CHECK(advertised.recent(place(1), {2'000}).size() == 2);
  CHECK(advertised.recent(place(1), {1'000 + kAdvertisedMs}).size() == 2);
  auto later = advertised.recent(place(1), {1'001 + kAdvertisedMs});
  REQUIRE(later.size() == 1);
  CHECK(later.front().commit == commit(2));
  CHECK(advertised.recent(place(2), {2'000}).empty());
  advertised.note(place(1), {commit(2), std::nullopt, {3'000}});
  CHECK(advertised.recent(place(1), {3'000}).size() == 2);
  advertised.forget(place(1));
  CHECK(advertised.recent(place(1), {3'000}).empty());
}

TEST_CASE("memory of what was told is bounded, for one place and for all") {
  Advertised advertised;
  for (std::uint8_t number = 0; number < 200; ++number) advertised.note(place(1), {commit(number), std::nullopt, {1'000}});
  auto kept = advertised.recent(place(1), {1'000});
  CHECK(kept.size() == kAdvertisedPerPlaceMax);
  CHECK(kept.back().commit == commit(199));
  for (std::uint32_t number = 2; number < 2 + 2 * kAdvertisedPlacesMax; ++number) advertised.note(place(number), {commit(1), std::nullopt, {1'000}});
  std::size_t remembered = 0;
  for (std::uint32_t number = 1; number < 2 + 2 * kAdvertisedPlacesMax; ++number) remembered += advertised.recent(place(number), {1'000}).size();
  CHECK(remembered <= kAdvertisedPlacesMax);
  CHECK(remembered > 0);
}
