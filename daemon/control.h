// The control socket DIR/control.sock: how commands reach a running daemon. File permissions are the authority: the
// socket is 0600, so whoever may write to it may also write DIR.
//
// Commands read files themselves and send their contents: the daemon may run as another user. A socket file that
// nobody listens on is stale; the daemon, which holds DIR's lock, replaces it, and a command takes it for none.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "daemon/control_message.h"

namespace maillage::daemon {

inline constexpr std::size_t kControlConnectionsMax = 64;

struct ControlTimes {
  std::chrono::milliseconds read{30'000};   // one whole request
  std::chrono::milliseconds write{10'000};  // one whole reply
};

// The daemon's end. Node thread.
class ControlServer {
 public:
  // Answers each request exactly once, from the node's thread.
  using Reply = std::function<void(ControlMessage)>;
  using Perform = std::function<void(ControlMessage request, Reply reply)>;

  ControlServer(boost::asio::io_context& node, std::filesystem::path socket, Perform perform, ControlTimes times = {});
  // Removes the socket file.
  ~ControlServer();

  // Precondition: DIR's lock is held. kIo.
  protocol::Result<void> listen();
  // No new requests; replies under way still leave.
  void stop();
  // Connections, those included whose reply is still being made or sent.
  std::size_t connections() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// A command's end, blocking: one request, one reply. kNotFound when no daemon listens; kDaemonStopped when it
// ended before it had answered; kBusy; kDenied. Any thread.
protocol::Result<ControlMessage> call_daemon(const std::filesystem::path& socket, const ControlMessage& request);

}  // namespace maillage::daemon
