// What a benchmark is told on its command line: `--name VALUE` and the flag `--json`. An unknown name is an error.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace maillage::bench {

struct Options {
  std::uint32_t places = 200;
  std::uint32_t records = 40;           // of each place, its profile among them
  unsigned runs = 0;                    // 0: three of small registries, one of large ones
  unsigned seed = 7;
  std::uint32_t rows = 5'000;           // of the imported table
  std::uint32_t count = 200;            // of what is published one by one
  std::uint32_t burst = 1'000;          // of what many callers publish at once
  std::uint32_t megabytes = 500;        // of media, where something is erased
  std::uint32_t changed = 100;          // places, while a peer was away
  std::vector<unsigned> peers{1, 10, 100};
  std::filesystem::path dir = std::filesystem::temp_directory_path();  // where the work's own directory is made
  std::filesystem::path registry;       // a synthetic registry to use, or to make there and leave; empty: made and removed
  std::filesystem::path program;        // the maillage that is measured; beside this program unless told
  bool json = false;
};

// Ends the program, with the usage, when it cannot make sense of the words.
Options read_options(int argc, char** argv);
[[noreturn]] void show_usage_and_exit();

}  // namespace maillage::bench
