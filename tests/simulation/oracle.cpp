#include "tests/simulation/oracle.h"

#include <algorithm>

namespace maillage::simulation {
namespace {

void demand(bool holds, const std::string& what) {
  if (!holds) throw Violation(what);
}

std::string shown(const Head& head) {
  return head.place.hex().substr(0, 8) + " " + std::to_string(head.charter) + "." + std::to_string(head.epoch) + "." + std::to_string(head.sequence);
}

using Reign = std::pair<std::uint16_t, std::uint64_t>;

// Whoever has seen this head knows of the erasure, and no charter undid it: one with a lower epoch says that a stolen key erased.
bool knows(const Head& seen, const Reign& erasure) { return erasure <= reign(seen) && seen.epoch >= erasure.second; }

std::string who(const Daemon& daemon) { return "n" + std::to_string(daemon.index) + ": "; }

}  // namespace

void Oracle::started(const Daemon& daemon, bool anew) {
  auto& before = marks_[daemon.index];
  std::erase_if(informed_, [&](const auto& entry) { return entry.first.first == daemon.index; });
  if (!anew) {
    before.clear();
    std::erase_if(healed_, [&](const auto& entry) { return entry.first.first == daemon.index; });
  }
  for (const auto& [place, marks] : before) demand(daemon.node->places().find(place) != nullptr, who(daemon) + "a place was lost");
  look_at(daemon, 0);
}

void Oracle::look_at(const Daemon& daemon, std::size_t links) {
  daemon.node->sanity_check();
  demand(daemon.node->sessions() <= links, who(daemon) + "a session outlives its connection");
  auto& before = marks_[daemon.index];
  for (const auto& [place, state] : daemon.node->places().all()) {
    const SignedHead* held = state.held_head();
    Marks now{state.seen.head, held != nullptr ? std::optional(held->head) : std::nullopt};
    auto [known, fresh] = before.try_emplace(place, now);
    if (fresh) continue;
    demand(order(known->second.seen, now.seen) <= 0, who(daemon) + "seen went back from " + shown(known->second.seen) + " to " + shown(now.seen));
    if (known->second.held)
      demand(now.held && order(*known->second.held, *now.held) <= 0, who(daemon) + "held went back from " + shown(*known->second.held));
    known->second = now;
  }
}

void Oracle::sent(const Daemon& from, SessionId session, const Frame& frame) {
  if (auto* heads = std::get_if<Heads>(&frame))
    for (const SignedHead& head : heads->bundle.heads) tell(from, head);
  if (auto* auth = std::get_if<Auth>(&frame))
    for (const SignedHead& head : auth->own.heads) tell(from, head);
  auto* pack = std::get_if<Pack>(&frame);
  if (pack == nullptr) return;
  for (const PackedPlace& place : pack->places)
    if (place.head && pack->request == 0) tell(from, *place.head);
  if ((pack->flags & Pack::kFirst) != 0) serving_[session] = pack->places;
  if (pack->bytes.empty()) return;
  for (const PackedPlace& place : serving_[session]) serve(from, place);
}

// No head leaves a node that a crash could make it forget, and of its own none that contradicts another.
void Oracle::tell(const Daemon& from, const SignedHead& signed_head) {
  const Head& head = signed_head.head;
  auto kept = from.keeper.durable(registry::Mark::kSeen, head.place);
  demand(kept && order(head, kept->head) <= 0, who(from) + "told a head that is not durable: " + shown(head));
  auto signer = signer_.find(hash_of(head));
  if (signer == signer_.end() || signer->second != from.lineage) return;
  Counters counters{head.place, head.charter, head.epoch, head.sequence};
  auto [first, fresh] = told_.try_emplace({from.lineage, counters}, head);
  if (fresh || first->second == head) return;
  auto told = informed_.find({from.index, head.place});
  bool warned = told != informed_.end() && order(told->second, first->second) >= 0;
  demand(!warned, who(from) + "equivocates, although it was told: " + shown(head));
  ++unforeseeable_;
}

void Oracle::serve(const Daemon& from, const PackedPlace& packed) const {
  auto erasures = erased_at_.find(packed.place);
  const PlaceState* state = from.node->places().find(packed.place);
  if (!packed.head || erasures == erased_at_.end() || state == nullptr) return;
  for (const Reign& erasure : erasures->second)
    demand(!(reign(packed.head->head) < erasure && knows(state->seen.head, erasure)),
           who(from) + "hands out what was erased: " + shown(packed.head->head));
}

void Oracle::signed_by(const Daemon& daemon, const Published::Place& made, bool heals, Now now) {
  const Head& head = made.head.head.head;
  signer_[hash_of(head)] = daemon.lineage;
  if (erased_at_.contains(head.place)) keeps_erased(daemon, head);
  if (!heals) return;
  ++heals_;
  auto [last, fresh] = healed_.try_emplace({daemon.index, head.place}, now.instant);
  bool right_clock = daemon.clock_ahead.count() == 0;
  demand(fresh || !right_clock || now.instant - last->second >= kHealGap, who(daemon) + "heals twice within a day: " + shown(head));
  last->second = now.instant;
}

void Oracle::keeps_erased(const Daemon& daemon, const Head& head) const {
  for (const auto& [path, blob] : daemon.keeper.files(head.commit)) {
    auto erased = erased_.find(blob);
    if (erased == erased_.end() || erased->second.first != head.place) continue;
    const PlaceState* state = daemon.node->places().find(head.place);
    demand(!knows(state->seen.head, erased->second.second), who(daemon) + "signs again what was erased: " + path);
  }
}

void Oracle::erased(const Daemon& daemon, const std::map<std::string, ObjectId>& before, const SignedHead& after) {
  ++erasures_;
  erased_at_[after.head.place].insert(reign(after.head));
  auto left = daemon.keeper.files(after.head.commit);
  for (const auto& [path, blob] : before)
    if (!left.contains(path)) erased_[blob] = {after.head.place, reign(after.head)};
}

void Oracle::overruled(const PlaceId& place) {
  erased_at_.erase(place);
  std::erase_if(erased_, [&](const auto& entry) { return entry.second.first == place; });
}

void Oracle::informed(const Daemon& daemon, const PlaceId& place, const Head& head) {
  auto [known, fresh] = informed_.try_emplace({daemon.index, place}, head);
  if (!fresh && order(head, known->second) > 0) known->second = head;
}

void Oracle::at_rest(const Daemon& daemon, const std::function<bool(const PlaceId&)>& honest) const {
  for (const auto& [place, state] : daemon.node->places().all()) {
    const SignedHead* held = state.held_head();
    if (held == nullptr || !erased_at_.contains(place) || !honest(place)) continue;
    for (const auto& [path, blob] : daemon.keeper.files(held->head.commit)) {
      auto erased = erased_.find(blob);
      demand(erased == erased_.end() || erased->second.first != place, who(daemon) + "what was erased came back: " + path);
    }
    for (const auto& [blob, where] : erased_)
      demand(where.first != place || reign(held->head) < where.second || !daemon.keeper.has(blob), who(daemon) + "what was erased is on the disk still");
  }
}

}  // namespace maillage::simulation
