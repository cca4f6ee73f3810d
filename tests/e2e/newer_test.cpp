// A place that publishes with a later version of the program, whose vocabulary knows a word that ours does not: the record
// travels and is kept everywhere, its owner reads what is wrong with it, and who knows the word shows it.
#include <catch2/catch.hpp>

#include "tests/e2e/place.h"
#include "tests/locations.h"

using namespace maillage::tests;

namespace {

constexpr const char* kDrone = R"({"kind": "resource", "name": "Drone de relevé", "type": "drone", "licence": "CC-BY-4.0"})";
constexpr const char* kDronePath = "resources/drone/record.json";

// `maillage VERB --dir DIR --json ARGUMENTS…`, by the later version.
Ended later_version(const Place& place, const std::string& verb, Words arguments = {}) {
  Words words{kNewerBinary, verb, "--dir", place.dir().string(), "--json"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return run(words, "", {{}, {"LC_ALL=en_GB.UTF-8"}, {}});
}

// What a daemon of ours published with the later version: one record that we know, one that we do not.
void publish_later(const Place& place) {
  REQUIRE(place.publish("resources/saw/record.json", resource("Scie")).code == 0);
  Ended refused = place.publish(kDronePath, kDrone);
  CHECK(refused.code == 1);
  CHECK(refused.out.find("not-in-vocabulary") != std::string::npos);
  Ended published = later_version(place, "publish", {"--root", place.site().string(), kDronePath});
  INFO(published.out << published.err);
  REQUIRE(published.code == 0);
}

std::string head_of(const Place& place, const std::string& id) { return text_at(place.ask("places/" + id).json(), "/head/hash"); }

}  // namespace

TEST_CASE("a record with a word of a later vocabulary reaches a peer whole, and only its owner is told what is wrong with it") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Un"), two(folder.path(), "Deux");
  publish_later(one);
  one.serve();
  two.serve_with(one);
  REQUIRE(eventually([&] { return two.count("resources") == 1 && !head_of(two, one.id()).empty(); }));
  CHECK(head_of(two, one.id()) == head_of(one, one.id()));
  CHECK(two.count("resources", {"q=drone"}) == 0);
  CHECK(one.count("resources", {"q=drone"}) == 0);

  auto status = json_of(one.command("status"));
  CHECK(text_at(status, "/own/0/problems/0/path") == kDronePath);
  CHECK(text_at(status, "/own/0/problems/0/code") == "not-in-vocabulary");
  CHECK(text_at(status, "/own/0/problems/0/context").find("/type") != std::string::npos);
  CHECK(text_at(status, "/own/0/problems/1/path").empty());
  for (const char* language : {"LC_ALL=en_GB.UTF-8", "LC_ALL=fr_FR.UTF-8"}) {
    Ended told = run_maillage({"status", "--dir", one.dir().string()}, "", {{}, {language}, {}});
    INFO(told.out);
    CHECK(told.code == 0);
    CHECK(told.out.find(kDronePath) != std::string::npos);
    CHECK(told.out.find("/type") != std::string::npos);
  }
  CHECK(text_at(json_of(two.command("status")), "/own/0/problems/0/path").empty());

  // The very bytes are in the peer's store, and stay what the index says of them when it is made anew.
  REQUIRE(two.command("refs").code == 0);
  std::string store = (two.dir() / "store.git").string();
  Ended kept = run({"git", "-C", store, "show", "refs/places/" + one.id() + ":" + kDronePath}, "", {{}, {"GIT_CONFIG_NOSYSTEM=1"}, {}});
  INFO(kept.err);
  CHECK(kept.out == kDrone);
  REQUIRE(one.command("reindex").code == 0);
  CHECK(text_at(json_of(one.command("status")), "/own/0/problems/0/path") == kDronePath);
  CHECK(one.stop() == 0);
  CHECK(two.stop() == 0);
  CHECK(one.unsound() == "");
  CHECK(two.unsound() == "");

  // The peer's operator installs the later version: what was kept is shown, without asking anybody.
  Ended shown = later_version(two, "query", {"resources", "q=drone"});
  INFO(shown.out << shown.err);
  CHECK(number_at(json_of(shown), "/numberMatched") == 1);
  CHECK(two.count("resources", {"q=drone"}) == 0);
}

TEST_CASE("a record with a word of a later vocabulary is shown by everyone once its owner mends it") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Un"), two(folder.path(), "Deux");
  publish_later(one);
  one.serve();
  two.serve_with(one);
  REQUIRE(eventually([&] { return two.count("resources") == 1; }));
  REQUIRE(one.publish(kDronePath, resource("Drone de relevé")).code == 0);
  CHECK(eventually([&] { return two.count("resources", {"q=drone"}) == 1; }));
  CHECK(text_at(json_of(one.command("status")), "/own/0/problems/0/path").empty());
}
