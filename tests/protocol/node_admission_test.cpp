// Whom a node lets in: blocked places, those that wait, neighbours that vouch, and what a refusal costs at each reconciliation.
#include <catch2/catch.hpp>

#include "tests/protocol/node_scene.h"

using namespace maillage::tests;
using namespace std::chrono_literals;

namespace {

Partners blocking(std::initializer_list<PlaceId> places) {
  Partners people;
  people.blocked = places;
  return people;
}
Partners letting_in(const Author& author) {
  Partners people;
  people.let_in = {author.place()};
  return people;
}
Neighbours names(const Author& author, std::initializer_list<PlaceId> named) { return {{{author.place(), named}}}; }

bool waits(const Scene& scene, const Author& author) { return scene.node.waiting().find(author.place()) != nullptr; }

// Two scenes in one session that a opened; the clock of both goes on until the dialling side has reconciled again.
struct Dialled {
  Dialled(Scene& dialling, Scene& other, bool b_accepts) : a(dialling), b(other) {
    a.on(SessionOpened{7, Role::kDialling, true});
    b.on(SessionOpened{7, Role::kDialled, b_accepts});
    talk();
  }
  void talk() { converse(a, b, 7, at_a, at_b); }
  // Bytes of a reconciliation, both ways.
  std::size_t reconcile() {
    a.pass(16min), b.pass(16min);
    std::size_t from_a = a.sent[7].size(), from_b = b.sent[7].size();
    talk();
    for (int i = 0; i < 3; ++i) a.pass(1s), b.pass(1s), talk();
    return bytes_after(a, 7, from_a) + bytes_after(b, 7, from_b);
  }
  Scene &a, &b;
  std::size_t at_a = 0, at_b = 0;
};

}  // namespace

TEST_CASE("blocking a place ends its session, forgets it, and lets it in from nobody") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn, Role::kDialling);
  scene.meet(kWithEve, kEve, Role::kDialled, false);
  REQUIRE(scene.seen(kEve) != nullptr);
  scene.on(blocking({kEve.place()}));
  CHECK(scene.bye(kWithEve) == "blocked");
  CHECK(scene.seen(kEve) == nullptr);
  CHECK(scene.forgotten == std::vector{kEve.place()});
  CHECK(scene.seen(kAnn) != nullptr);
  tell(scene, kWithAnn, kEve, kEve.head(2));
  CHECK(scene.seen(kEve) == nullptr);
  CHECK_FALSE(waits(scene, kEve));
  scene.meet(kWithEve + 1, kEve, Role::kDialled, false);
  CHECK(scene.bye(kWithEve + 1) == "blocked");
  CHECK(scene.node.peers().size() == 1);
  scene.on(Partners{});
  tell(scene, kWithAnn, kEve, kEve.head(2));
  CHECK(scene.seen(kEve) != nullptr);
}

TEST_CASE("what a blocked place alone introduced goes with it, and comes back from another") {
  Scene scene(kUs);
  scene.meet(kWithEve, kEve, Role::kDialled, false);
  scene.meet(kWithAnn, kAnn, Role::kDialled, true);
  tell(scene, kWithEve, kFar, kFar.head(1));
  tell(scene, kWithEve, kBob, kBob.head(1));
  scene.on(names(kAnn, {kBob.place()}));
  scene.on(blocking({kEve.place()}));
  CHECK(scene.seen(kFar) == nullptr);
  CHECK(scene.seen(kBob) != nullptr);
  CHECK(std::ranges::count(scene.forgotten, kFar.place()) == 1);
  tell(scene, kWithAnn, kFar, kFar.head(1));
  REQUIRE(scene.seen(kFar) != nullptr);
  CHECK(scene.node.places().find(kFar.place())->introducer == kAnn.place());
}

TEST_CASE("what stayed by another's word when its introducer went goes with that other one, whichever is blocked first") {
  // Ann introduced Eve, Eve introduced Far; Bob's profile names Far.
  for (bool bob_first : {true, false}) {
    Scene scene(kUs);
    scene.node.restore({kAnn.chain(), kAnn.head(1), nullptr, true, false, nullptr, kAnn.place()});
    scene.node.restore({kBob.chain(), kBob.head(1), nullptr, true, false, nullptr, kBob.place()});
    scene.node.restore({kEve.chain(), kEve.head(1), nullptr, true, false, nullptr, kAnn.place()});
    scene.node.restore({kFar.chain(), kFar.head(1), nullptr, true, false, nullptr, kEve.place()});
    scene.on(names(kBob, {kFar.place()}));
    scene.on(blocking({bob_first ? kBob.place() : kAnn.place()}));
    CHECK(scene.seen(kFar) != nullptr);
    CHECK(scene.node.places().find(kFar.place())->introducer == (bob_first ? kEve.place() : kBob.place()));
    CHECK(scene.vouched.size() == (bob_first ? 0 : 1));
    scene.on(blocking({kAnn.place(), kBob.place()}));
    CHECK(scene.seen(kFar) == nullptr);
    CHECK(scene.node.places().size() == 1);
  }
}

TEST_CASE("two places that introduced each other are hidden with the one that vouched for them") {
  Scene scene(kUs);
  scene.node.restore({kAnn.chain(), kAnn.head(1), nullptr, true, false, nullptr, kAnn.place()});
  scene.node.restore({kBob.chain(), kBob.head(1), nullptr, true, false, nullptr, kEve.place()});
  scene.node.restore({kEve.chain(), kEve.head(1), nullptr, true, false, nullptr, kBob.place()});
  scene.on(names(kAnn, {kBob.place()}));
  scene.on(names(kEve, {kBob.place()}));
  scene.on(blocking({kFar.place()}));  // a stranger
  CHECK(scene.node.places().size() == 4);
  scene.on(blocking({kFar.place(), kAnn.place()}));
  CHECK(scene.node.places().size() == 1);
}

TEST_CASE("who introduced a place is written with its first head") {
  Scene scene(kUs);
  scene.meet(kWithEve, kEve, Role::kDialled, false);
  tell(scene, kWithEve, kFar, kFar.head(1));
  tell(scene, kWithEve, kFar, kFar.head(2));
  std::vector<PlaceId> introducers;
  for (const Persist& batch : scene.persist_asked)
    for (const Candidate& candidate : batch.heads)
      if (candidate.head.head.place == kFar.place()) introducers.push_back(candidate.introducer);
  CHECK(introducers == std::vector<PlaceId>{kEve.place(), PlaceId{}});
}

TEST_CASE("people's word at the start of a daemon that was stopped while it blocked is carried out") {
  Scene scene(kUs);
  scene.node.restore({kFar.chain(), kFar.head(1), nullptr, true, false, nullptr, kEve.place()});
  scene.node.restore({kAnn.chain(), kAnn.head(1), nullptr, true, false, nullptr, {}});
  scene.on(blocking({kEve.place(), kUs.place()}));  // never our own
  CHECK(scene.forgotten == std::vector{kFar.place()});
  CHECK(scene.seen(kAnn) != nullptr);
  CHECK(scene.seen(kUs) != nullptr);
}

TEST_CASE("a head that is being written when its place is blocked is taken off the disk again") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.persists = false;
  tell(scene, kWithAnn, kEve, kEve.head(1));
  REQUIRE(scene.persist_asked.back().heads.size() == 1);
  scene.on(blocking({kEve.place()}));
  CHECK(scene.forgotten.empty());
  scene.on(Persisted{scene.persist_asked.back().job, true});
  CHECK(scene.seen(kEve) == nullptr);
  CHECK(scene.forgotten == std::vector{kEve.place()});
}

TEST_CASE("content that is taken in after its place was blocked is taken off the disk again, and its sender is not to blame") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  tell(scene, kWithAnn, kEve, kEve.head(1));
  scene.ingests = false;
  std::vector<SignedHead> heads{kAnn.head(1), kEve.head(1)};
  scene.answer_want(kWithAnn, heads);
  REQUIRE_FALSE(scene.ingest_asked.empty());
  IngestPack last = scene.ingest_asked.back();
  bool has_eve = std::ranges::any_of(last.places, [](const auto& place) { return place.head.head.head.place == kEve.place(); });
  if (!has_eve) {
    scene.on(Scene::outcome(last, {}));
    scene.answer_want(kWithAnn, heads);
    last = scene.ingest_asked.back();
  }
  scene.on(blocking({kEve.place()}));
  scene.forgotten.clear();
  scene.on(Scene::outcome(last, {}));
  CHECK(scene.forgotten == std::vector{kEve.place()});
  CHECK_FALSE(scene.holds(kEve));
  CHECK(scene.closed.empty());
}

TEST_CASE("a pack of a place that is blocked after it was asked for is dropped without a word against its sender") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  tell(scene, kWithAnn, kEve, kEve.head(1));
  std::vector<SignedHead> heads{kAnn.head(1), kEve.head(1)};
  scene.answer_want(kWithAnn, heads);
  if (!scene.holds(kEve)) {
    scene.on(blocking({kEve.place()}));
    scene.answer_want(kWithAnn, heads);
  }
  CHECK(scene.closed.empty());
}

TEST_CASE("packs of a place that are under way to others end when it is blocked") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.meet(kWithBob, kBob);
  tell(scene, kWithAnn, kEve, kEve.head(1));
  for (int i = 0; i < 4 && !scene.holds(kEve); ++i) {
    std::vector<SignedHead> heads{kAnn.head(1), kBob.head(1), kEve.head(1)};
    scene.answer_want(kWithAnn, heads);
  }
  scene.opens = false;
  scene.receive(kWithBob, Want{1, {{kEve.place(), {}}}});
  REQUIRE(scene.pack_opened.size() == 1);
  scene.on(blocking({kEve.place()}));
  scene.on(PackOpened{scene.pack_opened.back().job, scene.pack_opened.back().places});
  auto packs = scene.all<Pack>(kWithBob);
  REQUIRE_FALSE(packs.empty());
  CHECK((packs.back().flags & Pack::kFailed) != 0);
  CHECK(packs.back().bytes.empty());
}

TEST_CASE("where strangers introduce nobody, their places wait, neither sketched nor written") {
  Scene scene(kUs, {.open = false});
  scene.meet(kWithEve, kEve, Role::kDialled, false);
  tell(scene, kWithEve, kFar, kFar.head(1));
  CHECK(waits(scene, kEve));
  CHECK(waits(scene, kFar));
  CHECK(scene.node.waiting().find(kFar.place())->introducer == kEve.place());
  CHECK(scene.persist_asked.empty());
  CHECK(scene.node.places().size() == 1);
  scene.receive(kWithEve, Want{1, {{kFar.place(), {}}}});
  CHECK_FALSE(scene.all<Pack>(kWithEve).back().places.front().head);

  SECTION("until a person here lets one in") {
    scene.on(letting_in(kFar));
    CHECK_FALSE(waits(scene, kFar));
    REQUIRE(scene.seen(kFar) != nullptr);
    CHECK(scene.all<Want>(kWithEve).size() == 1);  // its content is asked of who served it
    CHECK(scene.events(Event::kLetIn) == 1);
    CHECK(waits(scene, kEve));
  }
  SECTION("until a partner has it too") {
    scene.meet(kWithAnn, kAnn, Role::kDialled, true);
    tell(scene, kWithAnn, kFar, kFar.head(1));
    CHECK(scene.seen(kFar) != nullptr);
    CHECK_FALSE(waits(scene, kFar));
  }
  SECTION("until the profile of an admitted place names it") {
    scene.meet(kWithAnn, kAnn, Role::kDialled, true);
    scene.on(names(kAnn, {kFar.place()}));
    REQUIRE(scene.seen(kFar) != nullptr);
    CHECK(scene.node.places().find(kFar.place())->introducer == kAnn.place());
    CHECK(waits(scene, kEve));
    scene.on(blocking({kAnn.place()}));  // and goes with it
    CHECK(scene.seen(kFar) == nullptr);
  }
  SECTION("and a profile that is not admitted vouches for nobody") {
    scene.on(names(kEve, {kFar.place()}));
    CHECK(waits(scene, kFar));
  }
  SECTION("or is blocked") {
    scene.on(blocking({kFar.place()}));
    CHECK_FALSE(waits(scene, kFar));
    tell(scene, kWithEve, kFar, kFar.head(2));
    CHECK_FALSE(waits(scene, kFar));
  }
  SECTION("and its newer head counts when it is let in, the older one told meanwhile or not") {
    scene.receive(kWithEve, Heads{{{}, {kFar.head(5)}}});  // live, without its charters
    tell(scene, kWithEve, kFar, kFar.head(2));
    CHECK(scene.node.waiting().find(kFar.place())->head.head.sequence == 5);
    scene.meet(kWithAnn, kAnn, Role::kDialled, true);
    tell(scene, kWithAnn, kFar, kFar.head(3));
    REQUIRE(scene.seen(kFar) != nullptr);
    CHECK(scene.seen(kFar)->head.sequence == 5);
  }
}

TEST_CASE("a place that waits is none that anybody could have made up") {
  Scene scene(kUs, {.open = false});
  scene.meet(kWithEve, kEve, Role::kDialled, false);
  SignedHead forged = kFar.head(1);
  forged.signature.bytes[5] ^= 1;
  tell(scene, kWithEve, kFar, forged);
  CHECK(scene.bye(kWithEve) == "bad-signature");
  CHECK_FALSE(waits(scene, kFar));
}

TEST_CASE("a place of many charters waits nowhere") {
  Scene scene(kUs, {.open = false});
  scene.meet(kWithEve, kEve, Role::kDialled, false);
  Author old(77);
  while (old.chain().size() <= kWaitingChartersMax) old.rotate();
  tell(scene, kWithEve, old, old.head(1));
  CHECK_FALSE(waits(scene, old));
  CHECK(scene.closed.empty());
}

TEST_CASE("a neighbour's word opens the door within the day's quotas only") {
  Scene scene(kUs, {.open = false, .a_peer = 2});
  scene.meet(kWithAnn, kAnn, Role::kDialled, true);
  std::vector<PlaceId> named;
  for (std::uint64_t number = 100; number < 110; ++number) named.push_back(Author(number).place());
  scene.on(Neighbours{{{kAnn.place(), named}}});
  scene.meet(kWithEve, kEve, Role::kDialled, false);
  for (std::uint64_t number = 100; number < 110; ++number) tell(scene, kWithEve, Author(number), Author(number).head(1));
  CHECK(scene.node.places().size() == 2 + 2);
}

TEST_CASE("a head that the dialling side refused costs nothing at the next reconciliation") {
  Scene us(kUs), ann(kAnn);
  ann.node.restore({kEve.chain(), kEve.head(1), nullptr, true, false, nullptr, {}});
  us.on(blocking({kEve.place()}));
  Dialled both(us, ann, true);
  CHECK(us.seen(kEve) == nullptr);
  CHECK(both.reconcile() < 200);
  us.on(Partners{});
  both.reconcile();
  CHECK(us.seen(kEve) != nullptr);
}

TEST_CASE("a head that the dialled side refuses is told twice, then not for an hour, and at once when it says so") {
  Scene us(kUs), ann(kAnn);
  us.node.restore({kEve.chain(), kEve.head(1), nullptr, true, false, nullptr, {}});
  ann.on(blocking({kEve.place()}));
  Dialled both(us, ann, true);
  CHECK(both.reconcile() > 400);
  CHECK(both.reconcile() < 200);
  CHECK(both.reconcile() < 200);
  SECTION("it is told again after an hour") {
    std::size_t told = 0;
    for (int i = 0; i < 4; ++i) told += both.reconcile() > 400 ? 1 : 0;
    CHECK(told == 1);
  }
  SECTION("unblocked, it comes with the next reconciliation") {
    ann.on(Partners{});
    both.talk();
    both.reconcile();
    CHECK(ann.seen(kEve) != nullptr);
  }
}

TEST_CASE("a place that was blocked and that people here took over is ours all the same") {
  Scene scene(kUs);
  scene.on(blocking({kEve.place()}));
  Candidate candidate = kEve.candidate(kEve.head(1));
  scene.on(Published{{{candidate, {}, nullptr}}});
  CHECK(scene.seen(kEve) != nullptr);
  CHECK(scene.forgotten.empty());
}

TEST_CASE("a place that is blocked while all heads are being told is told no more, wherever the answer stands") {
  for (bool reads : {true, false}) {
    Scene scene(kUs);
    scene.meet(kWithAnn, kAnn);
    for (std::uint64_t number = 100; number < 400; ++number)
      scene.node.restore({Author(number).chain(), Author(number).head(1), nullptr, true, false, nullptr, {}});
    scene.reads = reads;
    scene.receive(kWithAnn, Sketch(SketchAsk{1}));
    scene.receive(kWithAnn, Sketch(SketchAll{}));
    Partners people;
    for (std::uint64_t number = 100; number < 400; number += 3) people.blocked.insert(Author(number).place());
    scene.on(people);
    CHECK(scene.node.places().size() == 2 + 200);
    scene.reads = true;
    for (int i = 0; i < 100; ++i) scene.on(FrameSent{kWithAnn, 64 * kKiB});
    CHECK(std::holds_alternative<SketchEnd>(scene.all<Sketch>(kWithAnn).back()));
    CHECK(scene.closed.empty());
  }
}
