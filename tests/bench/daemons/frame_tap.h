// A TCP relay that reads along: what of the bytes between two daemons belongs to their handshake (HTTP upgrade, HELLO, AUTH) and what
// comes after, and when. One connection at a time.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace maillage::bench {

class FrameTap {
 public:
  // To 127.0.0.1:`port`. Throws when there is no port for it.
  explicit FrameTap(std::uint16_t port);
  ~FrameTap();
  FrameTap(const FrameTap&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  // Of the connection that is open; nothing when none is.
  struct Traffic {
    std::uint64_t all = 0, after_handshake = 0;  // bytes both ways
    double connected_ms = 0;      // from the connection to the last byte of a message
    double authenticated_ms = 0;  // from the last byte of the handshake to that
    bool authenticated = false;
  };
  Traffic traffic() const;

 private:
  using Clock = std::chrono::steady_clock;

  // One direction: where its messages end (RFC 6455).
  struct Direction {
    int from = -1, to = -1;
    bool upgraded = false;
    std::vector<std::uint8_t> front;  // of what is not whole yet: the HTTP head, or a frame's
    std::uint64_t left = 0;           // of the frame
    bool in_message = false, control = false;
    unsigned messages = 0;
    std::uint64_t bytes = 0, handshake_bytes = 0;
    void read(const std::uint8_t* bytes, std::size_t size);
    bool authenticated() const { return messages >= 2; }
    void take(std::uint8_t byte);
    void take_front();
    void end_message();
  };

  void run();
  void accept();
  void relay(Direction& direction);
  void cut();

  std::uint16_t target_, port_ = 0;
  int listener_ = -1;
  std::atomic<bool> ending_ = false;
  mutable std::mutex mutex_;  // guards what follows
  std::array<Direction, 2> directions_;
  Clock::time_point connected_, authenticated_, last_;
  std::thread thread_;
};

}  // namespace maillage::bench
