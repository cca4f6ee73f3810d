#include "daemon/peer_url.h"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace maillage::daemon {
namespace {

constexpr std::size_t kUrlBytesMax = 2'048;

tl::unexpected<protocol::Error> malformed(std::string_view text) {
  return protocol::fail(protocol::ErrorCode::kMalformed, std::string(text.substr(0, 200)));
}

}  // namespace

std::string PeerUrl::host_header() const {
  std::string shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (tls ? "443" : "80") ? shown : shown + ":" + port;
}

protocol::Result<PeerUrl> parse_url(std::string_view text) {
  if (text.size() > kUrlBytesMax) return malformed(text);
  auto parsed = boost::urls::parse_uri(boost::urls::string_view(text.data(), text.size()));
  if (!parsed) return malformed(text);
  std::string scheme(parsed->scheme());
  PeerUrl url;
  url.tls = scheme == "wss" || scheme == "https";
  if (!url.tls && scheme != "ws" && scheme != "http") return malformed(text);
  if (parsed->has_userinfo() || parsed->has_fragment()) return malformed(text);
  url.host = parsed->host_address();
  url.port = std::string(parsed->port());
  if (parsed->has_port() && parsed->port_number() == 0) return malformed(text);
  if (url.port.empty()) url.port = url.tls ? "443" : "80";
  url.target = std::string(parsed->encoded_target());
  if (url.host.empty() || url.host.find('\0') != std::string::npos) return malformed(text);
  return url;
}

protocol::Result<PeerUrl> parse_peer_url(std::string_view text) {
  if (!text.starts_with("ws://") && !text.starts_with("wss://")) return malformed(text);
  auto url = parse_url(text);
  if (url && (url->target.empty() || url->target == "/")) url->target = "/peer";
  return url;
}

PeerUrl beside(const PeerUrl& peer, std::string_view target) {
  constexpr std::string_view kPeer = "/peer";
  PeerUrl url = peer;
  if (url.target.ends_with(kPeer)) url.target.resize(url.target.size() - kPeer.size());
  url.target += target;
  return url;
}

}  // namespace maillage::daemon
