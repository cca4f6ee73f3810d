// Who is let in: places found by what profiles say, blocked ones, and those that wait until somebody vouches for them.
#include <catch2/catch.hpp>

#include <csignal>

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
  // It is called again until the next look at the addresses, with the same answer, and then no more.
  REQUIRE(eventually([&] { return addresses(near) == 1; }));
  CHECK_FALSE(is_connected(near, victim));
  CHECK(victim.count("places") == 1);
  CHECK(victim.log().find("peer.open") == std::string::npos);
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
  REQUIRE(eventually([&] { return text_at(json_of(there.command("status")), "/refusedBy/0/place") == here.id(); }));
  CHECK(run_maillage({"status", "--dir", there.dir().string()}).out.find("“Le Hangar” wants nothing of this place") != std::string::npos);
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
  CHECK(eventually([&] { return !json_of(there.command("status")).as_object().contains("refusedBy"); }));
  CHECK(here.count("places") == 2);
  CHECK(text_at(json_of(here.command("block", {here.slug()})), "/error/code") == "block-own");
  CHECK(text_at(json_of(here.command("block", {std::string(64, '0')})), "/error/code") == "zero-place");
  CHECK(text_at(json_of(here.command("block", {there.id().substr(0, 7)})), "/error/code") == "few-digits");
  CHECK(text_at(json_of(here.command("block", {"nulle-part"})), "/error/code") == "unknown-here");
  CHECK(here.command("block", {std::string(64, 'a')}).code == 0);  // whom nobody knows yet
  CHECK(here.command("unblock", {"AAAAAAAA"}).code == 0);
  CHECK(here.stop() == 0);
  CHECK(here.unsound() == "");
}

TEST_CASE("of a place that refuses us it is said when we call it next, and a reload calls it at once") {
  TemporaryDirectory folder;
  Place here(folder.path(), "Le Hangar"), there(folder.path(), "Le Moulin");
  here.serve();
  there.serve_with(here);
  REQUIRE(eventually([&] { return here.count("places") == 2; }));
  REQUIRE(here.command("block", {there.id().substr(0, 8)}).code == 0);
  REQUIRE(eventually([&] { return text_at(json_of(there.command("status")), "/refusedBy/0/nextAttempt") != ""; }));
  CHECK(text_at(json_of(there.command("status")), "/refusedBy/0/name") == "Le Hangar");
  Ended peers = run_maillage({"peers", "--dir", there.dir().string()});
  CHECK(peers.out.find(here.peer_url() + ": wants nothing of this place; next attempt on ") != std::string::npos);
  REQUIRE(here.command("unblock", {there.id().substr(0, 8)}).code == 0);
  there.daemon().signal(SIGHUP);
  CHECK(eventually([&] { return here.count("places") == 2; }));
}

TEST_CASE("a place that was let in by hand, blocked and unblocked is let in again") {
  TemporaryDirectory folder;
  Place here(folder.path(), "Le Hangar"), guest(folder.path(), "Le Moulin"), twin(folder.path(), "Le Moulin bis");
  write_text(here.dir() / "config.toml", "admission = \"invited\"\n");
  here.serve();
  guest.serve_with(here);
  REQUIRE(eventually([&] { return partner(here, "/waiting/0/place") == guest.id(); }));
  REQUIRE(here.command("admit", {guest.id().substr(0, 8)}).code == 0);
  REQUIRE(eventually([&] { return here.count("places") == 2; }));
  REQUIRE(here.command("block", {"le-moulin"}).code == 0);
  CHECK(partner(here, "/letIn/0/place") == "");
  CHECK(run_maillage({"partners", "--dir", here.dir().string()}).out.find("once unblocked, it is let in again") != std::string::npos);
  Ended unblocked = run_maillage({"unblock", "--dir", here.dir().string(), guest.id().substr(0, 12)});
  CHECK(unblocked.out.find("It had been let in: it is again") != std::string::npos);
  CHECK(partner(here, "/letIn/0/place") == guest.id());
  guest.daemon().signal(SIGHUP);
  CHECK(eventually([&] { return here.count("places") == 2; }));

  // Whoever was nothing before waits, and its people here are told how to let it in.
  REQUIRE(here.command("block", {twin.id()}).code == 0);
  unblocked = run_maillage({"unblock", "--dir", here.dir().string(), twin.id()});
  CHECK(unblocked.out.find("maillage admit " + twin.id()) != std::string::npos);
}

TEST_CASE("a word that means several places names them, and digits tell them apart") {
  TemporaryDirectory folder;
  Place here(folder.path(), "Le Hangar"), one(folder.path(), "Le Moulin", {"--commune", "29039"});
  TemporaryDirectory other;
  Place two(other.path(), "Le Moulin", {"--commune", "59350"});
  here.serve();
  one.serve_with(here);
  two.serve_with(here);
  REQUIRE(eventually([&] { return here.count("places") == 3; }));
  Ended refused = here.command("block", {"le-moulin"});
  CHECK(text_at(json_of(refused), "/error/code") == "ambiguous-name");
  CHECK(refused.err.find(one.id().substr(0, 16) + " (Le Moulin, Concarneau (29))") != std::string::npos);
  CHECK(refused.err.find(two.id().substr(0, 16) + " (Le Moulin, Lille (59))") != std::string::npos);
  REQUIRE(here.command("block", {one.id().substr(0, 16)}).code == 0);
  CHECK(here.count("places") == 2);
  REQUIRE(here.command("block", {"le-moulin"}).code == 0);  // one is left
  CHECK(here.count("places") == 1);
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
  Place here(folder.path(), "Le Hangar"), partnered(folder.path(), "Le Moulin"), second(folder.path(), "Second");
  Place first(folder.path(), "Premier", {"--commune", "29039"});
  write_text(here.dir() / "config.toml", "admission = \"invited\"\n");
  partnered.serve();
  here.serve_with(partnered);
  REQUIRE(eventually([&] { return here.count("places") == 2; }));
  first.serve_with(here);
  REQUIRE(eventually([&] { return partner(here, "/waiting/0/place") == first.id(); }));
  CHECK(partner(here, "/waiting/0/introducer") == first.id());
  CHECK(partner(here, "/waiting/0/commune") == "Concarneau (29)");
  for (const char* verb : {"status", "partners", "peers"}) {
    Ended said = run_maillage({verb, "--dir", here.dir().string()});
    INFO(said.out);
    CHECK(said.out.find(first.id().substr(0, 12) + ", Concarneau (29)") != std::string::npos);
  }
  CHECK(eventually([&] { return text_at(json_of(first.command("status")), "/untaken/0/place") == here.id(); }));
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

TEST_CASE("a profile with an address that nobody will call is published, and the rule is said") {
  TemporaryDirectory folder;
  Place here(folder.path(), "Le Hangar");
  if (GENERATE(false, true)) here.serve();
  std::string wrong = profile("Le Hangar", R"("endpoints": ["wss://hangar.example/maillage", "ws://hangar.example:25/peer", "ws://10.0.0.8:8420/peer"])");
  Ended published = here.publish("profile.json", wrong);
  CHECK(published.code == 0);
  for (const char* code : {"endpoint-path", "endpoint-port", "endpoint-private"}) CHECK(published.out.find(code) != std::string::npos);
  CHECK(text_at(json_of(here.command("status")), "/own/0/endpoints/2") == "ws://10.0.0.8:8420/peer");
  Words again{"publish", "--dir", here.dir().string(), "--root", here.site().string(), "profile.json"};
  CHECK(run_maillage(again).out.find("to look at in profile.json: nobody will call this address: its path must end with /peer") != std::string::npos);
  Ended right = here.publish("profile.json", profile("Le Hangar", R"("endpoints": ["wss://hangar.example/peer"])"));
  CHECK(right.out.find("remarks") == std::string::npos);
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
