// Every command of the guides runs as it is written. Blocks that install, build or need root are for the chroot test.
#include <catch2/catch.hpp>

#include <sstream>

#include "tests/e2e/place.h"
#include "tests/locations.h"

using namespace maillage::tests;
namespace fs = std::filesystem;

namespace {

// The fenced blocks of a document that use maillage and neither root nor a build.
std::vector<std::string> examples_of(const fs::path& document) {
  std::vector<std::string> blocks;
  std::istringstream lines(read_text(document));
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      inside = !inside;
      if (inside) blocks.emplace_back();
    } else if (inside) {
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

}  // namespace

TEST_CASE("every maillage command in the README and the operator's guide runs as written, in order") {
  std::string document = GENERATE("README.md", "deploy/README.md");
  TemporaryDirectory folder;
  for (const char* name : {"maillage", "build/release/maillage"}) {
    write_text(folder.path() / name, kWrapper);
    fs::permissions(folder.path() / name, fs::perms::owner_all);
  }
  std::string script = "set -eu\n";
  auto examples = examples_of(fs::path(kSourceDir) / document);
  REQUIRE_FALSE(examples.empty());
  for (const std::string& example : examples) script += example;
  Spawning how{folder.path(), {"HOME=" + folder.path().string(), "LC_ALL=en_GB.UTF-8", std::string("MAILLAGE=") + kBinary,
                               "PATH=" + folder.path().string() + ":" + std::getenv("PATH")}, {}};
  Ended done = run({"bash", "-c", script}, "", how);
  INFO(script << "\n" << done.out << done.err);
  CHECK(done.code == 0);
}
