// Daemons that follow everything, a department, a region: heads are everybody's, content is what each follows.
#include <catch2/catch.hpp>

#include <csignal>

#include "tests/e2e/place.h"

using namespace maillage::tests;

namespace {

constexpr auto kCanary = "canari-de-rennes";

bool reaches(const Place& place, const std::string& what, std::int64_t count, const Words& parameters = {}) {
  return eventually([&] { return place.count(what, parameters) == count; });
}

std::int64_t of_status(const Place& place, std::string_view pointer) { return number_at(json_of(place.command("status")), pointer); }

bool knows(const Place& place, std::int64_t known, std::int64_t held) {
  return eventually([&] { return of_status(place, "/known") == known && of_status(place, "/held") == held; });
}

// The file of settings, whole; the daemon's peers are on its command line.
void follow(Place& place, const std::string& list) {
  write_text(place.dir() / "config.toml", "scope = [" + list + "]\n");
  if (place.running()) place.daemon().signal(SIGHUP);
}

// In no file of the store, and in no object of it.
bool holds_bytes(const Place& place, const std::string& text) {
  std::string git = "git -C '" + (place.dir() / "store.git").string() + "' cat-file --batch-all-objects --batch";
  std::string raw = "grep -rqa -- '" + text + "' '" + place.dir().string() + "'";
  return run({"sh", "-c", raw + " || { " + git + " | grep -qa -- '" + text + "'; }"}).code == 0;
}

// Everything is followed by the hub; a place in Rennes, with a canary; one that follows the Finistère; one Brittany.
struct Brittany {
  TemporaryDirectory folder;
  Place hub{folder.path(), "La Compagnie", {"--commune", "59350"}};
  Place rennes{folder.path(), "Hotel Pasteur", {"--commune", "35238"}};
  Place brest{folder.path(), "Les Fabriques", {"--commune", "29019"}};
  Place finistere{folder.path(), "Konk Ar Lab", {"--commune", "29039"}};
  Place region{folder.path(), "Tiers-lieux Bretagne", {"--commune", "56260"}};

  Brittany() {
    follow(finistere, "\"29\"");
    follow(region, "\"Bretagne\"");
    hub.serve();
    for (Place* place : {&rennes, &brest}) place->serve_with(hub);
    REQUIRE(rennes.publish("resources/canary.json", resource(kCanary)).code == 0);
    REQUIRE(reaches(hub, "resources", 1));
    REQUIRE(reaches(hub, "places", 3));
    for (Place* place : {&finistere, &region}) place->serve_with(hub);
    REQUIRE(reaches(hub, "places", 5));
  }
};

}  // namespace

TEST_CASE("heads go everywhere, and content to those that follow its territory") {
  Brittany all;
  CHECK(knows(all.hub, 5, 5));
  CHECK(knows(all.finistere, 5, 3));  // its own, Brest's, and the partner's that it calls
  CHECK(knows(all.region, 5, 5));     // that of the hub included
  CHECK(all.finistere.count("places", {"department=29"}) == 2);
  CHECK(all.finistere.count("resources") == 0);
  CHECK(all.region.count("resources") == 1);
  CHECK_FALSE(holds_bytes(all.finistere, kCanary));

  // What is not here is told, and who has it.
  auto page = json_of(all.finistere.command("query", {"places", "region=53"}));
  CHECK(number_at(page, "/numberMatched") == 2);
  CHECK(number_at(page, "/beyond/places") == 2);
  CHECK(text_at(page, "/beyond/keptBy/0/name") == "La Compagnie");
  auto answer = json_of(run_maillage({"query", "--url", all.finistere.url(), "--json", "places", "region=53"}));
  CHECK(number_at(answer, "/beyond/places") == 2);
  CHECK(number_at(json_of(all.finistere.command("query", {"places", "department=29"})), "/beyond/places") == -1);
  Ended said = run_maillage({"query", "--dir", all.finistere.dir().string(), "places", "region=53"});
  CHECK(said.out.find("whose content is not here, so not in this answer: 2") != std::string::npos);
  CHECK(said.out.find("La Compagnie") != std::string::npos);

  auto status = json_of(all.finistere.command("status"));
  CHECK(text_at(status, "/scope/0/text") == "29");
  CHECK(text_at(status, "/scope/0/name") == "Finistère");
  CHECK(text_at(json_of(all.region.command("status")), "/scope/0/text") == "region:53");
  CHECK(number_at(status, "/covering") == 1);
  said = run_maillage({"status", "--dir", all.finistere.dir().string()});
  CHECK(said.out.find("Followed here: Finistère (29) · places known: 5, of which kept here: 3") != std::string::npos);

  // What is published there later does not come either; what is published here does.
  REQUIRE(all.brest.publish("resources/saw.json", resource("scie")).code == 0);
  CHECK(reaches(all.finistere, "resources", 1));
  REQUIRE(all.rennes.publish("resources/canary.json", resource(std::string(kCanary) + " jaune")).code == 0);
  CHECK(reaches(all.region, "resources", 1, {"q=jaune"}));
  CHECK_FALSE(holds_bytes(all.finistere, kCanary));
  for (Place* place : {&all.hub, &all.finistere, &all.region, &all.brest, &all.rennes}) {
    CHECK(place->stop() == 0);
    CHECK(place->unsound() == "");
  }
}

TEST_CASE("a wider scope is fetched after SIGHUP, and what a narrower one leaves out is taken off the disk") {
  Brittany all;
  REQUIRE(knows(all.finistere, 5, 3));
  follow(all.finistere, "\"29\", \"35\"");
  CHECK(reaches(all.finistere, "resources", 1));
  CHECK(knows(all.finistere, 5, 4));
  CHECK(holds_bytes(all.finistere, kCanary));

  follow(all.finistere, "\"29\"");
  CHECK(knows(all.finistere, 5, 3));
  CHECK(all.finistere.count("resources") == 0);
  CHECK(eventually([&] { return !holds_bytes(all.finistere, kCanary); }));
  CHECK(all.finistere.count("places", {"department=29"}) == 2);

  // Everything again, then killed in the middle of letting go: it is done at the next start.
  follow(all.finistere, "");
  CHECK(knows(all.finistere, 5, 5));
  CHECK(all.finistere.count("resources") == 1);
  follow(all.finistere, "\"29\"");
  all.finistere.kill();
  all.finistere.serve_with(all.hub);
  CHECK(knows(all.finistere, 5, 3));
  CHECK(eventually([&] { return !holds_bytes(all.finistere, kCanary); }));
  CHECK(all.finistere.stop() == 0);
  CHECK(all.finistere.unsound() == "");
}

TEST_CASE("content comes by EPCI, by commune and by place, and nothing else with it") {
  TemporaryDirectory folder;
  Place hub(folder.path(), "La Compagnie", {"--commune", "59350"});
  Place rennes(folder.path(), "Hotel Pasteur", {"--commune", "35238"}), brest(folder.path(), "Les Fabriques", {"--commune", "29019"}),
      tregunc(folder.path(), "Ti Konk", {"--commune", "29293"});
  hub.serve();
  for (Place* place : {&rennes, &brest, &tregunc}) {
    REQUIRE(place->publish("resources/saw.json", resource("scie de " + place->slug())).code == 0);
    place->serve_with(hub);
  }
  REQUIRE(reaches(hub, "resources", 3));
  Place by_epci(folder.path(), "Communaute", {"--commune", "69123"}), by_commune(folder.path(), "Mairie", {"--commune", "69123"}),
      by_place(folder.path(), "Voisine", {"--commune", "69123"});
  follow(by_epci, "\"epci:242900769\"");  // Concarneau Cornouaille, in which Trégunc lies
  follow(by_commune, "\"29019\"");
  follow(by_place, "\"" + rennes.id() + "\"");
  struct Follower {
    Place* daemon;
    const Place* of;
    std::string text;
  };
  std::vector<Follower> followers{{&by_epci, &tregunc, "242900769"}, {&by_commune, &brest, "29019"}, {&by_place, &rennes, rennes.id()}};
  for (auto& [daemon, of, text] : followers) daemon->serve_with(hub);
  for (auto& [daemon, of, text] : followers) {
    INFO(daemon->slug());
    CHECK(reaches(*daemon, "resources", 1));
    CHECK(knows(*daemon, 7, 3));  // its own, the partner's that it calls, and this one
    CHECK(text_at(json_of(daemon->command("status")), "/scope/0/text") == text);
    for (const Place* other : {&rennes, &brest, &tregunc}) CHECK(holds_bytes(*daemon, "scie de " + other->slug()) == (other == of));
    auto page = json_of(daemon->command("query", {"resources"}));
    CHECK(number_at(page, "/beyond/places") == 4);
  }
  REQUIRE(rennes.publish("resources/saw.json", resource("rabot")).code == 0);
  CHECK(reaches(by_place, "resources", 1, {"q=rabot"}));
  for (auto& [daemon, of, text] : followers) {
    CHECK(daemon->stop() == 0);
    CHECK(daemon->unsound() == "");
  }
}

TEST_CASE("a network that is followed brings its members, and a membership from elsewhere reaches the network") {
  TemporaryDirectory folder;
  Place hub(folder.path(), "La Compagnie", {"--commune", "59350"}), network(folder.path(), "Collectif", {"--network", "--commune", "59350"});
  Place member(folder.path(), "Les Fabriques", {"--commune", "29019"}), stranger(folder.path(), "Hotel Pasteur", {"--commune", "35238"});
  Place follower(folder.path(), "Voisine", {"--commune", "69123"});
  follow(network, "\"59\"");
  follow(follower, "\"" + network.id() + "\"");
  hub.serve();
  for (Place* place : {&member, &stranger}) {
    REQUIRE(place->publish("resources/saw.json", resource("scie de " + place->slug())).code == 0);
    place->serve_with(hub);
  }
  for (Place* place : {&network, &follower}) place->serve_with(hub);
  REQUIRE(knows(hub, 5, 5));
  REQUIRE(knows(network, 5, 2));
  REQUIRE(knows(follower, 5, 3));
  REQUIRE(member.publish("memberships/collectif.json", R"({"kind": "membership", "name": "Adhesion", "network": ")" + network.id() + "\"}").code == 0);
  for (Place* place : {&network, &follower}) {
    INFO(place->slug());
    CHECK(reaches(*place, "resources", 1));
    CHECK(holds_bytes(*place, "scie de les-fabriques"));
    CHECK_FALSE(holds_bytes(*place, "scie de hotel-pasteur"));
  }
  CHECK(knows(network, 5, 3));
  CHECK(knows(follower, 5, 4));

  // Whoever leaves the network is let go.
  REQUIRE(member.command("unpublish", {"memberships/collectif.json"}).code == 0);
  CHECK(knows(follower, 5, 3));
  CHECK(eventually([&] { return !holds_bytes(follower, "scie de les-fabriques"); }));
}

TEST_CASE("a partner that is down when the daemon starts and reads its settings again loses none of its content here") {
  TemporaryDirectory folder;
  Place here(folder.path(), "Konk Ar Lab", {"--commune", "29039"}), away(folder.path(), "La Coroutine", {"--commune", "59350"});
  Place other(folder.path(), "Les Fabriques", {"--commune", "29019"}), rennes(folder.path(), "Hotel Pasteur", {"--commune", "35238"});
  follow(here, "\"29\", \"35\"");
  for (Place* place : {&away, &other}) place->serve();
  rennes.serve_with(other);
  REQUIRE(away.publish("resources/canary.json", resource("canari de Lille")).code == 0);
  std::vector<std::string> both{away.peer_url(), other.peer_url()};
  here.serve(both);
  REQUIRE(knows(here, 4, 4));
  REQUIRE(reaches(here, "resources", 1));
  CHECK(away.stop() == 0);
  CHECK(here.stop() == 0);
  here.serve(both);
  REQUIRE(eventually([&] { return of_status(here, "/outbound") == 1; }));
  follow(here, "\"29\"");
  CHECK(knows(here, 4, 3));  // Rennes went, and with it whatever would go
  CHECK(here.count("resources") == 1);

  // Named no more, it goes.
  CHECK(here.stop() == 0);
  here.serve_with(other);
  follow(here, "\"29\"");
  CHECK(knows(here, 4, 2));
  CHECK(here.stop() == 0);
  CHECK(here.unsound() == "");
}

TEST_CASE("whom nobody here keeps is found by asking who does") {
  TemporaryDirectory folder;
  Place rennes(folder.path(), "Hotel Pasteur", {"--commune", "35238"}), brest(folder.path(), "Les Fabriques", {"--commune", "29019"});
  Place lille(folder.path(), "La Coroutine", {"--commune", "59350"});
  follow(lille, "\"59\"");
  lille.serve();
  rennes.serve_with(lille);
  REQUIRE(reaches(lille, "places", 1));
  REQUIRE(eventually([&] { return of_status(lille, "/known") == 2; }));
  brest.serve_with(lille);
  // Lille says who has it; both are asked to be called by nobody, so the operator reads it in the journal.
  CHECK(eventually([&] { return brest.log().find("peer.holder_named") != std::string::npos; }));
  REQUIRE(eventually([&] { return text_at(json_of(brest.command("status")), "/holders/0/id") == rennes.id(); }));
  auto status = json_of(brest.command("status"));
  CHECK(number_at(status, "/outbound") == 1);
  CHECK(number_at(status, "/covering") == 0);
  Ended said = run_maillage({"status", "--dir", brest.dir().string()});
  CHECK(said.out.find("Of the partners that this server calls (1), 0 follow all that is followed here") != std::string::npos);
  CHECK(text_at(json_of(brest.command("status")), "/holders/0/id") == rennes.id());
  CHECK(said.out.find("a partner says that these keep them: " + rennes.id().substr(0, 12)) != std::string::npos);
}

TEST_CASE("a scope that cannot be followed is refused with what was probably meant, and SIGHUP keeps the old one") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Konk Ar Lab", {"--commune", "29039"});
  follow(place, "\"Bretange\"");
  Ended refused = run_maillage({"serve", "--dir", place.dir().string(), "--listen", "127.0.0.1:0"});
  CHECK(refused.code != 0);
  CHECK(refused.err.find("config.toml:1: scope: \"Bretange\" → \"region:53\" (Bretagne) ?") != std::string::npos);
  follow(place, "\"Bretagne\"");
  place.serve();
  follow(place, "\"region:29\"");
  CHECK(eventually([&] { return place.log().find("config.kept") != std::string::npos; }));
  CHECK(text_at(json_of(place.command("status")), "/scope/0/text") == "region:53");
}
