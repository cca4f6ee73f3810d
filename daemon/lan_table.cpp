#include "daemon/lan_table.h"

namespace maillage::daemon {

bool LanTable::hear(protocol::ByteView datagram, const std::string& address, protocol::Instant now) {
  if (!datagrams_.take(1, now)) return false;
  auto said = decode_lan_announcement(datagram);
  if (!said || said->place == own_) return false;
  auto known = places_.find(said->place);
  if (known == places_.end() && places_.size() >= kLanPlacesMax) return false;
  std::string host = address.find(':') == std::string::npos ? address : "[" + address + "]";
  std::string url = (said->tls ? "wss://" : "ws://") + host + ":" + std::to_string(said->port) + said->path;
  if (known == places_.end()) {
    places_.emplace(said->place, Entry{url, now});
    return true;
  }
  // The first address stays while it is heard: another must not be believed for saying so.
  if (known->second.url != url) return false;
  known->second.last = now;
  return false;
}

bool LanTable::expire(protocol::Instant now) {
  return std::erase_if(places_, [&](const auto& entry) { return now - entry.second.last > kLanForget; }) > 0;
}

std::vector<LanTable::Heard> LanTable::all() const {
  std::vector<Heard> heard;
  for (const auto& [place, entry] : places_) heard.push_back({place, entry.url});
  return heard;
}

}  // namespace maillage::daemon
