// The pace of a place: what a flood of valid heads may cost, and that its last one is taken.
#include <catch2/catch.hpp>

#include "tests/protocol/scene.h"

using namespace maillage::tests;
using namespace std::chrono_literals;

namespace {

const Author kUs(1), kAnn(2), kBob(3), kEve(4);
constexpr SessionId kWithAnn = 10, kWithBob = 20;
const Bytes kPackBytes{'P'};  // a Pack only points at its bytes

struct Stage : Scene {
  Stage() : Scene(kUs) {
    meet(kWithAnn, kAnn);
    answer_want(kWithAnn, std::vector{kAnn.head(1)});
    meet(kWithBob, kBob);
    agree(kWithBob);
    written_before = written();
    told_before = told();
  }
  // Heads of Ann's place from `first` to `last`, `gap` between two, and a tick a second.
  void flood(std::uint64_t first, std::uint64_t last, Duration gap) {
    for (std::uint64_t sequence = first; sequence <= last; ++sequence) {
      now.instant += gap;
      if (now.instant >= node.deadline()) on(Tick{});
      receive(kWithAnn, Heads{{{}, {kAnn.head(sequence)}}});
    }
  }
  // How often a head of Ann's place was written, and was told to Bob.
  std::size_t written() {
    std::size_t count = 0;
    for (const Persist& asked : persist_asked)
      count += static_cast<std::size_t>(std::ranges::count(asked.heads, kAnn.place(), [](const Candidate& c) { return c.head.head.place; }));
    return count;
  }
  std::size_t told() {
    std::size_t count = 0;
    for (const Heads& heads : all<Heads>(kWithBob))
      count += static_cast<std::size_t>(std::ranges::count(heads.bundle.heads, kAnn.place(), [](const SignedHead& h) { return h.head.place; }));
    return count;
  }
  std::size_t written_before = 0, told_before = 0;
};

}  // namespace

TEST_CASE("fifty heads of one place within a second are each written and passed on at once") {
  Stage stage;
  for (std::uint64_t sequence = 2; sequence <= 51; ++sequence) {
    stage.flood(sequence, sequence, 20ms);
    REQUIRE(stage.seen(kAnn)->head.sequence == sequence);
  }
  CHECK(stage.written() - stage.written_before == 50);
  CHECK(stage.told() - stage.told_before == 50);
}

TEST_CASE("of a flood of valid heads no more are written and passed on than the pace allows, and the last one counts") {
  Stage stage;
  stage.flood(2, 2'001, 5ms);
  constexpr std::size_t kAllowed = kHeadsBurst + 10 * kHeadsPerSecond;
  CHECK(stage.written() - stage.written_before <= kAllowed);
  CHECK(stage.told() - stage.told_before <= kAllowed);
  CHECK(stage.told() - stage.told_before >= kHeadsBurst);
  CHECK(stage.seen(kAnn)->head.sequence < 2'001);
  stage.pass(1s);
  CHECK(stage.seen(kAnn)->head.sequence == 2'001);
  CHECK(stage.all<Heads>(kWithBob).back().bundle.heads.back() == kAnn.head(2'001));
  CHECK(stage.closed.empty());
}

TEST_CASE("the last head of a flood is taken when everybody has gone meanwhile") {
  Stage stage;
  stage.flood(2, 300, 1ms);
  stage.on(SessionClosed{kWithAnn});
  stage.on(SessionClosed{kWithBob});
  REQUIRE(stage.node.deadline() <= stage.now.instant + 1s);
  stage.pass(1s);
  CHECK(stage.seen(kAnn)->head.sequence == 300);
  CHECK(stage.node.deadline() == Instant::max());
}

TEST_CASE("an older head that comes after the one that waits does not take its turn") {
  Stage stage;
  stage.flood(2, 200, 1ms);
  stage.receive(kWithBob, Heads{{{}, {kAnn.head(190)}}});
  stage.pass(1s);
  CHECK(stage.seen(kAnn)->head.sequence == 200);
}

TEST_CASE("a head under a new charter goes before all that a stolen key signs meanwhile") {
  Stage stage;
  stage.flood(2, 200, 1ms);
  Author healed(2);
  healed.rotate();
  stage.receive(kWithBob, Heads{healed.bundle(healed.head(1))});
  stage.flood(201, 300, 1ms);
  stage.pass(1s);
  CHECK(stage.seen(kAnn)->head == healed.head(1).head);
}

TEST_CASE("the flood of one place delays no head of another") {
  Stage stage;
  stage.flood(2, 300, 1ms);
  stage.receive(kWithAnn, Heads{{{}, {kBob.head(2)}}});
  CHECK(stage.seen(kBob)->head.sequence == 2);
}

TEST_CASE("packs pushed faster than the pace of their place are only heads") {
  Stage stage;
  std::size_t ingested = stage.ingest_asked.size();
  for (std::uint64_t sequence = 2; sequence <= 300; ++sequence) {
    Pack pack{0, Pack::kFirst | Pack::kLast, {{kAnn.place(), kAnn.head(sequence), kAnn.head(sequence - 1).head.commit}}, kPackBytes};
    stage.receive(kWithAnn, pack);
  }
  CHECK(stage.ingest_asked.size() - ingested == kHeadsBurst);
  stage.pass(1s);
  CHECK(stage.seen(kAnn)->head.sequence == 300);
}

TEST_CASE("a pushed pack does not take the turn of a greater head that waits") {
  Stage stage;
  auto push = [&](std::uint64_t sequence) {
    Pack pack{0, Pack::kFirst | Pack::kLast, {{kAnn.place(), kAnn.head(sequence), kAnn.head(sequence - 1).head.commit}}, kPackBytes};
    stage.receive(kWithAnn, pack);
  };
  for (std::uint64_t sequence = 2; sequence <= 200; ++sequence) push(sequence);
  std::size_t ingested = stage.ingest_asked.size();
  std::uint64_t held = stage.seen(kAnn)->head.sequence;
  REQUIRE(held < 200);
  stage.now.instant += 1s;  // its token is there, and no tick has looked yet
  push(held + 1);
  CHECK(stage.ingest_asked.size() == ingested);
  CHECK(stage.seen(kAnn)->head.sequence == 200);
}

TEST_CASE("a session that floods heads ends, and the place and the other sessions are not hurt") {
  Stage stage;
  Bytes unknown{0x80};
  for (std::uint64_t i = 0; i < kUselessBurst - 300; ++i) stage.on(FrameReceived{kWithAnn, unknown});
  REQUIRE(stage.closed.empty());
  stage.flood(2, 600, 0ms);
  CHECK(stage.bye(kWithAnn) == "rate-limited");
  CHECK_FALSE(stage.closed.contains(kWithBob));
  stage.pass(1s);
  SignedHead taken = *stage.seen(kAnn);
  CHECK(taken.head.sequence > kHeadsBurst);
  stage.receive(kWithBob, Heads{{{}, {kAnn.head(601)}}});
  stage.pass(1s);
  CHECK(stage.seen(kAnn)->head.sequence == 601);
}

TEST_CASE("evidence of a fork that a later epoch healed is not written") {
  Stage stage;
  stage.receive(kWithAnn, Heads{{{}, {kAnn.head(1, 2)}}});
  REQUIRE(stage.seen(kAnn)->head.epoch == 2);
  std::size_t writes = stage.persist_asked.size();
  stage.receive(kWithBob, Evidence{{}, kAnn.head(5, 1), kAnn.head(5, 1, 1)});
  CHECK(stage.persist_asked.size() == writes);
  CHECK(stage.closed.empty());
}

TEST_CASE("the paces of many places are forgotten when they are full again") {
  Arrivals arrivals;
  Instant now = Instant{} + 1h;
  std::size_t most = 0;
  for (std::uint64_t i = 0; i < 20'000; ++i, now += 1ms) {
    PlaceId place;
    std::memcpy(place.bytes.data(), &i, sizeof i);
    CHECK(arrivals.take(place, now));
    most = std::max(most, arrivals.paces());
  }
  // A thousand take longer than this to be full again; at most as many have been full and wait for the next sweep.
  CHECK(most <= 2'100);
}
