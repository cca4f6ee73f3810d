#include "tests/bench/daemons/options.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>

namespace maillage::bench {
namespace {

constexpr const char* kUsage =
    "maillage-bench sync     [--places N] [--records N] [--runs K]   a fresh sync beside git clone --mirror\n"
    "maillage-bench changed  [--places N] [--records N] [--changed N] a peer comes back: nothing, then so many places changed\n"
    "maillage-bench publish  [--count N] [--burst N]                 durable publications: one by one, 1,500 places, many callers at once\n"
    "maillage-bench live     [--peers 1,10,100] [--count N]          from a publication to every connected peer\n"
    "maillage-bench idle     [--peers 1000]                          memory of an idle peer connection, plain and TLS\n"
    "maillage-bench erase    [--megabytes N]                         one erasure in a registry of media\n"
    "maillage-bench import   [--rows N]                              a dirty table, dry and real\n"
    "all: [--json] [--seed N] [--dir DIR] [--program MAILLAGE]; sync: [--registry DIR] keeps what was made, or uses it\n";

[[noreturn]] void refuse(const std::string& why) {
  std::fprintf(stderr, "maillage-bench: %s\n%s", why.c_str(), kUsage);
  std::exit(2);
}

std::uint32_t number(const std::string& text) {
  char* end = nullptr;
  unsigned long value = std::strtoul(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0' || value > 10'000'000) refuse("'" + text + "' is not a number");
  return static_cast<std::uint32_t>(value);
}

std::vector<unsigned> numbers(const std::string& text) {
  std::vector<unsigned> list;
  for (std::size_t at = 0; at <= text.size();) {
    auto comma = std::min(text.find(',', at), text.size());
    list.push_back(number(text.substr(at, comma - at)));
    if (list.back() == 0) refuse("nobody is no peer");
    at = comma + 1;
  }
  return list;
}

}  // namespace

Options read_options(int argc, char** argv) {
  Options options;
  options.program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "maillage";
  const std::map<std::string, std::function<void(const std::string&)>> known{
      {"--places", [&](const std::string& text) { options.places = number(text); }},
      {"--records", [&](const std::string& text) { options.records = number(text); }},
      {"--runs", [&](const std::string& text) { options.runs = number(text); }},
      {"--seed", [&](const std::string& text) { options.seed = number(text); }},
      {"--rows", [&](const std::string& text) { options.rows = number(text); }},
      {"--burst", [&](const std::string& text) { options.burst = number(text); }},
      {"--megabytes", [&](const std::string& text) { options.megabytes = number(text); }},
      {"--changed", [&](const std::string& text) { options.changed = number(text); }},
      {"--count", [&](const std::string& text) { options.count = number(text); }},
      {"--peers", [&](const std::string& text) { options.peers = numbers(text); }},
      {"--dir", [&](const std::string& text) { options.dir = text; }},
      {"--registry", [&](const std::string& text) { options.registry = text; }},
      {"--program", [&](const std::string& text) { options.program = text; }},
  };
  for (int at = 2; at < argc; ++at) {
    std::string word = argv[at];
    if (word == "--json") {
      options.json = true;
      continue;
    }
    auto option = known.find(word);
    if (option == known.end()) refuse("unknown word '" + word + "'");
    if (++at == argc) refuse(word + " wants a value");
    option->second(argv[at]);
  }
  if (options.records == 0) refuse("--records: a place has a profile at least");
  return options;
}

void show_usage_and_exit() { refuse("what is to be measured?"); }

}  // namespace maillage::bench
