// Daemons that talk: what one publishes, all answer for, whoever is connected to whom, and whoever vanishes.
#include <catch2/catch.hpp>

#include "tests/e2e/place.h"

using namespace maillage::tests;

namespace {

bool reaches(const Place& place, const std::string& what, std::int64_t count, const Words& parameters = {}) {
  return eventually([&] { return place.count(what, parameters) == count; });
}

}  // namespace

TEST_CASE("two daemons started as a newcomer would converge, and one that is killed and restarted alone answers for both") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Konk Ar Lab", {"--commune", "29039", "--lat", "47.8752", "--lon", "-3.9226"});
  Place two(folder.path(), "La Coroutine", {"--commune", "59350", "--lat", "50.633", "--lon", "3.0689"});
  one.serve();
  two.serve_with(one);
  CHECK(reaches(one, "places", 2));
  CHECK(reaches(two, "places", 2));

  REQUIRE(one.publish("events/2027-03/repair-cafe.json", event("Repair café")).code == 0);
  REQUIRE(two.publish("resources/laser-cutter/record.json", resource("Découpeuse laser")).code == 0);
  CHECK(reaches(two, "events", 1));
  CHECK(reaches(one, "resources", 1));

  Ended by_url = run_maillage({"query", "--url", one.url(), "--json", "resources", "q=decoupeuse laser", "near=50.6,3.0", "radius=30"});
  CHECK(number_at(json_of(by_url), "/numberMatched") == 1);
  CHECK(text_at(json_of(by_url), "/items/0/place/id") == two.id());
  Ended by_dir = two.command("query", {"events", "department=29"});
  CHECK(text_at(json_of(by_dir), "/items/0/record") == "maillage:" + one.id() + "/events/2027-03/repair-cafe");
  CHECK(number_at(json_of(two.command("peers")), "/peers/0/place") == -1);
  CHECK(text_at(json_of(two.command("peers")), "/peers/0/place") == one.id());

  one.kill();
  one.serve();
  CHECK(one.count("places") == 2);
  CHECK(one.count("resources", {"q=laser"}) == 1);
  CHECK(one.count("events") == 1);
  CHECK(one.stop() == 0);
  CHECK(two.stop() == 0);
  CHECK(one.unsound() == "");
  CHECK(two.unsound() == "");
}

TEST_CASE("what is withdrawn disappears, and what is confirmed is dated, on every daemon") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Un"), two(folder.path(), "Deux");
  one.serve();
  two.serve_with(one);
  REQUIRE(one.publish("offers/hotline.json", R"({"kind": "offer", "name": "Permanence"})").code == 0);
  REQUIRE(one.publish("resources/saw.json", resource("Scie")).code == 0);
  REQUIRE(reaches(two, "offers", 1));
  REQUIRE(reaches(two, "resources", 1));

  REQUIRE(one.command("unpublish", {"offers/hotline.json"}).code == 0);
  CHECK(reaches(two, "offers", 0));
  REQUIRE(one.command("confirm", {"resources/saw.json"}).code == 0);
  CHECK(eventually([&] { return text_at(two.ask("resources").json(), "/items/0/confirmed").size() == 10; }));
  CHECK(two.ask("resources").json().at("items") == one.ask("resources").json().at("items"));
}

TEST_CASE("a place in the middle relays, one that was down catches up, and one that comes late gets everything") {
  TemporaryDirectory folder;
  Place first(folder.path(), "Premier"), middle(folder.path(), "Milieu"), last(folder.path(), "Dernier"), late(folder.path(), "Tardif");
  middle.serve();
  first.serve_with(middle);
  last.serve_with(middle);
  CHECK(reaches(first, "places", 3));
  CHECK(reaches(last, "places", 3));
  REQUIRE(first.publish("needs/visors.json", need("Visières")).code == 0);
  CHECK(reaches(last, "needs", 1));

  last.kill();
  REQUIRE(first.publish("resources/saw.json", resource("Scie")).code == 0);
  REQUIRE(middle.publish("events/2027-03/party.json", event("Fête")).code == 0);
  REQUIRE(first.command("unpublish", {"needs/visors.json"}).code == 0);
  last.serve_with(middle);
  CHECK(reaches(last, "resources", 1));
  CHECK(reaches(last, "events", 1));
  CHECK(reaches(last, "needs", 0));

  first.kill();
  late.serve_with(last);
  CHECK(reaches(late, "places", 4));
  CHECK(reaches(late, "resources", 1));
  CHECK(reaches(late, "events", 1));
  CHECK(late.count("needs") == 0);
  CHECK(late.ask("resources").json().at("items") == middle.ask("resources").json().at("items"));
}

TEST_CASE("networks are never counted among places, and a call for help reaches every place") {
  TemporaryDirectory folder;
  Place network(folder.path(), "Collectif", {"--network"});
  Place one(folder.path(), "Un"), two(folder.path(), "Deux");
  network.serve();
  one.serve_with(network);
  two.serve_with(network);
  REQUIRE(one.publish("needs/visors.json", need("500 visières", R"(, "quantity": 500, "until": "2027-12-31", "state": "open")")).code == 0);
  for (Place* place : {&network, &one, &two}) {
    CHECK(reaches(*place, "places", 2));
    CHECK(reaches(*place, "networks", 1));
    CHECK(reaches(*place, "needs", 1, {"q=visieres"}));
    CHECK(number_at(place->ask("needs").json(), "/items/0/quantity") == 500);
    CHECK(text_at(place->ask("needs").json(), "/items/0/until") == "2027-12-31");
    CHECK(text_at(place->ask("networks").json(), "/items/0/id") == network.id());
  }
}

TEST_CASE("a place asks for its own partners again when they come back") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Un"), two(folder.path(), "Deux");
  one.serve();
  std::string known = one.address();
  two.serve_with(one);
  REQUIRE(reaches(two, "places", 2));
  one.kill();
  REQUIRE(two.publish("resources/saw.json", resource("Scie")).code == 0);
  one.start({}, {"--listen", known});
  REQUIRE(one.becomes_ready());
  CHECK(reaches(one, "resources", 1));
}
