// What a place erases, here or elsewhere, leaves the disk of whoever held it: objects, rows, contributions.
#include <catch2/catch.hpp>
#include <fstream>

#include "registry/git/fetch.h"
#include "registry/git/pkt_line.h"
#include "tests/registry/holder.h"
#include "tests/registry/push_fixture.h"

using namespace maillage;
using namespace maillage::tests;

namespace fs = std::filesystem;

TEST_CASE("what a place erases is in no file and no object of its daemon after the purge") {
  Holder here;
  REQUIRE(here.registry->publish(here.own(), {resource("canari-nom", "un canari"), resource("scie", "une scie")}, kNow));
  REQUIRE(here.registry->publish(here.own(), {resource("canari-nom", "un canari jaune")}, kNow));
  here.reopen();
  CHECK(found_in(here.dir(), "canari") != "");
  auto erased = here.registry->erase(here.own(), {{"resources/canari-nom.json"}, false}, kNow);
  REQUIRE(erased);
  CHECK(erased->changed == std::vector<std::string>{"resources/canari-nom.json"});
  const protocol::Head& head = erased->place->head.head.head;
  CHECK(head.epoch == 1);
  CHECK(head.flags == 0);
  CHECK(here.registry->purge_waits());
  CHECK(must(here.registry->purge(kNow)) == std::vector{here.own()});
  CHECK_FALSE(here.registry->purge_waits());
  CHECK(found_in(here.dir(), "canari") == "");
  CHECK(here.sound());
  CHECK(here.registry->file(here.own(), "resources/scie.json"));
  CHECK_FALSE(here.registry->file(here.own(), "resources/canari-nom.json"));
  CHECK(must(here.registry->purge(kNow)).empty());
  here.reopen();
  CHECK(here.sound());
  REQUIRE(here.registry->publish(here.own(), {resource("tour", "un tour")}, kNow));
}

TEST_CASE("refs that were written for stock git name what there is after a purge too") {
  Holder here;
  REQUIRE(here.registry->publish(here.own(), {resource("scie", "une scie")}, kNow));
  REQUIRE(here.registry->write_refs());
  auto erased = here.registry->erase(here.own(), {{"resources/scie.json"}, false}, kNow);
  REQUIRE(erased);
  must(here.registry->purge(kNow));
  std::ifstream file(fs::path(here.dir()) / "store.git/packed-refs");
  std::string refs{std::istreambuf_iterator<char>(file), {}};
  CHECK(refs.find(erased->place->head.head.head.commit.hex() + " refs/heads/main") != std::string::npos);
  CHECK(here.sound());
}

TEST_CASE("a past that is erased again and again within a second is, each time") {
  Holder here;
  REQUIRE(here.registry->publish(here.own(), {resource("scie", "une scie")}, kNow));
  for (std::uint64_t epoch : {1, 2, 3}) {
    auto anew = here.registry->erase(here.own(), {}, kNow);
    REQUIRE(anew);
    CHECK(anew->place->head.head.head.epoch == epoch);
    if (epoch == 2) must(here.registry->purge(kNow));
  }
  must(here.registry->purge(kNow));
  CHECK(here.sound());
}

TEST_CASE("erasing the past alone keeps every file, and erasing a place leaves who it is") {
  Holder here;
  REQUIRE(here.registry->publish(here.own(), {resource("scie", "le premier texte")}, kNow));
  REQUIRE(here.registry->publish(here.own(), {resource("scie", "le second texte")}, kNow));
  auto anew = here.registry->erase(here.own(), {}, kNow);
  REQUIRE(anew);
  must(here.registry->purge(kNow));
  CHECK(found_in(here.dir(), "le premier texte") == "");
  CHECK(protocol::as_text(must(here.registry->file(here.own(), "resources/scie.json"))).find("le second texte") != std::string_view::npos);

  auto closed = here.registry->erase(here.own(), {{}, true}, kNow);
  REQUIRE(closed);
  CHECK(closed->place->head.head.head.flags == protocol::Head::kClosed);
  CHECK(closed->place->head.head.head.epoch == 2);
  must(here.registry->purge(kNow));
  CHECK(found_in(here.dir(), "Konk Ar Lab") == "");
  CHECK_FALSE(here.registry->file(here.own(), "profile.json"));
  CHECK(here.registry->file(here.own(), "identity/charters"));
  CHECK(here.sound());
}

TEST_CASE("a profile that is erased takes the name out of the new commit too") {
  Holder here;
  REQUIRE(here.registry->erase(here.own(), {{"profile.json"}, false}, kNow));
  must(here.registry->purge(kNow));
  CHECK(found_in(here.dir(), "Konk Ar Lab") == "");
  CHECK(here.sound());
}

TEST_CASE("what cannot be erased is refused and changes nothing") {
  Holder here;
  auto missing = here.registry->erase(here.own(), {{"resources/rien.json"}, false}, kNow);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().front().code == ErrorCode::kNotFound);
  CHECK_FALSE(here.registry->erase(here.own(), {{"identity/charters"}, false}, kNow));
  auto others = here.registry->erase(here.chain->place(), {}, kNow);
  REQUIRE_FALSE(others);
  CHECK(others.error().front().code == ErrorCode::kNotOurs);
  CHECK_FALSE(here.registry->purge_waits());
}

TEST_CASE("a copy of what a place erased leaves the disk, and what another place has too stays") {
  Holder here;
  FileEdit shared = resource("commun", "les memes octets");
  REQUIRE(here.registry->publish(here.own(), {shared}, kNow));
  auto before = here.take_in(here.state(0, "Canari Jaune", {resource("canari", "un canari"), shared}));
  REQUIRE_FALSE(before.refused);
  CHECK_FALSE(before.purging);
  auto packs = packs_in(here.dir());
  auto after = here.take_in(here.state(1, "personne", {resource("scie", "une scie")}));
  REQUIRE_FALSE(after.refused);
  CHECK(after.purging);
  CHECK(found_in(here.dir(), "anari") != "");
  CHECK(must(here.registry->purge(kNow)) == std::vector{here.chain->place()});
  CHECK(found_in(here.dir(), "anari") == "");
  CHECK(here.registry->file(here.own(), "resources/commun.json"));
  CHECK(here.sound());
  std::size_t untouched = 0;
  for (const std::string& pack : packs_in(here.dir())) untouched += packs.contains(pack) ? 1 : 0;
  CHECK(untouched == packs.size() - 1);
}

TEST_CASE("what an older epoch brings in again goes again") {
  Holder here;
  auto old = here.state(0, "Canari", {resource("canari", "un canari")});
  REQUIRE_FALSE(here.take_in(old).refused);
  REQUIRE_FALSE(here.take_in(here.state(1, "x", {resource("scie", "une scie")})).refused);
  must(here.registry->purge(kNow));
  auto again = here.take_in(old);
  CHECK(again.purging);
  CHECK(must(here.registry->purge(kNow)) == std::vector{here.chain->place()});
  CHECK(found_in(here.dir(), "anari") == "");
}

TEST_CASE("a clone that is under way is ended by a purge, with word to whoever clones") {
  Holder here;
  std::uint32_t letters = 1;
  std::vector<FileEdit> files;  // more than one piece of an answer, however well it is packed
  for (int file = 0; file < 40; ++file) {
    std::string text;
    for (int i = 0; i < 10'000; ++i) text += static_cast<char>('a' + (letters = letters * 1'664'525 + 1'013'904'223) % 997 % 26);
    files.push_back(resource("r" + std::to_string(file), text));
  }
  Holder::State before = here.state(0, "Ancien", files);
  REQUIRE_FALSE(here.take_in(before).refused);
  auto place = here.chain->place().hex();
  ObjectId head = before.head.head.commit;
  Bytes body;
  append_pkt(body, "want " + head.hex() + " side-band-64k");
  append_flush(body);
  append_pkt(body, "done");
  auto clone = must(here.registry->fetch(place, body, kNow));
  must(clone->read());
  REQUIRE_FALSE(here.take_in(here.state(1, "x", {resource("scie", "une scie")})).refused);
  must(here.registry->purge(kNow));
  std::string rest;
  for (Bytes piece = must(clone->read()); !piece.empty(); piece = must(clone->read())) rest += protocol::as_text(piece);
  CHECK(rest.find("this place was erased or changed meanwhile") != std::string::npos);
}

TEST_CASE("a purge that a restart finds waiting is done before anything is taken in") {
  Holder here;
  REQUIRE_FALSE(here.take_in(here.state(0, "Canari", {resource("canari", "un canari")})).refused);
  REQUIRE_FALSE(here.take_in(here.state(1, "x", {resource("scie", "une scie")})).refused);
  here.reopen();
  CHECK(output_of("git -C " + (here.dir() / "store.git").string() + " cat-file --batch-all-objects --batch | grep -ac anari || true") == "0\n");
  CHECK(here.registry->purge_waits());  // its rows are still in RocksDB's files
  REQUIRE(here.registry->publish(here.own(), {resource("tour", "un tour")}, kNow));
  CHECK(must(here.registry->purge(kNow)) == std::vector{here.chain->place()});
  CHECK(found_in(here.dir(), "anari") == "");
}

TEST_CASE("what a fork outranked in its own epoch is kept for three days, and then goes") {
  Holder here;
  REQUIRE_FALSE(here.take_in(here.state(0, "Perdant", {resource("perdant", "le perdant")})).refused);
  auto winner = here.take_in(here.state(0, "x", {resource("scie", "une scie")}, 1));
  REQUIRE_FALSE(winner.refused);
  CHECK_FALSE(winner.purging);
  CHECK(must(here.registry->purge(kNow)).empty());
  CHECK(must(here.registry->purge({kNow.ms + 71 * kHourMs})).empty());
  CHECK(found_in(here.dir(), "Perdant").ends_with("an object\n"));
  SECTION("by time") { must(here.registry->purge({kNow.ms + 73 * kHourMs})); }
  SECTION("by an erasure") {
    CHECK(here.take_in(here.state(1, "x", {resource("tour", "un tour")})).purging);
    must(here.registry->purge({kNow.ms + 71 * kHourMs}));
  }
  CHECK_FALSE(found_in(here.dir(), "Perdant").ends_with("an object\n"));
  CHECK(here.sound());
}

TEST_CASE("a receipt confirms an erasure only when it names a head signed since") {
  Holder here;
  auto receipt = [&](const protocol::SignedHead& head, std::uint8_t number, std::int64_t at) {
    protocol::PlaceId replica;
    replica.bytes[0] = number;
    must(here.registry->keep_receipts({{replica, {at}, {{here.own(), protocol::hash_of(head.head)}}}}));
  };
  auto before = here.registry->publish(here.own(), {resource("scie", "une scie")}, kNow);
  receipt(before->place->head.head, 1, 1);
  receipt(before->place->head.head, 2, 1);
  CHECK(must(here.registry->coverage(here.own())).erased.ms == 0);
  auto erased = here.registry->erase(here.own(), {}, kNow);
  REQUIRE(erased);
  CHECK_FALSE(must(here.registry->coverage(here.own())).purged_here);
  must(here.registry->purge(kNow));
  receipt(erased->place->head.head, 2, 2);
  auto later = here.registry->publish(here.own(), {resource("tour", "un tour")}, kNow);
  receipt(later->place->head.head, 3, 3);
  auto coverage = must(here.registry->coverage(here.own()));
  CHECK(coverage.erased == kNow);
  CHECK(coverage.purged_here);
  REQUIRE(coverage.replicas.size() == 3);
  CHECK_FALSE(coverage.replicas[0].confirmed);
  CHECK(coverage.replicas[0].since.ms == 1);
  CHECK(coverage.replicas[1].confirmed);
  CHECK(coverage.replicas[2].confirmed);
  REQUIRE(here.registry->erase(here.own(), {}, kNow));
  for (const auto& replica : must(here.registry->coverage(here.own())).replicas) CHECK_FALSE(replica.confirmed);
}

TEST_CASE("who let go of what it had has nothing to erase, and is asked again once it holds something") {
  Holder here;
  protocol::PlaceId replica;
  auto receipt = [&](const protocol::Hash& head, std::int64_t at) { must(here.registry->keep_receipts({{replica, {at}, {{here.own(), head}}}})); };
  auto first = [&] { return must(here.registry->coverage(here.own())).replicas.at(0); };
  auto before = here.registry->publish(here.own(), {resource("scie", "une scie")}, kNow);
  REQUIRE(here.registry->erase(here.own(), {}, kNow));
  receipt(protocol::Hash{}, 1);
  CHECK(first().keeps_nothing);
  CHECK(first().confirmed);
  REQUIRE(here.registry->publish(here.own(), {resource("tour", "un tour")}, kNow));
  REQUIRE(here.registry->erase(here.own(), {}, kNow));
  CHECK(first().confirmed);
  receipt(protocol::hash_of(before->place->head.head.head), 2);
  CHECK_FALSE(first().keeps_nothing);
  CHECK_FALSE(first().confirmed);
}

TEST_CASE("contributions to a place that is erased go, and their authors read why") {
  PushFixture it;
  it.clone();
  it.write("resources/tour.json", PushFixture::record("Tour du canari"));
  it.commit();
  auto waiting = it.push();
  REQUIRE(waiting);
  Bytes late = it.pack();
  auto arrival = must(it.registry->begin_push());
  must(arrival->append(late));
  auto judged = it.registry->judge_push(*arrival, it.push_of(it.tip()), kNow);
  REQUIRE(judged);
  REQUIRE(it.registry->erase(it.place, {{"resources/saw.json"}, false}, kNow));
  must(it.registry->purge(kNow));
  auto told = must(it.registry->contribution(waiting->contribution.id));
  CHECK(told.state == ContributionState::kRefused);
  CHECK(told.name.empty());
  CHECK(told.answer.find("git rebase --onto") != std::string::npos);
  CHECK_FALSE(fs::exists(it.dir() / "inbox" / told.id.hex() / "pack"));
  // It was being judged while the place erased.
  CHECK(PushFixture::code_of(it.registry->take_push(*arrival, it.push_of(it.tip()), *judged, kNow)) == ErrorCode::kPushOtherRoot);
  // And so is any clone from before, which knows nothing of what the place tells of itself now.
  CHECK(PushFixture::code_of(it.push(it.push_of(it.tip()), it.pack("HEAD\n"))) == ErrorCode::kPushOtherRoot);
}
