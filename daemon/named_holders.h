// NamedHolders: daemons that peers say hold what is missing here, for an operator to read. PROTOCOL.md §8 "Scope".
//
// Invariant: kMax at most, and while there are more than one peer's, none has more than its share: when all room is taken the peer that
// named most loses its oldest, unless the newcomer's has as many. What a peer named goes with its session. Rationale: a name costs a peer
// nothing, and one that names many must not keep others from being heard. Node thread.
#pragma once

#include <string>
#include <vector>

#include "protocol/node_session.h"

namespace maillage::daemon {

class NamedHolders {
 public:
  static constexpr std::size_t kMax = 16;

  // `address` is a hint, perhaps empty.
  void name(protocol::SessionId by, const protocol::PlaceId& place, const std::string& address);
  void forget(protocol::SessionId by);

  // Each place once, in order, with an address when somebody gave one.
  std::vector<std::pair<protocol::PlaceId, std::string>> all() const;

 private:
  struct Named {
    protocol::SessionId by;
    protocol::PlaceId place;
    std::string address;
  };
  std::size_t count(protocol::SessionId by) const;

  std::vector<Named> named_;  // the oldest first
};

}  // namespace maillage::daemon
