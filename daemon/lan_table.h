// LanTable: who was heard on the local network lately. Anybody there can say anything, so it is small, a place has one address, and what comes
// too fast is not looked at. Pure; node thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "daemon/lan_announcement.h"
#include "protocol/rate_limit.h"

namespace maillage::daemon {

// A house has a few daemons.
inline constexpr std::size_t kLanPlacesMax = 32;
inline constexpr std::uint64_t kLanDatagramsBurst = 64, kLanDatagramsPerSecond = 16;
// Announced every half of a minute ± 50 %: gone when three in a row were not heard.
inline constexpr std::chrono::seconds kLanAnnounceEvery{30};
inline constexpr std::chrono::seconds kLanForget{150};

class LanTable {
 public:
  explicit LanTable(const protocol::PlaceId& own) : own_(own) {}

  // A datagram from this IP literal. Gives whether a new place is known now. While the table is full nobody new is.
  bool hear(protocol::ByteView datagram, const std::string& address, protocol::Instant now);
  // Gives whether somebody went.
  bool expire(protocol::Instant now);

  struct Heard {
    protocol::PlaceId place;
    std::string url;
  };
  std::vector<Heard> all() const;

 private:
  struct Entry {
    std::string url;
    protocol::Instant last;
  };
  protocol::PlaceId own_;
  std::map<protocol::PlaceId, Entry> places_;
  protocol::TokenBucket datagrams_{kLanDatagramsBurst, kLanDatagramsPerSecond};
};

}  // namespace maillage::daemon
