// Recovery: which places a recovery sheet has, and which head of each is the one to go on from, out of what partners tell.
// DESIGN.md "Restore": the disk died, so the greatest head that two partners agree on counts, or one partner's when a person
// believes it. A partner can leave things out, but not make them up: every charter and head is checked. Pure; any thread.
#pragma once

#include <span>

#include "protocol/limits.h"
#include "registry/handover.h"

namespace maillage::registry {

using protocol::Result;

// A place comes back over HTTP in one answer, made as it is sent: as much as a session brings at once, and its charters.
inline constexpr std::size_t kRecoveredBytesMax = protocol::kPackBytesMax + protocol::kMiB;
struct RecoveredPlace {
  protocol::CharterChain chain;
  protocol::SignedHead head;
};

// What one partner tells: handovers without a pack.
using Testimony = std::vector<Handover>;

struct RecoveryChoice {
  std::vector<RecoveredPlace> agreed;          // in the order of their identities
  std::vector<protocol::PlaceId> undecided;    // no two partners tell the same of them
};

// What is not valid, or has not this root now, is passed over.
RecoveryChoice choose_recovery(const protocol::PublicKey& root, std::span<const Testimony> told, bool accept_alone);

// The one of them that the daemon itself is: the oldest that was made with this root alone.
protocol::PlaceId own_of(const protocol::PublicKey& root, std::span<const RecoveredPlace> places);

// The chain in a handover, with its head valid under it. kBadHandover, and what charter.h gives.
Result<protocol::CharterChain> chain_in(const Handover& handover);

}  // namespace maillage::registry
