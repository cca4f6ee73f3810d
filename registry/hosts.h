// Hosts: by which daemon each place is published now, and the place that this daemon goes by: the host of the others.
//
// A daemon is known by its key alone, so its own place is worked out, from held heads and profiles only, the same on
// every daemon: of the places that it signs for, a network first, then one whose genesis names its key (it was made
// here, not handed over), then the earliest genesis, then the smallest id. Rationale: of two hubs that brought in the
// same list, the places are called alike; what a reader can tell apart is who publishes them.
// Places are numbered as in Columns, which owns and guards it. About 100 bytes a place.
#pragma once

#include <unordered_map>

#include "protocol/charter.h"
#include "protocol/head.h"
#include "registry/row.h"

namespace maillage::registry {

// Who signs for a place, by its held head.
struct Signer {
  protocol::PublicKey daemon_key;
  bool native = false;  // its genesis names this key
  UnixTime genesis;
};
// Nothing when the chain lacks the charter of the head.
std::optional<Signer> signer_of(const protocol::CharterChain& chain, const protocol::Head& held);

class Hosts {
 public:
  Hosts() = default;
  Hosts(Hosts&&) = default;
  Hosts& operator=(Hosts&&) = default;

  // Gives whether that changes anything.
  bool set_signer(std::uint32_t place, const Signer& signer);
  std::optional<Signer> signer(std::uint32_t place) const;
  bool set_network(std::uint32_t place, bool network);

  // Needed before `host_of`. Cost: the places of daemons that changed.
  void settle(const std::vector<IndexedPlace>& places);
  // kNoPlace: nobody else, or unknown.
  static constexpr std::uint32_t kNoPlace = kNoRow;
  std::uint32_t host_of(std::uint32_t place) const;

 private:
  struct Daemon {
    std::uint32_t first = kNoPlace, host = kNoPlace;  // `first`: its places are a list through Entry::next
    bool changed = false;
  };
  using Daemons = std::unordered_map<protocol::PublicKey, Daemon>;
  struct Entry {
    Daemons::value_type* daemon = nullptr;  // a node stays where it is
    UnixTime genesis;
    std::uint32_t next = kNoPlace, previous = kNoPlace;
    bool native = false, network = false;
  };

  Entry& entry(std::uint32_t place);
  void change(Daemons::value_type* daemon);
  void leave(std::uint32_t place);
  bool goes_before(std::uint32_t a, std::uint32_t b, const std::vector<IndexedPlace>& places) const;

  std::vector<Entry> entries_;
  Daemons daemons_;
  std::vector<Daemons::value_type*> changed_;
};

}  // namespace maillage::registry
