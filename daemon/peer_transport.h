// PeerTransport: frames to and from other daemons over WebSocket, dialled or accepted, plain or TLS.
//
// It carries bytes and knows nothing of what they say. Messages are binary and at most kFrameBytesMax; no compression
// (5 times dearer in fan-out, 35 KB a connection); idle sessions are pinged and closed, in both roles. The next frame is
// read when `frame` has returned, so a node that is busy slows its peers down and nothing piles up. `sent` tells when a
// frame has left; who sends bounds what waits by it. Every session that opened is closed exactly once. Node thread.
#pragma once

#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "daemon/byte_stream.h"
#include "daemon/http_message.h"
#include "daemon/peer_url.h"
#include "protocol/node_session.h"

namespace maillage::daemon {

using protocol::SessionId;
using protocol::SharedBytes;

struct PeerTimes {
  std::chrono::milliseconds dial{10'000};       // name, connection, TLS, handshake: each
  std::chrono::milliseconds idle{60'000};       // without a byte, after a ping at half of it
  std::chrono::milliseconds last_words{2'000};  // for the next frame before a close to leave, and the close to be answered
};

class PeerTransport {
 public:
  struct Events {
    std::function<void(SessionId, protocol::Role)> opened;
    std::function<void(SessionId, protocol::ByteView frame)> frame;
    std::function<void(SessionId, std::size_t bytes)> sent;
    std::function<void(SessionId, const std::string& reason)> closed;
  };
  // What became of a dial: the session (opened was called before), or why not.
  using Dialled = std::function<void(protocol::Result<SessionId>)>;

  PeerTransport(asio::io_context& node, Events events, PeerTimes times = {});
  ~PeerTransport();

  // Answers an upgrade request; a request that a web page made (it has an Origin) is refused.
  void accept(ByteStream stream, const HttpRequest& request);

  // `verify` checks a wss peer's certificate against the system's roots and the host's name. `public_only`: an address that a stranger
  // named; kPrivateAddress when the host has no other than those of private networks.
  void dial(const PeerUrl& url, bool verify, Dialled done, bool public_only = false);

  // Frames leave in the order they came. Nothing happens for a session that is closed.
  void send(SessionId session, SharedBytes frame);

  // Closes after what was sent before has left: code 1000, or 1012 "service restart" for all, after which no session opens any more and
  // what is being dialled ends.
  void close(SessionId session);
  void close_all();

  // Ends every connection and dial at once.
  void abort();

  std::size_t sessions() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace maillage::daemon
