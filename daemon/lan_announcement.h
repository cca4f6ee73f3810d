// LanAnnouncement: what a daemon says of itself on the local network, when its operator asked for that. One UDP datagram:
//
//   "maillage-lan" (12) ‖ version u8 = 1 ‖ flags u8 (1: TLS) ‖ port u16 ‖ place id (32) ‖ path: length u8 (1 … 64), text
//
// Not signed: it says where to knock, and whoever answers proves who it is (PROTOCOL.md §7). Any thread. daemon/README.md.
#pragma once

#include <string>

#include "protocol/bytes.h"
#include "protocol/ids.h"

namespace maillage::daemon {

inline constexpr std::size_t kLanPathBytesMax = 64;
inline constexpr std::size_t kLanDatagramBytesMax = 12 + 1 + 1 + 2 + 32 + 1 + kLanPathBytesMax;

struct LanAnnouncement {
  protocol::PlaceId place;
  std::uint16_t port = 0;
  bool tls = false;
  std::string path = "/peer";

  bool operator==(const LanAnnouncement&) const = default;
};

protocol::Bytes encode(const LanAnnouncement& announcement);
// kMalformed; kUnsupportedVersion; kTruncated; kTrailingBytes. A path is of a-z, 0-9, -, _, . and /, and ends with /peer.
protocol::Result<LanAnnouncement> decode_lan_announcement(protocol::ByteView datagram);

}  // namespace maillage::daemon
