// What a simulation keeps of one daemon: what it has on disk and in its people's heads, and what a crash forgets.
#pragma once

#include "tests/simulation/simulation.h"

namespace maillage::simulation {

struct OwnPlace {
  PlaceId place;
  KeyPair root;  // on a recovery sheet, not on the disk
};

// What somebody wants done with one place; it waits until the daemon may sign.
struct Wish {
  enum class Kind { kPublish, kErase } kind;
  std::uint64_t number;  // no two records have the same text
};

struct Daemon {
  Daemon(std::size_t number, const KeyPair& daemon_key, std::uint64_t seed) : index(number), lineage(number), key(daemon_key), random(seed) {}

  std::size_t index;
  std::size_t lineage;  // of one disk and its snapshots; a clone begins another
  KeyPair key;
  std::optional<KeyPair> next_key;  // on disk before a charter names it (registry/renewal.h)
  SeededRandom random;
  std::vector<OwnPlace> own;
  Keeper keeper;
  struct Snapshot {
    Keeper keeper;
    KeyPair key;
  };
  std::optional<Snapshot> snapshot;
  std::set<std::size_t> dials;
  Simulation::Habit habit = Simulation::Habit::kHonest;
  bool neglects = false;
  bool locked_out = false;  // a charter named another key
  bool robbed = false;      // another daemon has its roots and signs charters of its own, or is that one
  std::set<PlaceId> two_charters;  // of which it says that there are two chains (a row, as registry_charters.cpp keeps it)
  std::chrono::milliseconds clock_ahead{0};
  Duration latency{};

  // Below: what a crash forgets.
  std::unique_ptr<Node> node;
  std::uint64_t life = 0;  // counts starts: results of an earlier life go nowhere
  std::deque<std::function<void()>> jobs;
  bool working = false;
  std::uint64_t inputs = 0;
  std::optional<std::size_t> crash_in;
  std::map<PlaceId, OwnHead> heads;
  std::set<PlaceId> busy;                  // a step of that place is on its way to the disk
  std::map<PlaceId, Head> brought_aside;   // what was asked for last
  std::map<PlaceId, std::deque<Wish>> wishes;
  std::optional<bool> renewal;             // charters to be signed anew; whether with a new key
  bool was_caught_up = false;
};

}  // namespace maillage::simulation
