#include "tests/bench/daemons/frame_tap.h"

#include <algorithm>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/daemons/loopback.h"

namespace maillage::bench {
namespace {

constexpr int kLookMs = 5;

}  // namespace

FrameTap::FrameTap(std::uint16_t port) : target_(port), listener_(listening_socket(port_)) {
  thread_ = std::thread([this] { run(); });
}

FrameTap::~FrameTap() {
  ending_ = true;
  thread_.join();
  ::close(listener_);
}

FrameTap::Traffic FrameTap::traffic() const {
  std::scoped_lock guard(mutex_);
  Traffic traffic;
  for (const Direction& each : directions_) {
    traffic.all += each.bytes;
    traffic.after_handshake += each.bytes - std::min(each.bytes, each.handshake_bytes);
  }
  auto ms = [&](Clock::time_point since) { return std::chrono::duration<double, std::milli>(last_ - since).count(); };
  traffic.authenticated = directions_[0].authenticated() && directions_[1].authenticated();
  traffic.connected_ms = ms(connected_);
  traffic.authenticated_ms = ms(authenticated_);
  return traffic;
}

void FrameTap::run() {
  while (!ending_) {
    pollfd waiting[] = {{listener_, POLLIN, 0}, {directions_[0].from, POLLIN, 0}, {directions_[1].from, POLLIN, 0}};
    ::poll(waiting, 3, kLookMs);
    if (waiting[0].revents != 0) accept();
    for (std::size_t i = 0; i < 2; ++i)
      if (waiting[i + 1].revents != 0 && directions_[i].from >= 0) relay(directions_[i]);
  }
  cut();
}

void FrameTap::accept() {
  int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (socket < 0) return;
  int target = directions_[0].from < 0 ? connected_socket(target_) : -1;
  if (target < 0) {
    ::close(socket);
    return;
  }
  send_at_once(socket), send_at_once(target);
  std::scoped_lock guard(mutex_);
  directions_ = {Direction{socket, target, false, {}, 0, false, false, 0, 0, 0}, Direction{target, socket, false, {}, 0, false, false, 0, 0, 0}};
  connected_ = authenticated_ = last_ = Clock::now();
}

void FrameTap::relay(Direction& direction) {
  std::uint8_t bytes[65536];
  ssize_t size = ::recv(direction.from, bytes, sizeof bytes, 0);
  if (size <= 0) return cut();
  for (ssize_t sent = 0; sent < size;) {
    ssize_t step = ::send(direction.to, bytes + sent, static_cast<std::size_t>(size - sent), MSG_NOSIGNAL);
    if (step <= 0) return cut();
    sent += step;
  }
  std::scoped_lock guard(mutex_);
  bool before = directions_[0].authenticated() && directions_[1].authenticated();
  direction.read(bytes, static_cast<std::size_t>(size));
  last_ = Clock::now();
  bool now = directions_[0].authenticated() && directions_[1].authenticated();
  if (now && !before) authenticated_ = last_;
}

void FrameTap::cut() {
  std::scoped_lock guard(mutex_);
  if (directions_[0].from >= 0) ::close(directions_[0].from), ::close(directions_[0].to);
  directions_ = {};
}

void FrameTap::Direction::read(const std::uint8_t* all, std::size_t size) {
  for (std::size_t at = 0; at < size;) {
    std::uint64_t step = std::min<std::uint64_t>(left, size - at);
    if (step == 0) {
      take(all[at++]);
      continue;
    }
    bytes += step, left -= step, at += step;
    if (left == 0) end_message();
  }
}

// A byte of an HTTP head or of a frame's head.
void FrameTap::Direction::take(std::uint8_t byte) {
  ++bytes;
  front.push_back(byte);
  if (upgraded) return take_front();
  constexpr std::uint8_t kEnd[] = {'\r', '\n', '\r', '\n'};
  if (front.size() < 4 || !std::equal(front.end() - 4, front.end(), kEnd)) return;
  upgraded = true;
  front.clear();
}

void FrameTap::Direction::take_front() {
  if (front.size() < 2) return;
  std::uint64_t length = front[1] & 127;
  std::size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (front.size() < 2 + extra + (front[1] & 128 ? 4u : 0u)) return;
  if (extra > 0) length = 0;
  for (std::size_t i = 0; i < extra; ++i) length = length << 8 | front[2 + i];
  control = (front[0] & 8) != 0;
  in_message = (front[0] & 128) == 0;
  left = length;
  front.clear();
  if (left == 0) end_message();
}

void FrameTap::Direction::end_message() {
  if (control || in_message) return;
  if (++messages == 2) handshake_bytes = bytes;
}

}  // namespace maillage::bench
