// Whereabouts: what the signed profile of a place says to other daemons: where its own is reached, and which places it names as its
// neighbours. A row for each place that says either, written in the batch that changes the profile. STORAGE.md "Columns".
//
//   kPeers   'w' ‖ place id   → endpoints: count u8, each length u16 ‖ text; neighbours: count u16 ‖ place ids
//
// A profile may be anybody's: what is over a limit or badly formed is left out, whether its schema holds or not. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "registry/place_changes.h"
#include "registry/state_store.h"

namespace maillage::registry {

// As profile.json allows; of a profile that says more, the first.
inline constexpr std::size_t kEndpointsMax = 8;
inline constexpr std::size_t kEndpointBytesMax = 300;

struct Whereabouts {
  PlaceId place;
  std::vector<std::string> endpoints;  // ws(s)://…
  std::vector<PlaceId> neighbours;

  bool empty() const { return endpoints.empty() && neighbours.empty(); }
};

Whereabouts read_whereabouts(const PlaceId& place, ByteView profile);

std::string encode(const Whereabouts& whereabouts);
// kTruncated, kTrailingBytes, kTooMany.
Result<Whereabouts> decode_whereabouts(const PlaceId& place, std::string_view value);

// What `changes` make of the place's row; nothing when they do not touch its profile.
std::optional<Whereabouts> changed_whereabouts(const PlaceChanges& changes);
void put_whereabouts(WriteBatch& batch, const Whereabouts& whereabouts);

// Empty when there is no row.
Result<Whereabouts> get_whereabouts(const StateStore& store, const PlaceId& place);
// All rows; those that cannot be read are passed over.
Result<std::vector<Whereabouts>> all_whereabouts(const StateStore& store);

}  // namespace maillage::registry
