// LanDiscovery: daemons of one local network hear of each other, when their operators asked for that. daemon/README.md.
//
// UDP to 224.0.0.254, port 8420, on every interface that has an IPv4 address and is no loopback. Routers never pass 224.0.0.0/24 on; besides,
// everything is sent with a hop limit of 255 and nothing is heard that came with less, so it was sent on this very link (RFC 5082).
// Says who we are every half of a minute, and soon after somebody new was heard. Not started, it opens no socket. Node thread.
#pragma once

#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "daemon/lan_table.h"
#include "protocol/random.h"

namespace maillage::daemon {

inline constexpr std::uint16_t kLanPort = 8420;
// RFC 3692's experimental address of the local network control block: switches flood it, routers drop it.
inline constexpr const char* kLanGroup = "224.0.0.254";
// Interfaces that are spoken on: a server with hundreds of virtual ones is on none of their networks for this.
inline constexpr std::size_t kLanInterfacesMax = 16;

class LanDiscovery {
 public:
  // `changed`: somebody came or went.
  LanDiscovery(boost::asio::io_context& node, const LanAnnouncement& own, protocol::Random& random, std::function<void()> changed);
  ~LanDiscovery();

  // What the system says: kIo, kDenied, kAddressInUse.
  protocol::Result<void> start();
  void stop();

  std::vector<LanTable::Heard> heard() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace maillage::daemon
