// Networks to which everything happens, seed after seed. README.md says what is looked at.
#include <catch2/catch.hpp>

#include <cstdio>
#include <cstdlib>

#include "tests/simulation/scenario.h"

using namespace maillage::simulation;

namespace {

std::uint64_t number(const char* variable, std::uint64_t otherwise) {
  const char* value = std::getenv(variable);
  return value != nullptr ? std::strtoull(value, nullptr, 10) : otherwise;
}

constexpr std::uint64_t kSeedsInCi = 60;  // always the same ones; a night has more

}  // namespace

// MAILLAGE_SEED=S runs that one; MAILLAGE_SEEDS=N [MAILLAGE_FIRST_SEED=F] as many from F on, however long it takes and whatever fails.
TEST_CASE("networks under everything at once keep every rule, and agree in the end") {
  bool one = std::getenv("MAILLAGE_SEED") != nullptr, night = std::getenv("MAILLAGE_SEEDS") != nullptr;
  std::uint64_t first = one ? number("MAILLAGE_SEED", 0) : number("MAILLAGE_FIRST_SEED", 1);
  std::uint64_t count = one ? 1 : number("MAILLAGE_SEEDS", kSeedsInCi);
  auto began = std::chrono::steady_clock::now();
  std::pair<double, std::uint64_t> slowest;
  decltype(Outcome::own_steps) own_steps{};
  std::uint64_t done = 0, failed = 0, unforeseeable = 0, heals = 0, erasures = 0, questions = 0, confirmed = 0;
  std::uint64_t recoveries = 0, robberies = 0, equivocations = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    auto started = std::chrono::steady_clock::now();
    Scenario scenario = Scenario::of(seed);
    Outcome outcome = run(scenario, night ? Telling::kSilent : Telling::kStory);
    ++done, unforeseeable += outcome.unforeseeable, heals += outcome.heals, erasures += outcome.erasures, questions += outcome.questions;
    confirmed += outcome.confirmed, recoveries += outcome.recoveries, robberies += outcome.robberies, equivocations += outcome.equivocations;
    double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    slowest = std::max(slowest, std::pair(took, seed));
    for (std::size_t i = 0; i < own_steps.size(); ++i) own_steps[i] += outcome.own_steps[i];
    if (std::getenv("MAILLAGE_VERBOSE") != nullptr)
      std::printf("seed %llu: %.2f s, heals %llu, unforeseeable %llu\n", static_cast<unsigned long long>(seed), took,
                  static_cast<unsigned long long>(outcome.heals), static_cast<unsigned long long>(outcome.unforeseeable));
    if (!outcome.failed()) continue;
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), outcome.violation->c_str());
    if (night) std::printf("FAILED %s\n", replay_line(seed).c_str());
    std::fflush(stdout);
    if (night && ++failed) continue;
    Scenario least = shortened(scenario, std::chrono::seconds(20));
    Outcome again = run(least);
    FAIL(again.story << shown(least) << again.violation.value_or(*outcome.violation) << "\n" << replay_line(seed));
  }
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  auto shown = [](std::uint64_t number) { return std::to_string(number); };
  std::printf("%s seeds from %s in %.1f s, %s failed: %s heals, %s erasures, %s questions, %s counters signed twice for want of warning\n", shown(done).c_str(),
              shown(first).c_str(), seconds, shown(failed).c_str(), shown(heals).c_str(), shown(erasures).c_str(), shown(questions).c_str(),
              shown(unforeseeable).c_str());
  std::printf("own heads: %s taken over, %s re-applied, %s raised, %s told later, %s asked\n", shown(own_steps[2]).c_str(), shown(own_steps[3]).c_str(),
              shown(own_steps[4]).c_str(), shown(own_steps[5]).c_str(), shown(own_steps[6]).c_str());
  std::printf("%s receipts for an erasure, %s disks lost and recovered, %s roots stolen, %s that said two things\n", shown(confirmed).c_str(),
              shown(recoveries).c_str(), shown(robberies).c_str(), shown(equivocations).c_str());
  std::printf("the slowest took %.2f s: seed %s\n", slowest.first, shown(slowest.second).c_str());
  CHECK(done == count);
  CHECK(failed == 0);
}
