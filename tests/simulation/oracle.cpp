#include "tests/simulation/oracle.h"

#include <algorithm>

namespace maillage::simulation {
namespace {

// Rationale: after every event there are hundreds of these; words are made for the one that does not hold.
template <class Words>
void demand(bool holds, Words words) {
  if (!holds) throw Violation(words());
}

std::string shown(const Head& head) {
  return head.place.hex().substr(0, 8) + " " + std::to_string(head.charter) + "." + std::to_string(head.epoch) + "." + std::to_string(head.sequence);
}

using Reign = std::pair<std::uint16_t, std::uint64_t>;

std::string who(const Daemon& daemon) { return "n" + std::to_string(daemon.index) + ": "; }

}  // namespace

void Oracle::started(const Daemon& daemon, bool anew) {
  auto& before = marks_[daemon.index];
  std::erase_if(informed_, [&](const auto& entry) { return entry.first.first == daemon.index; });
  if (!anew) {
    before.clear();
    std::erase_if(healed_, [&](const auto& entry) { return entry.first.first == daemon.index; });
  }
  for (const auto& [place, marks] : before) demand(daemon.node->places().find(place) != nullptr, [&] { return who(daemon) + "a place was lost"; });
  look_at(daemon, 0);
}

void Oracle::look_at(const Daemon& daemon, std::size_t links) {
  daemon.node->sanity_check();
  demand(daemon.node->sessions() <= links, [&] { return who(daemon) + "a session outlives its connection"; });
  auto& before = marks_[daemon.index];
  for (const auto& [place, state] : daemon.node->places().all()) {
    const SignedHead* held = state.held_head();
    Marks now{state.seen.head, held != nullptr ? std::optional(held->head) : std::nullopt};
    auto [known, fresh] = before.try_emplace(place, now);
    if (fresh) continue;
    demand(order(known->second.seen, now.seen) <= 0,
           [&] { return who(daemon) + "seen went back from " + shown(known->second.seen) + " to " + shown(now.seen); });
    if (known->second.held)
      demand(now.held && order(*known->second.held, *now.held) <= 0, [&] { return who(daemon) + "held went back from " + shown(*known->second.held); });
    known->second = now;
  }
}

void Oracle::sent(const Daemon& from, SessionId session, const Frame& frame) {
  if (auto* heads = std::get_if<Heads>(&frame))
    for (const SignedHead& head : heads->bundle.heads) tell(from, head);
  if (auto* auth = std::get_if<Auth>(&frame))
    for (const SignedHead& head : auth->own.heads) tell(from, head);
  auto* receipt = std::get_if<Receipt>(&frame);
  if (receipt != nullptr && receipt->replica == from.own[0].place) confirm(from, *receipt);
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
  demand(kept && order(head, kept->head) <= 0, [&] { return who(from) + "told a head that is not durable: " + shown(head); });
  auto signer = signer_.find(hash_of(head));
  if (signer == signer_.end() || signer->second != from.lineage) return;
  Counters counters{head.place, head.charter, head.epoch, head.sequence};
  std::vector<Head>& before = told_[{from.lineage, counters}];
  if (std::ranges::count(before, head) > 0) return;
  before.push_back(head);
  if (before.size() == 1) return;
  auto told = informed_.find({from.index, head.place});
  bool warned = told != informed_.end() && order(told->second, before.front()) >= 0;
  demand(!warned, [&] { return who(from) + "equivocates, although it was told: " + shown(head); });
  ++unforeseeable_;
}

void Oracle::confirm(const Daemon& from, const Receipt& receipt) {
  for (const Receipt::Item& item : receipt.items) {
    auto head = signed_.find(item.head);
    if (head == signed_.end() || !erased_at_.contains(item.place)) continue;
    ++confirmed_;
    for (const auto& [blob, where] : erased_)
      demand(where.first != item.place || !knows(head->second, where.second) || !from.keeper.has_anywhere(blob),
             [&] { return who(from) + "confirms an erasure, and has what was erased: " + shown(head->second); });
  }
}

void Oracle::serve(const Daemon& from, const PackedPlace& packed) const {
  auto erasures = erased_at_.find(packed.place);
  const PlaceState* state = from.node->places().find(packed.place);
  if (!packed.head || erasures == erased_at_.end() || state == nullptr) return;
  for (const auto& [erasure, by] : erasures->second)
    demand(!(reign(packed.head->head) < erasure && knows(state->seen.head, erasure)),
           [&] { return who(from) + "hands out what was erased: " + shown(packed.head->head); });
}

// Whoever has seen this head knows of the erasure. A charter that does not go on from it undid it: a stolen key erased, or a copy
// that did not know of the charter.
bool Oracle::knows(const Head& seen, const Reign& erasure) const {
  if (seen.charter == erasure.first) return seen.epoch >= erasure.second;
  if (seen.charter < erasure.first) return false;
  const Hash& wanted = erased_at_.at(seen.place).at(erasure);
  std::set<Hash> looked;
  std::vector<Hash> waiting{hash_of(seen)};
  while (!waiting.empty()) {
    Hash hash = waiting.back();
    waiting.pop_back();
    if (hash == wanted) return true;
    auto before = before_.find(hash);
    if (before == before_.end() || !looked.insert(hash).second) continue;
    waiting.insert(waiting.end(), before->second.begin(), before->second.end());
  }
  return false;
}

void Oracle::signed_by(const Daemon& daemon, const Published::Place& made, bool heals, const SignedHead* beside, Now now) {
  const Head& head = made.head.head.head;
  signer_[hash_of(head)] = daemon.lineage;
  signed_.emplace(hash_of(head), head);
  before_[hash_of(head)].push_back(head.previous);
  if (beside != nullptr) before_[hash_of(head)].push_back(hash_of(beside->head));
  if (erased_at_.contains(head.place)) keeps_erased(daemon, head);
  if (!heals) return;
  ++heals_;
  auto [last, fresh] = healed_.try_emplace({daemon.index, head.place}, now.instant);
  bool right_clock = daemon.clock_ahead.count() == 0;
  demand(fresh || !right_clock || now.instant - last->second >= kHealGap, [&] { return who(daemon) + "heals twice within a day: " + shown(head); });
  last->second = now.instant;
}

void Oracle::keeps_erased(const Daemon& daemon, const Head& head) const {
  for (const auto& [path, blob] : daemon.keeper.files(head.commit)) {
    auto erased = erased_.find(blob);
    if (erased == erased_.end() || erased->second.first != head.place) continue;
    const PlaceState* state = daemon.node->places().find(head.place);
    demand(!knows(state->seen.head, erased->second.second), [&] { return who(daemon) + "signs again what was erased: " + path; });
  }
}

void Oracle::erased(const Daemon& daemon, const std::map<std::string, ObjectId>& before, const SignedHead& after) {
  ++erasures_;
  if (doubled_.contains(after.head.place)) return;
  erased_at_[after.head.place].emplace(reign(after.head), hash_of(after.head));
  auto left = daemon.keeper.files(after.head.commit);
  for (const auto& [path, blob] : before)
    if (!left.contains(path)) erased_[blob] = {after.head.place, reign(after.head)};
}

void Oracle::overruled(const PlaceId& place) {
  erased_at_.erase(place);
  std::erase_if(erased_, [&](const auto& entry) { return entry.second.first == place; });
}

void Oracle::forgets(const Daemon& daemon, std::span<const std::unique_ptr<Daemon>> all) {
  for (const OwnPlace& own : daemon.own) {
    auto erasures = erased_at_.find(own.place);
    if (erasures == erased_at_.end()) continue;
    std::erase_if(erasures->second, [&](const auto& entry) {
      bool known = std::ranges::any_of(all, [&](const auto& other) {
        const PlaceState* state = other.get() == &daemon ? nullptr : other->node->places().find(own.place);
        return state != nullptr && knows(state->seen.head, entry.first);
      });
      if (known) return false;
      std::erase_if(erased_, [&](const auto& record) { return record.second == std::pair(own.place, entry.first); });
      return true;
    });
  }
}

void Oracle::took_step(const Daemon& daemon, const PlaceId& place, Now now) {
  constexpr unsigned kStepsASecond = 20;
  auto& [since, steps] = steps_[{daemon.index, place}];
  if (now.instant - since > std::chrono::seconds(1)) since = now.instant, steps = 0;
  demand(++steps <= kStepsASecond, [&] { return who(daemon) + "takes the same step for its place again and again"; });
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
      bool back = erased != erased_.end() && erased->second.first == place;
      // Unless a charter undid it, or a person who was asked.
      demand(!back || (erased->second.second < reign(held->head) && !knows(held->head, erased->second.second)),
             [&] { return who(daemon) + "what was erased came back: " + path; });
    }
    for (const auto& [blob, where] : erased_)
      demand(where.first != place || !knows(held->head, where.second) || !daemon.keeper.has_anywhere(blob),
             [&] { return who(daemon) + "what was erased is on the disk still"; });
  }
}

}  // namespace maillage::simulation
