// The power goes at any moment: bytes that were not synced are lost, and so are names (tests/disk/lost_power.h). What was
// acknowledged is there all the same, and the next start finds a sound folder.
#include <catch2/catch.hpp>

#include <set>

#include "tests/disk/lost_power.h"
#include "tests/registry/drill.h"

using namespace maillage::tests;
namespace fs = std::filesystem;

namespace {

const char* name_of(Luck luck) {
  return luck == Luck::kNothing ? "nothing that was not synced is left" : luck == Luck::kNames ? "names are left without bytes" : "bytes are zeros";
}

// Cuts the power after each step in turn. A step that changes nothing of what would be left is not tried again.
void cut_everywhere(const Drill& drill) {
  TemporaryDirectory folder(scratch());
  fs::path prepared = folder.path() / "prepared", dir = folder.path() / "left";
  drill.prepare(prepared);
  LostPower power(prepared);
  auto steps = steps_of(drill, prepared, Disk::Scope::kAll);
  std::set<std::string> seen;
  int said = 0;
  for (const DiskStep& step : steps) {
    power.apply(step);
    said += step.change == Change::kSaid ? 1 : 0;
    if (said == 0) continue;  // still being opened
    bool acknowledged = said == 2;
    for (Luck luck : {Luck::kNothing, Luck::kNames, Luck::kZeros}) {
      if (!seen.insert(power.fingerprint(luck) + (acknowledged ? "said" : "")).second) continue;
      power.leave(dir, luck);
      INFO(drill.name << ", the power goes after: " << step.text() << "; " << name_of(luck));
      Disk no_real_reservations(dir);
      REQUIRE(unsound_after(drill, dir, acknowledged) == "");
    }
  }
}

}  // namespace

TEST_CASE("an init outlives a power cut after any step, or can be run again") { cut_everywhere(drill("init")); }

TEST_CASE("a publication outlives a power cut after any step") {
  for (const char* name : {"publish", "confirm"}) cut_everywhere(drill(name));
}

TEST_CASE("a change of keys outlives a power cut after any step") { cut_everywhere(drill("rotate")); }

TEST_CASE("a contribution and its answer outlive a power cut after any step") {
  for (const char* name : {"contribute", "approve", "refuse"}) cut_everywhere(drill(name));
}

TEST_CASE("an ingest outlives a power cut after any step") {
  for (const char* name : {"ingest", "ingest-thin", "persist"}) cut_everywhere(drill(name));
}

TEST_CASE("an erasure and its purge outlive a power cut after any step") {
  if (auto said = done_elsewhere("an erasure and its purge*")) {
    CHECK(*said == "");
    return;
  }
  cut_everywhere(drill("erase"));
}

TEST_CASE("letting go of a place and its purge outlive a power cut after any step") {
  if (auto said = done_elsewhere("letting go of a place and its purge*")) {
    CHECK(*said == "");
    return;
  }
  cut_everywhere(drill("let-go"));
}

TEST_CASE("upkeep outlives a power cut after any step") {
  for (const char* name : {"sheet", "refs", "reindex", "tend", "restart-committed"}) cut_everywhere(drill(name));
}
