// The rows of heads, charters, evidence and receipts in the state store. STORAGE.md §Columns.
//
//   kHeads     place ‖ 's' (seen) or 'h' (held)   → signed head, 224 bytes
//   kCharters  place ‖ number u16                 → signed charter
//   kEvidence  place ‖ charter u16 ‖ epoch u64    → two signed heads
//   kPeers     'r' ‖ place ‖ replica              → head hash ‖ time i64
//              'f' ‖ place                        → place id: who introduced it (protocol/admission.h)
// Any thread.
#pragma once

#include "protocol/place_table.h"
#include "registry/place_changes.h"
#include "registry/state_store.h"

namespace maillage::registry {

enum class Mark : char { kSeen = 's', kHeld = 'h' };

void put_head(WriteBatch& batch, Mark mark, const protocol::SignedHead& head);
// Its content is here no more.
void erase_held(WriteBatch& batch, const PlaceId& place);
void put_charters(WriteBatch& batch, const protocol::CharterChain& chain, std::size_t from);
void put_fork(WriteBatch& batch, const protocol::Fork& fork);
// Whether there is evidence about the reign of this head.
Result<bool> has_fork(const StateStore& store, const protocol::Head& head);

// Nothing when there is none; kCorrupt.
Result<std::optional<protocol::SignedHead>> get_head(const StateStore& store, Mark mark, const PlaceId& place);

struct Replica {
  PlaceId replica;
  Hash head;
  UnixTime time;
};
void put_receipt(WriteBatch& batch, const PlaceId& place, const Replica& replica);
Result<std::optional<Replica>> get_receipt(const StateStore& store, const PlaceId& place, const PlaceId& replica);
Result<std::vector<Replica>> get_receipts(const StateStore& store, const PlaceId& place);

std::string introducer_key(const PlaceId& place);
void put_introducer(WriteBatch& batch, const PlaceId& place, const PlaceId& introducer);

// Every place as it was kept. Signatures of rotated charters are checked again, those of heads are not (`verify` does).
// What cannot be read is listed in `damaged` and left out.
Result<std::vector<protocol::PlaceState>> load_places(const StateStore& store, std::vector<Error>& damaged);

}  // namespace maillage::registry
