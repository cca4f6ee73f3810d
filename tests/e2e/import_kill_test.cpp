// An import, and the sync of what it made, killed before steps on the disk that can be named again: every step of a small
// one, and ten of a large one by a seed. A failure prints the line that replays it.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <random>

#include "tests/e2e/place.h"
#include "tests/locations.h"

using namespace maillage::tests;
namespace fs = std::filesystem;

namespace {

Words dying_at(const fs::path& dir, unsigned long step) {
  return {std::string("LD_PRELOAD=") + kDiskPreload, "MAILLAGE_DISK_FOLDER=" + dir.string(), "MAILLAGE_DISK_KILL_AT=" + std::to_string(step)};
}

constexpr std::string_view kMapping = "[source]\nname = \"Liste\"\nid = \"id\"\n[profile]\nname = \"nom\"\ninsee = \"insee\"\n";

struct Listed {
  explicit Listed(int rows) : place(folder.path(), "Réseau", {"--network"}) {
    write_text(place.site() / "list.toml", kMapping);
    list(rows);
  }
  void list(int rows) const {
    std::string table = "id;nom;insee\n";
    for (int i = 1; i <= rows; ++i) table += std::to_string(i) + ";Lieu " + std::to_string(i) + ";29039\n";
    write_text(place.site() / "list.csv", table);
  }
  Ended import(const Words& environment = {}) const {
    return run_maillage({"import", "--dir", place.dir().string(), "--json", "--mapping", (place.site() / "list.toml").string(),
                         (place.site() / "list.csv").string()},
                        "", {{}, environment, {}});
  }
  TemporaryDirectory folder;
  Place place;
};

// Of ten: a step may be beyond the last one of its round.
constexpr int kDeathsAtLeast = 5;

unsigned long seed_of_now() {
  const char* given = std::getenv("MAILLAGE_SEED");
  return given != nullptr ? std::strtoul(given, nullptr, 10) : std::random_device()();
}

std::string replay(unsigned long seed, const std::string& test) {
  return "replay: MAILLAGE_SEED=" + std::to_string(seed) + " build/dev/tests/e2e_tests '" + test + "'";
}

std::int64_t unchanged(const Ended& ended) { return number_at(json_of(ended), "/outcomes/unchanged"); }

}  // namespace

TEST_CASE("an import that is killed at any step of its disk is sound, and the next one completes it") {
  Listed hub(3);
  fs::path dir = hub.place.dir(), before = hub.folder.path() / "before", killed = dir.string() + ".killed";
  fs::copy(dir, before, fs::copy_options::recursive);
  int deaths = 0;
  for (unsigned long step = 0;; ++step) {
    fs::remove_all(dir);
    fs::remove(killed);
    fs::copy(before, dir, fs::copy_options::recursive);
    bool lived = hub.import(dying_at(dir, step)).code == 0;
    INFO("killed before step " << step << ": " << read_text(killed));
    deaths += fs::exists(killed) ? 1 : 0;
    REQUIRE(hub.place.unsound() == "");
    Ended whole = hub.import();
    INFO(whole.out << whole.err);
    REQUIRE(whole.code == 0);
    REQUIRE(hub.place.count("places") == 3);
    REQUIRE(unchanged(hub.import()) == 3);
    if (lived) break;
  }
  CHECK(deaths > 10);
}

TEST_CASE("a large import killed before ten steps by a seed, one after the other, is completed by the last") {
  constexpr int kRows = 600, kRounds = 10, kMore = 60;
  unsigned long seed = seed_of_now();
  INFO(replay(seed, "a large import killed before ten steps by a seed, one after the other, is completed by the last"));
  std::mt19937 random(static_cast<unsigned>(seed));
  Listed hub(kRows);
  fs::path killed = hub.place.dir().string() + ".killed";
  int deaths = 0;
  for (int round = 1; round <= kRounds; ++round) {
    unsigned long step = std::uniform_int_distribution<unsigned long>(0, 40)(random);
    INFO("round " << round << ", killed before step " << step);
    fs::remove(killed);
    hub.list(round * kMore);  // so that each has something left to write
    (void)hub.import(dying_at(hub.place.dir(), step));
    deaths += fs::exists(killed) ? 1 : 0;
    REQUIRE(hub.place.unsound() == "");
  }
  CHECK(deaths >= kDeathsAtLeast);
  hub.list(kRows);
  REQUIRE(hub.import().code == 0);
  CHECK(hub.place.count("places") == kRows);
  CHECK(unchanged(hub.import()) == kRows);
}

TEST_CASE("a second hub killed before ten steps of the sync by a seed holds all of the list in the end") {
  constexpr int kRows = 300, kRounds = 10, kMore = 30;
  unsigned long seed = seed_of_now();
  INFO(replay(seed, "a second hub killed before ten steps of the sync by a seed holds all of the list in the end"));
  std::mt19937 random(static_cast<unsigned>(seed));
  Listed hub(kMore);
  hub.place.serve();
  TemporaryDirectory folder;
  Place second(folder.path(), "Second", {"--network"});
  fs::path killed = second.dir().string() + ".killed";
  int deaths = 0;
  for (int round = 1; round <= kRounds; ++round) {
    unsigned long step = std::uniform_int_distribution<unsigned long>(0, 40)(random);
    INFO("round " << round << ", killed before step " << step);
    fs::remove(killed);
    hub.list(round * kMore);  // so that each has something left to fetch
    REQUIRE(hub.import().code == 0);
    second.start({hub.place.peer_url()}, {}, dying_at(second.dir(), step));
    if (second.becomes_ready()) (void)eventually([&] { return second.daemon().ended(Milliseconds(0)) || second.count("places") == round * kMore; });
    second.kill();
    deaths += fs::exists(killed) ? 1 : 0;
    REQUIRE(second.unsound() == "");
  }
  CHECK(deaths >= kDeathsAtLeast);
  second.serve_with(hub.place);
  CHECK(eventually([&] { return second.count("places") == kRows; }));
  CHECK(second.stop() == 0);
  CHECK(second.unsound() == "");
}
