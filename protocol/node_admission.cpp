// The node's door: who may introduce places, who waits, and what goes when people block somebody. PROTOCOL.md §8 "Admission".
#include <algorithm>

#include "protocol/node.h"

namespace maillage::protocol {

// Quotas below one a second: a place costs a thousand tokens.
static constexpr std::uint64_t kTokensPerPlace = 1000;

TokenBucket Node::daily_bucket(std::uint64_t places) {
  constexpr std::uint64_t kSecondsPerDay = 86'400;
  std::uint64_t tokens = places * kTokensPerPlace;
  return {tokens, std::max<std::uint64_t>(1, tokens / kSecondsPerDay)};
}

TokenBucket* Node::quota_of(const PlaceId& peer, bool peer_accepted) {
  if (auto known = introductions_.find(peer); known != introductions_.end()) return &known->second;
  std::uint64_t a_day = peer_accepted ? settings_.introductions_per_day_accepted : settings_.introductions_per_day;
  if (introductions_.size() >= kIntroducersMax)
    std::erase_if(introductions_, [&](const auto& entry) { return entry.second.full(now_.instant); });
  if (introductions_.size() >= kIntroducersMax) return nullptr;
  return &introductions_.emplace(peer, daily_bucket(a_day)).first->second;
}

bool Node::has_quota(const PlaceId& peer, bool peer_accepted) {
  constexpr auto kNow = Duration::zero();
  if (!peer_accepted && open_introductions_.wait(kTokensPerPlace, now_.instant) != kNow) return false;
  TokenBucket* quota = quota_of(peer, peer_accepted);
  return quota != nullptr && quota->wait(kTokensPerPlace, now_.instant) == kNow;
}

void Node::charge_quota(const PlaceId& peer, bool peer_accepted) {
  if (!peer_accepted) open_introductions_.take(kTokensPerPlace, now_.instant);
  if (TokenBucket* quota = quota_of(peer, peer_accepted)) quota->take(kTokensPerPlace, now_.instant);
}

// A profile's word opens the door to who may not introduce anybody; the day's quota counts all the same, or a place that was
// let in could name 256, and each of these 256 more.
std::optional<Node::Introduction> Node::introduction_of(const PlaceId& place, const PlaceId& peer, bool peer_accepted) {
  if (partners_.follow(place)) return Introduction{place, false};
  bool may_introduce = peer_accepted || settings_.open_admission;
  const PlaceId* namer = neighbourhood_.namer_of(place);
  if ((!may_introduce && namer == nullptr) || !has_quota(peer, peer_accepted)) return std::nullopt;
  return Introduction{may_introduce ? peer : *namer, true};
}

Result<void> Node::keep_waiting(Session& session, const SignedHead& head, std::span<const SignedCharter> charters) {
  const PlaceId &place = head.head.place, &peer = session.handshake.peer();
  note_refused(session, head.head, false);
  const WaitingRoom::Guest* known = waiting_.find(place);
  if (known != nullptr && order(head.head, known->head.head) <= 0) return useless(session, "places that wait");
  bool room = known != nullptr || waiting_.has_room(peer);
  if (!room || charters.size() > kWaitingChartersMax) {
    report({Event::kNotAdmitted, session.id, place, 0, {}});
    return useless(session, "places over the quota");
  }
  if (auto allowed = charge_signatures(session, charters, 1); !allowed) return allowed;
  auto judged = table_.judge(head, charters);
  if (!judged && judged.error().code != ErrorCode::kUnknownPlace && judged.error().code != ErrorCode::kMissingCharter)
    return tl::unexpected(judged.error());
  bool usable = judged && judged->candidate && (known == nullptr || may_replace(known->chain, judged->candidate->chain));
  if (!usable) return useless(session, "heads of unknown places");
  if (known == nullptr) report({Event::kNotAdmitted, session.id, place, 1, {}});
  waiting_.put({head, std::move(judged->candidate->chain), peer, now_.wall});
  return useless(session, "places that wait");
}

// What a peer that we dial will count among its own at each reconciliation.
void Node::note_refused(Session& session, const Head& head, bool forked) {
  bool known = session.refused.contains(head.place);
  if (session.role != Role::kDialling || (forked && !known)) return;
  if (known || session.refused.size() < kRefusedKeptMax) session.refused[head.place] = sketch_element(head, forked);
}

// After people, or a profile, said something: who waits, and may enter now.
void Node::look_who_may_enter() {
  std::vector<std::pair<PlaceId, Introduction>> entering;
  for (const auto& [place, guest] : waiting_.all()) {
    bool accepted = partners_.accepted.contains(guest.introducer);
    if (auto introduction = introduction_of(place, guest.introducer, accepted)) {
      if (introduction->counts) charge_quota(guest.introducer, accepted);
      entering.emplace_back(place, *introduction);
    }
  }
  for (const auto& [place, introduction] : entering) let_in(place, introduction);
}

void Node::let_in(const PlaceId& place, const Introduction& introduction) {
  auto guest = waiting_.take(place);
  if (!guest) return;
  std::size_t charters = guest->chain.size();
  SessionId from = 0;
  for (const auto& [id, session] : sessions_)
    if (session->open() && session->handshake.peer() == guest->introducer) from = id;
  report({Event::kLetIn, from, place, 0, {}});
  arrive({guest->head, std::move(guest->chain), charters, introduction.by}, from);
}

void Node::handle(const Neighbours& told) {
  for (const Neighbours::Profile& profile : told.profiles) {
    bool known = table_.find(profile.place) != nullptr && !partners_.blocked.contains(profile.place);
    neighbourhood_.tell(profile.place, known ? std::span<const PlaceId>(profile.named) : std::span<const PlaceId>());
  }
  look_who_may_enter();
}

void Node::hide(const Admitted& now) {
  if (now.left_out.empty() && now.vouched.empty()) return;
  for (const PlaceId& place : now.left_out) forget(place);
  for (const auto& [place, by] : now.vouched) table_.introduce(place, by);
  actions_.push_back(Forget{now.left_out, now.vouched});
}

void Node::forget(const PlaceId& place) {
  const PlaceState* state = table_.find(place);
  if (state == nullptr) return;
  stop_serving(place, std::nullopt);
  sketch_.remove(PlaceTable::element(*state));
  table_.forget(place);
  neighbourhood_.forget(place);
  arrivals_.forget(place);
  std::erase_if(persisting_heads_, [&](const Arrival& arrival) { return arrival.candidate.head.head.place == place; });
  std::erase_if(new_forks_, [&](const Fork& fork) { return fork.first.head.place == place; });
  source_.erase(place);
  unpurged_.erase(place);
  owed_.erase(place);
  fallen_.erase(place);
  lacking_.erase(place);
  for (const auto& [id, session] : sessions_) {
    Session::Replay& replay = session->replay;
    if (auto at = std::ranges::find(replay.places, place); at != replay.places.end()) {
      if (static_cast<std::size_t>(at - replay.places.begin()) < replay.next) --replay.next;  // told already
      replay.places.erase(at);
    }
    session->to_tell.erase(place);
  }
}

// What was refused may be told again: a peer that dials us hears so by a DUE, and forgets what it told us in vain.
void Node::ask_again() {
  for (const auto& [id, session] : sessions_) {
    if (!session->open()) continue;
    session->refused.clear();
    if (session->role == Role::kDialling) session->next_reconcile = std::min(session->next_reconcile, session->reconcile_began + kReconcileGapMin);
    else control(*session, encode(Sketch(SketchDue{})));
  }
  pump_wanted_ = true;
}

}  // namespace maillage::protocol
