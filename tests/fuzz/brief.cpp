// Every fuzz target for a moment, without libFuzzer: its corpus, then what becomes of it by chance. Under the sanitizers of preset asan,
// for CI; what looks for new paths is tests/fuzz/run. fuzz_brief SECONDS CORPUS [NAME...]; exit code 1 when a target fails.
// A target is a process of its own, two at a time. MAILLAGE_SEED=S makes the same inputs, as far as the time goes.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "tests/fuzz/brief.h"

namespace {

using Input = std::vector<std::uint8_t>;

// Larger inputs only repeat what smaller ones say.
constexpr std::size_t kInputBytesMax = 8'192;
// An input that takes longer than this has found something.
constexpr unsigned kSecondsForOne = 20;
constexpr std::size_t kAtOnce = 2;

std::vector<Input> corpus_of(const std::filesystem::path& folder) {
  std::vector<Input> inputs{{}};
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    std::ifstream in(entry.path(), std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  std::ranges::sort(inputs);
  return inputs;
}

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : engine_(seed) {}
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : engine_() % limit; }

  // One change: a bit, a byte that breaks counts, some bytes less, twice, or from another input.
  void change(Input& input, const Input& other) {
    static constexpr std::uint8_t kEdges[] = {0, 1, 0x7f, 0x80, 0xff, '\n', '"', '/'};
    std::size_t at = below(input.size() + 1), length = std::min<std::size_t>(1 + below(16), input.size() - at);
    auto here = input.begin() + static_cast<std::ptrdiff_t>(at);
    switch (below(6)) {
      case 0: if (at < input.size()) input[at] ^= static_cast<std::uint8_t>(1 << below(8)); break;
      case 1: if (at < input.size()) input[at] = kEdges[below(std::size(kEdges))]; break;
      case 2: input.erase(here, here + static_cast<std::ptrdiff_t>(length)); break;
      case 3: input.insert(here, static_cast<std::uint8_t>(below(256))); break;
      case 4: {
        Input twice(here, here + static_cast<std::ptrdiff_t>(length));
        input.insert(here, twice.begin(), twice.end());
        break;
      }
      default: {
        std::size_t from = below(other.size());
        input.resize(at);
        input.insert(input.end(), other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
      }
    }
  }

 private:
  std::mt19937_64 engine_;
};

void run(const FuzzTarget& target, const std::vector<Input>& corpus, std::chrono::duration<double> time, std::uint64_t seed) {
  std::size_t inputs = 0;
  auto feed = [&](const Input& input) {
    alarm(kSecondsForOne);
    (void)target.run(input.data(), input.size());
    ++inputs;
  };
  for (const Input& input : corpus) feed(input);
  Chance chance(seed);
  for (auto end = std::chrono::steady_clock::now() + time; std::chrono::steady_clock::now() < end;) {
    Input input = corpus[chance.below(corpus.size())];
    for (std::size_t left = 1 + chance.below(6); left > 0; --left) chance.change(input, corpus[chance.below(corpus.size())]);
    input.resize(std::min(input.size(), kInputBytesMax));
    feed(input);
  }
  std::printf("%-24s%zu inputs\n", target.name, inputs);
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** words) {
  if (count < 3) return std::fprintf(stderr, "fuzz_brief SECONDS CORPUS [NAME...]\n"), 2;
  std::chrono::duration<double> time(std::strtod(words[1], nullptr));
  const char* named = std::getenv("MAILLAGE_SEED");
  std::uint64_t seed = named != nullptr ? std::strtoull(named, nullptr, 10) : std::random_device()();
  std::map<pid_t, std::string> running;
  bool failed = false;
  auto wait_for_one = [&] {
    int status = 0;
    auto ended = running.extract(wait(&status));
    if (ended.empty() || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) return;
    failed = true;
    std::printf("%-24sFAILED with MAILLAGE_SEED=%llu\n", ended.mapped().c_str(), static_cast<unsigned long long>(seed));
  };
  for (const FuzzTarget& target : kFuzzTargets) {
    if (count > 3 && std::find(words + 3, words + count, std::string(target.name)) == words + count) continue;
    while (running.size() >= kAtOnce) wait_for_one();
    std::fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
      run(target, corpus_of(std::filesystem::path(words[2]) / target.name), time, seed);
      _exit(0);
    }
    running.emplace(child, target.name);
  }
  while (!running.empty()) wait_for_one();
  return failed ? 1 : 0;
}
