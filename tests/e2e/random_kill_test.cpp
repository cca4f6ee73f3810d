// A place is killed again and again, whatever it does: before a step of its disk that is drawn, or at a moment that is drawn. After each
// death `verify` and git fsck find nothing, what was acknowledged is there, and what was erased is not.
// MAILLAGE_KILLS=N: so many deaths (tests/nightly); MAILLAGE_SEED=S: the same draws again, as far as a machine does the same twice.
#include <catch2/catch.hpp>

#include <csignal>
#include <cstdio>
#include <map>
#include <random>
#include <set>

#include "tests/e2e/place.h"
#include "tests/locations.h"

using namespace maillage::tests;
namespace fs = std::filesystem;

namespace {

unsigned long number(const char* variable, unsigned long otherwise) {
  const char* value = std::getenv(variable);
  return value != nullptr ? std::strtoul(value, nullptr, 10) : otherwise;
}

struct Victim {
  Place place, hub;
  unsigned long seed = number("MAILLAGE_SEED", std::random_device()());
  std::mt19937 engine{static_cast<unsigned>(seed)};
  std::map<int, std::string> kept;  // acknowledged, by number
  std::set<std::string> gone;       // whose erasure was acknowledged
  int published = 0, told = 0, deaths = 0;
  std::string what;                 // the last operation
  Milliseconds moment{0};           // when it is killed
  std::map<std::string, int> counts;

  explicit Victim(const fs::path& folder) : place(folder, "Victime"), hub(folder, "Centre") { hub.serve(); }

  int draw(int below) { return std::uniform_int_distribution<int>(0, below - 1)(engine); }
  fs::path killed() const { return place.dir().string() + ".killed"; }

  // Seven of ten die before a step of the disk, the others at a moment.
  Words fate(int steps) {
    fs::remove(killed());
    moment = kPatience;
    if (draw(10) < 7)
      return {std::string("LD_PRELOAD=") + kDiskPreload, "MAILLAGE_DISK_FOLDER=" + place.dir().string(),
              "MAILLAGE_DISK_KILL_AT=" + std::to_string(draw(steps))};
    moment = Milliseconds(draw(400));
    return {};
  }
  // Whether it ended well; else it is dead.
  bool command(Words words, int steps) {
    words.insert(words.begin() + 1, {"--dir", place.dir().string(), "--json"});
    words.insert(words.begin(), kBinary);
    Words drawn = fate(steps);
    Child child(words, {place.site(), drawn, {}});
    auto code = child.ended(moment);
    deaths += !code || *code == 128 + SIGKILL;
    return code == 0;
  }
  std::string path(int tool) const { return "resources/tool-" + std::to_string(tool) + ".json"; }
  std::string name(int tool) const { return "Outil " + std::to_string(tool); }

  void publish() {
    int tool = published++;
    write_text(place.site() / path(tool), resource(name(tool)));
    if (command({"publish", path(tool)}, 40)) kept[tool] = name(tool);
  }
  void erase() {
    if (kept.empty()) return publish();
    auto [tool, erased] = *std::next(kept.begin(), draw(static_cast<int>(kept.size())));
    kept.erase(tool);  // done or not done
    if (command({"erase", "--yes", path(tool)}, 160)) gone.insert(erased);
  }
  void tidy() { (void)command({draw(2) == 0 ? "reindex" : "refs"}, 40); }

  // The hub has something new, or something less; the place hears of it, and is told to publish meanwhile.
  void serve() {
    std::string event_path = "events/evening-" + std::to_string(draw(6)) + ".json";
    bool less = draw(3) == 0 && hub.command("erase", {"--yes", event_path}).code == 0;
    if (!less) (void)hub.publish(event_path, event("Soirée " + std::to_string(told++)));
    int tool = published++;
    write_text(place.site() / path(tool), resource(name(tool)));
    Words drawn = fate(200);
    place.start({hub.peer_url()}, {}, drawn);
    auto deadline = Clock::now() + (moment == kPatience ? Milliseconds(4'000) : 3 * moment);
    if (drawn.empty() ? !place.daemon().ended(moment / 2) : place.becomes_ready()) {
      Child publishing({kBinary, "publish", "--dir", place.dir().string(), "--json", path(tool)}, {place.site(), {}, {}});
      auto left = [&] { return std::max(Milliseconds(0), std::chrono::duration_cast<Milliseconds>(deadline - Clock::now())); };
      // A word that comes after the daemon's death is the command's own, which then publishes alone.
      if (publishing.ended(left()) == 0) kept[tool] = name(tool);
      (void)place.daemon().ended(left());
    }
    place.kill();
    ++deaths;
  }

  void act() {
    static constexpr std::pair<const char*, void (Victim::*)()> kWays[] = {
        {"publish", &Victim::publish}, {"erase", &Victim::erase}, {"serve", &Victim::serve}, {"tidy", &Victim::tidy}};
    int drawn = draw(10);
    auto [called, way] = kWays[drawn < 3 ? 0 : drawn < 6 ? 1 : drawn < 9 ? 2 : 3];
    what = called;
    ++counts[what];
    (this->*way)();
  }

  std::string wrong() const {
    std::string found = place.unsound();
    std::set<std::string> names;
    auto page = json_of(place.command("query", {"resources", "limit=1000"}));
    if (page.is_object())
      for (const auto& item : page.at("items").as_array()) names.insert(text_at(item, "/name"));
    for (const auto& [tool, called] : kept)
      if (!names.contains(called)) found += called + " was acknowledged and is gone\n";
    for (const std::string& called : gone)
      if (names.contains(called)) found += called + " was erased and is back\n";
    return found;
  }
};

}  // namespace

TEST_CASE("a place that dies at random, whatever it does, is sound, and has what it acknowledged") {
  TemporaryDirectory folder;
  Victim victim(folder.path());
  int kills = static_cast<int>(number("MAILLAGE_KILLS", 8));
  for (int round = 0; victim.deaths < kills; ++round) {
    victim.act();
    INFO("MAILLAGE_SEED=" << victim.seed << ", round " << round << ": " << victim.what << ", killed before " << read_text(victim.killed()));
    REQUIRE(victim.wrong() == "");
  }
  CHECK(victim.place.publish("resources/last.json", resource("Dernier")).code == 0);
  victim.place.serve_with(victim.hub);
  CHECK(eventually([&] { return victim.place.count("events") == victim.hub.count("events"); }));
  std::string counts;
  for (const auto& [what, count] : victim.counts) counts += ", " + std::to_string(count) + " × " + what;
  std::printf("%d deaths, seed %lu%s: verify and git fsck found nothing after any of them\n", victim.deaths, victim.seed, counts.c_str());
}
