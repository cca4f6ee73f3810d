// kill -9 at every step that the registry makes on its disk (STORAGE.md "Steps").
#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>

#include "tests/registry/drill.h"

using namespace maillage::tests;
namespace fs = std::filesystem;

namespace {

std::string step_of(const fs::path& dir) {
  std::ifstream in(dir.string() + ".killed");
  return {std::istreambuf_iterator<char>(in), {}};
}

// Kills at each step in turn, until the drill gets to its end. Gives the number of steps.
std::size_t kill_everywhere(const Drill& drill) {
  TemporaryDirectory folder(scratch());
  fs::path prepared = folder.path() / "prepared";
  drill.prepare(prepared);
  for (std::size_t number = 0;; ++number) {
    fs::path dir = folder.path() / std::to_string(number);
    if (fs::exists(prepared)) fs::copy(prepared, dir, fs::copy_options::recursive);
    Disk disk(dir, drill.scope);
    Outcome cut = in_child([&]() -> std::string {
      disk.kill_at(number);
      auto done = act(drill, dir, [&] { disk.begin(); });
      return done ? "" : done.error().context;
    });
    INFO(drill.name << ", killed before step " << number << ": " << step_of(dir) << cut.said);
    REQUIRE(cut.said == "");
    REQUIRE(unsound_after(drill, dir, !cut.killed) == "");
    fs::remove_all(dir);
    if (!cut.killed) return number;
  }
}

}  // namespace

TEST_CASE("an init that dies at any step of its disk can be run again") { CHECK(kill_everywhere(drill("init")) > 20); }

TEST_CASE("a publication that dies at any step is done or not done, and can be done again") {
  for (const char* name : {"publish", "unpublish", "confirm"}) CHECK(kill_everywhere(drill(name)) > 10);
}

TEST_CASE("a change of keys that dies at any step is not begun, or is finished by the next start") { CHECK(kill_everywhere(drill("rotate")) > 20); }

TEST_CASE("a contribution and its answer that die at any step are done or not done, and can be done again") {
  for (const char* name : {"contribute", "approve", "refuse"}) CHECK(kill_everywhere(drill(name)) > 4);
}

TEST_CASE("an ingest that dies at any step is done or not done, and can be done again") {
  for (const char* name : {"ingest", "ingest-thin", "persist"}) CHECK(kill_everywhere(drill(name)) > 1);
}

TEST_CASE("letting go of a place that dies at any step is done or not done, and a purge is done again until nothing is left") {
  if (auto said = done_elsewhere("letting go of a place that dies at any step*")) {
    CHECK(*said == "");
    return;
  }
  CHECK(kill_everywhere(drill("let-go")) > 4);
}

TEST_CASE("an erasure that dies at any step is done or not done, and a purge is done again until nothing is left") {
  if (auto said = done_elsewhere("an erasure that dies at any step*")) {
    CHECK(*said == "");
    return;
  }
  CHECK(kill_everywhere(drill("erase")) > 20);
}

TEST_CASE("upkeep that dies at any step can be done again") {
  for (const char* name : {"sheet", "refs", "reindex", "tend"}) CHECK(kill_everywhere(drill(name)) > 1);
}

TEST_CASE("a restart that dies at any step of its recovery starts again") {
  for (const char* name : {"restart-uncommitted", "restart-committed", "restart-quarantine"}) CHECK(kill_everywhere(drill(name)) > 1);
}
