// Many peers of one daemon in one process: each a Node of its own that speaks the real protocol over real WebSockets,
// and takes every pack for ingested at once. So what is measured is the daemon that is asked, not what receivers do.
// Own thread; every function from any other.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "daemon/peer_transport.h"

namespace maillage::bench {

class Crowd {
 public:
  // `size` peers connect to ws://`address`/peer; all of them hold what all publish when it returns. Throws when they do not.
  Crowd(std::size_t size, const std::string& address);
  ~Crowd();

  // Milliseconds from `since` until each peer had the head of that sequence of `place`, and its content. Waits for all;
  // throws when somebody waits too long.
  std::vector<double> arrivals(const protocol::PlaceId& place, std::uint64_t sequence, std::chrono::steady_clock::time_point since);

  // Bytes of frames that the peers received.
  std::uint64_t received() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace maillage::bench
