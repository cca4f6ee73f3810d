// A receiver is killed at every step that a sync makes on its disk: it starts again, sound, and the sync completes.
#include <catch2/catch.hpp>

#include "tests/e2e/place.h"
#include "tests/locations.h"

using namespace maillage::tests;
namespace fs = std::filesystem;

namespace {

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

// MAILLAGE_KILLS, as in a night: at every step; else at each seventh.
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
  int deaths = 0, stride = std::getenv("MAILLAGE_KILLS") != nullptr ? 1 : 7;
  bool lived = false;
  for (int step = 0; !lived; step += stride) {
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
  CHECK(deaths > 30 / stride);
}
