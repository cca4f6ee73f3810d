// Every command of the guides runs as it is written. Blocks that install, build or need root are for the chroot test; those
// marked `sh census` need a file that is not ours to copy, and say what they answer.
#include <catch2/catch.hpp>

#include <sstream>

#include "tests/e2e/place.h"
#include "tests/locations.h"

using namespace maillage::tests;
namespace fs = std::filesystem;

namespace {

// The fenced blocks of a document that use maillage and neither root nor a build; `census`: those that need the census, or
// the others.
std::vector<std::string> examples_of(const fs::path& document, bool census = false) {
  std::vector<std::string> blocks;
  std::istringstream lines(read_text(document));
  bool inside = false, wanted = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      inside = !inside;
      wanted = inside && line.starts_with("```sh census") == census;
      if (wanted) blocks.emplace_back();
    } else if (wanted) {
      blocks.back() += line + "\n";
    }
  }
  std::erase_if(blocks, [](const std::string& block) {
    bool ours = block.find("maillage ") != std::string::npos;
    return !ours || block.find("sudo") != std::string::npos || block.find("cmake") != std::string::npos;
  });
  return blocks;
}

// Stands before the real program: `serve` gets a free port, says that it listens, and is stopped.
constexpr std::string_view kWrapper = R"(#!/bin/bash
set -e
if [[ $1 != serve ]]; then exec "$MAILLAGE" "$@"; fi
arguments=()
while (($#)); do
  if [[ $1 == --listen ]]; then shift; else arguments+=("$1"); fi
  shift
done
coproc daemon { exec "$MAILLAGE" "${arguments[@]}" --listen 127.0.0.1:0; }
read -r -t 20 line <&"${daemon[0]}"
kill -TERM "$daemon_PID"
wait "$daemon_PID"
)";

struct Guide {
  Guide() {
    for (const char* name : {"maillage", "build/release/maillage"}) {
      write_text(folder.path() / name, kWrapper);
      fs::permissions(folder.path() / name, fs::perms::owner_all);
    }
  }
  Ended follow(const std::string& script) const {
    Spawning how{folder.path(), {"HOME=" + folder.path().string(), "LC_ALL=en_GB.UTF-8", std::string("MAILLAGE=") + kBinary,
                                 "PATH=" + folder.path().string() + ":" + std::getenv("PATH")}, {}};
    return run({"bash", "-c", "set -eu\n" + script}, "", how);
  }
  TemporaryDirectory folder;
};

// MAILLAGE_SHARED, else the folder shared beside the project.
fs::path census_file() {
  const char* given = std::getenv("MAILLAGE_SHARED");
  return (given != nullptr ? fs::path(given) : fs::path(kSourceDir) / "../shared") / "data/CGET_TiersLieux_2019.csv";
}

}  // namespace

TEST_CASE("every maillage command in the README and the operator's guide runs as written, in order") {
  std::string document = GENERATE("README.md", "deploy/README.md");
  auto examples = examples_of(fs::path(kSourceDir) / document);
  REQUIRE_FALSE(examples.empty());
  std::string script;
  for (const std::string& example : examples) script += example;
  Guide guide;
  Ended done = guide.follow(script);
  INFO(script << "\n" << done.out << done.err);
  CHECK(done.code == 0);
}

TEST_CASE("the census of the README answers what is written beside each question, where the file is") {
  auto examples = examples_of(fs::path(kSourceDir) / "README.md", true);
  REQUIRE(examples.size() == 1);
  fs::path census = census_file();
  if (!fs::exists(census)) {
    WARN("SKIPPED: no " << census.filename() << "; set MAILLAGE_SHARED to the folder whose data/ holds it");
    return;
  }
  Guide guide;
  fs::copy(census, guide.folder.path());
  Ended done = guide.follow(examples.front());
  INFO(examples.front() << "\n" << done.out << done.err);
  REQUIRE(done.code == 0);
  std::size_t told = 0, at = 0;
  for (auto beside = examples.front().find("# in all: "); beside != std::string::npos; beside = examples.front().find("# in all: ", beside + 1), ++told) {
    std::string figure = examples.front().substr(beside + 2, examples.front().find(';', beside) - beside - 1);
    at = done.out.find(figure, at);
    CHECK(at != std::string::npos);
  }
  CHECK(told == 3);
}
