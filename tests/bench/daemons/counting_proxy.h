// A TCP relay on a free port of the loopback that counts the bytes of both ways. What is measured side by side goes
// through one each, so that both pay the same; the kernel moves the bytes (splice), no copy is made here.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace maillage::bench {

class CountingProxy {
 public:
  // To 127.0.0.1:`port`. Throws when there is no port for it.
  explicit CountingProxy(std::uint16_t port);
  // Cuts what is still connected.
  ~CountingProxy();
  CountingProxy(const CountingProxy&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  std::uint64_t sent() const { return sent_; }          // by whoever connected
  std::uint64_t received() const { return received_; }  // by whoever connected

 private:
  void accept();
  void relay(int from, int to, std::atomic<std::uint64_t>& count);

  std::uint16_t target_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<std::uint64_t> sent_ = 0, received_ = 0;
  std::mutex mutex_;  // guards the two lists
  std::vector<int> sockets_;
  std::vector<std::thread> relays_;
  bool ending_ = false;
  std::thread acceptor_;
};

}  // namespace maillage::bench
