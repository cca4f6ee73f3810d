// What the disk keeps of who is let in: blocked places, introducers, and what profiles say to daemons.
#include <catch2/catch.hpp>

#include "registry/whereabouts.h"
#include "tests/protocol/damage.h"
#include "tests/registry/holder.h"

using namespace maillage;
using namespace maillage::tests;

namespace {

FileEdit profile(const std::string& name, const std::string& more) {
  return {"profile.json", bytes_of(R"({"kind": "profile", "name": ")" + name + "\"" + more + "}")};
}

const std::string kNeighbour(64, 'a');
const std::string kSays = R"(, "endpoints": ["wss://moulin.example/peer"], "neighbours": [")" + kNeighbour + "\"]";

std::vector<Whereabouts> all(const Holder& here) { return must(here.registry->whereabouts()); }

}  // namespace

TEST_CASE("a place that is not let in any more leaves the index, the heads and the disk, and others stay") {
  Holder here;
  REQUIRE_FALSE(here.take_in(here.state(0, "Le Moulin", {profile("Le Moulin", kSays), resource("scie", "canari")})).refused);
  const protocol::PlaceId place = here.chain->place();
  REQUIRE(here.registry->place(place.hex()));
  REQUIRE(here.registry->count(What::kResources) == 1);
  REQUIRE(here.registry->advertise(kWholeRepository, kNow));
  must(here.registry->forget({place, here.own()}));  // ours stays
  CHECK_FALSE(here.registry->place(place.hex()));
  CHECK(here.registry->count(What::kResources) == 0);
  CHECK(here.registry->count(What::kPlaces) == 1);
  CHECK_FALSE(here.registry->advertise(place.hex(), kNow));
  CHECK(must(here.registry->load()).size() == 1);
  CHECK(all(here).empty());
  must(here.registry->purge(kNow));
  CHECK(found_in(here.dir(), "canari") == "");
  CHECK(found_in(here.dir(), "Le Moulin") == "");
  CHECK(here.sealed().empty());
  CHECK(here.sound());
  here.reopen();
  CHECK(here.sound());
  here.new_charters = 1;
  REQUIRE_FALSE(here.take_in(here.state(0, "Le Moulin", {profile("Le Moulin", "")}, 1)).refused);
  CHECK(here.registry->place(place.hex()));
  CHECK(here.sound());
}

TEST_CASE("a place of which only the head is known is forgotten too, and one that is not known costs nothing") {
  Holder here;
  auto state = here.state(0, "Le Moulin", {profile("Le Moulin", "")});
  must(here.registry->persist({{state.head, *here.chain, 1, here.own()}}, {}));
  std::uint64_t before = here.registry->revision();
  must(here.registry->forget({protocol::PlaceId{{9}}}));
  CHECK(here.registry->revision() == before);
  must(here.registry->forget({here.chain->place()}));
  CHECK(must(here.registry->load()).size() == 1);
  here.reopen();
  CHECK(here.sound());
}

TEST_CASE("who introduced a place is known after a restart") {
  Holder here;
  auto state = here.state(0, "Le Moulin", {profile("Le Moulin", "")});
  protocol::PlaceId introducer{{5}};
  must(here.registry->persist({{state.head, *here.chain, 1, introducer}}, {}));
  here.reopen();
  auto places = must(here.registry->load());
  auto found = std::ranges::find(places, here.chain->place(), [](const protocol::PlaceState& each) { return each.chain.place(); });
  REQUIRE(found != places.end());
  CHECK(found->introducer == introducer);
}

TEST_CASE("what a profile says to daemons follows it, told once after each change") {
  Holder here;
  const protocol::PlaceId place = here.chain->place();
  REQUIRE_FALSE(here.take_in(here.state(0, "Le Moulin", {profile("Le Moulin", kSays)})).refused);
  auto told = here.registry->take_whereabouts();
  REQUIRE(told.size() == 1);
  CHECK(told.front().place == place);
  CHECK(told.front().endpoints == std::vector<std::string>{"wss://moulin.example/peer"});
  CHECK(told.front().neighbours == std::vector{*protocol::PlaceId::parse(kNeighbour)});
  CHECK(here.registry->take_whereabouts().empty());
  here.reopen();
  REQUIRE(all(here).size() == 1);
  CHECK(all(here).front().endpoints == told.front().endpoints);
  REQUIRE_FALSE(here.take_in(here.state(1, "Le Moulin", {profile("Le Moulin", "")})).refused);
  told = here.registry->take_whereabouts();
  REQUIRE(told.size() == 1);
  CHECK(told.front().empty());
  CHECK(all(here).empty());
}

TEST_CASE("a profile of ours says so when it is published, and a rebuilt index says the same") {
  Holder here;
  REQUIRE(here.registry->publish(here.own(), {profile("Konk Ar Lab", kSays)}, kNow));
  REQUIRE(here.registry->take_whereabouts().size() == 1);
  auto before = all(here);
  must(here.registry->reindex());
  REQUIRE(all(here).size() == 1);
  CHECK(encode(all(here).front()) == encode(before.front()));
}

TEST_CASE("of a profile that anybody wrote only whole endpoints and ids count, and no more than the limits") {
  std::string endpoints, neighbours;
  for (int i = 0; i < 20; ++i) endpoints += R"("ws://a)" + std::to_string(i) + R"(", 7, "http://b", "ws://)" + std::string(400, 'x') + "\",";
  for (int i = 0; i < 300; ++i) neighbours += "\"" + protocol::sha256(protocol::as_bytes(std::to_string(i))).hex() + R"(", "abc", null,)";
  endpoints.pop_back(), neighbours.pop_back();
  Bytes text = bytes_of(R"({"kind": "profile", "endpoints": [)" + endpoints + R"(], "neighbours": [)" + neighbours + "]}");
  Whereabouts read = read_whereabouts(protocol::PlaceId{{1}}, text);
  CHECK(read.endpoints.size() == kEndpointsMax);
  CHECK(read.endpoints.back() == "ws://a7");
  CHECK(read.neighbours.size() == protocol::kNeighboursMax);
  CHECK(read_whereabouts({}, bytes_of(R"({"endpoints": "ws://a", "neighbours": {}})")).empty());
  CHECK(read_whereabouts({}, bytes_of("no json")).empty());
}

TEST_CASE("a row of whereabouts reads back as it was written, and damaged it is read without harm") {
  Whereabouts whereabouts{protocol::PlaceId{{1}}, {"ws://a", "wss://b/peer"}, {protocol::PlaceId{{2}}, protocol::PlaceId{{3}}}};
  std::string row = encode(whereabouts);
  auto read = must(decode_whereabouts(whereabouts.place, row));
  CHECK(read.endpoints == whereabouts.endpoints);
  CHECK(read.neighbours == whereabouts.neighbours);
  Bytes bytes = bytes_of(row);
  for_each_truncation(bytes, [&](ByteView cut) { CHECK_FALSE(decode_whereabouts({}, protocol::as_text(cut))); });
  for_each_flip(bytes, [&](ByteView flipped) { (void)decode_whereabouts({}, protocol::as_text(flipped)); });
}

TEST_CASE("an address that a profile said is in no file after it was erased") {
  Holder here;
  REQUIRE(here.registry->publish(here.own(), {profile("Konk Ar Lab", R"(, "endpoints": ["wss://canari.example/peer"])")}, kNow));
  REQUIRE(here.registry->publish(here.own(), {profile("Konk Ar Lab", "")}, kNow));
  CHECK(found_in(here.dir(), "canari.example") != "");
  REQUIRE(here.registry->erase(here.own(), {}, kNow));
  must(here.registry->purge(kNow));
  CHECK(found_in(here.dir(), "canari.example") == "");
}
