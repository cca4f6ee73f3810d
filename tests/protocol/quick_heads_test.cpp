// Heads right behind the one that brings their charters: told without them, since its teller has told them already.
#include <catch2/catch.hpp>

#include "tests/protocol/scene.h"

namespace maillage::tests {
namespace {

const Author kUs(1), kAnn(2), kBob(3);
constexpr SessionId kWithAnn = 1, kWithBob = 2;
const Bytes kPackBytes{'P', 'A', 'C', 'K'};

Heads bare(const SignedHead& head) { return {{{}, {head}}}; }

Pack pushed(const SignedHead& head, const ObjectId& base) {
  return {0, Pack::kFirst | Pack::kLast, {{head.head.place, head, base}}, kPackBytes};
}

}  // namespace

TEST_CASE("the second head of a new place is taken while the first is being written") {
  Author far(9);
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.persists = false;
  scene.receive(kWithAnn, Heads{far.bundle(far.head(1))});
  scene.receive(kWithAnn, pushed(far.head(2), far.head(1).head.commit));
  scene.persists = true;
  scene.on(Persisted{scene.persist_asked.back().job, true});
  REQUIRE(scene.seen(far) != nullptr);
  CHECK(*scene.seen(far) == far.head(2));
}

TEST_CASE("the second head under a new charter is taken while the first waits or is being written") {
  bool waits = GENERATE(false, true);
  Author far(9), other(10);
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.receive(kWithAnn, Heads{far.bundle(far.head(1))});
  SignedHead old = far.head(2);
  far.rotate();
  scene.persists = false;
  if (waits) scene.receive(kWithAnn, Heads{other.bundle(other.head(1))});  // the write that the next ones wait for
  scene.receive(kWithAnn, Heads{far.bundle(far.head(3))});
  scene.receive(kWithAnn, bare(far.head(4)));
  scene.receive(kWithAnn, bare(old));  // of before the charter, and too late
  scene.persists = true;
  scene.on(Persisted{scene.persist_asked.back().job, true});
  CHECK(*scene.seen(far) == far.head(4));
  CHECK(scene.node.places().find(far.place())->chain.size() == 2);
  CHECK(scene.node.peers().size() == 1);
}

TEST_CASE("a head under a charter that no waiting head has is not taken") {
  Author far(9);
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.persists = false;
  scene.receive(kWithAnn, Heads{far.bundle(far.head(1))});
  far.rotate();
  scene.receive(kWithAnn, bare(far.head(2)));
  scene.persists = true;
  scene.on(Persisted{scene.persist_asked.back().job, true});
  CHECK(scene.seen(far)->head.sequence == 1);
  CHECK(scene.persist_asked.back().heads.size() == 1);
}

TEST_CASE("a publication right behind a new charter does not push its charters out of a slow session's queue") {
  Author us(1);
  Scene scene(us);
  scene.meet(kWithBob, kBob);
  scene.agree(kWithBob);
  scene.reads = false;
  scene.meet(kWithAnn, kAnn);
  // Bob's line is full: what comes next waits in his queue.
  for (std::uint64_t number = 1000; number < 2000; ++number) {
    Author author(number);
    scene.receive(kWithAnn, Heads{author.bundle(author.head(1))});
  }
  us.rotate();
  auto pack = std::make_shared<const Bytes>(kPackBytes);
  scene.on(Published{{{{us.head(2), us.chain(), 1}, us.head(1).head.commit, pack}}});
  scene.on(Published{{{{us.head(3), us.chain(), 0}, us.head(2).head.commit, pack}}});
  scene.reads = true;
  for (int i = 0; i < 50; ++i) scene.on(FrameSent{kWithBob, kSendWindowBytes});
  CHECK(scene.all<Pack>(kWithBob).empty());
  bool told = false;
  for (const Heads& heads : scene.all<Heads>(kWithBob)) {
    if (std::ranges::find(heads.bundle.heads, us.head(3)) == heads.bundle.heads.end()) continue;
    told = true;
    CHECK(std::ranges::find(heads.bundle.charters, us.chain().charters().back()) != heads.bundle.charters.end());
  }
  CHECK(told);
}

}  // namespace maillage::tests
