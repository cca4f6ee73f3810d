// A receiver is killed at every step that a sync makes on its disk: it starts again, sound, and the sync completes.
#include <catch2/catch.hpp>

#include "tests/e2e/place.h"
#include "tests/locations.h"

using namespace maillage::tests;
namespace fs = std::filesystem;

namespace {

// MAILLAGE_KILLS, as in a night: every step.
int stride(int by_day) { return std::getenv("MAILLAGE_KILLS") != nullptr ? 1 : by_day; }

// Stands between the daemon and its disk (tests/disk/preload.cpp). The daemon itself knows of nothing.
std::vector<std::string> dying_at(const fs::path& dir, int step) {
  return {std::string("LD_PRELOAD=") + kDiskPreload, "MAILLAGE_DISK_FOLDER=" + dir.string(), "MAILLAGE_DISK_KILL_AT=" + std::to_string(step)};
}

}  // namespace

TEST_CASE("a receiver that is killed at any step of a sync starts again, sound, and the sync completes") {
  TemporaryDirectory folder;
  Place sender(folder.path(), "Centre"), receiver(folder.path(), "Receveur");
  REQUIRE(sender.publish("events/evening.json", event("Soirée")).code == 0);
  sender.serve();
  fs::path before = folder.path() / "before", killed = receiver.dir().string() + ".killed";
  fs::copy(receiver.dir(), before, fs::copy_options::recursive);
  int deaths = 0;
  bool lived = false;
  for (int step = 0; !lived; ++step) {
    fs::remove_all(receiver.dir());
    fs::remove(killed);
    fs::copy(before, receiver.dir(), fs::copy_options::recursive);
    receiver.start({sender.peer_url()}, {}, dying_at(receiver.dir(), step));
    bool ended = !receiver.becomes_ready();
    ended = ended || (eventually([&] { return receiver.daemon().ended(Milliseconds(0)) || receiver.count("events") == 1; }) &&
                      receiver.daemon().ended(Milliseconds(0)));
    if (ended) receiver.kill();
    else lived = receiver.stop() == 0;  // there are steps after the last that one sees, too
    INFO("killed before step " << step << ": " << read_text(killed));
    deaths += fs::exists(killed) ? 1 : 0;
    receiver.serve_with(sender);
    REQUIRE(eventually([&] { return receiver.count("events") == 1 && receiver.count("places") == 2; }));
    REQUIRE(receiver.stop() == 0);
    REQUIRE(receiver.unsound() == "");
  }
  CHECK(deaths > 20);
}

namespace {

// All that the store has, without what git compresses.
bool store_holds(const Place& place, const std::string& text) {
  Ended all = run({"git", "-C", (place.dir() / "store.git").string(), "cat-file", "--batch-all-objects", "--batch"});
  return all.out.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("a receiver that is killed at any step of an erasure that reaches it starts again, sound, and what was erased is gone") {
  TemporaryDirectory folder;
  Place sender(folder.path(), "Centre"), receiver(folder.path(), "Receveur");
  REQUIRE(sender.publish("events/evening.json", event("Soirée")).code == 0);
  REQUIRE(sender.publish("events/secret.json", event("Serin")).code == 0);
  sender.serve();
  receiver.serve_with(sender);
  REQUIRE(eventually([&] { return receiver.count("events") == 2; }));
  REQUIRE(receiver.stop() == 0);
  REQUIRE(store_holds(receiver, "Serin"));
  REQUIRE(sender.command("erase", {"--yes", "events/secret.json"}).code == 0);
  fs::path before = folder.path() / "before", killed = receiver.dir().string() + ".killed";
  fs::copy(receiver.dir(), before, fs::copy_options::recursive);
  auto purged = [&] { return receiver.count("events") == 1 && !store_holds(receiver, "Serin"); };
  int deaths = 0, each = stride(7);
  bool lived = false;
  for (int step = 0; !lived; step += each) {
    fs::remove_all(receiver.dir());
    fs::remove(killed);
    fs::copy(before, receiver.dir(), fs::copy_options::recursive);
    receiver.start({sender.peer_url()}, {}, dying_at(receiver.dir(), step));
    bool ended = !receiver.becomes_ready();
    ended = ended || (eventually([&] { return receiver.daemon().ended(Milliseconds(0)) || purged(); }) && receiver.daemon().ended(Milliseconds(0)));
    if (ended) receiver.kill();
    else lived = receiver.stop() == 0;
    INFO("killed before step " << step << ": " << read_text(killed));
    deaths += fs::exists(killed) ? 1 : 0;
    receiver.serve_with(sender);
    REQUIRE(eventually(purged, Milliseconds(60'000)));
    REQUIRE(receiver.stop() == 0);
    REQUIRE(receiver.unsound() == "");
  }
  CHECK(deaths > 30 / each);
}

namespace {

// One command of a place, killed before every `each`th step on its disk until one runs through. `sound` looks at what each death left;
// the command is then given once more. How many deaths there were.
template <class Looks>
int die_at_each_step(const TemporaryDirectory& folder, const Place& place, const Words& command, int each, Looks sound) {
  fs::path before = folder.path() / "before", killed = place.dir().string() + ".killed";
  fs::copy(place.dir(), before, fs::copy_options::recursive);
  Words words{kBinary, command.front(), "--dir", place.dir().string(), "--json"};
  words.insert(words.end(), command.begin() + 1, command.end());
  int deaths = 0;
  for (int step = 0;; step += each) {
    fs::remove_all(place.dir());
    fs::remove(killed);
    fs::copy(before, place.dir(), fs::copy_options::recursive);
    Ended ended = run(words, "", {place.site(), dying_at(place.dir(), step), {}});
    if (!fs::exists(killed)) {
      CHECK(ended.code == 0);
      return deaths;
    }
    ++deaths;
    INFO("killed before step " << step << ": " << read_text(killed));
    REQUIRE(place.unsound() == "");
    sound();
    Ended again = run(words, "", {place.site(), {}, {}});
    INFO(again.out << again.err);
    REQUIRE(again.code == 0);
    REQUIRE(place.unsound() == "");
  }
}

}  // namespace

TEST_CASE("a place that is killed at any step of a publication has all of it or nothing, and the same command again publishes it") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Centre");
  REQUIRE(place.publish("events/one.json", event("Avant")).code == 0);
  for (const char* name : {"two", "three"}) write_text(place.site() / "events" / (std::string(name) + ".json"), event(name));
  int deaths = die_at_each_step(folder, place, {"publish", "events/two.json", "events/three.json"}, stride(3), [&] {
    auto there = place.count("events");
    CHECK((there == 1 || there == 3));
  });
  CHECK(deaths > 20 / stride(3));
  CHECK(place.count("events") == 3);
}

TEST_CASE("a place that is killed at any step of its own erasure keeps what is there now, and the same command again leaves nothing of the past") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Centre");
  REQUIRE(place.publish("events/one.json", event("Serin")).code == 0);
  REQUIRE(place.publish("events/one.json", event("Soirée")).code == 0);
  REQUIRE(store_holds(place, "Serin"));
  int deaths = die_at_each_step(folder, place, {"erase", "--yes", "--history"}, stride(9), [&] { CHECK(place.count("events", {"q=soirée"}) == 1); });
  CHECK(deaths > 40 / stride(9));
  CHECK_FALSE(store_holds(place, "Serin"));
  CHECK(place.count("events", {"q=soirée"}) == 1);
}
