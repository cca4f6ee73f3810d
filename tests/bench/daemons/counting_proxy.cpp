#include "tests/bench/daemons/counting_proxy.h"

#include <array>
#include <cerrno>
#include <stdexcept>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace maillage::bench {
namespace {

constexpr std::size_t kPipeBytes = 1 << 20;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int bound_socket(std::uint16_t& port) {
  int file = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  bool bound = file >= 0 && ::bind(file, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
               ::getsockname(file, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  if (!bound) throw std::runtime_error("no port of the loopback is free");
  port = ntohs(address.sin_port);
  return file;
}

int connected_socket(std::uint16_t port) {
  int file = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(port);
  if (file >= 0 && ::connect(file, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return file;
  if (file >= 0) ::close(file);
  return -1;
}

void send_at_once(int file) {
  int yes = 1;
  ::setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

}  // namespace

CountingProxy::CountingProxy(std::uint16_t port) : target_(port) {
  listener_ = bound_socket(port_);
  if (::listen(listener_, 128) != 0) throw std::runtime_error("listen");
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

std::uint16_t free_port() {
  std::uint16_t port = 0;
  ::close(bound_socket(port));
  return port;
}

}  // namespace maillage::bench
