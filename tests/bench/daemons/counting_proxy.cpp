#include "tests/bench/daemons/counting_proxy.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/daemons/loopback.h"

namespace maillage::bench {
namespace {

constexpr std::size_t kPipeBytes = 1 << 20;

}  // namespace

CountingProxy::CountingProxy(std::uint16_t port) : target_(port) {
  listener_ = listening_socket(port_);
  acceptor_ = std::thread([this] { accept(); });
}

CountingProxy::~CountingProxy() {
  {
    std::scoped_lock lock(mutex_);
    ending_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    for (int file : sockets_) ::shutdown(file, SHUT_RDWR);
  }
  acceptor_.join();
  for (std::thread& relay : relays_) relay.join();
  for (int file : sockets_) ::close(file);
  ::close(listener_);
}

void CountingProxy::accept() {
  for (;;) {
    int caller = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (caller < 0 && errno == EINTR) continue;
    if (caller < 0) return;
    int called = connected_socket(target_);
    std::scoped_lock lock(mutex_);
    if (called < 0 || ending_) {
      ::close(caller);
      if (called >= 0) ::close(called);
      continue;
    }
    for (int file : {caller, called}) {
      send_at_once(file);
      sockets_.push_back(file);
    }
    relays_.emplace_back([this, caller, called] { relay(caller, called, sent_); });
    relays_.emplace_back([this, caller, called] { relay(called, caller, received_); });
  }
}

void CountingProxy::relay(int from, int to, std::atomic<std::uint64_t>& count) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;
  ::fcntl(ends[1], F_SETPIPE_SZ, kPipeBytes);
  for (;;) {
    ssize_t taken = ::splice(from, nullptr, ends[1], nullptr, kPipeBytes, SPLICE_F_MOVE);
    if (taken <= 0) break;
    count += static_cast<std::uint64_t>(taken);
    while (taken > 0) {
      ssize_t given = ::splice(ends[0], nullptr, to, nullptr, static_cast<std::size_t>(taken), SPLICE_F_MOVE);
      if (given <= 0) break;
      taken -= given;
    }
    if (taken > 0) break;
  }
  ::shutdown(from, SHUT_RD);
  ::shutdown(to, SHUT_WR);
  ::close(ends[0]), ::close(ends[1]);
}

}  // namespace maillage::bench
