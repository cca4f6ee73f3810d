// HttpExchange: a request whose body comes in, and whose answer goes out, piece by piece: what git's fetch and push need.
//
// The server calls take… answer more… in that order, never two at once, each on a worker; between two calls the node's thread moves
// bytes, so a slow client holds no thread, and the next piece is made only when the last one was sent. What it holds is
// bounded by its own state and one piece. It is destroyed on a worker, wherever the exchange ended.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "daemon/http_message.h"
#include "protocol/bytes.h"

namespace maillage::daemon {

class HttpExchange {
 public:
  virtual ~HttpExchange() = default;

  // The largest body it takes, once unpacked; a larger one is 413.
  virtual std::uint64_t body_bytes_max() const = 0;

  // The next bytes of the body, unpacked when it came with gzip. An answer ends the exchange: the rest is not read.
  virtual std::optional<HttpResponse> take(protocol::ByteView bytes) = 0;

  // The body is whole. With status 200 the answer goes on with `more`; any other is the whole answer.
  virtual HttpResponse answer() = 0;

  // The next piece, of about 128 KiB; empty: that was all. An error cuts the connection, so that the client notices.
  virtual protocol::Result<protocol::Bytes> more() = 0;
};

// Makes the exchange of a request, whose header alone has come; on a worker.
using OpenExchange = std::function<std::unique_ptr<HttpExchange>(const HttpRequest&)>;

}  // namespace maillage::daemon
