#include <catch2/catch.hpp>

#include <cstdlib>

#include "tests/simulation/simulation.h"

using namespace maillage::simulation;
using namespace std::chrono_literals;

namespace {

// The fixed seeds of a normal run, or the one that a failure named.
std::vector<std::uint64_t> seeds(std::initializer_list<std::uint64_t> fixed) {
  if (const char* named = std::getenv("MAILLAGE_SEED")) return {std::strtoull(named, nullptr, 10)};
  return fixed;
}

// Every node dials the one before it and one at random: connected, with cycles.
void weave(Simulation& network, std::size_t nodes) {
  for (std::size_t i = 0; i < nodes; ++i) {
    network.add_node();
    if (i == 0) continue;
    network.connect(i, i - 1);
    std::size_t other = network.random().below(i);
    if (other != i - 1) network.connect(i, other);
  }
}

void require_agreement(Simulation& network, Duration within) {
  bool agreed = network.run_until_agreed(within);
  INFO((agreed ? std::string() : network.story()));
  REQUIRE(agreed);
}

}  // namespace

TEST_CASE("two nodes that meet hold each other's place") {
  Simulation network(1);
  weave(network, 2);
  require_agreement(network, 1min);
}

TEST_CASE("fifty nodes converge to identical heads and content over a quiet network") {
  for (std::uint64_t seed : seeds({1})) {
    Simulation network(seed);
    weave(network, 50);
    network.run_for(30s);
    for (int i = 0; i < 40; ++i) {
      network.publish(network.random().below(50));
      network.run_for(200ms);
    }
    require_agreement(network, 30min);
    CHECK(network.refusals() == 0);
  }
}

TEST_CASE("fifty nodes converge in spite of loss, delay, duplication, reordering and partitions") {
  for (std::uint64_t seed : seeds({3})) {
    Simulation network(seed);
    weave(network, 50);
    network.set_faults({.loss = 0.01, .duplication = 0.01, .reordering = 0.01, .latency_max = 400ms});
    for (int round = 0; round < 6; ++round) {
      std::vector<unsigned> groups;
      for (std::size_t i = 0; i < network.nodes(); ++i) groups.push_back(static_cast<unsigned>(network.random().below(3)));
      network.partition(groups);
      for (int i = 0; i < 10; ++i) {
        network.publish(network.random().below(50));
        network.run_for(3s);
      }
      network.partition({});
      network.run_for(20s);
    }
    network.set_faults({});
    require_agreement(network, 3h);
  }
}

TEST_CASE("nodes that crash lose nothing that was durable, and converge") {
  for (std::uint64_t seed : seeds({6, 7})) {
    Simulation network(seed);
    weave(network, 12);
    for (int i = 0; i < 60; ++i) {
      network.publish(network.random().below(12));
      network.run_for(network.random().between(0ms, 50ms));
      if (i % 3 == 0) network.crash(network.random().below(12));
      network.run_for(network.random().between(0ms, 3s));
    }
    require_agreement(network, 2h);
  }
}

TEST_CASE("a place that signs two states is known as forked everywhere, and everyone shows the same one") {
  for (std::uint64_t seed : seeds({10, 11})) {
    Simulation network(seed);
    weave(network, 10);
    require_agreement(network, 10min);
    REQUIRE(network.equivocate(3, 0, 9));
    require_agreement(network, 2h);
    for (std::size_t i = 0; i < network.nodes(); ++i)
      CHECK(network.node(i).places().find(network.place_of(3))->fork != nullptr);
  }
}
