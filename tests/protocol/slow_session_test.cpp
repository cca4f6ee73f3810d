// What a pack may keep waiting on a slow line: no more than one part of it, which is as large as the line takes in half a second.
#include <catch2/catch.hpp>

#include "tests/protocol/node_scene.h"

using namespace maillage::tests;
using namespace std::chrono_literals;

namespace {

// The parts of the pack that went to Bob.
std::vector<std::size_t> parts(Scene& scene) {
  std::vector<std::size_t> sizes;
  for (const Pack& pack : scene.all<Pack>(kWithBob)) sizes.push_back(pack.bytes.size() / kKiB);
  return sizes;
}

// The line took the last frame, so long after it was handed over.
void take(Scene& scene, Duration after) {
  scene.now.instant += after;
  scene.on(FrameSent{kWithBob, scene.sent[kWithBob].back().size()});
}

void ask_for_a_large_pack(Scene& scene) {
  scene.meet(kWithBob, kBob);
  scene.agree(kWithBob);
  scene.reads = false;
  scene.pack_bytes = 512 * kKiB;
  scene.receive(kWithBob, Want{1, {{kUs.place(), {}}}});
}

}  // namespace

TEST_CASE("parts of a pack are small on a slow line and large on a fast one, and none is handed over before the last is gone") {
  Scene scene(kUs);
  ask_for_a_large_pack(scene);
  CHECK(parts(scene) == std::vector<std::size_t>{16});
  scene.pass(1s);
  CHECK(parts(scene).size() == 1);
  take(scene, 1s);
  take(scene, 2s);
  CHECK(parts(scene) == std::vector<std::size_t>{16, 8, 8});
  take(scene, 300ms);  // neither fast nor slow
  while (scene.all<Pack>(kWithBob).back().flags != Pack::kLast) take(scene, 1ms);
  CHECK(parts(scene) == std::vector<std::size_t>{16, 8, 8, 8, 16, 32, 40, 128, 128, 128});
}

TEST_CASE("a head that is told while a pack is under way waits for one part of it") {
  Scene scene(kUs);
  ask_for_a_large_pack(scene);
  scene.meet(kWithAnn, kAnn);
  CHECK(scene.all<Pack>(kWithBob).size() == 1);
  CHECK(std::holds_alternative<Heads>(*decode_frame(scene.sent[kWithBob].back())));
}
