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

TEST_CASE("a backup made between signing and telling is put back after it was told, and comes to rest") {
  Ring network(13);
  network.cut_off();
  network.crash(0);
  network.publish(0);
  network.run_for(1s);
  REQUIRE(network.own_head(0).ledger().told);
  network.keep_snapshot(0);
  network.partition({});
  network.settle();
  REQUIRE(network.restore_snapshot(0));
  network.settle();
  CHECK_FALSE(network.own_head(0).ledger().told);
  CHECK(network.seen(2) == network.own_head(0).ledger().mine->head);
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

TEST_CASE("a first peer that hides an erasure from a restored copy brings nothing back: who tells the truth later is believed") {
  Ring network(12);
  network.keep_snapshot(0);
  network.keep_snapshot(1);
  network.erase(0);
  network.settle();
  std::size_t records = network.records();
  network.partition({0, 0, 1, 1});
  network.run_for(40s);
  REQUIRE(network.restore_snapshot(1));  // it tells what was before the erasure
  REQUIRE(network.restore_snapshot(0));
  network.run_for(2min);
  network.publish(0);
  network.run_for(20s);
  REQUIRE(network.seen(1).epoch == 0);
  REQUIRE(network.seen(1).sequence == 3);
  network.partition({});
  network.settle();
  CHECK(network.knows_question(0));
  CHECK(network.records() == records);
  network.answer(0, OwnHead::Answer::kTakeTheirs);
  network.settle();
  for (std::size_t i = 0; i < network.nodes(); ++i) network.check_at_rest(i);
}

TEST_CASE("a copy from before an erasure whose content died with its daemon asks, and signs nothing of it by itself") {
  Ring network(8);
  network.keep_snapshot(0);
  network.erase(0);
  while (network.seen(1).epoch == 0) network.run_for(1ms);  // the head was told; its content is asked for now
  std::uint64_t heals = network.oracle().heals();
  REQUIRE(network.restore_snapshot(0));
  network.run_for(20min);
  CHECK(network.knows_question(0));
  CHECK(network.oracle().heals() == heals);
  network.answer(0, OwnHead::Answer::kKeepOurs);
  network.settle();
  CHECK(network.seen(2).epoch == 2);
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

TEST_CASE("a daemon whose disk died comes back from its sheet with what two of its peers tell, and goes on") {
  Ring network(9);
  std::size_t records = network.records();
  REQUIRE(network.lose_disk(0));
  network.settle();
  CHECK(network.records() == records);
  CHECK(network.seen(2).charter == 1);
  network.publish(0);
  network.settle();
  CHECK(network.records() == records + 1);
  for (std::size_t i = 0; i < network.nodes(); ++i) CHECK_FALSE(network.knows_two_charters(i, network.place_of(0)));
}

TEST_CASE("a daemon whose disk died is not brought back by one peer's word") {
  Ring network(10);
  network.partition({0, 0, 1, 1});
  CHECK_FALSE(network.lose_disk(0));
}

TEST_CASE("two chains of charters signed by stolen roots: whoever meets the other one says so, and its owner's next charter ends it") {
  Ring network(11, 6);
  network.partition({0, 0, 0, 1, 1, 1});
  std::size_t thief = network.rob(0);
  network.partition({0, 0, 0, 1, 1, 1, 1});
  network.connect(thief, 3);
  network.run_for(5min);
  const PlaceId place = network.place_of(0);
  auto chain = [&](std::size_t node) { return network.node(node).places().find(place)->chain; };
  REQUIRE(chain(1).size() == 2);
  REQUIRE(chain(4).size() == 2);
  REQUIRE_FALSE(chain(1) == chain(4));
  network.partition({});
  network.run_for(15min);
  network.settle();
  CHECK_FALSE(chain(1) == chain(4));
  for (std::size_t node : {1, 2, 3, 4, 5}) CHECK(network.knows_two_charters(node, place));
  network.rotate(0, true);
  network.run_for(30min);
  for (std::size_t node : {1, 2, 3, 4, 5}) CHECK(chain(node) == chain(0));
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
