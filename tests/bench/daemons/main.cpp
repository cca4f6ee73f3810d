// maillage-bench: measures whole daemons as places run them. tests/bench/RESULTS.md has figures and their commands.
#include <cstdio>
#include <exception>
#include <map>
#include <string>

#include "tests/bench/daemons/works.h"

using namespace maillage::bench;

int main(int argc, char** argv) {
  const std::map<std::string, void (*)(const Options&)> works{
      {"sync", measure_sync}, {"publish", measure_publish}, {"live", measure_live}, {"import", measure_import},
        {"idle", measure_idle}, {"erase", measure_erase},     {"changed", measure_changed}};
  auto work = works.find(argc > 1 ? argv[1] : "");
  if (work == works.end()) show_usage_and_exit();
  try {
    work->second(read_options(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "maillage-bench: %s\n", error.what());
    return 1;
  }
}
