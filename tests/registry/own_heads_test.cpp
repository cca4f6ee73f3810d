// Heads of our own places that this disk did not sign, over the real stores: copies of a directory, as backups and cloned
// machines make them.
#include <catch2/catch.hpp>

#include "registry/own_heads.h"
#include "registry/registry.h"
#include "tests/registry/temporary_directory.h"

using namespace maillage::protocol;
using namespace maillage::registry;
using namespace maillage::tests;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr UnixTime kWall{1'800'000'000'000};

// One life of a place: a directory that this daemon alone has, and what its node would do.
struct Life {
  explicit Life(const fs::path& folder) : dir(folder) { open(); }
  void open() {
    registry.reset();
    auto opened = Registry::open(dir);
    REQUIRE(opened);
    registry = std::move(*opened);
  }
  PlaceId place() const { return registry->identity().place; }
  PlaceState state() const {
    auto places = registry->load();
    REQUIRE(places);
    for (PlaceState& one : *places)
      if (one.chain.place() == place()) return std::move(one);
    FAIL("no own place");
    std::abort();
  }
  Head held() const { return state().held_head()->head; }
  SignedHead told() const { return state().seen; }
  tl::expected<Announcement, Problems> publish(const std::string& name) {
    std::string json = R"({"kind": "need", "name": ")" + name + R"("})";
    return registry->publish(place(), {{"needs/" + name + ".json", Bytes(json.begin(), json.end())}}, now.wall);
  }
  bool has(const std::string& name) const { return registry->file(place(), "needs/" + name + ".json").has_value(); }
  OwnMoves settle() { return registry->settle_own(now); }
  void pass(Duration time) {
    now.instant += time;
    now.wall.ms += std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  }

  // A partner tells what the other life signed; its content comes aside when it is asked for.
  OwnMoves meet(Life& other) {
    Candidate candidate{other.told(), other.state().chain, 0};
    registry->own_heard(candidate.head, PlaceId{}, now.instant);
    REQUIRE(registry->persist({candidate}, {}));
    OwnMoves asked = settle();
    if (asked.aside.empty()) return asked;
    static JobId job = 1;
    auto packed = other.registry->open_pack(++job, {{place(), candidate.head, {}}});
    REQUIRE(packed.size() == 1);
    for (bool last = false; !last;) {
      auto chunk = other.registry->read_pack(job, 100'000);
      REQUIRE(chunk);
      REQUIRE(registry->append_pack(job, chunk->bytes));
      last = chunk->last;
    }
    other.registry->close_pack(job);
    Head before = held();
    auto outcomes = registry->ingest(job, {{candidate, {}, true}});
    REQUIRE_FALSE(outcomes.front().refused);
    CHECK(held() == before);  // aside: nothing of ours is replaced
    return settle();
  }

  fs::path dir;
  std::unique_ptr<Registry> registry;
  Now now{Instant{} + 1h, kWall};
};

// A directory and a copy of it.
struct Copies {
  Copies() {
    REQUIRE(Registry::create(folder.path() / "one", {"Konk Ar Lab", false, "29039", {}, {}}, kWall));
    {
      Life first(folder.path() / "one");
      REQUIRE(first.publish("avant"));
    }
    fs::copy(folder.path() / "one", folder.path() / "two", fs::copy_options::recursive);
  }
  TemporaryDirectory folder;
};

OwnMoves::Note::Outcome only_note(const OwnMoves& moves) {
  REQUIRE(moves.notes.size() == 1);
  INFO((moves.notes.front().error ? moves.notes.front().error->context : ""));
  return moves.notes.front().outcome;
}
using Outcome = OwnMoves::Note::Outcome;

}  // namespace

TEST_CASE("what is signed while partners are awaited is shown here and told once one has said what it knows") {
  Copies copies;
  Life life(copies.folder.path() / "one");
  Head before = life.held();
  life.registry->await_peers();
  REQUIRE(life.publish("visieres"));
  REQUIRE(life.publish("gants"));
  CHECK(life.has("gants"));
  CHECK(life.registry->keeps_back(life.place()));
  CHECK(life.told().head == before);
  CHECK(life.registry->status().at("own").at(0).at("keptBack").as_bool());
  life.open();
  life.registry->await_peers();
  CHECK(life.told().head == before);
  CHECK(life.settle().published.empty());
  life.registry->own_caught_up();
  OwnMoves moves = life.settle();
  REQUIRE(moves.published.size() == 1);
  CHECK(moves.published.front().head.head.head.sequence == before.sequence + 2);
  CHECK(moves.published.front().base == before.commit);
  CHECK_FALSE(life.registry->keeps_back(life.place()));
  CHECK(life.told().head.sequence == before.sequence + 2);
  life.open();
  CHECK(life.told().head.sequence == before.sequence + 2);
}

TEST_CASE("what was kept back is the state of a daemon that awaits nobody from its start on, and it keeps back no more") {
  Copies copies;
  Life life(copies.folder.path() / "one");
  life.registry->await_peers();
  auto published = life.publish("visieres");
  REQUIRE((published && published->place));
  Head kept_back = published->place->head.head.head;
  CHECK_FALSE(life.told().head == kept_back);
  life.open();  // a first session finds it: nothing is left to be told without its content afterwards
  CHECK_FALSE(life.registry->awaits_peers());
  CHECK(life.told().head == kept_back);
  CHECK(life.held() == kept_back);
  (void)life.settle();
  REQUIRE(life.publish("gants"));
  CHECK_FALSE(life.registry->keeps_back(life.place()));
}

TEST_CASE("who awaits nobody, and a place that is new, are told at once") {
  Copies copies;
  Life life(copies.folder.path() / "one");
  REQUIRE(life.publish("visieres"));
  CHECK_FALSE(life.registry->keeps_back(life.place()));
  life.registry->await_peers();
  auto added = life.registry->add_place({"Le Moulin", false, "", {}, {}}, std::nullopt, kWall);
  REQUIRE(added);
  CHECK_FALSE(life.registry->keeps_back(added->place));
}

TEST_CASE("a copy put back from a backup goes on from what its other life published") {
  Copies copies;
  Life one(copies.folder.path() / "one"), two(copies.folder.path() / "two");
  REQUIRE(one.publish("visieres"));
  REQUIRE(one.publish("gants"));
  CHECK(only_note(two.meet(one)) == Outcome::kTakenOver);
  CHECK(two.held() == one.held());
  CHECK(two.has("gants"));
  REQUIRE(two.publish("masques"));
  CHECK(two.held().sequence == one.held().sequence + 1);
  CHECK(two.registry->verify()->empty());
}

TEST_CASE("what a copy signed before it heard of its other life moves on top of it, and there is no fork") {
  Copies copies;
  Life one(copies.folder.path() / "one"), two(copies.folder.path() / "two");
  two.registry->await_peers();
  REQUIRE(one.publish("visieres"));
  REQUIRE(two.publish("gants"));
  two.registry->own_caught_up();
  OwnMoves moves = two.meet(one);
  CHECK(only_note(moves) == Outcome::kMovedOn);
  REQUIRE(moves.published.size() == 1);
  CHECK(two.held().epoch == one.held().epoch);
  CHECK(two.held().sequence == one.held().sequence + 1);
  CHECK((two.has("visieres") && two.has("gants") && two.has("avant")));
  CHECK(only_note(one.meet(two)) == Outcome::kTakenOver);
  CHECK(one.held() == two.held());
  CHECK(one.registry->verify()->empty());
}

TEST_CASE("two lives that published differently become one again, with what both published and all of the history") {
  Copies copies;
  Life one(copies.folder.path() / "one"), two(copies.folder.path() / "two");
  REQUIRE(one.publish("visieres"));
  REQUIRE(two.publish("gants"));
  if (order(two.held(), one.held()) > 0) std::swap(one.registry, two.registry), std::swap(one.dir, two.dir);
  OwnMoves moves = two.meet(one);
  CHECK(only_note(moves) == Outcome::kHealed);
  REQUIRE(moves.published.size() == 1);
  CHECK(two.held().epoch == one.held().epoch + 1);
  CHECK(two.held().sequence == 0);
  CHECK((two.has("visieres") && two.has("gants") && two.has("avant")));
  CHECK(only_note(one.meet(two)) == Outcome::kTakenOver);
  CHECK(one.held() == two.held());
  CHECK((one.has("visieres") && one.has("gants")));
  CHECK(two.registry->verify()->empty());
  CHECK(one.registry->query(*parse_query(What::kNeeds, {}))->number_matched == 3);
}

TEST_CASE("the second time within a day a person is asked, nothing is published until then, and the answer is carried out") {
  Copies copies;
  Life one(copies.folder.path() / "one"), two(copies.folder.path() / "two");
  auto part = [&](const std::string& name) {
    REQUIRE(one.publish(name + "-un"));
    REQUIRE(two.publish(name + "-deux"));
    // `two` is the lesser side, which can see both.
    if (order(two.held(), one.held()) > 0) REQUIRE(one.publish(name + "-encore"));
    return two.meet(one);
  };
  CHECK(only_note(part("premier")) == Outcome::kHealed);
  CHECK(only_note(one.meet(two)) == Outcome::kTakenOver);
  CHECK(only_note(part("second")) == Outcome::kAsked);
  CHECK(two.publish("rien").error().front().code == ErrorCode::kIdentityInQuestion);
  two.open();
  CHECK(two.publish("rien").error().front().code == ErrorCode::kIdentityInQuestion);
  auto question = two.registry->status().at("own").at(0).at("question");
  CHECK(question.at("code").as_string() == "two-daemons");
  CHECK(question.at("theirs").at("hash").as_string() == hash_of(one.held()).hex());
  Head theirs = one.held();
  SECTION("keep: ours goes on above theirs") {
    REQUIRE(two.registry->answer_own(two.place(), OwnHead::Answer::kKeepOurs));
    CHECK(only_note(two.settle()) == Outcome::kMovedOn);
    CHECK(two.held().epoch == theirs.epoch + 1);
    CHECK((two.has("second-deux") && !two.has("second-un")));
  }
  SECTION("take: theirs replaces ours") {
    REQUIRE(two.registry->answer_own(two.place(), OwnHead::Answer::kTakeTheirs));
    CHECK(only_note(two.settle()) == Outcome::kTakenOver);
    CHECK(two.held() == theirs);
    CHECK((two.has("second-un") && !two.has("second-deux")));
  }
  CHECK(two.publish("suite"));
  CHECK(two.registry->answer_own(two.place(), OwnHead::Answer::kKeepOurs).error().code == ErrorCode::kNotFound);
  CHECK(two.registry->verify()->empty());
  two.open();
  CHECK(two.publish("apres"));
}

TEST_CASE("a thief's head whose content nobody has is waited for in our epoch, then outdone once a day, and of a later one people are asked") {
  Copies copies;
  Life life(copies.folder.path() / "one");
  auto steal = [&](std::uint64_t epoch) {
    Head head = life.held();
    head.sequence += epoch == head.epoch ? 9 : 0;
    head.epoch = epoch;
    head.commit.bytes[0] ^= 1;
    Candidate candidate{sign(head, life.registry->identity().key), life.state().chain, 0};
    life.registry->own_heard(candidate.head, PlaceId{}, life.now.instant);
    REQUIRE(life.registry->persist({candidate}, {}));
    return life.settle();
  };
  OwnMoves first = steal(0);
  CHECK(first.aside.size() == 1);
  CHECK(first.notes.empty());
  CHECK(life.publish("rien").error().front().code == ErrorCode::kIdentitySettling);
  life.pass(11min);
  CHECK(only_note(life.settle()) == Outcome::kHealed);
  CHECK(life.held().epoch == 1);
  CHECK(life.has("avant"));
  REQUIRE(life.publish("suite"));
  std::uint64_t epoch = GENERATE(std::uint64_t{1}, std::uint64_t{7}, std::numeric_limits<std::uint64_t>::max());
  bool greatest = epoch == std::numeric_limits<std::uint64_t>::max(), later = epoch == 7;
  if (greatest) life.pass(25h);
  CHECK(steal(epoch).notes.empty());
  life.pass(11min);
  CHECK(only_note(life.settle()) == Outcome::kAsked);
  life.open();
  auto question = life.registry->status().at("own").at(0).at("question");
  CHECK(question.at("code").as_string() == (greatest ? "counters-exhausted" : later ? "history-replaced" : "two-daemons"));
  CHECK(life.publish("rien").error().front().code == ErrorCode::kIdentityInQuestion);
  CHECK((life.has("avant") && life.has("suite")));
  CHECK(life.registry->verify()->empty());
}

TEST_CASE("a place of whose reign there is evidence says so wherever it is shown, until a higher reign is seen") {
  Copies copies;
  Life life(copies.folder.path() / "one");
  Head twin = life.held();
  twin.time.ms += 1;
  Fork fork{life.told(), sign(twin, life.registry->identity().key)};
  auto shown = [&](const char* where) {
    std::string found = where;
    if (found == "place") return life.registry->place(life.place().hex())->contains("forked");
    if (found == "status") return life.registry->status().at("own").at(0).as_object().contains("forked");
    auto what = found == "places" ? What::kPlaces : What::kNeeds;
    auto page = life.registry->query(*parse_query(what, {}));
    const boost::json::object& item = page->items.front();
    return found == "places" ? item.contains("forked") : item.at("place").as_object().contains("forked");
  };
  for (const char* where : {"place", "status", "places", "needs"}) CHECK_FALSE(shown(where));
  REQUIRE(life.registry->persist({}, {fork}));
  for (const char* where : {"place", "status", "places", "needs"}) CHECK(shown(where));
  life.open();
  CHECK(life.state().fork != nullptr);
  for (const char* where : {"place", "status", "places", "needs"}) CHECK(shown(where));
  // Ours is the greater side, or the only one that is to be had: a minute later it goes out again above both.
  life.registry->own_forked(fork, life.now.instant);
  CHECK(life.settle().notes.empty());
  life.pass(2min);
  CHECK(only_note(life.settle()) == Outcome::kHealed);
  CHECK(life.held().epoch == twin.epoch + 1);
  CHECK(life.has("avant"));
  for (const char* where : {"place", "status", "places", "needs"}) CHECK_FALSE(shown(where));
}

TEST_CASE("a ledger comes back as it was written, and no other bytes are taken for one") {
  Copies copies;
  Life life(copies.folder.path() / "one");
  OwnLedger ledger{std::nullopt, life.told(), UnixTime{7}, OwnQuestion{OwnDoubt::kExhausted, life.told()}};
  WriteBatch batch;
  put_ledger(batch, life.place(), ledger);
  std::string row = *batch.changes().front().value;
  auto read = read_ledger(as_bytes(row));
  REQUIRE(read);
  CHECK(read->told == ledger.told);
  CHECK(read->healed == ledger.healed);
  CHECK(read->question == ledger.question);
  for (std::size_t cut = 0; cut < row.size(); ++cut) CHECK(read_ledger(as_bytes(row.substr(0, cut))).error().code == ErrorCode::kCorrupt);
  for (std::size_t at = 0; at < row.size(); ++at) {
    std::string other = row;
    other[at] = static_cast<char>(other[at] ^ 0x55);
    auto changed = read_ledger(as_bytes(other));
    bool same = changed && changed->told == ledger.told && changed->healed == ledger.healed && changed->question == ledger.question;
    CHECK_FALSE(same);
  }
  WriteBatch empty;
  put_ledger(empty, life.place(), {});
  CHECK_FALSE(empty.changes().front().value);
}
