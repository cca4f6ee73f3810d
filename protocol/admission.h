// Admission: who is let in, and by whose word. PROTOCOL.md §8 "Admission".
//
// A place that people here did not block is admitted when they follow it (own, partner, let in by its id), when a place that is
// admitted names it among the neighbours of its signed profile, or when whoever introduced it is admitted. So every admitted place is
// reached from what people here decided: places that vouch for one another, and for whom nobody else does, are not. Of each place one
// introducer is remembered, durably (PlaceState::introducer): when that one is blocked, what nobody else vouches for goes with
// it, and what another peer has too comes back with that peer's next reconciliation, introduced by that one. What stays because
// somebody else vouches for it is introduced by that one from then on.
// Rationale for one: the others need not be known to find out that there are any. Pure; node thread.
#pragma once

#include <map>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "protocol/invitation.h"
#include "protocol/place_table.h"

namespace maillage::protocol {

// Neighbours of one profile that are heeded (RECORDS.md has the same limit), and of all profiles together: 24 MB at most.
// What is told beyond that vouches for nobody.
inline constexpr std::size_t kNeighboursMax = 256;
inline constexpr std::size_t kAllNeighboursMax = 1 << 18;

// What people here decided, whole. Sessions for which that changes end with kStandingChanged, to begin again, or with kBlocked.
struct Partners {
  std::set<PlaceId> accepted;                        // as partners
  std::map<InvitationId, Invitation> invitations;    // that they gave
  std::map<PlaceId, InvitationSecret> invited_by;    // what to show to whom
  std::set<PlaceId> blocked = {};                    // nothing of these is taken in, told or served
  std::set<PlaceId> let_in = {};                     // admitted by name, whoever brings them
  std::set<PlaceId> named = {};                      // who answered last at the addresses that they named

  bool follow(const PlaceId& place) const { return accepted.contains(place) || let_in.contains(place); }
};

// What the signed profiles of held places say of others.
class Neighbourhood {
 public:
  // All that `place` names now; what it named before counts no more. What is over the limits is left out.
  void tell(const PlaceId& place, std::span<const PlaceId> named);
  void forget(const PlaceId& place) { tell(place, {}); }

  // One that names it; null: none does.
  const PlaceId* namer_of(const PlaceId& place) const;
  std::span<const PlaceId> named_by(const PlaceId& place) const;
  std::size_t size() const { return size_; }

  // Aborts when an invariant does not hold; for tests.
  void sanity_check() const;

 private:
  std::unordered_map<PlaceId, std::vector<PlaceId>> named_;
  std::map<PlaceId, std::vector<PlaceId>> namers_;  // in order: what a profile names is anything
  std::size_t size_ = 0;
};

// Who is admitted by now. Cost: a look at all places, and at what they name.
struct Admitted {
  std::vector<PlaceId> left_out;  // those of `table` that are not, in order
  // Those that are, and whose introducer is not: who vouches for each instead, itself when people follow it. In order.
  std::vector<std::pair<PlaceId, PlaceId>> vouched;
};
Admitted admitted(const PlaceTable& table, const Partners& people, const Neighbourhood& neighbourhood);

}  // namespace maillage::protocol
