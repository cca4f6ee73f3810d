// Heads without the charters that the receiver has, and charters that it asks for.
#include <catch2/catch.hpp>

#include "tests/protocol/node_scene.h"

using namespace maillage::tests;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kFirst = 100, kPlaces = 40;

Author place(std::uint64_t number) { return Author(kFirst + number); }

// Both know `kPlaces` places, and the dialled side a later head of the first `changed` ones.
void know_all(TwoNodes& pair, std::uint64_t changed) {
  for (std::uint64_t i = 0; i < kPlaces; ++i) {
    know(pair.dialling, place(i), place(i).head(1));
    know(pair.dialled, place(i), place(i).head(i < changed ? 2 : 1));
  }
}

std::size_t charters_told(Scene& scene) {
  std::size_t count = 0;
  for (const Heads& heads : scene.all<Heads>(1)) count += heads.bundle.charters.size();
  return count;
}

// Heads that nobody can judge, of places that nobody knows.
HeadBundle strangers(std::uint64_t from, std::size_t count) {
  HeadBundle bundle;
  for (std::size_t i = 0; i < count; ++i) {
    SignedHead head = kBob.head(1);
    std::memcpy(head.head.place.bytes.data(), &from, sizeof from);
    head.head.place.bytes[31] = static_cast<std::uint8_t>(i);
    bundle.heads.push_back(head);
  }
  return bundle;
}

}  // namespace

TEST_CASE("heads of places that both know are told without charters, both ways") {
  TwoNodes pair;
  know_all(pair, 10);
  know(pair.dialling, place(60), place(60).head(3));
  know(pair.dialled, place(60), place(60).head(1));
  pair.meet();
  for (std::uint64_t i = 0; i < 10; ++i) CHECK(pair.dialling.seen(place(i))->head.sequence == 2);
  CHECK(pair.dialled.seen(place(60))->head.sequence == 3);
  CHECK(charters_told(pair.dialled) == 0);
  CHECK(charters_told(pair.dialling) == 0);
  CHECK(pair.dialling.all<Charters>(1).empty());
}

TEST_CASE("a place that the asker does not know is asked for, and comes with its charters, unless evidence of a fork goes with it anyway") {
  TwoNodes pair;
  know_all(pair, 10);
  Author alone = place(50), forked = place(51);
  know(pair.dialled, alone, alone.head(1));
  auto fork = std::make_unique<Fork>(Fork{forked.head(1, 0, 1), forked.head(1, 0, 2)});
  SignedHead greater = order(fork->first.head, fork->second.head) > 0 ? fork->first : fork->second;
  pair.dialled.node.restore({forked.chain(), greater, nullptr, true, false, std::move(fork)});
  pair.meet();
  REQUIRE(pair.dialling.all<Charters>(1).size() == 1);
  CHECK(pair.dialling.all<Charters>(1).front().places == std::vector{alone.place()});
  CHECK(charters_told(pair.dialled) == 2);
  CHECK(pair.dialling.seen(alone) != nullptr);
  REQUIRE(pair.dialling.seen(forked) != nullptr);
  CHECK(pair.dialling.node.places().find(forked.place())->fork != nullptr);
}

TEST_CASE("when more than a third of what is asked for must be new, heads bring their charters at once") {
  TwoNodes pair;
  know_all(pair, 2);
  for (std::uint64_t i = 50; i < 54; ++i) know(pair.dialled, place(i), place(i).head(1));
  pair.meet();
  CHECK(pair.dialling.all<Charters>(1).empty());
  for (std::uint64_t i = 50; i < 54; ++i) CHECK(pair.dialling.seen(place(i)) != nullptr);
}

TEST_CASE("a place that the dialled side lacks is told with its charters, and so is one that has had another charter since") {
  TwoNodes pair;
  know_all(pair, 10);
  know(pair.dialling, place(50), place(50).head(1));
  Author rotated = place(60);
  know(pair.dialling, rotated, rotated.head(1));
  rotated.rotate();
  know(pair.dialled, rotated, rotated.head(3));
  pair.meet();
  CHECK(pair.dialled.seen(place(50)) != nullptr);
  CHECK(pair.dialling.seen(rotated)->head.charter == 1);
  CHECK(pair.dialling.all<Charters>(1).empty());
  CHECK(pair.dialled.all<Charters>(1).empty());
  CHECK(charters_told(pair.dialled) == 2);
}

TEST_CASE("a head whose charters were asked for in vain is asked for again by the next reconciliation") {
  TwoNodes pair;
  know_all(pair, 10);
  know(pair.dialled, place(50), place(50).head(1));
  pair.dialling.on(SessionOpened{1, Role::kDialling, true});
  pair.dialled.on(SessionOpened{1, Role::kDialled, true});
  bool lost = false;
  for (bool moved = true; std::exchange(moved, false);) {
    for (auto& said = pair.dialling.sent[1]; pair.at_dialling < said.size(); ++pair.at_dialling, moved = true) {
      Bytes frame = said[pair.at_dialling];
      if (frame[0] == static_cast<std::uint8_t>(FrameType::kCharters)) lost = true;
      else pair.dialled.on(FrameReceived{1, frame});
    }
    for (auto& said = pair.dialled.sent[1]; pair.at_dialled < said.size(); ++pair.at_dialled, moved = true)
      pair.dialling.on(FrameReceived{1, Bytes(said[pair.at_dialled])});
  }
  REQUIRE(lost);
  CHECK(pair.dialling.seen(place(50)) == nullptr);
  pair.pass(20min);
  CHECK(pair.dialling.seen(place(50)) != nullptr);
}

TEST_CASE("a daemon of earlier days is told heads with their charters, and asked for none") {
  Scene scene(kUs);
  know(scene, kBob, kBob.head(1));
  scene.meet(kWithAnn, kAnn);
  scene.receive(kWithAnn, Sketch(SketchAsk{scene.node.places().size()}));
  auto cells = std::get<SketchCells>(scene.all<Sketch>(kWithAnn).back());
  SketchSymbol bobs = sketch_symbol(cells.key, sketch_element(kBob.head(1).head, false));
  scene.receive(kWithAnn, Sketch(SketchDone{cells.key, {bobs}, true}));
  CHECK(scene.all<Heads>(kWithAnn).back().bundle == kBob.bundle(kBob.head(1)));
  scene.receive(kWithAnn, Heads{{{}, {kFar.head(1)}}});
  CHECK(scene.all<Charters>(kWithAnn).empty());
}

TEST_CASE("charters are asked for of a live head that needs them, and told to whoever asks") {
  Scene scene(kUs);
  scene.peers_can = kAsksForCharters;
  scene.meet(kWithAnn, kAnn);
  scene.agree(kWithAnn);
  scene.receive(kWithAnn, Heads{{{}, {kFar.head(1), kBob.head(1)}}});
  REQUIRE(scene.all<Charters>(kWithAnn).size() == 1);
  CHECK(scene.all<Charters>(kWithAnn).front().places.size() == 2);
  CHECK(scene.seen(kFar) == nullptr);
  tell(scene, kWithAnn, kFar, kFar.head(1));
  CHECK(scene.seen(kFar) != nullptr);
  scene.receive(kWithAnn, Charters{{kUs.place()}});
  CHECK(scene.all<Heads>(kWithAnn).back().bundle == kUs.bundle(kUs.head(1)));
}

TEST_CASE("questions for charters that nobody told without them are useless traffic, and so are heads without them") {
  Scene scene(kUs);
  scene.peers_can = kAsksForCharters;
  scene.meet(kWithEve, kEve);
  SECTION("questions") {
    Charters asked;
    for (std::size_t i = 0; i < kWantPlacesMax; ++i)
      asked.places.push_back(PlaceId{{1, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}});
    std::size_t questions = 0;
    for (; questions < 100 && !scene.closed.contains(kWithEve); ++questions) scene.receive(kWithEve, asked);
    CHECK(questions == kUselessBurst / kWantPlacesMax + 1);
  }
  SECTION("heads") {
    std::uint64_t frames = 0;
    for (; frames < 1'000 && !scene.closed.contains(kWithEve); ++frames) scene.receive(kWithEve, Heads{strangers(frames, kHeadsPerFrameMax)});
    CHECK(frames == kUselessBurst / kHeadsPerFrameMax + 1);
  }
  CHECK(scene.bye(kWithEve) == "rate-limited");
}

TEST_CASE("a peer that tells heads without charters and reads no questions does not end its session by them") {
  Scene scene(kUs);
  scene.peers_can = kAsksForCharters;
  scene.meet(kWithEve, kEve);
  scene.reads = false;
  for (std::uint64_t frame = 0; frame < kUselessBurst / kHeadsPerFrameMax; ++frame)
    scene.receive(kWithEve, Heads{strangers(frame, kHeadsPerFrameMax)});
  CHECK_FALSE(scene.closed.contains(kWithEve));
}

TEST_CASE("before both sides have shown who they are nobody asks for charters") {
  Scene scene(kUs);
  scene.on(SessionOpened{1, Role::kDialled, true});
  scene.receive(1, Charters{{kUs.place()}});
  CHECK(scene.bye(1) == "unexpected-frame");
}
