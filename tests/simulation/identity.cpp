// What happens to an identity: a disk that dies, and roots that are stolen.
#include <algorithm>

#include "registry/recovery.h"
#include "tests/simulation/daemon.h"
#include "tests/simulation/oracle.h"

namespace maillage::simulation {

// ---- a dead disk

// Held at once, without a crash in between: nothing of a place counts before it is recovered whole.
bool Simulation::take_in(Daemon& daemon, const OwnPlace& own, const CharterChain& chain, const SignedHead& head, const Daemon& from) {
  constexpr JobId kJob = ~JobId{0};
  Keeper source = from.keeper.snapshot();
  if (source.open({kJob, {{own.place, head, {}}}}).places.empty()) return false;
  PackChunk chunk;
  do {
    chunk = source.read({kJob, kPackChunkBytes});
    daemon.keeper.append({kJob, chunk.bytes});
  } while (!chunk.last);
  bool taken = false;
  IngestPack pack{kJob, {{Candidate{head, chain, chain.size()}, {}}}};
  for (auto& step : daemon.keeper.ingest(pack, [&](const Ingested& done) { taken = !done.places.at(0).refused; })) step();
  return taken;
}

bool Simulation::lose_disk(std::size_t node) {
  Daemon& daemon = *daemons_[node];
  if (daemon.locked_out || daemon.robbed) return false;
  std::vector<const Daemon*> asked;
  for (const auto& other : daemons_)
    if (other.get() != &daemon && can_talk(node, other->index) && (daemon.dials.contains(other->index) || other->dials.contains(node)))
      asked.push_back(other.get());
  std::vector<registry::RecoveredPlace> found;
  for (const OwnPlace& own : daemon.own) {
    std::vector<registry::Testimony> told;
    for (const Daemon* other : asked) {
      const PlaceState* state = other->node->places().find(own.place);
      const SignedHead* held = state != nullptr ? state->held_head() : nullptr;
      told.emplace_back();
      // As the registry has it: what may be erased is out of service.
      if (held != nullptr && held->head.epoch == state->seen.head.epoch) told.back().push_back({state->chain.charters(), *held, std::nullopt, {}});
    }
    auto choice = registry::choose_recovery(own.root.public_key(), told, false);
    if (choice.agreed.size() != 1) return false;
    found.push_back(std::move(choice.agreed.front()));
  }
  note("note over n" + std::to_string(node) + " : loses its disk, and comes back from its sheet");
  oracle_->forgets(daemon, daemons_);
  stop(daemon);
  daemon.keeper = {};
  daemon.key = KeyPair(random_.fixed<Seed>());
  daemon.next_key.reset(), daemon.snapshot.reset(), daemon.two_charters.clear();
  daemon.lineage = next_lineage_++;
  std::vector<Published::Place> made;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const OwnPlace& own = daemon.own[i];
    const SignedHead& head = found[i].head;
    bool whole = std::ranges::any_of(asked, [&](const Daemon* other) { return take_in(daemon, own, found[i].chain, head, *other); });
    check(whole, "what two told can be had from one of them");
    // Who knows a longer chain than those who were asked follows another one from now on.
    for (const auto& other : daemons_) {
      const PlaceState* state = other.get() == &daemon ? nullptr : other->node->places().find(own.place);
      if (state != nullptr && common_length(state->chain, found[i].chain) < state->chain.size()) daemon.robbed = true;
    }
    if (daemon.robbed) oracle_->doubled(own.place);
    CharterChain chain = found[i].chain;
    Charter next = chain.latest();
    next.place = own.place, next.number = chain.size(), next.previous = hash_of(chain.latest());
    next.daemon_key = daemon.key.public_key(), next.time = now().wall;
    check(chain.extend(protocol::sign(next, std::vector{own.root})).has_value(), "a recovery is valid");
    Keeper::Plan plan{chain, 1, head, daemon.keeper.draft(head, own.place, now().wall), {next.number, head.head.epoch, head.head.sequence + 1}};
    auto keep = [&made](const std::vector<Published::Place>& places) { made.push_back(places.at(0)); };
    for (auto& step : daemon.keeper.sign({plan}, daemon.key, now().wall, [](const SignedHead& one) { return OwnLedger{one, {}, {}, {}}; }, keep)) step();
  }
  start(daemon);
  for (const Published::Place& place : made) oracle_->signed_by(daemon, place, false, nullptr, now());
  oracle_->started(daemon, false);
  return true;
}

// ---- stolen roots

std::size_t Simulation::rob(std::size_t node) {
  std::size_t thief = clone(node);
  daemons_[node]->robbed = daemons_[thief]->robbed = true;
  rotate(node, true);
  rotate(thief, true);
  return thief;
}

bool Simulation::robbed(const PlaceId& place) const {
  return std::ranges::any_of(daemons_, [&](const auto& daemon) { return daemon->robbed && std::ranges::count(daemon->own, place, &OwnPlace::place) > 0; });
}

bool Simulation::anybody_robbed() const {
  return std::ranges::any_of(daemons_, [](const auto& daemon) { return daemon->robbed; });
}

bool Simulation::knows_two_charters(std::size_t index, const PlaceId& place) const { return daemons_[index]->two_charters.contains(place); }

// Of the daemons that have a session with each other and follow different charters, each says so.
std::string Simulation::contradictions() const {
  std::string text;
  for (const auto& [id, link] : links_) {
    const Daemon &a = *daemons_[link.a], &b = *daemons_[link.b];
    if (a.robbed || b.robbed || a.habit != Habit::kHonest || b.habit != Habit::kHonest) continue;
    for (const auto& [place, state] : a.node->places().all()) {
      const PlaceState* other = b.node->places().find(place);
      bool differ = other != nullptr && robbed(place) && common_length(state.chain, other->chain) < std::min(state.chain.size(), other->chain.size());
      for (const Daemon* each : {&a, &b})
        if (differ && !each->two_charters.contains(place)) text += "n" + std::to_string(each->index) + " does not say that there are two charters\n";
    }
  }
  return text;
}

}  // namespace maillage::simulation
