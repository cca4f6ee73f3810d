// Small networks in every order: all sequences of a handful of events to a depth, and a crash before every step on the disk.
#include <catch2/catch.hpp>

#include <cstdio>

#include "tests/simulation/oracle.h"
#include "tests/simulation/simulation.h"

using namespace maillage::simulation;
using namespace std::chrono_literals;

namespace {

enum class Move { kPublish, kErase, kCut, kHeal, kCrash, kBackup, kRestore, kRotate };
constexpr std::size_t kMoves = 8;
constexpr const char* kNames[] = {"publish", "erase", "cut", "heal", "crash", "backup", "restore", "rotate"};

// Three in a row; everything happens to the first. Cut: the first and the second on one side.
struct Small : Simulation {
  explicit Small(std::size_t nodes = 3) : Simulation(1) {
    for (std::size_t i = 0; i < nodes; ++i) add_node();
    for (std::size_t i = 1; i < nodes; ++i) connect(i - 1, i);
    run_for(30s);
    publish(0);
    run_for(5s);
  }
  void make(Move move) {
    switch (move) {
      case Move::kPublish: return publish(0);
      case Move::kErase: return erase(0);
      case Move::kCut: return partition({0, 0, 1});
      case Move::kHeal: return partition({});
      case Move::kCrash: return crash(0);
      case Move::kBackup: return keep_snapshot(0);
      case Move::kRestore: return void(restore_snapshot(0));
      case Move::kRotate: return rotate(0, false);
    }
  }
  void come_to_rest() {
    partition({});
    (void)run_until_agreed(1h);
    for (std::size_t i = 0; i < nodes(); ++i) answer(i, OwnHead::Answer::kTakeTheirs);
    run_for(30s);
    if (!run_until_agreed(2h)) throw Violation("the nodes do not agree");
    for (std::size_t i = 0; i < nodes(); ++i) check_at_rest(i);
  }
};

// Which moves follow each other at once, so that they meet on the disk: the first two and so on, or the second and the third.
enum class Pace { kEvenAtOnce, kOddAtOnce };

// Every sequence of so many moves.
void explore(std::vector<Move>& path, std::size_t depth, Pace pace, std::size_t& explored) {
  if (path.size() < depth) {
    for (std::size_t move = 0; move < kMoves; ++move) {
      path.push_back(static_cast<Move>(move));
      explore(path, depth, pace, explored);
      path.pop_back();
    }
    return;
  }
  Small network;
  std::string moves;
  for (Move move : path) moves += std::string(kNames[static_cast<std::size_t>(move)]) + " ";
  try {
    for (std::size_t i = 0; i < path.size(); ++i) {
      network.make(path[i]);
      network.run_for((i % 2 == 0) == (pace == Pace::kEvenAtOnce) ? Duration(2ms) : Duration(40s));
    }
    network.come_to_rest();
  } catch (const Violation& violation) {
    FAIL(network.story() << moves << ": " << violation.what());
  }
  ++explored;
}

}  // namespace

// MAILLAGE_DEPTH=D: of D events, at both paces; MAILLAGE_FIRST_MOVE=M: those that begin with that one.
TEST_CASE("three nodes agree after every sequence of events") {
  const char *deeper = std::getenv("MAILLAGE_DEPTH"), *first = std::getenv("MAILLAGE_FIRST_MOVE");
  std::size_t depth = deeper != nullptr ? std::strtoul(deeper, nullptr, 10) : 3, explored = 0;
  std::vector<Move> path;
  if (first != nullptr) path.push_back(static_cast<Move>(std::strtoul(first, nullptr, 10) % kMoves));
  explore(path, depth, Pace::kEvenAtOnce, explored);
  if (deeper != nullptr) explore(path, depth, Pace::kOddAtOnce, explored);
  std::printf("%zu sequences of %zu events\n", explored, depth);
  CHECK(explored > 0);
}

TEST_CASE("a crash before any step on the disk loses nothing, in what a daemon does and in what its peers do") {
  std::size_t crashes = 0;
  for (std::size_t victim : {0, 1, 2}) {
    std::size_t step = 0;
    for (bool reached = true; reached; ++step) {
      Small network;
      try {
        network.crash_before_step(victim, step);
        std::uint64_t before = network.lives(victim);
        for (Move move : {Move::kPublish, Move::kPublish, Move::kRotate, Move::kErase, Move::kPublish}) {
          network.make(move);
          network.run_for(3s);
        }
        reached = network.lives(victim) > before;
        network.come_to_rest();
      } catch (const Violation& violation) {
        FAIL(network.story() << "n" << victim << " crashes before step " << step << ": " << violation.what());
      }
      crashes += reached;
    }
    CHECK(step > 8);
  }
  std::printf("%zu crashes, one before each step\n", crashes);
}
