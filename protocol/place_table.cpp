#include "protocol/place_table.h"

#include "protocol/session.h"

namespace maillage::protocol {

bool proves(const Fork& fork, const CharterChain& chain) {
  return conflicts(fork.first.head, fork.second.head) && verify_under(fork.first, chain) && verify_under(fork.second, chain);
}

Result<PlaceTable::Judgement> PlaceTable::judge(const SignedHead& head, std::span<const SignedCharter> charters) const {
  const PlaceState* known = find(head.head.place);
  std::strong_ordering beside = std::strong_ordering::greater;
  bool conflicting = false;
  if (known != nullptr) {
    if (head.head == known->seen.head) return Judgement{Verdict::kSame, {}, {}};
    beside = order(head.head, known->seen.head);
    conflicting = conflicts(head.head, known->seen.head);
    if (beside < 0 && !conflicting) return Judgement{Verdict::kOlder, {}, {}};
  }
  auto chain = chain_of(head.head.place, charters, known != nullptr ? &known->chain : nullptr);
  if (!chain) return tl::unexpected(chain.error());
  if (auto verified = verify_under(head, *chain); !verified) return tl::unexpected(verified.error());

  // A charter acts only through a head: charters above this head's number are not taken from it.
  std::size_t had = known != nullptr ? known->chain.size() : 0;
  Judgement judgement{conflicting ? Verdict::kConflicting : Verdict::kNewer, {}, {}};
  if (conflicting) judgement.fork = Fork{known->seen, head};
  if (beside > 0) {
    if (chain->size() > had && chain->size() > std::size_t{head.head.charter} + 1)
      return fail(ErrorCode::kBadCharter, "a charter without a head");
    std::size_t added = chain->size() - (known != nullptr ? common_length(known->chain, *chain) : 0);
    judgement.candidate = Candidate{head, std::move(*chain), added};
  }
  return judgement;
}

bool PlaceTable::accepts(const Candidate& candidate) const {
  const PlaceState* state = find(candidate.head.head.place);
  if (state == nullptr) return true;
  return order(candidate.head.head, state->seen.head) > 0 && may_replace(state->chain, candidate.chain);
}

bool PlaceTable::adopt(const Candidate& candidate) {
  if (!accepts(candidate)) return false;
  const PlaceId& place = candidate.head.head.place;
  auto found = places_.find(place);
  if (found == places_.end()) {
    places_.emplace(place, PlaceState{candidate.chain, candidate.head, nullptr, false, false, nullptr, candidate.introducer});
    return true;
  }
  PlaceState& state = found->second;
  // Its roots named another daemon: from here on it is that one's.
  if (candidate.chain.latest().daemon_key != state.chain.latest().daemon_key) state.own = false;
  if (candidate.chain.size() > state.chain.size()) {
    state.chain = candidate.chain;
    state.two_charters = nullptr;
    with_two_charters_.erase(place);
  }
  if (reign(candidate.head.head) != reign(state.seen.head)) state.fork = nullptr;
  if (state.holds_seen) state.held = std::make_unique<SignedHead>(state.seen);
  state.holds_seen = false;
  state.seen = candidate.head;
  return true;
}

bool PlaceTable::hold(const SignedHead& head) {
  auto found = places_.find(head.head.place);
  if (found == places_.end()) return false;
  PlaceState& state = found->second;
  const SignedHead* held = state.held_head();
  if (order(head.head, state.seen.head) > 0) return false;
  if (held != nullptr && order(head.head, held->head) <= 0) return false;
  state.holds_seen = head.head == state.seen.head;
  state.held = state.holds_seen ? nullptr : std::make_unique<SignedHead>(head);
  return true;
}

void PlaceTable::release(const PlaceId& place) {
  auto found = places_.find(place);
  if (found == places_.end() || found->second.own) return;
  found->second.held = nullptr;
  found->second.holds_seen = false;
}

bool PlaceTable::record_fork(const Fork& fork) {
  auto found = places_.find(fork.first.head.place);
  if (found == places_.end()) return false;
  PlaceState& state = found->second;
  if (state.fork != nullptr || reign(fork.first.head) != reign(state.seen.head) || !proves(fork, state.chain)) return false;
  state.fork = std::make_unique<Fork>(fork);
  return true;
}

bool PlaceTable::record_two_charters(const CharterFork& fork) {
  auto found = places_.find(fork.kept.charter.place);
  if (found == places_.end() || found->second.two_charters != nullptr) return false;
  found->second.two_charters = std::make_unique<CharterFork>(fork);
  with_two_charters_.insert(found->first);
  return true;
}

void PlaceTable::restore(PlaceState state) {
  PlaceId place = state.chain.place();
  if (state.two_charters != nullptr) with_two_charters_.insert(place);
  else with_two_charters_.erase(place);
  places_.insert_or_assign(place, std::move(state));
}

void PlaceTable::mark_own(const PlaceId& place) {
  if (auto found = places_.find(place); found != places_.end()) found->second.own = true;
}

const PlaceState* PlaceTable::find(const PlaceId& place) const {
  auto found = places_.find(place);
  return found == places_.end() ? nullptr : &found->second;
}

}  // namespace maillage::protocol
