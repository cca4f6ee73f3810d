// Arrivals: heads that were judged newer than what is seen and are not written yet. PROTOCOL.md §8 "Pace".
//
// Of each place only the greatest waits, so memory is bounded by the places that are known or let in. Each place has a
// pace: kHeadsBurst new heads at once, then kHeadsPerSecond. `next` gives no more, so a place costs its neighbours, and
// theirs, no more writes and no more messages than that; the rest are replaced by a greater one while they wait.
// Rationale: a head says what a whole state is, so the last one makes all before it needless; whoever waits is the
// greatest valid one and is let through at the next token, hence nothing is lost and no later reconciliation is needed.
// Refusing instead would lose the last head of a burst until then, and heads that nobody verified could displace it.
// The first head of a place is free: quotas bound it. Buckets are kept for known places and forgotten when full. Pure;
// node thread.
#pragma once

#include <deque>
#include <set>
#include <unordered_map>
#include <vector>

#include "protocol/node_session.h"
#include "protocol/place_table.h"
#include "protocol/rate_limit.h"

namespace maillage::protocol {

struct Arrival {
  Candidate candidate;
  std::vector<SessionId> from;   // who told this very head
  std::vector<SessionId> spoke;  // who told any head of the place since the last one was given out
};

class Arrivals {
 public:
  const Arrival* find(const PlaceId& place) const;
  bool contains(const PlaceId& place) const { return waiting_.contains(place); }
  std::size_t size() const { return waiting_.size(); }

  // Keeps the greater of the two. Gives their fork when the one that waits conflicts.
  std::optional<Fork> put(Candidate candidate, SessionId from);

  // This session told the head that waits, too. False when it had said so before.
  bool told_by(const PlaceId& place, SessionId session);

  // This session tells a head of a place that waits, and not its first meanwhile: it is faster than who passes heads on
  // at the pace of the place.
  bool hurries(const PlaceId& place, SessionId session);

  // Something may be given out now, places over their pace apart.
  bool ready(Instant now) const { return !ready_.empty() || (!late_.empty() && late_.begin()->first <= now); }
  // Places wait for their pace.
  bool late() const { return !late_.empty(); }

  // The next to write, taken out, in the order of coming. Takes a token from each place that is in `known`.
  std::optional<Arrival> next(const PlaceTable& known, Instant now);

  // For a head that comes another way, with its content. Takes a token, or gives false.
  bool take(const PlaceId& place, Instant now);
  bool may_take(const PlaceId& place, Instant now) const;

  // The place is known no more.
  void forget(const PlaceId& place);

  std::size_t paces() const { return paces_.size(); }

  // Aborts when an invariant does not hold; for tests.
  void sanity_check(const PlaceTable& known) const;

 private:
  void forget_full(Instant now);

  std::unordered_map<PlaceId, Arrival> waiting_;
  std::deque<PlaceId> ready_;                    // a place that waits is in one of these two
  std::set<std::pair<Instant, PlaceId>> late_;   // by when it may be given out
  std::unordered_map<PlaceId, TokenBucket> paces_;
  std::size_t forget_at_ = kForgetAtLeast;
  static constexpr std::size_t kForgetAtLeast = 1'024;
};

}  // namespace maillage::protocol
