// The limits of a session, each at its edge: what is just allowed goes through, what is just beyond is refused by its code.
#include <catch2/catch.hpp>

#include "tests/protocol/node_scene.h"

using namespace maillage::tests;
using namespace std::chrono_literals;

namespace {

Heads many(std::uint64_t first, std::size_t count) {
  Heads heads;
  for (std::uint64_t number = first; number < first + count; ++number) {
    Author author(number);
    auto one = author.bundle(author.head(1));
    heads.bundle.charters.insert(heads.bundle.charters.end(), one.charters.begin(), one.charters.end());
    heads.bundle.heads.insert(heads.bundle.heads.end(), one.heads.begin(), one.heads.end());
  }
  return heads;
}

void tell_many(Scene& scene, SessionId session, std::uint64_t first, std::size_t count) {
  for (std::size_t at = 0; at < count; at += kHeadsPerFrameMax)
    scene.receive(session, many(first + at, std::min(kHeadsPerFrameMax, count - at)));
}

// A part of the answer to the last WANT of a session; the first names Eve's place.
void send_part(Scene& scene, std::size_t bytes, std::uint8_t flags = 0) {
  Want want = scene.all<Want>(kWithEve).back();
  Bytes part(bytes);
  std::vector<PackedPlace> places;
  if ((flags & Pack::kFirst) != 0) places.push_back({kEve.place(), kEve.head(1), {}});
  scene.receive(kWithEve, Pack{want.request, flags, places, part});
}

std::vector<std::size_t> asks(Scene& scene, SessionId session) {
  std::vector<std::size_t> at;
  for (std::size_t i = 0; i < scene.sent[session].size(); ++i) {
    auto frame = decode_frame(scene.sent[session][i]);
    if (auto* part = std::get_if<Sketch>(&*frame); part != nullptr && std::holds_alternative<SketchAsk>(*part)) at.push_back(i);
  }
  return at;
}

void reconcile(Scene& dialling, Scene& dialled) {
  dialling.on(SessionOpened{kWithAnn, Role::kDialling, true});
  dialled.on(SessionOpened{kWithAnn, Role::kDialled, true});
  std::size_t at_one = 0, at_other = 0;
  converse(dialling, dialled, kWithAnn, at_one, at_other);
}

}  // namespace

TEST_CASE("a pack that trickles is waited for while nobody else offers its content, and asked of the next who does") {
  Scene scene(kUs);
  scene.meet(kWithEve, kEve);
  send_part(scene, kPackPartBytesMin, Pack::kFirst);
  for (int half_minute = 0; half_minute < 40; ++half_minute) {  // 140 bytes a second
    scene.pass(30s);
    send_part(scene, kPackPartBytesMin);
  }
  REQUIRE_FALSE(scene.closed.contains(kWithEve));
  scene.meet(kWithAnn, kAnn);
  scene.answer_want(kWithAnn, std::vector{kAnn.head(1)});
  std::size_t asked = scene.all<Want>(kWithAnn).size();
  tell(scene, kWithAnn, kEve, kEve.head(1));
  for (int half_minute = 0; half_minute < 4 && !scene.closed.contains(kWithEve); ++half_minute) {
    send_part(scene, kPackPartBytesMin);
    scene.pass(30s);
  }
  CHECK(scene.bye(kWithEve) == "timeout");
  REQUIRE(scene.all<Want>(kWithAnn).size() == asked + 1);
  scene.answer_want(kWithAnn, std::vector{kEve.head(1)});
  CHECK(scene.holds(kEve));
}

TEST_CASE("a pack of which nothing comes for a minute ends its session, also when nobody else offers it") {
  Scene scene(kUs);
  scene.meet(kWithEve, kEve);
  send_part(scene, kPackPartBytesMin, Pack::kFirst);
  scene.pass(kWantTimeout);
  CHECK_FALSE(scene.closed.contains(kWithEve));
  scene.pass(1ms);
  CHECK(scene.bye(kWithEve) == "timeout");
}

TEST_CASE("a pack of just as many bytes as allowed is taken, and one of a byte more ends its session") {
  Scene scene(kUs);
  scene.meet(kWithEve, kEve);
  std::uint8_t flags = Pack::kFirst;
  for (std::size_t sent = 0; sent < kPackBytesMax; sent += kPackChunkBytes, flags = 0) send_part(scene, kPackChunkBytes, flags);
  CHECK(scene.appended_bytes == kPackBytesMax);
  REQUIRE_FALSE(scene.closed.contains(kWithEve));
  SECTION("it ends there") {
    send_part(scene, 0, Pack::kLast);
    CHECK(scene.holds(kEve));
  }
  SECTION("a byte more") {
    send_part(scene, 1, Pack::kLast);
    CHECK(scene.bye(kWithEve) == "too-large");
    CHECK_FALSE(scene.holds(kEve));
  }
}

TEST_CASE("a mebibyte of a pack may wait for the disk, and not a byte more") {
  Scene scene(kUs);
  scene.meet(kWithEve, kEve);
  scene.appends = false;
  std::uint8_t flags = Pack::kFirst;
  for (std::size_t sent = 0; sent < kPackWindowBytes; sent += kPackChunkBytes, flags = 0) send_part(scene, kPackChunkBytes, flags);
  REQUIRE_FALSE(scene.closed.contains(kWithEve));
  send_part(scene, 1, Pack::kLast);
  CHECK(scene.bye(kWithEve) == "too-large");
}

TEST_CASE("what a peer asks for is read only as far as its credit goes") {
  Scene scene(kUs);
  scene.meet(kWithBob, kBob);
  scene.agree(kWithBob);
  scene.pack_bytes = 3 * kMiB;
  scene.receive(kWithBob, Want{1, {{kUs.place(), {}}}});
  auto came = [&] {
    std::size_t bytes = 0;
    for (const Pack& pack : scene.all<Pack>(kWithBob)) bytes += pack.bytes.size();
    return bytes;
  };
  CHECK(came() <= kPackWindowBytes);
  CHECK(came() > kPackWindowBytes - kPackChunkBytes);
  std::size_t first = came();
  scene.receive(kWithBob, Credit{std::uint32_t{4 * kPackWindowBytes}});  // a window at most, whatever it says
  CHECK(came() - first <= kPackWindowBytes);
}

TEST_CASE("a pushed pack of 8 KiB is passed on, and of a byte more only its head") {
  bool fits = GENERATE(true, false);
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.answer_want(kWithAnn, std::vector{kAnn.head(1)});
  scene.meet(kWithBob, kBob);
  scene.agree(kWithBob);
  scene.receive(kWithBob, Heads{kAnn.bundle(kAnn.head(1))});
  std::size_t packs = scene.all<Pack>(kWithBob).size(), heads = scene.all<Heads>(kWithBob).size();
  push(scene, kWithAnn, kAnn.head(2), kAnn.head(1).head.commit, Bytes(kPushedPackRelayBytesMax + (fits ? 0 : 1)));
  REQUIRE(*scene.seen(kAnn) == kAnn.head(2));
  CHECK(scene.all<Pack>(kWithBob).size() - packs == (fits ? 1 : 0));
  CHECK(scene.all<Heads>(kWithBob).size() - heads == (fits ? 0 : 1));
}

TEST_CASE("a batch holds so many heads as allowed, and the next one the rest") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.persists = false;
  std::size_t before = scene.persist_asked.size();
  auto batch = [&](std::size_t number) { return scene.persist_asked.at(before + number); };
  tell_many(scene, kWithAnn, 1000, kHeadsPerFrameMax + kBatchRecordsMax + 1);
  REQUIRE(scene.persist_asked.size() == before + 1);
  CHECK(batch(0).heads.size() == kHeadsPerFrameMax);  // the first frame's: nothing was being written
  scene.on(Persisted{batch(0).job, true});
  CHECK(batch(1).heads.size() == kBatchRecordsMax);
  scene.on(Persisted{batch(1).job, true});
  CHECK(batch(2).heads.size() == 1);
}

TEST_CASE("four thousand sessions fit, of which the last sixty-four are for peers that we dial") {
  Scene scene(kUs);
  SessionId id = 0;
  while (id < kSessionsMax - kSessionsKeptForDialled) scene.on(SessionOpened{++id, Role::kDialled, true});
  REQUIRE(scene.closed.empty());
  scene.on(SessionOpened{++id, Role::kDialled, true});
  CHECK(scene.bye(id) == "busy");
  scene.on(SessionClosed{id});
  for (std::size_t dialled = 0; dialled < kSessionsKeptForDialled; ++dialled) scene.on(SessionOpened{++id, Role::kDialling, true});
  CHECK(scene.node.sessions() == kSessionsMax);
  scene.on(SessionOpened{++id, Role::kDialling, true});
  CHECK(scene.bye(id) == "busy");
}

TEST_CASE("four questions of a peer may wait for their answers, and a fifth ends its session") {
  Scene scene(kUs);
  scene.meet(kWithEve, kEve);
  scene.opens = false;
  for (std::uint32_t request = 1; request <= kServedRequestsMax; ++request) scene.receive(kWithEve, Want{request, {{kUs.place(), {}}}});
  REQUIRE_FALSE(scene.closed.contains(kWithEve));
  scene.receive(kWithEve, Want{99, {{kUs.place(), {}}}});
  CHECK(scene.bye(kWithEve) == "too-many");
}

TEST_CASE("two packs of a session may wait to be checked, and the next is asked for when one is done") {
  Scene scene(kUs);
  scene.meet(kWithEve, kEve);
  scene.answer_want(kWithEve, std::vector{kEve.head(1)});
  scene.ingests = false;
  for (std::uint64_t number = 100; number < 100 + kPacksWaitingMax + 1; ++number) {
    Author author(number);
    std::size_t asked = scene.all<Want>(kWithEve).size();
    tell(scene, kWithEve, author, author.head(1));
    if (number < 100 + kPacksWaitingMax) {
      REQUIRE(scene.all<Want>(kWithEve).size() == asked + 1);
      scene.answer_want(kWithEve, std::vector{author.head(1)});
    } else {
      CHECK(scene.all<Want>(kWithEve).size() == asked);
      scene.on(Scene::outcome(scene.ingest_asked[1], {}));
      CHECK(scene.all<Want>(kWithEve).size() == asked + 1);
    }
  }
}

TEST_CASE("the next reconciliation comes five to fifteen minutes after the last, not always at once for all") {
  std::set<std::int64_t> waits;
  for (std::uint64_t number = 50; number < 58; ++number) {
    Scene scene{Author(number)};
    Scene other(kAnn);
    reconcile(scene, other);
    REQUIRE(scene.events(Event::kReconciled) == 1);
    std::size_t asked = asks(scene, kWithAnn).size();
    auto begin = scene.now.instant;
    while (asks(scene, kWithAnn).size() == asked && scene.now.instant - begin < 20min) scene.pass(1s);
    auto waited = std::chrono::duration_cast<std::chrono::seconds>(scene.now.instant - begin);
    CHECK(waited >= kReconcileInterval / 2);
    CHECK(waited <= kReconcileInterval * 3 / 2 + 1s);
    waits.insert(waited.count());
  }
  CHECK(waits.size() > 4);
}

TEST_CASE("a peer that is owed a reconciliation has it five seconds after the last began, not before") {
  Scene scene(kUs);
  Scene other(kAnn);
  reconcile(scene, other);
  REQUIRE(scene.events(Event::kReconciled) == 1);
  std::size_t asked = asks(scene, kWithAnn).size();
  scene.receive(kWithAnn, Sketch(SketchDue{}));
  scene.pass(kReconcileGapMin - 1ms);
  CHECK(asks(scene, kWithAnn).size() == asked);
  scene.pass(1ms);
  CHECK(asks(scene, kWithAnn).size() == asked + 1);
}
