// Whom profiles vouch for, who is left when somebody is blocked, and who waits.
#include "protocol/admission.h"

#include <catch2/catch.hpp>

#include "protocol/waiting_room.h"
#include "tests/protocol/author.h"

using namespace maillage::tests;

namespace {

const Author kHome(1), kAnn(2), kBob(3), kEve(4), kFar(5);

void keep(PlaceTable& table, const Author& author, const PlaceId& introducer, bool own = false) {
  table.restore({author.chain(), author.head(1), nullptr, true, own, nullptr, introducer});
}

WaitingRoom::Guest guest(std::uint64_t number, const PlaceId& introducer) {
  Author author(number);
  return {author.head(1), author.chain(), introducer, {}};
}

std::vector<PlaceId> sorted(std::vector<PlaceId> places) {
  std::ranges::sort(places);
  return places;
}

}  // namespace

TEST_CASE("a place is named as long as one profile names it, each profile counting once and not for itself") {
  Neighbourhood neighbourhood;
  std::vector<PlaceId> named{kFar.place(), kFar.place(), kAnn.place()};
  neighbourhood.tell(kAnn.place(), named);
  CHECK(neighbourhood.size() == 1);
  CHECK(neighbourhood.namer_of(kAnn.place()) == nullptr);
  neighbourhood.tell(kBob.place(), named);
  neighbourhood.forget(kAnn.place());
  REQUIRE(neighbourhood.namer_of(kFar.place()) != nullptr);
  CHECK(*neighbourhood.namer_of(kFar.place()) == kBob.place());
  neighbourhood.tell(kBob.place(), {});
  CHECK(neighbourhood.namer_of(kFar.place()) == nullptr);
  CHECK(neighbourhood.size() == 0);
  neighbourhood.sanity_check();
}

TEST_CASE("what a profile names beyond its limit vouches for nobody") {
  SeededRandom random(1);
  std::vector<PlaceId> many;
  for (std::size_t i = 0; i <= kNeighboursMax; ++i) many.push_back(random.fixed<PlaceId>());
  Neighbourhood neighbourhood;
  neighbourhood.tell(kAnn.place(), many);
  CHECK(neighbourhood.size() == kNeighboursMax);
  CHECK(neighbourhood.namer_of(many[kNeighboursMax - 1]) != nullptr);
  CHECK(neighbourhood.namer_of(many[kNeighboursMax]) == nullptr);
  for (std::size_t profile = 1; neighbourhood.size() < kAllNeighboursMax; ++profile) {
    for (PlaceId& place : many) place = random.fixed<PlaceId>();
    neighbourhood.tell(random.fixed<PlaceId>(), many);
  }
  neighbourhood.tell(kBob.place(), std::vector{kFar.place()});
  CHECK(neighbourhood.namer_of(kFar.place()) == nullptr);
  neighbourhood.forget(kAnn.place());
  neighbourhood.tell(kBob.place(), std::vector{kFar.place()});
  CHECK(neighbourhood.namer_of(kFar.place()) != nullptr);
  neighbourhood.sanity_check();
}

TEST_CASE("blocking a place leaves out what it alone introduced, at any distance, and nothing else") {
  PlaceTable table;
  Neighbourhood neighbourhood;
  keep(table, kHome, {}, true);
  keep(table, kAnn, kAnn.place());
  keep(table, kBob, kAnn.place());
  keep(table, kEve, kBob.place());
  keep(table, kFar, {});  // by nobody knows whom
  Partners people;
  CHECK(admitted(table, people, neighbourhood).left_out.empty());
  people.blocked = {kAnn.place(), kHome.place()};  // ours is not blocked by mistake
  people.blocked.erase(kHome.place());
  CHECK(admitted(table, people, neighbourhood).left_out == sorted({kAnn.place(), kBob.place(), kEve.place()}));
  SECTION("people here follow one of them") {
    people.accepted = {kBob.place()};
    CHECK(admitted(table, people, neighbourhood).left_out == sorted({kAnn.place()}));
  }
  SECTION("one was let in by name") {
    people.let_in = {kEve.place()};
    CHECK(admitted(table, people, neighbourhood).left_out == sorted({kAnn.place(), kBob.place()}));
  }
  SECTION("an admitted profile names one of them") {
    neighbourhood.tell(kFar.place(), std::vector{kBob.place(), kAnn.place()});
    CHECK(admitted(table, people, neighbourhood).left_out == sorted({kAnn.place()}));
  }
  SECTION("only profiles that go too name them") {
    neighbourhood.tell(kEve.place(), std::vector{kBob.place()});
    neighbourhood.tell(kBob.place(), std::vector{kEve.place()});
    CHECK(admitted(table, people, neighbourhood).left_out == sorted({kAnn.place(), kBob.place(), kEve.place()}));
  }
}

TEST_CASE("places that introduced one another stay as long as somebody else vouches for one of them, and go together") {
  PlaceTable table;
  Neighbourhood neighbourhood;
  keep(table, kHome, {}, true);
  keep(table, kAnn, kAnn.place());
  keep(table, kBob, kEve.place());
  keep(table, kEve, kFar.place());
  keep(table, kFar, kBob.place());
  Partners people;
  auto circle = sorted({kBob.place(), kEve.place(), kFar.place()});
  CHECK(admitted(table, people, neighbourhood).left_out == circle);
  neighbourhood.tell(kFar.place(), std::vector{kBob.place(), kEve.place()});
  CHECK(admitted(table, people, neighbourhood).left_out == circle);
  neighbourhood.tell(kAnn.place(), std::vector{kEve.place()});
  CHECK(admitted(table, people, neighbourhood).left_out.empty());
  people.blocked = {kAnn.place()};
  CHECK(admitted(table, people, neighbourhood).left_out == sorted({kAnn.place(), kBob.place(), kEve.place(), kFar.place()}));
}

TEST_CASE("what stays when its introducer goes is introduced by who vouches for it, and by itself when people follow it") {
  PlaceTable table;
  Neighbourhood neighbourhood;
  keep(table, kHome, {}, true);
  keep(table, kAnn, kAnn.place());
  keep(table, kBob, kEve.place());
  keep(table, kEve, kEve.place());
  keep(table, kFar, kEve.place());
  neighbourhood.tell(kAnn.place(), std::vector{kBob.place()});
  Partners people;
  CHECK(admitted(table, people, neighbourhood).vouched.empty());
  people.blocked = {kEve.place()};
  people.accepted = {kFar.place()};
  Admitted now = admitted(table, people, neighbourhood);
  CHECK(now.left_out == std::vector{kEve.place()});
  std::vector<std::pair<PlaceId, PlaceId>> vouched{{kBob.place(), kAnn.place()}, {kFar.place(), kFar.place()}};
  std::ranges::sort(vouched);
  CHECK(now.vouched == vouched);
}

TEST_CASE("an introducer whose own place never came here is blocked all the same") {
  PlaceTable table;
  keep(table, kBob, kEve.place());
  CHECK(admitted(table, {}, {}).left_out.empty());
  Partners people;
  people.blocked = {kEve.place()};
  CHECK(admitted(table, people, {}).left_out == std::vector{kBob.place()});
}

TEST_CASE("the waiting room gives each introducer its share, and a greater head takes no more room") {
  WaitingRoom room;
  for (std::uint64_t i = 0; i < kWaitingPlacesOfOneMax; ++i) {
    REQUIRE(room.has_room(kEve.place()));
    room.put(guest(100 + i, kEve.place()));
  }
  CHECK_FALSE(room.has_room(kEve.place()));
  CHECK(room.has_room(kAnn.place()));
  WaitingRoom::Guest newer = guest(100, kAnn.place());
  newer.head = Author(100).head(7);
  room.put(newer);
  CHECK(room.size() == kWaitingPlacesOfOneMax);
  CHECK(room.find(Author(100).place())->head.head.sequence == 7);
  CHECK(room.find(Author(100).place())->introducer == kEve.place());
  REQUIRE(room.take(Author(100).place()));
  CHECK_FALSE(room.take(Author(100).place()));
  CHECK(room.has_room(kEve.place()));
  room.sanity_check();
}

TEST_CASE("a full waiting room drives out the oldest of whoever has most of it, and refuses who has as many") {
  WaitingRoom room;
  SeededRandom random(3);
  constexpr std::size_t kIntroducers = kWaitingPlacesMax / (kWaitingPlacesOfOneMax / 2);
  std::vector<PlaceId> introducers;
  for (std::size_t i = 0; i < kIntroducers; ++i) introducers.push_back(random.fixed<PlaceId>());
  Author author(9);
  auto put = [&](std::uint64_t number, const PlaceId& introducer) {
    SignedHead head = author.head(1);
    std::memcpy(head.head.place.bytes.data(), &number, sizeof number);
    room.put({head, author.chain(), introducer, {}});
    return head.head.place;
  };
  std::vector<PlaceId> first;
  for (std::uint64_t i = 0; i < kWaitingPlacesMax; ++i) first.push_back(put(i, introducers[i % kIntroducers]));
  CHECK_FALSE(room.has_room(introducers[3]));  // all have as many
  REQUIRE(room.has_room(kAnn.place()));
  put(5'000, kAnn.place());
  CHECK(room.size() == kWaitingPlacesMax);
  CHECK(std::ranges::count_if(first, [&](const PlaceId& place) { return room.find(place) == nullptr; }) == 1);
  CHECK(std::ranges::count_if(std::span(first).first(kIntroducers), [&](const PlaceId& place) { return room.find(place) == nullptr; }) == 1);
  room.sanity_check();
}
