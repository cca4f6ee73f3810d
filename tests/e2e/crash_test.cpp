// The power is cut at any moment: what was acknowledged is there, nothing temporary stays, and work goes on.
#include <catch2/catch.hpp>

#include <csignal>
#include <random>
#include <set>

#include "tests/e2e/place.h"
#include "tests/locations.h"

using namespace maillage::tests;

namespace {

// MAILLAGE_SEED replays the moments, as far as a machine does the same twice.
struct Moments {
  Moments() : seed(std::getenv("MAILLAGE_SEED") != nullptr ? std::strtoul(std::getenv("MAILLAGE_SEED"), nullptr, 10) : std::random_device()()) {}
  Milliseconds before(int milliseconds) { return Milliseconds(std::uniform_int_distribution<int>(0, milliseconds)(engine)); }
  unsigned long seed;
  std::mt19937 engine{static_cast<unsigned>(seed)};
};

std::set<std::string> names_of(const Place& place, const std::string& what) {
  std::set<std::string> names;
  auto page = json_of(place.command("query", {what, "limit=1000"}));
  if (page.is_object())
    for (const auto& item : page.at("items").as_array()) names.insert(text_at(item, "/name"));
  return names;
}

bool contains_all(const std::set<std::string>& all, const std::set<std::string>& some) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

}  // namespace

TEST_CASE("a publish that dies at any moment is done or not done, and the next one works") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Atelier");
  Moments moments;
  CAPTURE(moments.seed);
  std::set<std::string> acknowledged;
  for (int round = 0; round < 7; ++round) {
    CAPTURE(round);
    std::string name = "Outil " + std::to_string(round), path = "resources/tool-" + std::to_string(round) + ".json";
    write_text(place.site() / path, resource(name));
    {
      Child publishing({kBinary, "publish", "--dir", place.dir().string(), "--json", path}, {place.site(), {}, {}});
      if (publishing.ended(moments.before(250)) == 0) acknowledged.insert(name);
    }
    REQUIRE(place.unsound() == "");
    REQUIRE(contains_all(names_of(place, "resources"), acknowledged));
  }
  CHECK(place.publish("resources/last.json", resource("Dernier")).code == 0);
}

TEST_CASE("an init that dies at any moment can be run again") {
  TemporaryDirectory folder;
  Moments moments;
  CAPTURE(moments.seed);
  for (int round = 0; round < 5; ++round) {
    std::string dir = (folder.path() / std::to_string(round)).string();
    Words words{kBinary, "init", "--dir", dir, "--name", "Atelier", "--json"};
    bool made = false;
    {
      Child first(words, {});
      made = first.ended(moments.before(120)) == 0;
    }
    Ended second = run(words);
    INFO(second.out << second.err);
    bool existed = text_at(json_of(second), "/error/code") == "exists";
    CHECK((second.code == 0 || existed));
    CHECK((!made || existed));
    CHECK(run_maillage({"verify", "--dir", dir}).code == 0);
    CHECK(number_at(json_of(run_maillage({"query", "--dir", dir, "--json", "places"})), "/numberMatched") == 1);
  }
}

TEST_CASE("a daemon that dies at any moment of a publication loses nothing that it acknowledged") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Atelier");
  Moments moments;
  CAPTURE(moments.seed);
  std::set<std::string> acknowledged;
  for (int round = 0; round < 8; ++round) {
    CAPTURE(round);
    place.serve();
    auto deadline = Clock::now() + moments.before(400);
    for (int i = 0; Clock::now() < deadline; ++i) {
      std::string name = "Outil " + std::to_string(round) + "." + std::to_string(i);
      std::string path = "resources/tool-" + std::to_string(round) + "-" + std::to_string(i) + ".json";
      write_text(place.site() / path, resource(name));
      Child publishing({kBinary, "publish", "--dir", place.dir().string(), "--json", path}, {place.site(), {}, {}});
      auto left = std::chrono::duration_cast<Milliseconds>(deadline - Clock::now());
      if (publishing.ended(std::max(Milliseconds(0), left)) == 0) acknowledged.insert(name);
      if (Clock::now() >= deadline) place.daemon().signal(SIGKILL);  // while the command still waits for its answer
      if (publishing.ended(kPatience) == 0) acknowledged.insert(name);
    }
    place.kill();
    REQUIRE(place.unsound() == "");
    REQUIRE(contains_all(names_of(place, "resources"), acknowledged));
  }
}

TEST_CASE("a daemon that dies at any moment of a sync starts sound, and the sync completes") {
  TemporaryDirectory folder;
  Place hub(folder.path(), "Centre"), receiver(folder.path(), "Receveur");
  hub.serve();
  constexpr int kPlaces = 4, kRecords = 100;
  for (int i = 0; i < kPlaces; ++i) {
    Place other(folder.path(), "Lieu " + std::to_string(i));
    Words paths;
    for (int k = 0; k < kRecords; ++k) {
      paths.push_back("events/2027-0" + std::to_string(1 + k / 50) + "/evening-" + std::to_string(k) + ".json");
      write_text(other.site() / paths.back(), event("Soirée " + std::to_string(k), R"(, "description": ")" + std::string(300, 'x') + "\""));
    }
    REQUIRE(other.publish_all(paths).code == 0);
    other.serve_with(hub);
    REQUIRE(eventually([&] { return hub.count("events") == kRecords * (i + 1); }));
    REQUIRE(other.stop() == 0);
  }
  Moments moments;
  CAPTURE(moments.seed);
  for (int round = 0; round < 6; ++round) {
    CAPTURE(round);
    receiver.start({hub.peer_url()});
    receiver.daemon().ended(moments.before(400));
    receiver.kill();
    REQUIRE(receiver.unsound() == "");
  }
  receiver.serve_with(hub);
  CHECK(eventually([&] { return receiver.count("events") == kPlaces * kRecords; }));
  CHECK(eventually([&] { return receiver.count("places") == kPlaces + 2; }));
  REQUIRE(receiver.stop() == 0);
  CHECK(receiver.unsound() == "");
}
