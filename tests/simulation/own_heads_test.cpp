// One identity, several states: restored copies, clones and erasures, each as protocol/own_head.h says.
#include <catch2/catch.hpp>

#include "tests/simulation/oracle.h"
#include "tests/simulation/simulation.h"

using namespace maillage::simulation;
using namespace std::chrono_literals;

namespace {

// A ring, settled, in which node 0 has published twice.
struct Ring : Simulation {
  explicit Ring(std::uint64_t seed, std::size_t nodes = 4) : Simulation(seed) {
    for (std::size_t i = 0; i < nodes; ++i) add_node();
    for (std::size_t i = 0; i < nodes; ++i) connect(i, (i + 1) % nodes);
    settle();
    publish(0);
    run_for(5s);
    publish(0);
    settle();
  }
  void settle(Duration within = 3h) {
    run_for(30s);
    bool agrees = run_until_agreed(within);
    INFO((agrees ? std::string() : story()));
    REQUIRE(agrees);
  }
  const Head& seen(std::size_t node) const { return this->node(node).places().find(place_of(0))->seen.head; }
  std::size_t records() const { return Simulation::records(1, place_of(0)).size(); }
  // Node 0 on one side, everyone else on the other.
  void cut_off(std::size_t others = 3) {
    std::vector<unsigned> groups(nodes(), 1);
    groups[0] = 0;
    if (others < 3) groups[3] = 0;
    partition(groups);
    run_for(40s);
  }
};

}  // namespace

TEST_CASE("a daemon that starts from an old backup takes over what it had published since, and goes on") {
  Ring network(1);
  network.keep_snapshot(0);
  network.publish(0);
  network.settle();
  std::size_t records = network.records();
  REQUIRE(network.restore_snapshot(0));
  network.publish(0);  // before anybody was heard
  network.settle();
  CHECK(network.records() == records + 1);
  CHECK(network.seen(2).epoch == 0);
  CHECK(network.seen(2).sequence == 4);
  CHECK(network.oracle().unforeseeable() == 0);
}

TEST_CASE("a restored copy that hears only of those who are behind forks, heals when it hears more, and loses nothing") {
  Ring network(2);
  network.keep_snapshot(0);
  network.cut_off(2);  // with node 3, which will not hear of what comes now
  network.partition({0, 1, 1, 2});
  network.run_for(40s);
  network.partition({0, 0, 1, 1});
  network.run_for(40s);
  network.publish(0);  // node 1 hears it
  network.run_for(20s);
  network.partition({0, 1, 1, 0});
  REQUIRE(network.restore_snapshot(0));
  network.run_for(60s);
  REQUIRE(network.node(0).caught_up());
  network.publish(0);  // node 3 hears it
  network.run_for(20s);
  std::size_t before = network.records();
  network.partition({});
  network.settle();
  CHECK(network.oracle().unforeseeable() == 1);
  CHECK(network.oracle().heals() == 1);
  CHECK(network.seen(2).epoch == 1);
  CHECK(network.records() >= before);
}

TEST_CASE("two machines with one identity are healed once, then people are asked, and there is no war of epochs") {
  Ring network(3);
  std::size_t copy = network.clone(0);
  network.connect(copy, 2);
  network.run_for(60s);
  for (int i = 0; i < 6; ++i) {
    network.publish(0);
    network.publish(copy);
    network.run_for(10min);
  }
  CHECK(network.oracle().heals() >= 1);
  CHECK(network.oracle().heals() <= 2);
  CHECK((network.knows_question(0) || network.knows_question(copy)));
  CHECK(network.seen(2).epoch <= 3);
}

TEST_CASE("a backup from before an erasure brings nothing back, and asks") {
  Ring network(4);
  network.keep_snapshot(0);
  network.erase(0);
  network.settle();
  std::size_t records = network.records();
  REQUIRE(network.restore_snapshot(0));
  network.publish(0);
  network.settle();
  CHECK(network.knows_question(0));
  CHECK(network.records() == records);
  CHECK(network.seen(0) == network.seen(1));
  network.answer(0, OwnHead::Answer::kTakeTheirs);
  network.settle();
  CHECK_FALSE(network.knows_question(0));
  for (std::size_t i = 0; i < network.nodes(); ++i) network.check_at_rest(i);
  network.publish(0);
  network.settle();
  CHECK(network.records() == records + 1);
}

TEST_CASE("a peer that was away during an erasure purges when it comes back") {
  Ring network(5);
  network.partition({0, 0, 0, 1});
  network.run_for(40s);
  network.erase(0);
  network.run_for(5min);
  network.partition({});
  network.settle();
  for (std::size_t i = 0; i < network.nodes(); ++i) network.check_at_rest(i);
}

TEST_CASE("a new key ends what a stolen one does") {
  Ring network(6);
  std::size_t thief = network.clone(0);
  network.connect(thief, 2);
  network.run_for(60s);
  network.publish(thief);
  network.publish(0);
  network.rotate(0, true);
  network.run_for(20min);
  network.publish(thief);
  network.publish(0);
  network.settle();
  CHECK(network.seen(2).charter == 1);
  CHECK(network.node(2).places().find(network.place_of(0))->fork == nullptr);
}

TEST_CASE("a copy from before its roots changed comes in, and learns the charter") {
  Ring network(7);
  network.keep_snapshot(0);
  network.rotate(0, false);
  network.settle();
  REQUIRE(network.seen(2).charter == 1);
  REQUIRE(network.restore_snapshot(0));
  network.settle();
  network.publish(0);
  network.settle();
  CHECK(network.seen(2).charter == 1);
  CHECK(network.seen(0) == network.seen(2));
}
