// The address of another daemon: ws://HOST[:PORT]/PATH or wss://…, taken apart and checked. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "protocol/error.h"

namespace maillage::daemon {

struct PeerUrl {
  bool tls = false;
  std::string host;    // a name or an IP literal, without brackets
  std::string port;    // decimal; 80 or 443 when the URL has none
  std::string target;  // path and query, "/peer" when the URL has none

  std::string host_header() const;
};

// ws, wss, http and https (the client of `query --url` uses the same). No user, no fragment, host not empty, at most
// 2,048 bytes. kMalformed otherwise.
protocol::Result<PeerUrl> parse_url(std::string_view text);

// The same, ws and wss only.
protocol::Result<PeerUrl> parse_peer_url(std::string_view text);

// What a daemon answers beside its `/peer`: ws://HOST/base/peer and "/api/v1/…" give http://HOST/base/api/v1/….
PeerUrl beside(const PeerUrl& peer, std::string_view target);

}  // namespace maillage::daemon
