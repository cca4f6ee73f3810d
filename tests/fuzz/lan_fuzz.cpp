// A datagram from the local network: whatever it holds, what is read is one announcement, and its address can be dialled.
#include "daemon/lan_table.h"
#include "daemon/peer_url.h"

using namespace maillage;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  auto said = daemon::decode_lan_announcement({bytes, size});
  if (said) protocol::check(daemon::encode(*said) == protocol::Bytes(bytes, bytes + size), "an announcement has one form");
  daemon::LanTable table(protocol::PlaceId{});
  (void)table.hear({bytes, size}, "192.168.1.7", protocol::Instant{});
  for (const auto& heard : table.all()) protocol::check(daemon::parse_peer_url(heard.url).has_value(), "who is heard can be dialled");
  return 0;
}
