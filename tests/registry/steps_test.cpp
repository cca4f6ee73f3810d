// The steps of the disk are those that STORAGE.md lists, one by one and in this order: a sync that is forgotten, or comes
// too late, fails here, and so does a step that nobody wrote down.
#include <catch2/catch.hpp>

#include <fstream>
#include <regex>

#include "tests/locations.h"
#include "tests/registry/drill.h"

using namespace maillage::tests;
namespace fs = std::filesystem;

namespace {

// What differs from run to run is named, what is written in pieces is one step.
std::string listed(const std::vector<DiskStep>& steps) {
  static const std::regex kPack("[0-9a-f]{40}"), kQuarantined("quarantine/[0-9]+"), kLog("state/[0-9]+"),
      kContribution("inbox/[0-9a-f]{32}"), kSealed("sealed/[0-9a-f]{64}-[0-9]+-[0-9]+-[0-9a-f]{40}");
  std::string text, last;
  for (DiskStep step : steps) {
    bool logs_own = step.path.starts_with("state/") && (step.change == Change::kCut || step.change == Change::kReserve);
    if (step.change == Change::kSaid || logs_own) continue;
    if (step.change == Change::kHalf) step.change = Change::kWrite;
    std::string line = std::regex_replace(std::regex_replace(step.text(), kSealed, "sealed/NAME"), kPack, "SHA1");
    line = std::regex_replace(line, kContribution, "inbox/ID");
    line = std::regex_replace(std::regex_replace(line, kQuarantined, "quarantine/N"), kLog, "state/N") + "\n";
    if (line != last) text += line;
    last = line;
  }
  return text;
}

std::string documented(const std::string& name) {
  std::ifstream document(std::string(kSourceDir) + "/registry/STORAGE.md");
  std::string line, text;
  bool inside = false;
  while (std::getline(document, line)) {
    if (inside && line == "```") break;
    if (inside) text += line + "\n";
    inside = inside || line == "```steps " + name;
  }
  return text;
}

void compare(std::string_view name, const std::string& list) {
  TemporaryDirectory folder(scratch());
  fs::path prepared = folder.path() / "prepared";
  drill(name).prepare(prepared);
  CAPTURE(name);
  CHECK(listed(steps_of(drill(name), prepared, Disk::Scope::kRegistry)) == documented(list));
}

}  // namespace

TEST_CASE("the steps of the disk are those that STORAGE.md lists") {
  for (auto [name, list] : {std::pair{"init", "init"}, {"publish", "publish"}, {"unpublish", "publish"}, {"confirm", "publish"},
                            {"ingest", "publish"}, {"ingest-thin", "publish"}, {"persist", "persist"}, {"sheet", "sheet"}, {"rotate", "rotate"},
                            {"refs", "refs"}, {"reindex", "reindex"}, {"tend", "tend"},
                            {"contribute", "contribute"}, {"approve", "approve"}, {"refuse", "refuse"}})
    compare(name, list);
}

TEST_CASE("the steps of an erasure are those that STORAGE.md lists") {
  if (auto elsewhere = done_elsewhere("the steps of an erasure*")) {
    CHECK(*elsewhere == "");
    return;
  }
  compare("erase", "erase");
}
