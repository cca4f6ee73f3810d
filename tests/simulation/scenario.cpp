#include "tests/simulation/scenario.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <unistd.h>

#include "tests/simulation/oracle.h"

namespace maillage::simulation {
namespace {

using namespace std::chrono_literals;
using Kind = ScenarioStep::Kind;

constexpr std::string_view kNames[] = {"publish", "erase", "partition", "heal",    "crash",      "crash-at", "backup", "restore",
                                       "clock",   "clone", "rotate",    "slow",    "connect",    "disconnect", "hostile", "answer",
                                       "lose-disk", "rob",   "equivocate"};

// How often each kind is drawn, in the order of Kind.
constexpr std::size_t kWeights[] = {34, 3, 6, 6, 3, 8, 7, 7, 3, 2, 3, 2, 2, 1, 1, 3, 2, 1, 1};

Kind draw_kind(SeededRandom& random) {
  std::size_t all = 0, at = 0;
  for (std::size_t weight : kWeights) all += weight;
  for (std::size_t left = random.below(all); left >= kWeights[at]; ++at) left -= kWeights[at];
  return static_cast<Kind>(at);
}

// In which everyone agrees at the latest: a few reconciliations, ten minutes apart each, and the wait for unheard content.
constexpr auto kRest = 3h;

ScenarioStep draw_step(SeededRandom& random, const Scenario& scenario) {
  ScenarioStep step{draw_kind(random)};
  // Half of everything happens to one of them: what is restored has published, and publishes again.
  step.node = random.chance(0.5) ? scenario.seed % scenario.nodes : random.below(scenario.nodes);
  step.place = random.below(scenario.hosted[step.node] + 1);
  step.a = random.u64();
  switch (step.kind) {
    case Kind::kCrashAt: step.a %= 12; break;
    case Kind::kClock: step.a = step.a % 731; break;
    case Kind::kRotate: step.a %= 2; break;
    case Kind::kSlow: step.a = step.a % 8'000; break;
    case Kind::kConnect:
    case Kind::kDisconnect: step.a %= scenario.nodes; break;
    case Kind::kHostile: step.a = 1 + step.a % 5; break;
    case Kind::kAnswer: step.a %= 2; break;
    default: break;
  }
  // Most things happen soon after each other, some after everything has come to rest.
  step.then = random.chance(0.7) ? random.between(0ms, 800ms) : random.between(1s, 60s);
  return step;
}

std::vector<unsigned> sides(std::uint64_t bits, std::size_t nodes) {
  std::vector<unsigned> groups;
  for (std::size_t i = 0; i < nodes; ++i) groups.push_back(static_cast<unsigned>(bits >> (i % 64) & 1));
  return groups;
}

// What is cloned, hostile or restored while a scenario runs.
struct Course {
  Simulation network;
  std::size_t nodes;
  std::set<PlaceId> twice;  // places whose identity two daemons use
  std::optional<std::size_t> hostile;
  std::uint64_t recoveries = 0, robberies = 0, equivocations = 0;
  std::size_t cloned = 0;
  std::optional<std::size_t> copy, twofold;  // `twofold`: who said two things

  explicit Course(const Scenario& scenario) : network(scenario.seed), nodes(scenario.nodes) {
    for (std::size_t i = 0; i < nodes; ++i) network.add_node(scenario.hosted[i]);
    for (auto [from, to] : scenario.dials) network.connect(from, to);
    network.set_faults(scenario.faults);
  }

  void take(const ScenarioStep& step) {
    switch (step.kind) {
      case Kind::kPublish: return network.publish(who(step), step.place);
      case Kind::kErase: return network.erase(who(step), step.place);
      case Kind::kPartition: return network.partition(sides(step.a, network.nodes()));
      case Kind::kHeal: return network.partition({});
      case Kind::kCrash: return network.crash(step.node);
      case Kind::kCrashAt: return network.crash_before_step(step.node, step.a);
      case Kind::kBackup: return network.keep_snapshot(step.node);
      case Kind::kRestore: return restore(step.node);
      case Kind::kClock: return network.set_clock(step.node, (static_cast<int>(step.a) - 365) * 24h);
      case Kind::kClone: return clone(step.node);
      case Kind::kRotate: return network.rotate(step.node, step.a == 1);
      case Kind::kSlow: return network.slow_down(step.node, std::chrono::milliseconds(step.a));
      case Kind::kConnect: return connect(step.node, step.a);
      case Kind::kDisconnect: return network.disconnect(step.node, step.a);
      case Kind::kHostile: return turn_hostile(step.node, step.a);
      case Kind::kAnswer: return network.answer(step.node, static_cast<OwnHead::Answer>(step.a));
      case Kind::kLoseDisk: return lose_disk(step.node);
      case Kind::kRob: return rob(step.node);
      case Kind::kEquivocate: return equivocate(step.node);
    }
  }

  // The clone publishes half of what is published where two are.
  std::size_t who(const ScenarioStep& step) const { return copy && step.node == cloned && step.a % 2 == 0 ? *copy : step.node; }

  // One at most: each has its own way to the others, past whoever is hostile.
  bool may_clone(std::size_t node) const { return !twofold && twice.empty() && (!hostile || far(node, *hostile)); }
  bool far(std::size_t node, std::size_t other) const { return other != node && other != (node + 2) % nodes && other != (node + 3) % nodes; }
  void clone(std::size_t node) {
    if (may_clone(node)) settle(node, network.clone(node));
  }
  void rob(std::size_t node) {
    // The ring has two ways round for each: past whoever is hostile, or past whose roots were stolen, whom half of the others refuse.
    if (!may_clone(node) || hostile || network.anybody_robbed()) return;
    settle(node, network.rob(node));
    ++robberies;
  }
  // Only the two that were told have the content of what was said: they keep it, and tell it.
  void equivocate(std::size_t node) {
    if (twofold || hostile || copy || !network.equivocate(node, (node + 1) % nodes, (node + 2) % nodes)) return;
    twofold = node;
    ++equivocations;
  }
  void restore(std::size_t node) {
    bool told = twofold && (node == (*twofold + 1) % nodes || node == (*twofold + 2) % nodes);
    if (!told) network.restore_snapshot(node);
  }
  void settle(std::size_t node, std::size_t made) {
    for (std::size_t place = 0; place < network.places(node); ++place) twice.insert(network.place_of(node, place));
    cloned = node;
    copy = made;
    for (std::size_t way : {(node + 2) % nodes, (node + 3) % nodes}) {
      network.disconnect(node, way), network.disconnect(way, node);
      network.connect(made, way);
    }
  }
  // A peer keeps one session with an identity: the original leaves the copy's ways to it.
  void connect(std::size_t from, std::size_t to) {
    bool way = copy && ((from == cloned && !far(cloned, to)) || (to == cloned && !far(cloned, from)));
    if (from != to && !way) network.connect(from, to);
  }
  void lose_disk(std::size_t node) {
    if (!twofold && (!copy || node != cloned) && !hostile && !network.anybody_robbed()) recoveries += network.lose_disk(node);
  }

  void turn_hostile(std::size_t node, std::uint64_t habit) {
    if (twofold || hostile || network.anybody_robbed() || (copy && !far(cloned, node))) return;
    hostile = node;
    network.misbehave(node, static_cast<Simulation::Habit>(habit));
  }

  // Everything is mended but the hostile one, and people answer what they are asked.
  std::uint64_t come_to_rest(const Scenario& scenario) {
    network.set_faults({});
    network.partition({});
    for (std::size_t i = 0; i < network.nodes(); ++i) network.slow_down(i, {});
    for (auto [from, to] : scenario.dials) connect(from, to);
    std::uint64_t questions = 0;
    std::optional<std::size_t> keeper;
    for (int round = 0; round < 8; ++round) {
      bool agreed = network.run_until_agreed(kRest);
      std::vector<std::size_t> asked;
      for (std::size_t i = 0; i < network.nodes(); ++i)
        if (network.knows_question(i)) asked.push_back(i);
      questions += asked.size();
      if (agreed && asked.empty()) return questions;
      // An answer that a crash forgot is given again. What nobody has the content of cannot be taken: then one, and only one, keeps its own.
      if (round >= 3 && !asked.empty() && !keeper) keeper = asked.front();
      for (std::size_t i = 0; i < network.nodes(); ++i) {
        network.answer(i, keeper == i ? OwnHead::Answer::kKeepOurs : OwnHead::Answer::kTakeTheirs);
      }
      network.run_for(30s);
    }
    throw Violation("the nodes do not agree");
  }

  void judge_rest() const {
    if (!twice.empty()) return;  // two daemons with one identity may undo each other's erasure; that is what people are asked
    for (std::size_t i = 0; i < network.nodes(); ++i) network.check_at_rest(i);
  }
};

const Simulation* running = nullptr;
std::uint64_t running_seed = 0;

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

// A node's own checks abort: the story is told all the same.
void on_abort(int) {
  if (running != nullptr) print(running->story());
  print(replay_line(running_seed) + "\n");
  std::fflush(stderr);
  _exit(134);
}

}  // namespace

Scenario Scenario::of(std::uint64_t seed) {
  SeededRandom random(seed * 2 + 1);
  Scenario scenario;
  scenario.seed = seed;
  scenario.nodes = 5 + random.below(4);
  for (std::size_t i = 0; i < scenario.nodes; ++i) {
    scenario.hosted.push_back(random.chance(0.3) ? 1 + random.below(2) : 0);
    scenario.dials.emplace_back(i, (i + 1) % scenario.nodes);  // a ring: whoever is hostile, the others stay connected
    std::size_t other = random.below(scenario.nodes);
    if (random.chance(0.5) && other != i) scenario.dials.emplace_back(i, other);
  }
  bool rough = random.chance(0.5);
  if (rough) scenario.faults = {0.005, 0.01, 0.01, 1ms, random.between(50ms, 500ms)};
  std::size_t steps = 30 + random.below(21);
  for (std::size_t i = 0; i < steps; ++i) scenario.steps.push_back(draw_step(random, scenario));
  return scenario;
}

Outcome run(const Scenario& scenario, Telling telling) {
  Outcome outcome;
  Course course(scenario);
  if (telling == Telling::kSilent) course.network.be_silent();
  running = &course.network, running_seed = scenario.seed;
  auto before = std::signal(SIGABRT, on_abort);
  try {
    course.network.run_for(20s);
    for (const ScenarioStep& step : scenario.steps) {
      course.take(step);
      course.network.run_for(step.then);
    }
    outcome.questions = course.come_to_rest(scenario);
    course.judge_rest();
  } catch (const Violation& violation) {
    outcome.violation = violation.what();
    outcome.story = course.network.story();
  }
  std::signal(SIGABRT, before);
  running = nullptr;
  const Oracle& oracle = course.network.oracle();
  outcome.own_steps = course.network.own_steps();
  outcome.confirmed = oracle.confirmed(), outcome.recoveries = course.recoveries, outcome.robberies = course.robberies;
  outcome.equivocations = course.equivocations;
  if (std::getenv("MAILLAGE_STORY") != nullptr) print(course.network.story());
  outcome.unforeseeable = oracle.unforeseeable(), outcome.heals = oracle.heals(), outcome.erasures = oracle.erasures();
  return outcome;
}

Scenario shortened(const Scenario& scenario, std::chrono::seconds time) {
  Scenario least = scenario;
  auto stop = std::chrono::steady_clock::now() + time;
  for (std::size_t length = least.steps.size() / 2; length > 0; length /= 2) {
    for (std::size_t at = 0; at < least.steps.size() && std::chrono::steady_clock::now() < stop;) {
      Scenario shorter = least;
      auto first = shorter.steps.begin() + static_cast<std::ptrdiff_t>(at);
      shorter.steps.erase(first, first + static_cast<std::ptrdiff_t>(std::min(length, least.steps.size() - at)));
      if (run(shorter, Telling::kSilent).failed()) least = std::move(shorter);
      else at += length;
    }
  }
  return least;
}

std::string shown(const Scenario& scenario) {
  std::string text = std::to_string(scenario.nodes) + " nodes\n";
  for (const ScenarioStep& step : scenario.steps)
    text += "  n" + std::to_string(step.node) + " " + std::string(kNames[static_cast<std::size_t>(step.kind)]) + " place " + std::to_string(step.place) +
            ", " + std::to_string(step.a) + ", then " + std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(step.then).count()) + " ms\n";
  return text;
}

std::string replay_line(std::uint64_t seed) {
  return "replay: MAILLAGE_SEED=" + std::to_string(seed) + " " + program_invocation_name + " 'networks under everything*'";
}

}  // namespace maillage::simulation
