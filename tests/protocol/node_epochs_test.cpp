// Heads of another epoch, and what a node hears of its own places.
#include <catch2/catch.hpp>

#include "tests/protocol/node_scene.h"

using namespace maillage::tests;
using namespace std::chrono_literals;

TEST_CASE("what is held is not given out any more once a head of another epoch is seen, until its content is here") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  std::vector<SignedHead> all{kAnn.head(1)};
  scene.answer_want(kWithAnn, all);
  scene.meet(kWithBob, kBob);
  auto given = [&](std::uint32_t request) {
    std::size_t opened = scene.all<Pack>(kWithBob).size();
    scene.receive(kWithBob, Want{request, {{kAnn.place(), {}}}});
    auto packs = scene.all<Pack>(kWithBob);
    REQUIRE(packs.size() > opened);
    return packs[opened].places.at(0).head;
  };
  CHECK(given(1) == kAnn.head(1));
  tell(scene, kWithAnn, kAnn, kAnn.head(1, 1));
  CHECK_FALSE(scene.holds(kAnn));
  CHECK_FALSE(given(2));
  all = {kAnn.head(1, 1)};
  scene.answer_want(kWithAnn, all);
  REQUIRE(scene.holds(kAnn));
  CHECK(given(3) == kAnn.head(1, 1));
}

TEST_CASE("a head of another epoch takes what is held out of service before its content is here") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.meet(kWithBob, kBob);
  scene.answer_want(kWithAnn, std::vector{kAnn.head(1)});
  REQUIRE(scene.holds(kAnn));
  scene.opens = false;
  // One pack is open, another waits for its turn.
  scene.receive(kWithBob, Want{1, {{kAnn.place(), {}}}});
  scene.receive(kWithBob, Want{2, {{kAnn.place(), {}}}});
  REQUIRE(scene.pack_opened.size() == 1);
  tell(scene, kWithBob, kAnn, kAnn.head(1, 1));
  std::size_t before = scene.all<Pack>(kWithBob).size();
  scene.on(PackOpened{scene.pack_opened[0].job, scene.pack_opened[0].places});
  scene.receive(kWithBob, Want{3, {{kAnn.place(), {}}}});
  CHECK(scene.pack_opened.size() == 1);
  auto answers = scene.all<Pack>(kWithBob);
  REQUIRE(answers.size() == before + 3);
  CHECK((answers[before].flags & Pack::kFailed) != 0);
  for (std::size_t i = before; i < answers.size(); ++i) {
    CHECK(answers[i].bytes.empty());
    CHECK_FALSE(answers[i].places.at(0).head);
  }
}

TEST_CASE("what a peer knows of our place beyond ours comes aside when it is wanted, and replaces nothing") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.answer_want(kWithAnn, std::vector{kAnn.head(1)});
  std::size_t wants = scene.all<Want>(kWithAnn).size();
  tell(scene, kWithAnn, kUs, kUs.head(5));
  REQUIRE(scene.events(Event::kOwnHeadElsewhere) == 1);
  CHECK(std::ranges::find(scene.reports, Event::kOwnHeadElsewhere, &Report::event)->head == kUs.head(5));
  CHECK(scene.all<Want>(kWithAnn).size() == wants);
  scene.on(WantAside{kUs.place(), true});
  REQUIRE(scene.all<Want>(kWithAnn).size() == wants + 1);
  CHECK(scene.all<Want>(kWithAnn).back().places.at(0).have == kUs.head(1).head.commit);
  scene.answer_want(kWithAnn, std::vector{kUs.head(5)});
  CHECK(scene.ingest_asked.back().places.at(0).aside);
  CHECK(scene.reports.back().event == Event::kHeldAside);
  CHECK(scene.reports.back().head == kUs.head(5));
  CHECK(scene.node.places().find(kUs.place())->held_head()->head == kUs.head(1).head);
  scene.on(Published{{{kUs.candidate(kUs.head(5)), {}, nullptr}}});
  CHECK(scene.holds(kUs));
}

TEST_CASE("a pack that brings more of our place than any head told tells that head, and then that its content is here") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.answer_want(kWithAnn, std::vector{kAnn.head(1)});
  tell(scene, kWithAnn, kUs, kUs.head(5));
  scene.on(WantAside{kUs.place(), true});
  scene.answer_want(kWithAnn, std::vector{kUs.head(0, 1)});
  REQUIRE(scene.events(Event::kOwnHeadElsewhere) == 2);
  auto told = std::ranges::find(scene.reports, kUs.head(0, 1), &Report::head);
  REQUIRE(told != scene.reports.end());
  CHECK(told->event == Event::kOwnHeadElsewhere);
  CHECK(scene.reports.back().event == Event::kHeldAside);
  CHECK(scene.reports.back().head == kUs.head(0, 1));
}

TEST_CASE("an older head in the epoch that we sign in is told to whoever watches it, an earlier epoch's is not") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.on(Published{{{kUs.candidate(kUs.head(3, 1)), {}, nullptr}}});
  tell(scene, kWithAnn, kUs, kUs.head(2, 1));
  CHECK(scene.events(Event::kOwnHeadBehind) == 1);
  tell(scene, kWithAnn, kUs, kUs.head(2));
  SignedHead forged = kUs.head(1, 1);
  forged.signature.bytes[0] ^= 1;
  tell(scene, kWithAnn, kUs, forged);
  CHECK(scene.events(Event::kOwnHeadBehind) == 1);
}

TEST_CASE("a node has caught up once a peer has said what it knows, which whoever dialled says last") {
  Scene dialled(kUs);
  dialled.meet(kWithAnn, kAnn);
  dialled.agree(kWithAnn);
  CHECK_FALSE(dialled.node.caught_up());
  dialled.pass(kAnswerGrace);
  CHECK(dialled.node.caught_up());

  Scene us(kUs), ann(kAnn);
  us.on(SessionOpened{kWithAnn, Role::kDialling, true});
  ann.on(SessionOpened{kWithAnn, Role::kDialled, true});
  std::size_t at_us = 0, at_ann = 0;
  converse(us, ann, kWithAnn, at_us, at_ann);
  CHECK(us.node.caught_up());
  CHECK_FALSE(ann.node.caught_up());
}

TEST_CASE("of two charters with one parent people are told once, whichever of the heads is the greater") {
  Author bob = kBob, other = kBob;
  bob.rotate();
  other.rotate(1);
  for (std::uint64_t sequence : {1, 2, 3}) {
    Scene scene(kUs);
    scene.meet(kWithAnn, kAnn);
    tell(scene, kWithAnn, bob, bob.head(2));
    scene.receive(kWithAnn, Heads{other.bundle(other.head(sequence, 0, 1))});
    REQUIRE(scene.events(Event::kTwoCharters) == 1);
    auto told = std::ranges::find(scene.reports, Event::kTwoCharters, &Report::event);
    CHECK(told->place == kBob.place());
    CHECK(*told->charters == CharterFork{bob.chain().at(1), other.chain().at(1)});
    scene.receive(kWithAnn, Heads{other.bundle(other.head(sequence + 9))});
    CHECK(scene.events(Event::kTwoCharters) == 1);
    CHECK(scene.bye(kWithAnn) == "0 BYEs");
  }
}

// Whoever heard such a pair as evidence could check only one of the two, and would end the session, again and again.
TEST_CASE("two heads under two charters are no fork, be the first of them waiting, being written or written") {
  Author bob = kBob, other = kBob;
  bob.rotate();
  other.rotate(1);
  bool lower_first = GENERATE(true, false);
  const Author& first = lower_first == (order(bob.head(2).head, other.head(2).head) < 0) ? bob : other;
  const Author& second = &first == &bob ? other : bob;
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.meet(kWithEve, kEve);
  scene.agree(kWithEve);
  auto write_all = [&] {
    for (std::size_t batch = 0; batch < scene.persist_asked.size(); ++batch) {
      CHECK(scene.persist_asked[batch].forks.empty());
      scene.on(Persisted{scene.persist_asked[batch].job, true});
    }
    scene.persists = true;
  };
  SECTION("waiting") {
    scene.persists = false;
    tell(scene, kWithAnn, kFar, kFar.head(1));
    tell(scene, kWithAnn, first, first.head(2));
    tell(scene, kWithAnn, second, second.head(2));
    write_all();
  }
  SECTION("being written") {
    scene.persists = false;
    tell(scene, kWithAnn, first, first.head(2));
    tell(scene, kWithAnn, second, second.head(2));
    write_all();
  }
  SECTION("written") {
    tell(scene, kWithAnn, first, first.head(2));
    tell(scene, kWithAnn, second, second.head(2));
  }
  CHECK(scene.node.places().find(kBob.place())->fork == nullptr);
  CHECK(scene.all<Evidence>(kWithEve).empty());
  CHECK(scene.events(Event::kForked) == 0);
  CHECK(scene.bye(kWithAnn) == "0 BYEs");
  // Under one charter they are.
  const Author& kept = scene.seen(kBob)->head == first.head(2).head ? first : second;
  tell(scene, kWithAnn, kept, kept.head(2, 0, 1));
  CHECK(scene.events(Event::kForked) == 1);
  CHECK(scene.all<Evidence>(kWithEve).size() == 1);
}

TEST_CASE("evidence of one chain is not kept of a place that another chain has won") {
  Author bob = kBob, other = kBob;
  bob.rotate();
  other.rotate(1);
  PlaceTable table;
  REQUIRE(table.adopt({bob.head(2), bob.chain(), 2}));
  CHECK_FALSE(table.record_fork({other.head(2), other.head(2, 0, 1)}));
  CHECK_FALSE(table.record_fork({bob.head(2), other.head(2)}));
  CHECK_FALSE(table.record_fork({bob.head(2), bob.head(2)}));
  CHECK(table.record_fork({bob.head(2), bob.head(2, 0, 1)}));
}

TEST_CASE("two charters that come right behind the first head under one of them are taken when it is written") {
  bool known_before = GENERATE(false, true);
  Author bob = kBob, other = kBob;
  bob.rotate();
  other.rotate(1);
  TwoCharters both{bob.chain().at(1), other.chain().at(1)};
  bool signed_well = GENERATE(true, false);
  if (!signed_well) both.second.signatures[0].signature.bytes[7] ^= 1;
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  if (known_before) tell(scene, kWithAnn, kBob, kBob.head(1));
  scene.persists = false;
  tell(scene, kWithAnn, bob, bob.head(2));
  scene.receive(kWithAnn, both);
  CHECK(scene.events(Event::kTwoCharters) == 0);
  scene.on(Persisted{scene.persist_asked.back().job, true});
  CHECK(scene.events(Event::kTwoCharters) == (signed_well ? 1 : 0));
  CHECK((scene.node.places().find(kBob.place())->two_charters != nullptr) == signed_well);
  CHECK(scene.bye(kWithAnn) == "0 BYEs");
}

TEST_CASE("a peer that follows the other of two chains gives what it has of other places, and the session goes on") {
  Author ours = kFar, other = kFar;
  ours.rotate();
  other.rotate(1);
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.answer_want(kWithAnn, std::vector{kAnn.head(1)});
  scene.meet(kWithBob, kBob);
  tell(scene, kWithAnn, ours, ours.head(1));
  scene.receive(kWithAnn, TwoCharters{ours.chain().at(1), other.chain().at(1)});
  REQUIRE(scene.events(Event::kTwoCharters) == 1);
  scene.on(SessionClosed{kWithAnn});  // which had it
  tell(scene, kWithBob, ours, ours.head(1));
  scene.answer_want(kWithBob, std::vector{other.head(1, 0, 7), kBob.head(1)});
  scene.answer_want(kWithBob, std::vector{other.head(1, 0, 7), kBob.head(1)});
  CHECK(scene.bye(kWithBob) == "0 BYEs");
  CHECK(scene.holds(kBob));
  CHECK_FALSE(scene.holds(kFar));
}

TEST_CASE("content that comes with another signature of a head that is known is kept under the one that was verified") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  SignedHead forged = kAnn.head(1);
  forged.signature.bytes[5] ^= 1;
  scene.answer_want(kWithAnn, std::vector{forged});
  REQUIRE(scene.holds(kAnn));
  CHECK(scene.ingest_asked.back().places.at(0).head.head == kAnn.head(1));
}

TEST_CASE("two charters with one parent are handed on to everybody, who checks them, tells people and hands them on") {
  Author bob = kBob, other = kBob;
  bob.rotate();
  other.rotate(1);
  TwoCharters both{bob.chain().at(1), other.chain().at(1)};
  const Author& side = GENERATE(true, false) ? bob : other;
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.meet(kWithEve, kEve);
  scene.agree(kWithEve);
  tell(scene, kWithAnn, side, side.head(2));
  SECTION("signed as they must be") {
    scene.receive(kWithAnn, both);
    CHECK(scene.events(Event::kTwoCharters) == 1);
    REQUIRE(scene.all<TwoCharters>(kWithEve).size() == 1);
    CHECK(scene.all<TwoCharters>(kWithEve).front().first == side.chain().at(1));
    CHECK(scene.all<TwoCharters>(kWithAnn).empty());
    scene.receive(kWithEve, both);
    CHECK(scene.events(Event::kTwoCharters) == 1);
    scene.meet(99, kFar);
    scene.agree(99);
    CHECK(scene.all<TwoCharters>(99).size() == 1);
    CHECK(scene.node.places().find(kBob.place())->two_charters != nullptr);
    Author next = side;
    next.rotate();
    tell(scene, kWithAnn, next, next.head(3));
    CHECK(scene.node.places().find(kBob.place())->two_charters == nullptr);
  }
  SECTION("not signed") {
    for (TwoCharters forged : {both, both, both}) {
      forged.first.signatures[0].signature.bytes[7] ^= 1;
      forged.second.signatures[0].signature.bytes[7] ^= 1;
      scene.receive(kWithAnn, forged);
    }
    CHECK(scene.events(Event::kTwoCharters) == 0);
    CHECK(scene.all<TwoCharters>(kWithEve).empty());
  }
  SECTION("and a head of the other chain without its charters ends no session") {
    scene.receive(kWithAnn, both);
    const Author& beyond = &side == &bob ? other : bob;
    scene.receive(kWithAnn, Heads{{{}, {beyond.head(7)}}});
    CHECK(*scene.seen(kBob) == side.head(2));
  }
  SECTION("of a place that nobody has told of") {
    Author far = kFar, twin = kFar;
    far.rotate();
    twin.rotate(1);
    scene.receive(kWithAnn, TwoCharters{far.chain().at(1), twin.chain().at(1)});
    CHECK(scene.events(Event::kTwoCharters) == 0);
  }
  CHECK(scene.bye(kWithAnn) == "0 BYEs");
}

TEST_CASE("whoever gets an older state because the newer one is still on its way here is told again when it has come") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.meet(kWithEve, kEve);
  scene.answer_want(kWithAnn, std::vector{kAnn.head(1)});
  tell(scene, kWithAnn, kBob, kBob.head(1));
  scene.answer_want(kWithAnn, std::vector{kBob.head(1)});
  REQUIRE(scene.holds(kBob));
  tell(scene, kWithAnn, kBob, kBob.head(2));
  REQUIRE_FALSE(scene.holds(kBob));
  scene.receive(kWithEve, Want{1, {{kBob.place(), commit_of(kBob.place(), 77)}}});
  auto told = [&] {
    std::size_t times = 0;
    for (const Heads& heads : scene.all<Heads>(kWithEve)) times += static_cast<std::size_t>(std::ranges::count(heads.bundle.heads, kBob.head(2)));
    return times;
  };
  std::size_t before = told();
  scene.answer_want(kWithAnn, std::vector{kBob.head(2)});
  REQUIRE(scene.holds(kBob));
  CHECK(told() == before + 1);
}

TEST_CASE("charters that name the right signers and are not signed by them alarm nobody") {
  Author bob = kBob, other = kBob;
  bob.rotate();
  other.rotate(1);
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  tell(scene, kWithAnn, bob, bob.head(2));
  HeadBundle bundle = other.bundle(other.head(3));
  bundle.charters[1].signatures[0].signature.bytes[5] ^= 1;
  scene.receive(kWithAnn, Heads{bundle});
  CHECK(scene.events(Event::kTwoCharters) == 0);
}

TEST_CASE("a place of ours that another daemon signs for from now on has moved: nobody is alarmed") {
  Author moved(1);
  moved.rotate();
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  tell(scene, kWithAnn, moved, moved.head(2));
  CHECK(scene.events(Event::kOwnMoved) == 1);
  CHECK(scene.events(Event::kOwnHeadElsewhere) == 0);
}

TEST_CASE("what was being published while a charter named another daemon does not make the place ours again") {
  Author moved(1);
  moved.rotate();
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  tell(scene, kWithAnn, moved, moved.head(2));
  REQUIRE_FALSE(scene.node.places().find(kUs.place())->own);
  scene.on(Published{{{kUs.candidate(kUs.head(2)), {}, nullptr}}});
  CHECK_FALSE(scene.node.places().find(kUs.place())->own);
}
