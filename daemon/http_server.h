// HttpServer: HTTP/1.1 on one port, plain or TLS, with the peers' WebSocket upgrade on the same port.
//
// One coroutine accepts, one a connection reads and writes; routes are plain functions run on the workers or on the
// node's thread; an exchange (http_exchange.h) streams both ways. Limits: header, body, idle time, connections; only host
// names it knows (against DNS rebinding), else 421. Invariant: an answer is sent for every request read whole, in order.
// Node thread. The workers must be stopped before the server and its io_context are destroyed.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "daemon/byte_stream.h"
#include "daemon/config.h"
#include "daemon/route_table.h"
#include "daemon/worker_pool.h"

namespace maillage::daemon {

struct HttpLimits {
  std::chrono::milliseconds read_timeout{30'000};    // to read one whole request, idle time before it included
  std::chrono::milliseconds write_timeout{120'000};  // to send one answer: 1 MB on a slow phone
  std::chrono::milliseconds piece_timeout{60'000};   // to send one piece of a streamed answer: 128 KiB at 2 KB/s
  std::chrono::milliseconds parting{2'000};          // for a client to end its side after the last answer
  std::chrono::milliseconds parting_at_stop{100};    // when the daemon stops: it waits for nobody who has the whole answer
  std::size_t connections_max = 1'024;               // more are closed at once
};

class HttpServer {
 public:
  // Takes over a connection that asks for a WebSocket at `kPeerPath`.
  using Upgrade = std::function<void(ByteStream stream, HttpRequest request)>;
  // What one answer was: the route's template ("" when none), for metrics.
  using Observer = std::function<void(std::string_view route, std::string_view method, int status, double seconds)>;

  static constexpr std::string_view kPeerPath = "/peer";

  HttpServer(asio::io_context& node, WorkerPool& workers, RouteTable routes, HttpConfig config, HttpLimits limits = {});
  ~HttpServer();

  void on_upgrade(Upgrade upgrade);
  void on_answer(Observer observer);

  // For connections accepted from now on; none: plain.
  void use_tls(std::shared_ptr<asio::ssl::context> context);
  // Names, proxies, metrics; the listening address does not change.
  void reload(const HttpConfig& config);

  // Binds and accepts; the address says which port a port of 0 became. kIo.
  Result<Address> listen();

  // No new connection; idle ones are closed, the others after their answer, whether the client ends its side or not. `abort` closes those too.
  void stop();
  void abort();

  std::size_t connections() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Whether this daemon answers to that host name: localhost, IP literals, public_url's and host_names.
bool host_allowed(const HttpConfig& config, std::string_view host);

}  // namespace maillage::daemon
