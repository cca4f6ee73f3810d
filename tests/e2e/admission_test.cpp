// Who is let in: places found by what profiles say, blocked ones, and those that wait until somebody vouches for them.
#include <catch2/catch.hpp>

#include "tests/e2e/place.h"

using namespace maillage::tests;

namespace {

std::string profile(const std::string& name, const std::string& more) { return R"({"kind": "profile", "name": ")" + name + "\", " + more + "}"; }
std::string endpoint(const Place& place) { return R"("endpoints": [")" + place.peer_url() + "\"]"; }
std::string offer(const std::string& name) { return R"({"kind": "offer", "name": ")" + name + R"("})"; }

bool publishes(const Place& place, const std::string& name) { return place.publish("offers/" + name + ".json", offer(name)).code == 0; }

bool is_connected(const Place& place, const Place& other) {
  auto peers = json_of(place.command("peers"));
  for (const auto& peer : peers.at("peers").as_array())
    if (text_at(peer, "/place") == other.id()) return true;
  return false;
}

std::size_t addresses(const Place& place) { return json_of(place.command("peers")).at("addresses").as_array().size(); }

std::string partner(const Place& who, const std::string& pointer) { return text_at(json_of(who.command("partners")), pointer); }

}  // namespace

TEST_CASE("who knows one daemon finds another by its signed profile, and goes on with it when the first one dies") {
  TemporaryDirectory folder;
  Place far(folder.path(), "Le Hangar"), middle(folder.path(), "Le Moulin"), near(folder.path(), "La Grange"), wary(folder.path(), "Le Verger");
  write_text(near.dir() / "config.toml", "discovery = [\"profiles\", \"private\"]\n");
  far.serve();
  REQUIRE(far.publish("profile.json", profile("Le Hangar", endpoint(far))).code == 0);
  middle.serve_with(far);
  near.serve_with(middle);
  wary.serve_with(middle);
  REQUIRE(eventually([&] { return is_connected(near, far); }));
  CHECK(addresses(near) == 2);
  // By default a profile makes nobody call an address of a private network.
  REQUIRE(eventually([&] { return wary.count("places") == 4; }));
  CHECK(addresses(wary) == 1);

  middle.kill();
  REQUIRE(publishes(far, "du-hangar"));
  CHECK(eventually([&] { return near.count("offers") == 1; }));
  REQUIRE(publishes(near, "de-la-grange"));
  CHECK(eventually([&] { return far.count("offers") == 2; }));
  CHECK(wary.count("offers") == 0);
}

TEST_CASE("an address at which another place answers than its profile says is left, and its author gains nothing") {
  TemporaryDirectory folder;
  Place liar(folder.path(), "Menteur"), middle(folder.path(), "Le Moulin"), near(folder.path(), "La Grange"), victim(folder.path(), "Victime");
  write_text(near.dir() / "config.toml", "discovery = [\"profiles\", \"private\"]\n");
  victim.serve();
  liar.serve();
  REQUIRE(liar.publish("profile.json", profile("Menteur", endpoint(victim))).code == 0);
  middle.serve_with(liar);
  near.serve_with(middle);
  REQUIRE(eventually([&] { return near.log().find("wrong-place") != std::string::npos; }));
  CHECK_FALSE(is_connected(near, victim));
  CHECK(victim.count("places") == 1);
}

TEST_CASE("a blocked place is gone from a running daemon at once, is refused at the door, and comes back when it is unblocked") {
  TemporaryDirectory folder;
  Place here(folder.path(), "Le Hangar"), there(folder.path(), "Le Moulin");
  there.serve();
  here.serve_with(there);
  REQUIRE(publishes(there, "du-moulin"));
  REQUIRE(eventually([&] { return here.count("offers") == 1; }));
  Ended blocked = here.command("block", {there.slug(), "--reason", "réclames"});
  INFO(blocked.err);
  REQUIRE(blocked.code == 0);
  CHECK(text_at(json_of(blocked), "/place") == there.id());
  CHECK(here.count("offers") == 0);
  CHECK(here.count("places") == 1);
  CHECK(here.ask("places/" + there.id()).status == 404);
  CHECK(eventually([&] { return !is_connected(here, there); }));
  CHECK(eventually([&] { return there.log().find("blocked") != std::string::npos; }));
  CHECK(partner(here, "/blocked/0/place") == there.id());
  CHECK(partner(here, "/blocked/0/reason") == "réclames");
  CHECK(run_maillage({"partners", "--dir", here.dir().string()}).out.find("blocked on") != std::string::npos);

  CHECK(here.stop() == 0);
  CHECK(here.unsound() == "");
  CHECK(here.count("places") == 1);
  here.serve_with(there);
  REQUIRE(publishes(there, "encore"));
  REQUIRE(eventually([&] { return here.log().find("blocked") != std::string::npos; }));
  CHECK(here.count("offers") == 0);

  CHECK(text_at(json_of(here.command("unblock", {here.id()})), "/error/code") == "not-blocked");
  REQUIRE(here.command("unblock", {there.id().substr(0, 12)}).code == 0);
  CHECK(eventually([&] { return here.count("offers") == 2; }));
  CHECK(here.count("places") == 2);
  CHECK(text_at(json_of(here.command("block", {here.slug()})), "/error/code") == "block-own");
  CHECK(here.stop() == 0);
  CHECK(here.unsound() == "");
}

TEST_CASE("what a blocked place alone introduced goes with it, and what another has too comes from that one") {
  TemporaryDirectory folder;
  Place here(folder.path(), "Le Hangar"), spreader(folder.path(), "Colporteur"), alone(folder.path(), "Seul"), shared(folder.path(), "Commun");
  Place friendly(folder.path(), "Le Moulin");
  write_text(shared.dir() / "config.toml", "admission = \"invited\"\n");  // the spreader introduces nobody there
  alone.serve();
  shared.serve();
  spreader.serve({alone.peer_url(), shared.peer_url()});
  friendly.serve();
  REQUIRE(eventually([&] { return spreader.count("places") == 3; }));
  here.serve({spreader.peer_url()});
  REQUIRE(eventually([&] { return here.count("places") == 4; }));
  CHECK(here.stop() == 0);
  REQUIRE(here.command("block", {spreader.slug()}).code == 0);  // no daemon runs
  here.serve_with(friendly);
  CHECK(eventually([&] { return here.count("places") == 2; }));
  CHECK(friendly.stop() == 0);
  friendly.serve({shared.peer_url()}, {"--listen", friendly.address()});
  CHECK(eventually([&] { return here.count("places") == 3; }));
  CHECK(here.ask("places/" + alone.id()).status == 404);
  CHECK(here.ask("places/" + shared.id()).status == 200);
}

TEST_CASE("where only invited places come in, a stranger waits until a person or a neighbour's profile lets it in") {
  TemporaryDirectory folder;
  Place here(folder.path(), "Le Hangar"), partnered(folder.path(), "Le Moulin"), first(folder.path(), "Premier"), second(folder.path(), "Second");
  write_text(here.dir() / "config.toml", "admission = \"invited\"\n");
  partnered.serve();
  here.serve_with(partnered);
  REQUIRE(eventually([&] { return here.count("places") == 2; }));
  first.serve_with(here);
  REQUIRE(eventually([&] { return partner(here, "/waiting/0/place") == first.id(); }));
  CHECK(partner(here, "/waiting/0/introducer") == first.id());
  CHECK(number_at(json_of(here.command("status")), "/waitingPlaces") == 1);
  CHECK(run_maillage({"status", "--dir", here.dir().string()}).out.find("Places that wait") != std::string::npos);
  CHECK(here.count("places") == 2);
  CHECK(text_at(json_of(here.command("admit", {"ffffffff"})), "/error/code") == "not-waiting");
  REQUIRE(here.command("admit", {first.id().substr(0, 12)}).code == 0);
  CHECK(eventually([&] { return here.count("places") == 3; }));
  CHECK(json_of(here.command("partners")).at("waiting").as_array().empty());

  second.serve_with(here);
  REQUIRE(eventually([&] { return partner(here, "/waiting/0/place") == second.id(); }));
  REQUIRE(partnered.publish("profile.json", profile("Le Moulin", R"("neighbours": [")" + second.id() + "\"]")).code == 0);
  CHECK(eventually([&] { return here.count("places") == 4; }));
  CHECK(here.stop() == 0);
  CHECK(here.unsound() == "");
}

TEST_CASE("status says so when others are told where a place is and its profile is not") {
  TemporaryDirectory folder;
  Place here(folder.path(), "Le Hangar");
  write_text(here.dir() / "config.toml", "public_url = \"https://hangar.example\"\n");
  here.serve();
  Ended said = run_maillage({"status", "--dir", here.dir().string()});
  CHECK(said.out.find("\"endpoints\": [\"wss://hangar.example/peer\"]") != std::string::npos);
  REQUIRE(here.publish("profile.json", profile("Le Hangar", R"("endpoints": ["wss://hangar.example/peer"])")).code == 0);
  said = run_maillage({"status", "--dir", here.dir().string()});
  CHECK(said.out.find("endpoints") == std::string::npos);
}
