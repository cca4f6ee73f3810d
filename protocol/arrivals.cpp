#include "protocol/arrivals.h"

#include <algorithm>

#include "protocol/chain_rule.h"

namespace maillage::protocol {
namespace {

bool add_once(std::vector<SessionId>& sessions, SessionId session) {
  if (std::ranges::find(sessions, session) != sessions.end()) return false;
  sessions.push_back(session);
  return true;
}

}  // namespace

const Arrival* Arrivals::find(const PlaceId& place) const {
  auto found = waiting_.find(place);
  return found == waiting_.end() ? nullptr : &found->second;
}

std::optional<Fork> Arrivals::put(Candidate candidate, SessionId from) {
  PlaceId place = candidate.head.head.place;
  auto found = waiting_.find(place);
  if (found == waiting_.end()) {
    waiting_.emplace(place, Arrival{std::move(candidate), {from}, {from}});
    ready_.push_back(place);
    return std::nullopt;
  }
  Arrival& arrival = found->second;
  add_once(arrival.spoke, from);
  const SignedHead& beside = arrival.candidate.head;
  std::optional<Fork> fork;
  bool one_signer = agree(arrival.candidate.chain, candidate.chain, beside.head.charter);
  if (one_signer && conflicts(candidate.head.head, beside.head)) fork = Fork{beside, candidate.head};
  if (order(candidate.head.head, beside.head) > 0) {
    arrival.candidate = std::move(candidate);
    arrival.from = {from};
  }
  return fork;
}

bool Arrivals::told_by(const PlaceId& place, SessionId session) {
  Arrival& arrival = waiting_.at(place);
  add_once(arrival.spoke, session);
  return add_once(arrival.from, session);
}

bool Arrivals::hurries(const PlaceId& place, SessionId session) {
  auto found = waiting_.find(place);
  return found != waiting_.end() && !add_once(found->second.spoke, session);
}

std::optional<Arrival> Arrivals::next(const PlaceTable& known, Instant now) {
  for (; !late_.empty() && late_.begin()->first <= now; late_.erase(late_.begin())) ready_.push_back(late_.begin()->second);
  while (!ready_.empty()) {
    PlaceId place = ready_.front();
    ready_.pop_front();
    if (known.find(place) == nullptr || take(place, now)) return std::move(waiting_.extract(place).mapped());
    late_.emplace(now + paces_.at(place).wait(1, now), place);
  }
  return std::nullopt;
}

bool Arrivals::take(const PlaceId& place, Instant now) {
  if (paces_.size() >= forget_at_ && !paces_.contains(place)) forget_full(now);
  return paces_.try_emplace(place, kHeadsBurst, kHeadsPerSecond).first->second.take(1, now);
}

bool Arrivals::may_take(const PlaceId& place, Instant now) const {
  auto pace = paces_.find(place);
  return pace == paces_.end() || pace->second.wait(1, now) == Duration::zero();
}

void Arrivals::forget(const PlaceId& place) {
  paces_.erase(place);
  if (waiting_.erase(place) == 0) return;
  std::erase(ready_, place);
  std::erase_if(late_, [&](const auto& entry) { return entry.second == place; });
}

// At twice what had to stay: a pass over all costs each new bucket a constant.
void Arrivals::forget_full(Instant now) {
  std::erase_if(paces_, [now](const auto& pace) { return pace.second.full(now); });
  forget_at_ = std::max(kForgetAtLeast, 2 * paces_.size());
}

void Arrivals::sanity_check(const PlaceTable& known) const {
  check(ready_.size() + late_.size() == waiting_.size(), "an arrival waits in one line");
  check(paces_.size() <= known.size(), "a pace is that of a known place");
}

}  // namespace maillage::protocol
