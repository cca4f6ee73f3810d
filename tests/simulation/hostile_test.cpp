// Networks with somebody in them who does not play by the rules: everybody else agrees all the same.
#include <chrono>
#include <cstdlib>

#include <catch2/catch.hpp>

#include "tests/simulation/simulation.h"

using namespace maillage::simulation;
using namespace std::chrono_literals;

namespace {

void require_agreement(Simulation& network, Duration within) {
  bool agreed = network.run_until_agreed(within);
  INFO((agreed ? std::string() : network.story()));
  REQUIRE(agreed);
}

// A ring with one chord: whoever is hostile, the others stay connected.
void ring(Simulation& network, std::size_t nodes) {
  for (std::size_t i = 0; i < nodes; ++i) network.add_node();
  for (std::size_t i = 0; i < nodes; ++i) network.connect(i, (i + 1) % nodes);
  network.connect(0, nodes / 2);
}

void busy(Simulation& network, int publications) {
  for (int i = 0; i < publications; ++i) {
    network.publish(network.random().below(network.nodes()));
    network.run_for(network.random().between(0ms, 2s));
  }
}

}  // namespace

TEST_CASE("a node that floods, lies about content, forges heads or never reads does not keep the others apart") {
  using Habit = Simulation::Habit;
  for (Habit habit : {Habit::kFloods, Habit::kCorruptsPacks, Habit::kForgesSignatures, Habit::kNeverReads}) {
    INFO("habit " << static_cast<int>(habit));
    Simulation network(100 + static_cast<std::uint64_t>(habit));
    ring(network, 6);
    network.misbehave(2, habit);
    busy(network, 20);
    require_agreement(network, 2h);
    CHECK((habit == Habit::kNeverReads || network.refusals() > 0));
  }
}

TEST_CASE("a place that signs heads without end is passed on at its pace, and its last head reaches everyone") {
  constexpr std::size_t kNodes = 6, kHasty = 2, kSessions = 2 * (kNodes + 1);
  constexpr std::uint64_t kSeconds = 8, kHeadsASecond = 100;
  Simulation network(400);
  ring(network, kNodes);
  require_agreement(network, 5min);
  std::uint64_t before = network.relayed(kHasty);
  for (std::uint64_t second = 0; second < kSeconds; ++second) {
    if (second % 10 == 0) network.publish(0);
    for (std::uint64_t i = 0; i < kHeadsASecond; ++i) {
      network.publish(kHasty);
      network.run_for(Duration(1s) / kHeadsASecond);
    }
  }
  network.run_for(10s);
  const Head& last = network.node(kHasty).places().find(network.place_of(kHasty))->seen.head;
  for (std::size_t i = 0; i < kNodes; ++i)
    CHECK(network.node(i).places().find(network.place_of(kHasty))->seen.head == last);
  std::uint64_t relayed = network.relayed(kHasty) - before;
  std::printf("%llu heads of one place, told by others %llu times over %zu sessions\n",
              static_cast<unsigned long long>(kSeconds * kHeadsASecond), static_cast<unsigned long long>(relayed), kSessions);
  // Whoever asked for content that was not there yet is told once more when it is.
  CHECK(relayed <= 2 * kSessions * (kHeadsBurst + (kSeconds + 10) * kHeadsPerSecond));
  require_agreement(network, 1h);
}

TEST_CASE("clocks that are a year wrong change nothing of what is agreed") {
  Simulation network(200);
  ring(network, 5);
  network.set_clock(1, 365 * 24h);
  network.set_clock(3, -365 * 24h);
  busy(network, 20);
  require_agreement(network, 30min);
  CHECK(network.refusals() == 0);
}

TEST_CASE("a node that joins late with nothing gets all there is") {
  Simulation network(300);
  ring(network, 8);
  busy(network, 30);
  require_agreement(network, 30min);
  std::size_t late = network.add_node();
  network.connect(late, 3);
  require_agreement(network, 5min);
  CHECK(network.node(late).places().size() == 9);
}

// MAILLAGE_SEED=S runs that one, MAILLAGE_SEEDS=N the first N.
TEST_CASE("small networks under every fault at once converge, seed after seed") {
  const char* one = std::getenv("MAILLAGE_SEED");
  const char* many = std::getenv("MAILLAGE_SEEDS");
  std::uint64_t first = one != nullptr ? std::strtoull(one, nullptr, 10) : 1'000;
  std::uint64_t count = one != nullptr ? 1 : many != nullptr ? std::strtoull(many, nullptr, 10) : 60;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    Simulation network(seed);
    std::size_t nodes = 5 + network.random().below(4);
    ring(network, nodes);
    if (network.random().chance(0.5)) network.misbehave(1, static_cast<Simulation::Habit>(1 + network.random().below(4)));
    network.set_faults({.loss = 0.005, .duplication = 0.01, .reordering = 0.01, .latency_max = 500ms});
    for (int round = 0; round < 4; ++round) {
      std::vector<unsigned> groups;
      for (std::size_t i = 0; i < nodes; ++i) groups.push_back(static_cast<unsigned>(network.random().below(2)));
      network.partition(groups);
      busy(network, 5);
      network.crash(network.random().below(nodes));
      network.partition({});
      busy(network, 3);
    }
    network.set_faults({});
    require_agreement(network, 3h);
  }
}
