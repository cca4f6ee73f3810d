// WaitingRoom: places that somebody served and nobody may let in: neither sketched, nor served, nor written to disk. A person
// here lets one in or blocks it, a profile comes to name it, or a peer that may introduce it has it too. PROTOCOL.md §8 "Admission".
//
// Bounded in all and for each introducer. When it is full, the introducer that has most of it loses its oldest, unless the
// newcomer's introducer has as many: a flood drives out its own and nobody else's. Nothing of it survives a restart: whoever served
// them does so again. Rationale: strangers write nothing to our disk. Pure; node thread.
#pragma once

#include <map>

#include "protocol/place_table.h"

namespace maillage::protocol {

// More than a person would look through.
inline constexpr std::size_t kWaitingPlacesMax = 1'024;
inline constexpr std::size_t kWaitingPlacesOfOneMax = 64;
// Charters of a place that waits: an old place with many waits nowhere, or 1,024 of them would be 250 MB.
inline constexpr std::size_t kWaitingChartersMax = 8;

class WaitingRoom {
 public:
  struct Guest {
    SignedHead head;  // verified, with its charters
    CharterChain chain;
    PlaceId introducer;
    UnixTime since;
    std::uint64_t number = 0;  // in the order of coming
  };

  // Whether one more that this peer introduces would be taken: asked before any signature is looked at.
  bool has_room(const PlaceId& introducer) const;
  // The guest, or the greater head of one who waits already. Call when there is room.
  void put(Guest guest);
  const Guest* find(const PlaceId& place) const;
  std::optional<Guest> take(const PlaceId& place);

  const std::map<PlaceId, Guest>& all() const { return guests_; }
  std::size_t size() const { return guests_.size(); }
  // Another number after each change.
  std::uint64_t revision() const { return revision_; }

  // Aborts when an invariant does not hold; for tests.
  void sanity_check() const;

 private:
  std::map<PlaceId, std::size_t>::const_iterator greediest() const;

  std::map<PlaceId, Guest> guests_;
  std::map<PlaceId, std::size_t> counts_;  // of each introducer
  std::uint64_t next_number_ = 1, revision_ = 0;
};

}  // namespace maillage::protocol
