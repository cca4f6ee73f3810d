// A canary that is published, edited and then erased is, within a minute, in no byte of any daemon's folder.
#include <catch2/catch.hpp>

#include <algorithm>

#include "tests/e2e/canary.h"

using namespace maillage::tests;

namespace fs = std::filesystem;

namespace {

// The network's promise.
constexpr Milliseconds kErasedWithin{60'000};

// Who has confirmed the last erasure of the one place that erased, each name with a blank behind it.
std::string confirmed(const Place& place) {
  auto table = json_of(place.command("erase", {"--status"}));
  std::string names;
  if (!table.is_object() || table.at("places").as_array().empty()) return names;
  for (const auto& replica : table.at("places").at(0).at("replicas").as_array())
    if (replica.at("confirmed").as_bool()) names += std::string(replica.at("name").as_string()) + " ";
  return names;
}

bool leaves(const Place& place) {
  return eventually([&] { return files_that_hold(place.dir()) == ""; }, kErasedWithin);
}

// An origin and a partner that has all of it: the canary in what is replaced by now, and in what is not.
struct Published {
  TemporaryDirectory folder;
  Place origin{folder.path(), "Origine"}, partner{folder.path(), "Partenaire"};

  Published() {
    origin.serve();
    partner.serve_with(origin);
    publish("resources/scie.json", resource(std::string("Scie de ") + kCanary));
    publish("resources/scie.json", resource("Scie"));
    publish("needs/gants.json", need("Gants"));
    REQUIRE(eventually([&] { return partner.count("resources", {"q=scie"}) == 1 && partner.count("needs") == 1; }));
    for (Place* place : {&origin, &partner}) REQUIRE(files_that_hold(place->dir()) != "");
  }
  void publish(const std::string& path, const std::string& text) { REQUIRE(origin.publish(path, text).code == 0); }
  void end() {
    for (Place* place : {&origin, &partner}) CHECK(place->stop() == 0);
    for (Place* place : {&origin, &partner}) CHECK(place->unsound() == "");
    for (Place* place : {&origin, &partner}) CHECK(files_that_hold(place->dir()) == "");
  }
};

}  // namespace

TEST_CASE("what is erased leaves every disk of the network within a minute, and who has confirmed it is told") {
  TemporaryDirectory folder;
  Place origin(folder.path(), "Origine"), first(folder.path(), "Premier"), second(folder.path(), "Second"), third(folder.path(), "Tiers"),
      away(folder.path(), "Absent");
  std::vector<Place*> all{&origin, &first, &second, &third, &away};
  origin.serve();
  first.serve_with(origin);
  second.serve_with(first);  // not with the origin: its confirmation is handed on
  third.serve_with(origin);
  away.serve_with(origin);
  std::string name = std::string("resources/") + kCanary + ".json";
  REQUIRE(origin.publish("profile.json", std::string(R"({"kind": "profile", "name": "Chez )") + kCanary + "\"}").code == 0);
  REQUIRE(origin.publish(name, resource(std::string("Un ") + kCanary)).code == 0);
  REQUIRE(origin.publish(name, resource(std::string("Un autre ") + kCanary)).code == 0);
  REQUIRE(origin.publish("resources/scie.json", resource("Scie")).code == 0);
  REQUIRE(origin.publish("profile.json", R"({"kind": "profile", "name": "Origine"})").code == 0);
  for (Place* place : all) REQUIRE(eventually([&] { return place->count("resources") == 2; }));
  for (Place* place : all) CHECK(files_that_hold(place->dir()) != "");
  CHECK(away.stop() == 0);

  Ended unsure = origin.command("erase", {name});
  CHECK(unsure.code == 2);
  CHECK(unsure.err.find("--yes") != std::string::npos);
  CHECK(origin.count("resources") == 2);
  auto began = Clock::now();
  Ended erased = origin.command("erase", {"--yes", name});
  REQUIRE(erased.code == 0);
  CHECK(text_at(json_of(erased), "/changed/0") == name);
  CHECK(erased.out.find("\"purged\":true") != std::string::npos);
  for (Place* place : {&origin, &first, &second, &third}) CHECK(leaves(*place));
  CHECK(Clock::now() - began < kErasedWithin);
  for (Place* place : {&origin, &first, &second, &third}) CHECK(place->count("resources") == 1);

  CHECK(eventually([&] { return std::ranges::count(confirmed(origin), ' ') == 3; }));
  CHECK(confirmed(origin).find("Absent") == std::string::npos);
  CHECK(origin.command("erase", {"--status", "--lang", "fr"}).code == 0);

  // Whoever comes back does the same, and never answers with what was before.
  CHECK(files_that_hold(away.dir()) != "");
  away.serve_with(origin);
  CHECK(leaves(away));
  CHECK(eventually([&] { return confirmed(origin).find("Absent") != std::string::npos; }));
  for (Place* place : all) CHECK(place->stop() == 0);
  for (Place* place : all) CHECK(place->unsound() == "");
  for (Place* place : all) CHECK(files_that_hold(place->dir()) == "");
}

TEST_CASE("who purges while the place that erased is away is confirmed to it when it comes back, by a relay that started again meanwhile") {
  TemporaryDirectory folder;
  Place origin(folder.path(), "Origine"), relay(folder.path(), "Relais"), away(folder.path(), "Absent");
  origin.serve();
  relay.serve_with(origin);
  away.serve_with(relay);
  std::string name = std::string("resources/") + kCanary + ".json";
  REQUIRE(origin.publish(name, resource(std::string("Un ") + kCanary)).code == 0);
  REQUIRE(eventually([&] { return away.count("resources") == 1; }));
  REQUIRE(away.stop() == 0);
  REQUIRE(origin.command("erase", {"--yes", name}).code == 0);
  REQUIRE(eventually([&] { return confirmed(origin).find("Relais") != std::string::npos; }));
  REQUIRE(origin.stop() == 0);
  REQUIRE(relay.stop() == 0);
  relay.serve();
  away.serve_with(relay);
  CHECK(leaves(away));
  origin.serve_with(relay);
  CHECK(eventually([&] { return confirmed(origin).find("Absent") != std::string::npos; }));
  for (Place* place : {&origin, &relay, &away}) CHECK(place->stop() == 0);
  for (Place* place : {&origin, &relay, &away}) CHECK(place->unsound() == "");
}

TEST_CASE("who came while a place was away is known to it, once it knows who that is, to have what it published") {
  TemporaryDirectory folder;
  Place origin(folder.path(), "Origine"), relay(folder.path(), "Relais"), newcomer(folder.path(), "Nouveau");
  origin.serve();
  relay.serve_with(origin);
  REQUIRE(origin.publish("resources/scie.json", resource("Scie")).code == 0);
  REQUIRE(eventually([&] { return relay.count("resources") == 1; }));
  REQUIRE(origin.stop() == 0);
  newcomer.serve_with(relay);
  REQUIRE(eventually([&] { return newcomer.count("resources") == 1; }));
  origin.serve_with(relay);
  CHECK(eventually([&] {
    auto receipts = json_of(origin.command("status")).at("own").at(0).at("receipts").as_array();
    return std::ranges::any_of(receipts, [](const auto& receipt) { return receipt.at("name").as_string() == "Nouveau"; });
  }));
  for (Place* place : {&origin, &relay, &newcomer}) CHECK(place->stop() == 0);
  for (Place* place : {&origin, &relay, &newcomer}) CHECK(place->unsound() == "");
}

TEST_CASE("what was erased within three days comes back with the recovery sheet alone, from a partner too") {
  TemporaryDirectory folder;
  Place origin(folder.path(), "Origine"), partner(folder.path(), "Partenaire");
  origin.serve();
  partner.serve_with(origin);
  REQUIRE(origin.publish("resources/scie.json", resource("Scie perdue")).code == 0);
  REQUIRE(eventually([&] { return partner.count("resources") == 1; }));
  REQUIRE(origin.command("erase", {"--yes", "resources/scie.json"}).code == 0);
  REQUIRE(eventually([&] { return fs::exists(partner.dir() / "sealed") && !fs::is_empty(partner.dir() / "sealed") && partner.count("resources") == 0; }));
  auto unseal = [&](const std::string& out, const std::string& sheet, Words more) {
    Words words{"unseal", "--json", "--keys", "-", "--out", (folder.path() / out).string()};
    words.insert(words.end(), more.begin(), more.end());
    return run_maillage(words, sheet);
  };
  auto show = [](const Ended& opened) {
    return run({"git", "--git-dir", text_at(json_of(opened), "/repositories/0"), "show", "main:resources/scie.json"}).out;
  };
  Words from_partner{"--place", origin.id(), "--peer", partner.peer_url()};
  CHECK(show(unseal("from-partner", origin.sheet(), from_partner)).find("Scie perdue") != std::string::npos);
  CHECK(unseal("stranger", partner.sheet(), from_partner).code == 1);
  std::string file = fs::directory_iterator(origin.dir() / "sealed")->path().string();
  CHECK(show(unseal("from-disk", origin.sheet(), {file})).find("Scie perdue") != std::string::npos);
  CHECK(unseal("wrong", partner.sheet(), {file}).code == 1);
  for (Place* place : {&origin, &partner}) CHECK(place->stop() == 0);
  for (Place* place : {&origin, &partner}) CHECK(place->unsound() == "");
}

TEST_CASE("a past that is erased leaves a partner's disk too, which has all that is shown now and confirms it") {
  Published both;
  Ended unsure = both.origin.command("erase", {"--history"});
  CHECK(unsure.code == 2);
  CHECK(both.origin.command("erase", {"--history", "--yes", "needs/gants.json"}).code == 2);
  REQUIRE(files_that_hold(both.partner.dir()) != "");
  Ended erased = both.origin.command("erase", {"--history", "--yes"});
  REQUIRE(erased.code == 0);
  CHECK(json_of(erased).at("changed").as_array().empty());
  CHECK(number_at(json_of(erased), "/epoch") == 1);
  for (Place* place : {&both.origin, &both.partner}) CHECK(leaves(*place));
  for (Place* place : {&both.origin, &both.partner}) CHECK((place->count("resources", {"q=scie"}) == 1 && place->count("needs") == 1));
  CHECK(eventually([&] { return confirmed(both.origin) == "Partenaire "; }));
  Ended table = run_maillage({"erase", "--status", "--lang", "en", "--dir", both.origin.dir().string()});
  CHECK(table.out.find("confirmed: Partenaire") != std::string::npos);
  both.publish("needs/masques.json", need("Masques"));
  CHECK(eventually([&] { return both.partner.count("needs") == 2; }));
  both.end();
}

TEST_CASE("a place that is erased leaves its partner's lists, answers and disk, and a partner that was away learns it from another") {
  Published both;
  Place away(both.folder.path(), "Absent");
  away.serve_with(both.partner);
  REQUIRE(eventually([&] { return away.count("needs") == 1; }));
  CHECK(away.stop() == 0);
  Ended erased = both.origin.command("erase", {"--place", "--yes"});
  REQUIRE(erased.code == 0);
  CHECK(json_of(erased).at("changed").as_array().size() == 3);
  for (Place* place : {&both.origin, &both.partner}) CHECK(leaves(*place));
  auto gone_from = [&](const Place& place) {
    return place.count("places", {"q=origine"}) == 0 && place.count("needs") == 0 && place.ask("places/" + both.origin.id()).status == 404;
  };
  CHECK(eventually([&] { return gone_from(both.origin) && gone_from(both.partner); }));
  CHECK(eventually([&] { return confirmed(both.origin) == "Partenaire "; }));
  Ended told = run_maillage({"status", "--dir", both.origin.dir().string(), "--lang", "en"});
  CHECK(told.out.find(both.origin.id().substr(0, 12) + ": this place has no profile any more") == 0);
  CHECK(both.origin.stop() == 0);
  REQUIRE(files_that_hold(away.dir()) != "");
  away.serve_with(both.partner);
  CHECK(eventually([&] { return gone_from(away); }));
  CHECK(leaves(away));
  CHECK(away.stop() == 0);
  CHECK(away.unsound() == "");
  both.origin.serve_with(both.partner);  // which has kept for it what the one that was away said
  CHECK(eventually([&] { return confirmed(both.origin).find("Absent ") != std::string::npos; }));
  CHECK(confirmed(both.origin).find("Partenaire ") != std::string::npos);
  both.end();
}
