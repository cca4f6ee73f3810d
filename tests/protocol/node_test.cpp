// The node as a machine: inputs by script, actions looked at. Whole networks are in tests/simulation.
#include <catch2/catch.hpp>

#include "tests/protocol/scene.h"

using namespace maillage::tests;
using namespace std::chrono_literals;

namespace {

const Author kUs(1), kAnn(2), kBob(3), kEve(4), kFar(5);
constexpr SessionId kWithAnn = 10, kWithBob = 20, kWithEve = 30;

Error bad_content() { return {ErrorCode::kWrongState, "place"}; }

// The frame types that went to a session, as one letter each.
std::string kinds(Scene& scene, SessionId session) {
  static constexpr char kLetters[] = "HASOWPCERBU";
  std::string text;
  for (const Bytes& bytes : scene.sent[session]) text += kLetters[decode_frame(bytes)->index()];
  return text;
}

// Heads of `author` told to a session.
void tell(Scene& scene, SessionId session, const Author& author, const SignedHead& head) {
  scene.receive(session, Heads{author.bundle(head)});
}

void push(Scene& scene, SessionId session, const SignedHead& head, const ObjectId& base, ByteView bytes) {
  scene.receive(session, Pack{0, Pack::kFirst | Pack::kLast, {{head.head.place, head, base}}, bytes});
}

const Bytes kPackBytes{'P', 'A', 'C', 'K'};

// Frames that went out to one session since `from`, all bytes together.
std::size_t bytes_after(Scene& scene, SessionId session, std::size_t from) {
  std::size_t total = 0;
  for (std::size_t i = from; i < scene.sent[session].size(); ++i) total += scene.sent[session][i].size();
  return total;
}

// Carries frames between two scenes that share the session number until neither says anything.
void converse(Scene& a, Scene& b, SessionId session, std::size_t& at_a, std::size_t& at_b) {
  bool moved = true;
  while (std::exchange(moved, false)) {
    for (; at_a < a.sent[session].size(); ++at_a, moved = true) b.on(FrameReceived{session, Bytes(a.sent[session][at_a])});
    for (; at_b < b.sent[session].size(); ++at_b, moved = true) a.on(FrameReceived{session, Bytes(b.sent[session][at_b])});
  }
}

}  // namespace

TEST_CASE("before authentication nothing is said but HELLO and AUTH, and nothing else is listened to") {
  std::vector<Bytes> early{encode(Heads{kAnn.bundle(kAnn.head(1))}), encode(Sketch(SketchAsk{0})), encode(Want{1, {{kUs.place(), {}}}}),
                           encode(Pack{0, 3, {{kAnn.place(), kAnn.head(1), {}}}, {}}), encode(Credit{1}),
                           encode(Evidence{{}, kAnn.head(1), kAnn.head(1, 0, 1)}), encode(Auth{{}, kAnn.bundle(kAnn.head(1))})};
  Receipt receipt{kAnn.place(), {}, {{kUs.place(), {}}}, {}};
  early.push_back(encode(receipt));
  for (const Bytes& frame : early) {
    Scene scene(kUs);
    scene.on(SessionOpened{1, Role::kDialled, true});
    CHECK(kinds(scene, 1) == "H");
    scene.on(FrameReceived{1, frame});
    CHECK(scene.bye(1) == "unexpected-frame");
    CHECK(scene.node.places().size() == 1);
  }
  Scene patient(kUs);
  patient.on(SessionOpened{1, Role::kDialling, true});
  patient.on(FrameReceived{1, Bytes{0x90, 1, 2}});
  CHECK(kinds(patient, 1) == "H");
  patient.pass(kHandshakeTimeout + 1s);
  CHECK(patient.bye(1) == "timeout");
}

TEST_CASE("a frame that cannot be read gives one BYE with its code and an end, and no other session notices") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.meet(kWithEve, kEve);
  scene.on(FrameReceived{kWithEve, Bytes{0x04, 0xff}});
  CHECK(scene.bye(kWithEve) == "truncated");
  scene.on(FrameReceived{kWithEve, Bytes{0x04, 0xff}});  // what was under way already
  scene.on(FrameSent{kWithEve, 10});
  scene.on(SessionClosed{kWithEve});
  CHECK(scene.bye(kWithEve) == "truncated");
  CHECK(scene.node.peers().size() == 1);
  tell(scene, kWithAnn, kBob, kBob.head(1));
  CHECK(scene.seen(kBob) != nullptr);
}

TEST_CASE("a head whose signature is wrong ends the session and is not kept") {
  Scene scene(kUs);
  scene.meet(kWithEve, kEve);
  SignedHead forged = kBob.head(1);
  forged.signature.bytes[5] ^= 1;
  tell(scene, kWithEve, kBob, forged);
  CHECK(scene.bye(kWithEve) == "bad-signature");
  CHECK(scene.seen(kBob) == nullptr);
}

TEST_CASE("a head is passed on only once its write was confirmed") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.meet(kWithBob, kBob);
  scene.agree(kWithBob);
  std::size_t before = scene.sent[kWithBob].size();
  scene.persists = false;
  tell(scene, kWithAnn, kFar, kFar.head(1));
  CHECK(scene.sent[kWithBob].size() == before);
  CHECK(scene.seen(kFar) == nullptr);
  scene.on(Persisted{scene.persist_asked.back().job, true});
  CHECK(scene.seen(kFar) != nullptr);
  REQUIRE(scene.all<Heads>(kWithBob).size() >= 1);
  CHECK(scene.all<Heads>(kWithBob).back().bundle == kFar.bundle(kFar.head(1)));  // a new place brings its charters
}

TEST_CASE("when the disk is full heads are dropped, and taken when they come again") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.persists = false;
  tell(scene, kWithAnn, kFar, kFar.head(1));
  scene.on(Persisted{scene.persist_asked.back().job, false});
  CHECK(scene.seen(kFar) == nullptr);
  CHECK(scene.reports.back().error->code == ErrorCode::kDiskFull);
  CHECK(scene.node.peers().size() == 1);
  scene.persists = true;
  tell(scene, kWithAnn, kFar, kFar.head(1));
  CHECK(scene.seen(kFar) != nullptr);
}

TEST_CASE("heads that come while a write is under way wait for the next one, each place's greatest only") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.persists = false;
  tell(scene, kWithAnn, kFar, kFar.head(1));
  std::size_t writes = scene.persist_asked.size();
  for (std::uint64_t sequence : {2, 4, 3}) tell(scene, kWithAnn, kFar, kFar.head(sequence));
  CHECK(scene.persist_asked.size() == writes);
  scene.on(Persisted{scene.persist_asked.back().job, true});
  REQUIRE(scene.persist_asked.size() == writes + 1);
  REQUIRE(scene.persist_asked.back().heads.size() == 1);
  CHECK(scene.persist_asked.back().heads[0].head == kFar.head(4));
}

TEST_CASE("content is asked of whoever told the head, and a receipt says that it is held") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  std::vector<SignedHead> all{kAnn.head(1), kFar.head(1)};
  scene.answer_want(kWithAnn, all);  // Ann's own place, from AUTH
  CHECK(scene.holds(kAnn));
  tell(scene, kWithAnn, kFar, kFar.head(1));
  scene.answer_want(kWithAnn, all);
  CHECK(scene.holds(kFar));
  auto receipts = scene.all<Receipt>(kWithAnn);
  REQUIRE(receipts.size() == 2);
  CHECK(receipts.back().items == std::vector<Receipt::Item>{{kFar.place(), hash_of(kFar.head(1).head)}});
  CHECK(verify(kUs.key().public_key(), signed_message(receipts.back()), receipts.back().signature));
  CHECK(scene.all<Credit>(kWithAnn).size() == 2);
}

TEST_CASE("a pushed pack goes in when it builds on what is held, and is only a head when it does not") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  std::vector<SignedHead> all{kAnn.head(1)};
  scene.answer_want(kWithAnn, all);
  std::size_t wants = scene.all<Want>(kWithAnn).size();
  push(scene, kWithAnn, kAnn.head(2), kAnn.head(1).head.commit, kPackBytes);
  CHECK(scene.holds(kAnn));
  CHECK(scene.seen(kAnn)->head.sequence == 2);
  CHECK(scene.all<Want>(kWithAnn).size() == wants);
  push(scene, kWithAnn, kAnn.head(4), kAnn.head(3).head.commit, kPackBytes);
  CHECK(scene.seen(kAnn)->head.sequence == 4);
  CHECK_FALSE(scene.holds(kAnn));
  REQUIRE(scene.all<Want>(kWithAnn).size() == wants + 1);
  CHECK(scene.all<Want>(kWithAnn).back().places == std::vector<WantedPlace>{{kAnn.place(), kAnn.head(2).head.commit}});
}

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

TEST_CASE("a pushed pack of several places, of several parts or too large ends the session") {
  Bytes large(kPushedPackOriginBytesMax + 1);
  std::vector<Pack> wrong{{0, Pack::kFirst, {{kEve.place(), kEve.head(2), {}}}, kPackBytes},
                          {0, 3, {{kEve.place(), {}, {}}}, kPackBytes},
                          {0, 3, {{kEve.place(), kEve.head(2), {}}, {kEve.place(), kEve.head(2), {}}}, kPackBytes},
                          {0, 3, {{kEve.place(), kEve.head(2), {}}}, large}};
  for (const Pack& pack : wrong) {
    Scene scene(kUs);
    scene.meet(kWithEve, kEve);
    scene.receive(kWithEve, pack);
    CHECK(scene.closed.contains(kWithEve));
    CHECK(scene.appended_bytes == 0);
  }
}

TEST_CASE("a pack of many that does not hold is asked place by place, and a bad place not again from that peer") {
  Scene scene(kUs);
  scene.persists = false;
  scene.meet(kWithEve, kEve);
  tell(scene, kWithEve, kFar, kFar.head(1));
  scene.persists = true;
  scene.on(Persisted{scene.persist_asked.back().job, true});
  std::vector<SignedHead> all{kEve.head(1), kFar.head(1)};
  scene.ingest_error = bad_content();
  while (scene.all<Want>(kWithEve).back().places.size() < 2 && scene.all<Want>(kWithEve).size() < 2) scene.answer_want(kWithEve, all);
  for (int i = 0; i < 6; ++i) {
    std::size_t wants = scene.all<Want>(kWithEve).size();
    scene.answer_want(kWithEve, all);
    if (scene.all<Want>(kWithEve).size() == wants) break;
  }
  std::size_t wants = scene.all<Want>(kWithEve).size();
  CHECK(scene.all<Want>(kWithEve).back().places.size() == 1);
  tell(scene, kWithEve, kFar, kFar.head(1));
  CHECK(scene.all<Want>(kWithEve).size() == wants);
  CHECK_FALSE(scene.holds(kFar));
  scene.ingest_error.reset();
  tell(scene, kWithEve, kFar, kFar.head(2));  // the next head is another matter
  CHECK(scene.all<Want>(kWithEve).size() == wants + 1);
  scene.meet(kWithAnn, kAnn);  // and so is another peer
  tell(scene, kWithAnn, kFar, kFar.head(2));
  CHECK(scene.node.peers().size() == 2);
}

TEST_CASE("a bad place that is told again while its content is on its way is not asked again either") {
  Scene scene(kUs);
  scene.meet(kWithEve, kEve);
  scene.answer_want(kWithEve, std::vector{kEve.head(1)});
  tell(scene, kWithEve, kFar, kFar.head(1));
  std::size_t wants = scene.all<Want>(kWithEve).size();
  CHECK(scene.all<Want>(kWithEve).back().places.size() == 1);
  tell(scene, kWithEve, kFar, kFar.head(1));
  scene.ingest_error = bad_content();
  scene.answer_want(kWithEve, std::vector{kFar.head(1)});
  CHECK(scene.all<Want>(kWithEve).size() == wants);
}

TEST_CASE("a place of a pack of many that is told again while the pack is on its way is asked alone, once") {
  Scene scene(kUs);
  scene.meet(kWithEve, kEve);
  scene.answer_want(kWithEve, std::vector{kEve.head(1)});
  std::vector<SignedHead> all{kFar.head(1), kBob.head(1), kAnn.head(1)};
  tell(scene, kWithEve, kFar, kFar.head(1));
  tell(scene, kWithEve, kBob, kBob.head(1));
  tell(scene, kWithEve, kAnn, kAnn.head(1));
  scene.answer_want(kWithEve, all);
  REQUIRE(scene.all<Want>(kWithEve).back().places.size() == 2);
  tell(scene, kWithEve, kBob, kBob.head(1));
  scene.ingest_error = bad_content();
  scene.answer_want(kWithEve, all);
  std::size_t wants = scene.all<Want>(kWithEve).size();
  CHECK(scene.all<Want>(kWithEve).back().places.size() == 1);
  for (int i = 0; i < 4 && scene.all<Want>(kWithEve).size() == wants + static_cast<std::size_t>(i); ++i) scene.answer_want(kWithEve, all);
  CHECK(scene.all<Want>(kWithEve).size() == wants + 1);  // the other of the two; Bob's not a second time
}

TEST_CASE("content that one peer could not give is asked of another that has it") {
  Scene scene(kUs);
  scene.meet(kWithEve, kEve);
  scene.answer_want(kWithEve, std::vector{kEve.head(1)});
  scene.meet(kWithAnn, kAnn);
  scene.answer_want(kWithAnn, std::vector{kAnn.head(1)});
  tell(scene, kWithEve, kFar, kFar.head(1));
  tell(scene, kWithAnn, kFar, kFar.head(1));
  std::size_t asked_ann = scene.all<Want>(kWithAnn).size();
  SECTION("because it says that it does not hold it") { scene.answer_want(kWithEve, {}); }
  SECTION("because its pack does not hold") {
    scene.ingest_error = bad_content();
    scene.answer_want(kWithEve, std::vector{kFar.head(1)});
    scene.ingest_error.reset();
  }
  SECTION("because it does not answer in time") {
    scene.pass(kWantTimeout + 1s);
    CHECK(scene.bye(kWithEve) == "timeout");
  }
  SECTION("because it goes away while its pack is checked") {
    scene.ingests = false;
    scene.answer_want(kWithEve, std::vector{kFar.head(1)});
    scene.on(SessionClosed{kWithEve});
    CHECK(scene.all<Want>(kWithAnn).size() == asked_ann);
    scene.ingests = true;
    scene.on(Scene::outcome(scene.ingest_asked.back(), bad_content()));
  }
  REQUIRE(scene.all<Want>(kWithAnn).size() == asked_ann + 1);
  scene.answer_want(kWithAnn, std::vector{kFar.head(1)});
  CHECK(scene.holds(kFar));
}

TEST_CASE("a pack that was being checked when its session closed is held all the same") {
  Scene scene(kUs);
  scene.ingests = false;
  scene.meet(kWithAnn, kAnn);
  scene.answer_want(kWithAnn, std::vector{kAnn.head(1)});
  scene.on(SessionClosed{kWithAnn});
  scene.on(Scene::outcome(scene.ingest_asked.back(), std::nullopt));
  CHECK(scene.holds(kAnn));
}

TEST_CASE("whoever asks for content that is not here is told when it is") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.answer_want(kWithAnn, std::vector{kAnn.head(1)});
  tell(scene, kWithAnn, kFar, kFar.head(1));
  scene.meet(kWithBob, kBob);
  scene.agree(kWithBob);
  scene.receive(kWithBob, Want{9, {{kFar.place(), {}}}});
  Pack answer = scene.all<Pack>(kWithBob).back();
  CHECK(answer.request == 9);
  CHECK(answer.flags == (Pack::kFirst | Pack::kLast));
  CHECK_FALSE(answer.places.at(0).head);
  std::size_t told = scene.all<Heads>(kWithBob).size();
  scene.answer_want(kWithAnn, std::vector{kFar.head(1)});
  REQUIRE(scene.all<Heads>(kWithBob).size() == told + 1);
  CHECK(scene.all<Heads>(kWithBob).back().bundle.heads.front() == kFar.head(1));
}

TEST_CASE("content that is here is packed from the commit the peer has") {
  Scene scene(kUs);
  scene.meet(kWithBob, kBob);
  ObjectId have = commit_of(kUs.place(), 5);
  scene.receive(kWithBob, Want{3, {{kUs.place(), have}}});
  REQUIRE(scene.pack_opened.size() == 1);
  CHECK(scene.pack_opened[0].places.at(0).base == have);
  Pack answer = scene.all<Pack>(kWithBob).back();
  CHECK(answer.places.at(0).head == kUs.head(1));
  CHECK((answer.flags & Pack::kLast) != 0);
}

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

TEST_CASE("of two sessions between the same two both ends keep the same one") {
  for (bool low_first : {true, false}) {
    // Session 1 was dialled by the smaller place id, session 2 by the greater.
    Author low_author = kUs.place() < kAnn.place() ? kUs : kAnn, high_author = kUs.place() < kAnn.place() ? kAnn : kUs;
    Scene at_low(low_author), at_high(high_author);
    SessionId order_at_low[] = {low_first ? 1u : 2u, low_first ? 2u : 1u};
    for (SessionId session : order_at_low) at_low.meet(session, high_author, session == 1 ? Role::kDialling : Role::kDialled);
    for (SessionId session : {2, 1}) at_high.meet(session, low_author, session == 1 ? Role::kDialled : Role::kDialling);
    REQUIRE(at_low.node.peers().size() == 1);
    REQUIRE(at_high.node.peers().size() == 1);
    CHECK(at_low.node.peers()[0].session == 1);
    CHECK(at_high.node.peers()[0].session == 1);
    CHECK(at_low.bye(2) == "duplicate-session");
    at_low.meet(3, high_author, Role::kDialling);  // a newer one in the same direction replaces it
    CHECK(at_low.node.peers()[0].session == 3);
  }
}

TEST_CASE("a receipt is kept by the owner and handed on once towards the origin by others") {
  auto receipt_of = [](const Author& replica, const Author& place) {
    Receipt receipt{replica.place(), {5}, {{place.place(), hash_of(place.head(1).head)}}, {}};
    receipt.signature = replica.key().sign(signed_message(receipt));
    return receipt;
  };
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.answer_want(kWithAnn, std::vector{kAnn.head(1)});  // Ann's content came from Ann
  scene.meet(kWithBob, kBob);
  scene.receive(kWithBob, receipt_of(kBob, kUs));
  REQUIRE(scene.receipts.size() == 1);
  std::size_t before = scene.all<Receipt>(kWithAnn).size();
  scene.receive(kWithBob, receipt_of(kBob, kAnn));
  scene.receive(kWithBob, receipt_of(kBob, kAnn));
  REQUIRE(scene.all<Receipt>(kWithAnn).size() == before + 1);
  CHECK(scene.all<Receipt>(kWithAnn).back() == receipt_of(kBob, kAnn));
  Receipt forged = receipt_of(kBob, kUs);
  forged.items[0].head.bytes[0] ^= 1;
  scene.receive(kWithBob, forged);
  CHECK(scene.bye(kWithBob) == "bad-signature");
  CHECK(scene.receipts.size() == 1);
}

TEST_CASE("evidence of a fork goes to every session once, and later heads of the place go without it") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.meet(kWithBob, kBob);
  scene.agree(kWithBob);
  tell(scene, kWithAnn, kFar, kFar.head(1));
  tell(scene, kWithAnn, kFar, kFar.head(1, 0, 7));
  CHECK(scene.node.places().find(kFar.place())->fork != nullptr);
  CHECK(scene.all<Evidence>(kWithBob).size() == 1);
  tell(scene, kWithAnn, kFar, kFar.head(2));
  CHECK(scene.all<Evidence>(kWithBob).size() == 1);
  CHECK(scene.all<Heads>(kWithBob).back().bundle.charters.empty());
}

TEST_CASE("a head that conflicts with one that is being written is evidence too") {
  SignedHead smaller = kFar.head(2), greater = kFar.head(2, 0, 1);
  if (order(smaller.head, greater.head) > 0) std::swap(smaller, greater);
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  tell(scene, kWithAnn, kFar, kFar.head(1));
  scene.persists = false;
  tell(scene, kWithAnn, kFar, smaller);
  JobId writing = scene.persist_asked.back().job;
  tell(scene, kWithAnn, kFar, greater);
  scene.persists = true;
  scene.on(Persisted{writing, true});
  CHECK(*scene.seen(kFar) == greater);
  CHECK(scene.node.places().find(kFar.place())->fork != nullptr);
}

TEST_CASE("a pack of a head that conflicts with the one that was told is evidence too") {
  SignedHead smaller = kFar.head(2), greater = kFar.head(2, 0, 1);
  if (order(smaller.head, greater.head) > 0) std::swap(smaller, greater);
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  tell(scene, kWithAnn, kFar, smaller);
  scene.answer_want(kWithAnn, std::vector{kAnn.head(1), greater});
  if (!scene.holds(kFar)) scene.answer_want(kWithAnn, std::vector{greater});
  CHECK(*scene.seen(kFar) == greater);
  CHECK(scene.node.places().find(kFar.place())->fork != nullptr);
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

TEST_CASE("a reconciliation in which nothing differs costs at most 200 bytes") {
  Scene a(kUs), b(kAnn);
  for (std::uint64_t number = 1000; number < 1200; ++number)
    for (Scene* scene : {&a, &b}) {
      Author author(number);
      scene->node.restore({author.chain(), author.head(1), nullptr, true, false, nullptr});
    }
  a.node.restore({kAnn.chain(), kAnn.head(1), nullptr, true, false, nullptr});
  b.node.restore({kUs.chain(), kUs.head(1), nullptr, true, false, nullptr});
  std::size_t at_a = 0, at_b = 0;
  a.on(SessionOpened{1, Role::kDialling, true});
  b.on(SessionOpened{1, Role::kDialled, true});
  converse(a, b, 1, at_a, at_b);
  REQUIRE(a.events(Event::kReconciled) == 1);
  std::size_t bytes = 0;
  for (Scene* scene : {&a, &b})
    for (const Bytes& frame : scene->sent[1])
      if (frame[0] != 0x01 && frame[0] != 0x02) bytes += frame.size();
  std::printf("nothing differs: %zu bytes both ways after authentication\n", bytes);
  CHECK(bytes <= 200);
}

TEST_CASE("a hundred changed places of five thousand cost what a hundred places cost") {
  Scene a(kUs), b(kAnn);
  for (std::uint64_t number = 1000; number < 6000; ++number) {
    Author author(number);
    bool changed = number % 50 == 0;
    a.node.restore({author.chain(), author.head(changed && number % 100 == 0 ? 2 : 1), nullptr, true, false, nullptr});
    b.node.restore({author.chain(), author.head(changed && number % 100 != 0 ? 2 : 1), nullptr, true, false, nullptr});
  }
  a.node.restore({kAnn.chain(), kAnn.head(1), nullptr, true, false, nullptr});
  b.node.restore({kUs.chain(), kUs.head(1), nullptr, true, false, nullptr});
  std::size_t at_a = 0, at_b = 0;
  a.on(SessionOpened{1, Role::kDialling, true});
  b.on(SessionOpened{1, Role::kDialled, true});
  converse(a, b, 1, at_a, at_b);
  for (std::uint64_t number = 1000; number < 6000; number += 50)
    CHECK(a.seen(Author(number))->head.sequence + b.seen(Author(number))->head.sequence == 4);
  std::size_t sketch = 0, heads = 0;
  for (Scene* scene : {&a, &b})
    for (const Bytes& frame : scene->sent[1]) {
      if (frame[0] == 0x03) sketch += frame.size();
      if (frame[0] == 0x04) heads += frame.size();
    }
  std::printf("100 of 5,000 changed: sketch %zu bytes, heads %zu, a changed place %.1f and %.1f\n", sketch, heads,
              static_cast<double>(sketch) / 100, static_cast<double>(heads) / 100);
  CHECK(sketch <= 6'000);  // 60 bytes a changed place
  CHECK(heads <= 100 * 2 * (SignedHead::kBytes + 170));  // each side's once at most, a genesis along
}

TEST_CASE("evidence that only the dialling side holds reaches the dialled side, though both show the same head") {
  Scene a(kUs), b(kAnn);
  auto fork = std::make_unique<Fork>(Fork{kFar.head(1), kFar.head(1, 0, 1)});
  SignedHead greater = order(fork->first.head, fork->second.head) > 0 ? fork->first : fork->second;
  a.node.restore({kFar.chain(), greater, nullptr, true, false, std::move(fork)});
  b.node.restore({kFar.chain(), greater, nullptr, true, false, nullptr});
  std::size_t at_a = 0, at_b = 0;
  a.on(SessionOpened{1, Role::kDialling, true});
  b.on(SessionOpened{1, Role::kDialled, true});
  converse(a, b, 1, at_a, at_b);
  CHECK(b.node.places().find(kFar.place())->fork != nullptr);
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
