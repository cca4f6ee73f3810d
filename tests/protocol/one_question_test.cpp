// What HELLO tells of a set saves the questions of the session's first reconciliation.
#include <catch2/catch.hpp>

#include "tests/protocol/node_scene.h"

using namespace maillage::tests;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kFirst = 100, kPlaces = 240;

// Both know the same places, and of every `nth` one of the two knows a later head.
void know_all(TwoNodes& pair, std::uint64_t nth) {
  for (std::uint64_t i = 0; i < kPlaces; ++i) {
    Author author(kFirst + i);
    bool there = i % (2 * nth) == 0, here = i % (2 * nth) == nth;
    know(pair.dialling, author, author.head(here ? 2 : 1));
    know(pair.dialled, author, author.head(there ? 2 : 1));
  }
}

bool agree(const TwoNodes& pair, std::uint64_t nth) {
  for (std::uint64_t i = 0; i < kPlaces; ++i) {
    Author author(kFirst + i);
    std::uint64_t greatest = i % nth == 0 ? 2 : 1;
    for (const Scene* scene : {&pair.dialling, &pair.dialled})
      if (scene->seen(author)->head.sequence != greatest) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("the dialled side tells an estimate of its set, and one question behind ASK finds what differs") {
  for (std::uint64_t nth : {120, 30, 8, 3}) {
    TwoNodes pair;
    know_all(pair, nth);
    pair.meet();
    CAPTURE(nth);
    CHECK(agree(pair, nth));
    auto hello = [](Scene& scene) { return scene.all<Hello>(1).front(); };
    CHECK_FALSE(hello(pair.dialled).estimate.levels().empty());
    CHECK(hello(pair.dialling).estimate.levels().empty());
    CHECK(sketch_parts<SketchMore>(pair.dialling, 1) <= 1);
    CHECK(sketch_parts<SketchDone>(pair.dialling, 1) == 1);
  }
}

TEST_CASE("only the first reconciliation of a session trusts what HELLO told") {
  TwoNodes pair;
  know_all(pair, 8);
  pair.meet();
  REQUIRE(sketch_parts<SketchMore>(pair.dialling, 1) == 1);
  pair.pass(20min);
  CHECK(sketch_parts<SketchAsk>(pair.dialling, 1) == 2);
  CHECK(sketch_parts<SketchMore>(pair.dialling, 1) == 1);
}

TEST_CASE("a daemon that tells no estimate, or one that no honest set of this size has, is asked nothing ahead") {
  std::vector<std::uint64_t> full(Estimate::kLevelsMax, ~std::uint64_t{0});
  for (const Estimate& told : {Estimate(), Estimate(full)}) {
    Scene scene(kUs);
    scene.peers_have = told;
    for (std::uint64_t i = 0; i < 50; ++i) know(scene, Author(kFirst + i), Author(kFirst + i).head(1));
    scene.meet(kWithAnn, kAnn, Role::kDialling);
    CHECK(sketch_parts<SketchAsk>(scene, kWithAnn) == 1);
    CHECK(sketch_parts<SketchMore>(scene, kWithAnn) == 0);
  }
}
