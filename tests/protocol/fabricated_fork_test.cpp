// Nobody makes an honest place look forked: no pair of heads counts that its key did not sign over the same counters.
#include <array>

#include <catch2/catch.hpp>

#include "tests/protocol/scene.h"

using namespace maillage::tests;

namespace {

const Author kUs(1), kLiar(2), kHonest(3);
constexpr SessionId kWithLiar = 1;

// A node that knows the honest place, and a session of somebody who does not wish it well.
struct Slander {
  Slander() : scene(kUs) {
    scene.meet(kWithLiar, kLiar);
    scene.receive(kWithLiar, Heads{{kHonest.chain().charters(), {kHonest.head(5)}}});
  }
  bool believed(const Bytes& frame) {
    scene.on(FrameReceived{kWithLiar, frame});
    const PlaceState* place = scene.node.places().find(kHonest.place());
    return place == nullptr || place->fork != nullptr || scene.events(Event::kForked) > 0;
  }
  Scene scene;
};

Bytes evidence(const SignedHead& first, const SignedHead& second) { return encode(Evidence{kHonest.chain().charters(), first, second}); }

// The same statement with S + L in place of S, which lax implementations take for a second signature.
SignedHead doubled(SignedHead head) {
  constexpr std::array<std::uint8_t, 17> kOrder{0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0};
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += head.signature.bytes[32 + i] + (i < kOrder.size() ? kOrder[i] : i == 31 ? 0x10U : 0U);
    head.signature.bytes[32 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  return head;
}

}  // namespace

TEST_CASE("two heads that the place's key did sign over the same counters are believed") {
  CHECK(Slander().believed(evidence(kHonest.head(5), kHonest.head(5, 0, 1))));
}

TEST_CASE("honest heads are no evidence, whatever pair is made of them, and under whatever other form of their signatures") {
  SignedHead head = kHonest.head(5);
  for (const auto& [first, second] : {std::pair{head, kHonest.head(6)}, {head, kHonest.head(5, 1)}, {head, head}, {head, doubled(head)}, {doubled(head), head},
                                      {head, kLiar.head(5)}}) {
    Slander slander;
    CHECK_FALSE(slander.believed(evidence(first, second)));
  }
}

TEST_CASE("no changed byte of an honest head makes a second one") {
  SignedHead head = kHonest.head(5);
  Bytes frame = evidence(head, head);
  for (std::size_t at = 0; at < frame.size(); ++at) {
    Bytes changed = frame;
    changed[at] ^= 1;
    INFO("byte " << at);
    REQUIRE_FALSE(Slander().believed(changed));
  }
}

TEST_CASE("a second head with the counters of an honest one that another key signed, or that is told as a head, is no evidence") {
  Head twin = kHonest.head(5).head;
  twin.time.ms += 1;
  SignedHead forged = sign(twin, kLiar.key());
  CHECK_FALSE(Slander().believed(evidence(kHonest.head(5), forged)));
  CHECK_FALSE(Slander().believed(encode(Heads{{kHonest.chain().charters(), {forged}}})));
}
