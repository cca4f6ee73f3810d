// Many peers of one daemon in one process: each a Node of its own that speaks the real protocol over real WebSockets,
// and takes every pack for ingested at once. So what is measured is the daemon that is asked, not what receivers do: a frame's
// time is when it was read, and frames are judged together a moment later, because a thousand nodes of one process would
// otherwise wait for one another's signatures. Own thread; every function from any other.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <filesystem>

#include "daemon/peer_transport.h"
#include "tests/bench/lone_place.h"

namespace maillage::bench {

// Who a peer is and what it publishes.
struct CrowdPlace {
  protocol::Seed seed;
  LonePlace place;
};

std::vector<CrowdPlace> make_crowd_places(std::size_t size);

// Into the registry in `directory`, which no daemon has open. Gives the heads of all places there.
std::vector<std::pair<protocol::CharterChain, protocol::SignedHead>> settle_crowd(const std::filesystem::path& directory,
                                                                                  const std::vector<CrowdPlace>& places);

class Crowd {
 public:
  using Known = std::vector<std::pair<protocol::CharterChain, protocol::SignedHead>>;

  // One peer for each place connects to `url`, holding all that is `known`; all are reconciled when it returns. Throws when
  // they are not.
  Crowd(const std::vector<CrowdPlace>& places, const Known& known, const std::string& url);
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
