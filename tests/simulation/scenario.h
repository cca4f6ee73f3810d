// Scenario: what happens to a network, drawn from a seed: a list of steps that can be run, shortened, and run again.
//
// A step holds everything that it needs, so that leaving one out changes nothing about the others. README.md.
#pragma once

#include <optional>

#include "tests/simulation/simulation.h"

namespace maillage::simulation {

struct ScenarioStep {
  enum class Kind {
    kPublish,      // node, place
    kErase,        // node, place
    kPartition,    // a: bits, which nodes are on the other side
    kHeal,
    kCrash,        // node
    kCrashAt,      // node, a: before so many steps on its disk
    kBackup,       // node
    kRestore,      // node: from its backup
    kClock,        // node, a: days ahead, as signed
    kClone,        // node
    kRotate,       // node, a: with a new key
    kSlow,         // node, a: milliseconds
    kConnect,      // node, a: to whom
    kDisconnect,   // node, a: from whom
    kHostile,      // node, a: which habit
    kAnswer,       // node, a: ours or theirs
    kLoseDisk,     // node: comes back from its sheet
    kRob,          // node: its roots are stolen
    kEquivocate,   // node: signs two states under one number, each told to another node, and never heals
  } kind;
  std::size_t node = 0, place = 0;
  std::uint64_t a = 0;
  Duration then{};  // how long before the next
};

struct Scenario {
  std::uint64_t seed = 0;
  std::size_t nodes = 0;
  std::vector<std::size_t> hosted;                        // beside its own, of each
  std::vector<std::pair<std::size_t, std::size_t>> dials;
  Faults faults;
  std::vector<ScenarioStep> steps;

  // 5 to 8 nodes, 30 to 50 steps.
  static Scenario of(std::uint64_t seed);
};

struct Outcome {
  std::optional<std::string> violation;
  std::string story;
  std::uint64_t unforeseeable = 0, heals = 0, erasures = 0, questions = 0, confirmed = 0, recoveries = 0, robberies = 0, equivocations = 0;
  std::array<std::uint64_t, std::variant_size_v<OwnStep>> own_steps{};
  bool failed() const { return violation.has_value(); }
};

// Runs it, then mends the network and waits until everyone agrees. Silent: without a story, and faster.
enum class Telling { kStory, kSilent };
Outcome run(const Scenario& scenario, Telling telling = Telling::kStory);

// The same failure with fewer steps: each is left out that is not needed for it, as far as the time goes.
Scenario shortened(const Scenario& scenario, std::chrono::seconds time);

std::string shown(const Scenario& scenario);

// The line that runs it again, with this program.
std::string replay_line(std::uint64_t seed);

}  // namespace maillage::simulation
