// The node as a machine: inputs by script, actions looked at. Whole networks are in tests/simulation.
#include <catch2/catch.hpp>

#include "tests/protocol/node_scene.h"

using namespace maillage::tests;
using namespace std::chrono_literals;

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

namespace {

// A head of kFar whose content is durable while what it erased is not gone.
void bring_purging(Scene& scene, std::uint64_t sequence) {
  scene.ingests = false;
  tell(scene, kWithAnn, kFar, kFar.head(sequence));
  std::vector<SignedHead> now{kFar.head(sequence)};
  scene.answer_want(kWithAnn, now);
  Ingested done = Scene::outcome(scene.ingest_asked.back(), std::nullopt);
  done.places.at(0).purging = true;
  scene.on(done);
}

}  // namespace

TEST_CASE("the receipt of a head that breaks history waits until what it erased has left the disk, and so do those after it") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  std::vector<SignedHead> all{kAnn.head(1)};
  scene.answer_want(kWithAnn, all);
  bring_purging(scene, 1);
  CHECK(scene.holds(kFar));
  std::size_t before = scene.all<Receipt>(kWithAnn).size();
  bring_purging(scene, 2);
  scene.on(Purged{{kAnn.place()}});
  CHECK(scene.all<Receipt>(kWithAnn).size() == before);
  scene.on(Purged{{kFar.place()}});
  REQUIRE(scene.all<Receipt>(kWithAnn).size() == before + 1);
  CHECK(scene.all<Receipt>(kWithAnn).back().items == std::vector<Receipt::Item>{{kFar.place(), hash_of(kFar.head(2).head)}});
}

TEST_CASE("a receipt whose session ended before the purge did goes to the next that has reconciled, once") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  std::vector<SignedHead> all{kAnn.head(1)};
  scene.answer_want(kWithAnn, all);
  bring_purging(scene, 1);
  scene.on(SessionClosed{kWithAnn});
  scene.on(Purged{{kFar.place()}});
  scene.meet(kWithBob, kBob);
  CHECK(scene.all<Receipt>(kWithBob).empty());
  scene.agree(kWithBob);
  REQUIRE(scene.all<Receipt>(kWithBob).size() == 1);
  CHECK(scene.all<Receipt>(kWithBob).back().items == std::vector<Receipt::Item>{{kFar.place(), hash_of(kFar.head(1).head)}});
  scene.meet(kWithEve, kEve);
  scene.agree(kWithEve);
  CHECK(scene.all<Receipt>(kWithEve).empty());
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

TEST_CASE("what an answer leaves for another pack is asked next, and what it says nobody holds is not") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.answer_want(kWithAnn, std::vector{kAnn.head(1)});
  scene.ingests = false;  // so that one WANT is under way while others gather
  scene.receive(kWithAnn, Heads{kBob.bundle(kBob.head(1))});
  auto bob_asked = scene.all<Want>(kWithAnn).back();
  scene.receive(kWithAnn, Heads{kEve.bundle(kEve.head(1))});
  scene.receive(kWithAnn, Heads{kFar.bundle(kFar.head(1))});
  Bytes bytes{'P', 'A', 'C', 'K'};
  scene.receive(kWithAnn, Pack{bob_asked.request, Pack::kFirst | Pack::kLast, {{kBob.place(), kBob.head(1), {}}}, bytes});
  Want both = scene.all<Want>(kWithAnn).back();
  REQUIRE(both.places.size() == 2);

  SECTION("left out: asked again") {
    const Author& named = both.places.front().place == kEve.place() ? kEve : kFar;
    const Author& left = both.places.front().place == kEve.place() ? kFar : kEve;
    scene.receive(kWithAnn, Pack{both.request, Pack::kFirst | Pack::kLast, {{named.place(), named.head(1), {}}}, bytes});
    scene.on(Scene::outcome(scene.ingest_asked.at(1), {}));
    Want next = scene.all<Want>(kWithAnn).back();
    REQUIRE(next.request == both.request + 1);
    REQUIRE(next.places.size() == 1);
    CHECK(next.places.front().place == left.place());
  }
  SECTION("named without a head, in an answer of nothing, or in one that failed: not") {
    auto flags = static_cast<std::uint8_t>(Pack::kFirst | Pack::kLast);
    std::vector<PackedPlace> none{{both.places[0].place, {}, {}}, {both.places[1].place, {}, {}}};
    std::vector<PackedPlace> half{none[0]};
    Pack answer = GENERATE_COPY(Pack{both.request, flags, none, {}}, Pack{both.request, flags, {}, {}},
                                Pack{both.request, static_cast<std::uint8_t>(flags | Pack::kFailed), half, {}});
    scene.receive(kWithAnn, answer);
    scene.on(Scene::outcome(scene.ingest_asked.at(1), {}));
    CHECK(scene.all<Want>(kWithAnn).back().request == both.request);
  }
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

namespace {

Receipt receipt_of(const Author& replica, const Author& place) {
  Receipt receipt{replica.place(), {5}, {{place.place(), hash_of(place.head(1).head)}}, {}};
  receipt.signature = replica.key().sign(signed_message(receipt));
  return receipt;
}

}  // namespace

TEST_CASE("a receipt is kept by the owner and handed on once towards the origin by others") {
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
  CHECK(scene.bye(kWithBob) == "0 BYEs");
  CHECK(scene.receipts.size() == 1);
}

TEST_CASE("a receipt goes to the place itself when it is here, although its content came from elsewhere") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.answer_want(kWithAnn, std::vector{kAnn.head(1)});
  scene.meet(kWithBob, kBob);
  tell(scene, kWithAnn, kFar, kFar.head(1));
  scene.answer_want(kWithAnn, std::vector{kFar.head(1)});  // Far's content came from Ann
  scene.receive(kWithBob, receipt_of(kBob, kFar));
  CHECK(scene.all<Receipt>(kWithAnn).back() == receipt_of(kBob, kFar));
  scene.meet(kWithEve, kFar);
  std::size_t before = scene.all<Receipt>(kWithAnn).size();
  Receipt later = receipt_of(kBob, kFar);
  later.time.ms = 6;
  later.signature = kBob.key().sign(signed_message(later));
  scene.receive(kWithBob, later);
  CHECK(scene.all<Receipt>(kWithEve).back() == later);
  CHECK(scene.all<Receipt>(kWithAnn).size() == before);
}

TEST_CASE("a receipt for a place that is away waits for it, or for whom its content came from, and is handed on once") {
  for (bool came_from_ann : {true, false}) {
    Scene scene(kUs);
    scene.meet(kWithAnn, kAnn);
    if (came_from_ann) scene.answer_want(kWithAnn, std::vector{kAnn.head(1)});  // if not: we started again since
    scene.on(SessionClosed{kWithAnn});
    scene.meet(kWithBob, kBob);
    scene.receive(kWithBob, receipt_of(kBob, kAnn));
    scene.agree(kWithBob);
    scene.meet(kWithEve, kEve);
    scene.agree(kWithEve);
    scene.pass(kAnswerGrace);
    CHECK(scene.all<Receipt>(kWithBob).empty());
    CHECK(scene.all<Receipt>(kWithEve).empty());
    constexpr SessionId kAgain = 77;
    scene.meet(kAgain, kAnn);
    CHECK(std::ranges::count(scene.all<Receipt>(kAgain), receipt_of(kBob, kAnn)) == 0);
    scene.agree(kAgain);
    CHECK(std::ranges::count(scene.all<Receipt>(kAgain), receipt_of(kBob, kAnn)) == 0);  // it may not know yet who Bob is
    scene.pass(kAnswerGrace);
    CHECK(std::ranges::count(scene.all<Receipt>(kAgain), receipt_of(kBob, kAnn)) == 1);
    scene.on(SessionClosed{kAgain});
    scene.meet(kAgain + 1, kAnn);
    scene.agree(kAgain + 1);
    scene.pass(kAnswerGrace);
    CHECK(std::ranges::count(scene.all<Receipt>(kAgain + 1), receipt_of(kBob, kAnn)) == 0);
  }
}

TEST_CASE("a receipt of several places is handed on once to those that are here and once to those that were away") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.meet(kWithEve, kEve);
  scene.on(SessionClosed{kWithEve});
  scene.meet(kWithBob, kBob);
  Receipt both = receipt_of(kBob, kAnn);
  both.items.push_back({kEve.place(), hash_of(kEve.head(1).head)});
  both.signature = kBob.key().sign(signed_message(both));
  scene.receive(kWithBob, both);
  scene.agree(kWithAnn);
  scene.pass(kAnswerGrace);
  CHECK(std::ranges::count(scene.all<Receipt>(kWithAnn), both) == 1);
  constexpr SessionId kAgain = 77;
  scene.meet(kAgain, kEve);
  scene.agree(kAgain);
  scene.pass(kAnswerGrace);
  CHECK(std::ranges::count(scene.all<Receipt>(kAgain), both) == 1);
  CHECK(std::ranges::count(scene.all<Receipt>(kWithAnn), both) == 1);
}

TEST_CASE("what a peer's receipts make us hand on is bounded, and the rest waits") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.meet(kWithBob, kBob);
  Receipt large = receipt_of(kBob, kAnn);
  large.items.assign(kReceiptItemsMax, large.items.front());
  std::size_t size = encode(large).size(), fit = kHandedOnBurst / size;
  for (std::size_t i = 0; i < fit + 3; ++i) {
    large.time.ms = static_cast<std::int64_t>(i);
    large.signature = kBob.key().sign(signed_message(large));
    scene.receive(kWithBob, large);
  }
  auto handed = scene.all<Receipt>(kWithAnn);
  CHECK(std::ranges::count(handed, kBob.place(), &Receipt::replica) == static_cast<std::ptrdiff_t>(fit));
  CHECK(scene.bye(kWithBob) == "0 BYEs");
  scene.agree(kWithAnn);
  scene.pass(kAnswerGrace);
  CHECK(scene.all<Receipt>(kWithAnn).back().time.ms == static_cast<std::int64_t>(fit + 2));
}

TEST_CASE("a place that changed its key while it talks to us goes on hearing who has its content") {
  Scene scene(kUs);
  Author ann = kAnn;
  scene.meet(kWithAnn, ann);
  scene.meet(kWithBob, kBob);
  ann.rotate();
  tell(scene, kWithAnn, ann, ann.head(2));
  REQUIRE(scene.node.places().find(ann.place())->chain.size() == 2);
  scene.receive(kWithBob, receipt_of(kBob, ann));
  CHECK(std::ranges::count(scene.all<Receipt>(kWithAnn), receipt_of(kBob, ann)) == 1);
}

TEST_CASE("receipts that wait for places that are away take a bounded room, and the oldest go first") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.on(SessionClosed{kWithAnn});
  scene.meet(kWithBob, kBob);
  Receipt large = receipt_of(kBob, kAnn);
  large.items.assign(kReceiptItemsMax, large.items.front());
  std::size_t fit = kReceiptsWaitingBytesMax / encode(large).size();
  for (std::size_t i = 0; i <= fit; ++i) {
    large.time.ms = static_cast<std::int64_t>(i);
    large.signature = kBob.key().sign(signed_message(large));
    scene.receive(kWithBob, large);
  }
  std::vector<Receipt> handed;
  std::size_t rounds = kReceiptsWaitingBytesMax / (kOutboxBytesMax / 8) + 1;
  for (SessionId again = 77; again < 77 + rounds; ++again) {  // what does not fit into what may wait on a session comes with the next
    scene.meet(again, kAnn);
    scene.agree(again);
    scene.pass(kAnswerGrace);
    for (const Receipt& receipt : scene.all<Receipt>(again))
      if (receipt.replica == kBob.place()) handed.push_back(receipt);
    scene.on(SessionClosed{again});
  }
  REQUIRE(handed.size() == fit);
  CHECK(handed.front().time.ms == 1);
}

TEST_CASE("a receipt signed under a charter that is not known here, or not any more, is passed over and ends no session") {
  Scene scene(kUs);
  Author bob = kBob;
  scene.meet(kWithBob, bob);
  bob.rotate();
  Receipt receipt{bob.place(), {5}, {{kUs.place(), hash_of(kUs.head(1).head)}}, {}};
  receipt.signature = bob.key().sign(signed_message(receipt));
  scene.receive(kWithBob, receipt);
  CHECK(scene.bye(kWithBob) == "0 BYEs");
  CHECK(scene.receipts.empty());
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
  CHECK(sketch <= 7'000);  // 70 bytes a changed place, in one question
  CHECK(heads <= 100 * 1.55 * SignedHead::kBytes);  // the dialled side's, and the dialling side's where it is the newer; no charters
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
