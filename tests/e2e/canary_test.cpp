// The canary of five daemons: in all that a daemon keeps just before it is erased, and in no byte of any of them a minute later.
#include <catch2/catch.hpp>

#include "tests/e2e/canary.h"
#include "tests/e2e/stock_git.h"

using namespace maillage::tests;
namespace fs = std::filesystem;

namespace {

// The network's promise.
constexpr Milliseconds kErasedWithin{60'000};

const std::string kIt = kCanary, kName = "resources/" + kIt + ".json";

// A record's text, a file's name, a commit's message and its author, as they are written.
const Words kForms{"\"Un " + kIt, "100644 " + kIt + ".json", "publish " + kName, "author Chez " + kIt + " <"};

struct Five {
  TemporaryDirectory folder;
  Place origin{folder.path(), "Origine"}, first{folder.path(), "Premier"}, second{folder.path(), "Second"}, third{folder.path(), "Tiers"},
      fourth{folder.path(), "Quart"};
  std::vector<Place*> all{&origin, &first, &second, &third, &fourth};
  StockGit git{folder.path()};

  void serve() {
    origin.serve();
    first.serve_with(origin);
    second.serve_with(first);  // not with the origin
    third.serve_with(origin);
    fourth.serve({third.peer_url(), first.peer_url()});
  }
  void stop() {
    for (Place* place : all) CHECK(place->stop() == 0);
  }
  void publish(const std::string& path, const std::string& text) { REQUIRE(origin.publish(path, text).code == 0); }
  bool all_show(const std::string& words) {
    return eventually([&] { return std::ranges::all_of(all, [&](Place* place) { return place->count("resources", {"q=" + words}) == 1; }); });
  }
  // The folder of what stock git clones of everything that this daemon keeps.
  fs::path commons_of(const Place& place, const std::string& when) {
    fs::path clone = folder.path() / (place.slug() + "-commons-" + when);
    REQUIRE(git.out(folder.path(), {"clone", "-q", place.url() + "/git/commons", clone.string()}) == "");
    return clone;
  }
  // A contribution that names it too, and waits.
  void contribute() {
    REQUIRE(git.out(folder.path(), {"clone", "-q", origin.url() + "/git/" + origin.id(), "hers"}) == "");
    fs::path hers = folder.path() / "hers";
    write_text(hers / "resources/tour.json", resource("Tour de " + kIt));
    REQUIRE(git(hers, {"add", "-A"}).code == 0);
    REQUIRE(git(hers, {"commit", "-q", "-m", "work"}).code == 0);
    REQUIRE(git(hers, {"push", "-q", "origin", "HEAD:refs/for/main"}).code == 0);
  }
};

}  // namespace

TEST_CASE("a canary in every form and in every kind of file of five daemons is in none of them within a minute of its erasure") {
  Five network;
  network.serve();
  network.publish("profile.json", R"({"kind": "profile", "name": "Chez )" + kIt + "\"}");
  network.publish(kName, resource("Un " + kIt));
  network.publish("profile.json", R"({"kind": "profile", "name": "Origine"})");
  network.publish("resources/scie.json", resource("Scie"));
  REQUIRE(network.all_show("scie"));
  network.stop();  // what was in the logs is in tables at the next start
  network.serve();
  network.publish(kName, resource("Deux fois un " + kIt));
  REQUIRE(network.all_show("deux fois"));
  for (Place* place : network.all) REQUIRE(files_that_hold(network.commons_of(*place, "before")) != "");
  network.contribute();

  Words all_forms = kForms;
  all_forms.push_back(kIt);
  for (Place* place : network.all) {
    INFO(place->slug());
    std::string files = files_that_hold(place->dir(), all_forms);
    INFO(files);
    for (const char* kind : {"wal", "sst", "pack"}) CHECK(in_kind(files, kind));
    for (const std::string& form : kForms) CHECK(in_kind(files, "pack", form));
  }
  CHECK(files_that_hold(network.origin.dir(), {"Tour de " + kIt}).find("/inbox/") != std::string::npos);

  auto began = Clock::now();
  REQUIRE(network.origin.command("erase", {"--yes", kName}).code == 0);
  for (Place* place : network.all) CHECK(eventually([&] { return files_that_hold(place->dir()) == ""; }, kErasedWithin));
  CHECK(Clock::now() - began < kErasedWithin);
  CHECK(network.all_show("scie"));
  for (Place* place : network.all) CHECK(files_that_hold(network.commons_of(*place, "after")) == "");
  network.stop();
  for (Place* place : network.all) CHECK(place->unsound() == "");
  for (Place* place : network.all) CHECK(files_that_hold(place->dir()) == "");
}
