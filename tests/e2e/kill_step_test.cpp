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
