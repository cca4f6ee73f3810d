// What partners tell, over HTTP, of the places that have a root: for whoever has nothing but a recovery sheet. registry/recovery.h.
// Believed in nothing. Blocks; any thread.
#pragma once

#include "daemon/http_client.h"
#include "registry/recovery.h"

namespace maillage::daemon {

// One partner, and what it tells of the root's places.
struct Partner {
  PeerUrl url;
  std::string from;  // the daemon's own place, as it says: two addresses of one are one partner
  registry::Testimony told;
};

// Those of these addresses (ws://HOST/peer) that answer; who does not is told of on stderr. kBadPeer.
protocol::Result<std::vector<Partner>> hear_all(const std::vector<std::string>& addresses, const protocol::PublicKey& root, protocol::Language language);

// A place whole, with that head, from the next of them that told it; `asked`: how many were asked before. What they give is not checked.
// kIdentityElsewhere when nobody is left that has it: it was published, or they heard more, since.
protocol::Result<registry::Handover> fetch_place(const std::vector<Partner>& partners, std::size_t& asked, const protocol::PublicKey& root,
                                                 const protocol::SignedHead& head);

}  // namespace maillage::daemon
