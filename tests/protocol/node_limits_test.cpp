// What peers may cost a node: quotas, queues, credit and frames that tell nothing.
#include <catch2/catch.hpp>

#include "tests/protocol/node_scene.h"

using namespace maillage::tests;
using namespace std::chrono_literals;

TEST_CASE("places over a peer's quota are not admitted, and places it may introduce are") {
  Scene scene(kUs, {.a_peer = 3});
  scene.meet(kWithEve, kEve, Role::kDialled, false);  // its own place is the first
  for (std::uint64_t number = 100; number < 110; ++number) tell(scene, kWithEve, Author(number), Author(number).head(1));
  CHECK(scene.node.places().size() == 1 + 3);
  CHECK(scene.events(Event::kNotAdmitted) == 8);
  CHECK(scene.node.peers().size() == 1);
  scene.meet(kWithAnn, kAnn, Role::kDialled, true);
  for (std::uint64_t number = 200; number < 210; ++number) tell(scene, kWithAnn, Author(number), Author(number).head(1));
  CHECK(scene.node.places().size() == 1 + 3 + 11);
}

TEST_CASE("strangers together have a quota, however many names they take") {
  Scene scene(kUs, {.all_open = 5});
  for (std::uint64_t number = 100; number < 120; ++number) scene.meet(number, Author(number), Role::kDialled, false);
  CHECK(scene.node.places().size() == 1 + 5);
  Scene closed_to_all(kUs, {.open = false});
  closed_to_all.meet(kWithEve, kEve, Role::kDialled, false);
  CHECK(closed_to_all.node.places().size() == 1);
}

TEST_CASE("a session over the most that are held gets a BYE, and half of few are kept for peers that we dial") {
  Scene scene(kUs, {.sessions_max = 8});
  for (SessionId id = 1; id <= 4; ++id) scene.on(SessionOpened{id, Role::kDialled, false});
  scene.on(SessionOpened{5, Role::kDialled, false});
  CHECK(scene.bye(5) == "busy");
  CHECK(kinds(scene, 5) == "B");
  CHECK(scene.reports.empty());  // a flood of them does not fill the log
  for (SessionId id = 11; id <= 14; ++id) scene.on(SessionOpened{id, Role::kDialling, true});
  scene.on(SessionOpened{15, Role::kDialling, true});
  CHECK(scene.bye(15) == "busy");
  CHECK(scene.node.sessions() == 8);
  scene.on(FrameReceived{5, encode(Heads{kAnn.bundle(kAnn.head(1))})});  // what was under way already
  scene.on(SessionClosed{5});
  CHECK(scene.node.sessions() == 8);
  CHECK(scene.closed == std::set<SessionId>{5, 15});
  scene.pass(kHandshakeTimeout + 1s);  // who says nothing makes room
  scene.meet(kWithAnn, kAnn);
  CHECK(scene.node.peers().size() == 1);
}

TEST_CASE("a peer that reads nothing is owed a bounded queue, and is brought up to date when it reads again") {
  Scene scene(kUs);
  for (Role role : {Role::kDialled, Role::kDialling}) {
    SessionId session = role == Role::kDialled ? kWithBob : kWithAnn;
    const Author& peer = role == Role::kDialled ? kBob : kAnn;
    scene.meet(session, peer, role);
  }
  scene.agree(kWithBob);
  scene.pass(1s);
  scene.reads = false;
  std::size_t first = scene.sent[kWithBob].size();
  SessionId feed = 99;
  scene.meet(feed, kFar);
  // 6,000 heads of 224 bytes are more than an outbox holds; sanity_check looks at its size after each.
  for (std::uint64_t number = 1000; number < 7000; ++number) {
    Author author(number);
    scene.receive(feed, Heads{author.bundle(author.head(1))});
  }
  CHECK(bytes_after(scene, kWithBob, first) <= kSendWindowBytes + kFrameBytesMax);
  CHECK(scene.node.peers().size() == 3);
  scene.reads = true;
  for (int i = 0; i < 50; ++i) scene.on(FrameSent{kWithBob, kSendWindowBytes}), scene.on(FrameSent{kWithAnn, kSendWindowBytes});
  for (int i = 0; i < 10; ++i) scene.pass(1s);
  auto said = scene.all<Sketch>(kWithBob);
  CHECK(std::ranges::any_of(said, [](const Sketch& part) { return std::holds_alternative<SketchDue>(part); }));
}

TEST_CASE("a peer that asks without reading ends when its answers fill the queue") {
  Scene scene(kUs);
  scene.meet(kWithEve, kEve);
  scene.reads = false;
  for (int i = 0; i < 20'000 && !scene.closed.contains(kWithEve); ++i) {
    scene.receive(kWithEve, Want{1, {{kFar.place(), {}}}});
    scene.receive(kWithEve, Sketch(SketchAsk{0}));
  }
  CHECK(scene.closed.contains(kWithEve));
}

TEST_CASE("all that a sketch can ask for fits in memory, and a question is answered once") {
  Scene scene(kUs);
  scene.meet(kWithEve, kEve);
  scene.reads = false;
  std::size_t before = scene.sent[kWithEve].size();
  scene.receive(kWithEve, Sketch(SketchAsk{0}));
  scene.receive(kWithEve, Sketch(SketchMore{0xffffffff}));
  CHECK(bytes_after(scene, kWithEve, before) <= kSendWindowBytes + 64 * kKiB);
  CHECK_FALSE(scene.closed.contains(kWithEve));
  auto cells = std::get<SketchCells>(scene.all<Sketch>(kWithEve).front());
  scene.receive(kWithEve, Sketch(SketchDone{cells.key, std::vector<SketchSymbol>(1000, 7), false}));
  CHECK(scene.bye(kWithEve) == "too-many");  // more symbols than places
  Scene asked(kUs);
  asked.meet(kWithEve, kEve);
  asked.agree(kWithEve);
  std::size_t heads = asked.all<Heads>(kWithEve).size();
  asked.receive(kWithEve, Sketch(SketchAll{}));
  CHECK(asked.all<Heads>(kWithEve).size() == heads);
}

TEST_CASE("places with the longest chains and forks do not end an honest session that reads slowly") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  for (std::uint64_t number = 500; number < 512; ++number) {
    Author author(number);
    for (int i = 1; i < 64; ++i) author.rotate();
    tell(scene, kWithAnn, author, author.head(1));
    tell(scene, kWithAnn, author, author.head(1, 0, 3));
  }
  scene.meet(kWithBob, kBob);
  scene.reads = false;
  scene.receive(kWithBob, Sketch(SketchAsk{0}));
  scene.receive(kWithBob, Sketch(SketchAll{}));
  for (int i = 0; i < 200; ++i) scene.on(FrameSent{kWithBob, kFrameBytesMax});
  CHECK_FALSE(scene.closed.contains(kWithBob));
  CHECK(scene.all<Evidence>(kWithBob).size() == 12);
}

TEST_CASE("useless frames are borne for a while and then end the session") {
  Scene scene(kUs);
  scene.meet(kWithEve, kEve);
  Bytes unknown{0x80};
  std::size_t borne = 0;
  while (!scene.closed.contains(kWithEve) && borne < 2 * kUselessBurst) scene.on(FrameReceived{kWithEve, unknown}), ++borne;
  CHECK(scene.bye(kWithEve) == "rate-limited");
  CHECK(borne > kUselessBurst / 2);
}

TEST_CASE("packs beyond the credit, or of what was not asked, end the session") {
  Scene scene(kUs);
  scene.meet(kWithEve, kEve);
  Want want = scene.all<Want>(kWithEve).back();
  SECTION("another place") {
    scene.receive(kWithEve, Pack{want.request, 3, {{kUs.place(), kUs.head(1), {}}}, kPackBytes});
    CHECK(scene.bye(kWithEve) == "malformed");
  }
  SECTION("another request") {
    scene.receive(kWithEve, Pack{want.request + 1, 3, {}, kPackBytes});
    CHECK(scene.bye(kWithEve) == "unexpected-frame");
  }
  SECTION("a second first part") {
    Bytes part(kPackPartBytesMin);
    Pack first{want.request, Pack::kFirst, {{kEve.place(), kEve.head(1), {}}}, part};
    scene.receive(kWithEve, first);
    REQUIRE_FALSE(scene.closed.contains(kWithEve));
    scene.receive(kWithEve, first);
    CHECK(scene.bye(kWithEve) == "unexpected-frame");
  }
  SECTION("parts so small that they are only work") {
    scene.receive(kWithEve, Pack{want.request, Pack::kFirst, {{kEve.place(), kEve.head(1), {}}}, kPackBytes});
    CHECK(scene.bye(kWithEve) == "malformed");
  }
  SECTION("a place twice") {
    scene.receive(kWithEve, Pack{want.request, 3, {{kEve.place(), kEve.head(1), {}}, {kEve.place(), kEve.head(1), {}}}, kPackBytes});
    CHECK(scene.bye(kWithEve) == "malformed");
  }
}
