// The one place of the daemon that reads the clocks. Any thread.
#pragma once

#include "protocol/time.h"

namespace maillage::daemon {

inline protocol::Now now() {
  using namespace std::chrono;
  auto steady = duration_cast<nanoseconds>(steady_clock::now().time_since_epoch());
  auto wall = duration_cast<milliseconds>(system_clock::now().time_since_epoch());
  return {protocol::Instant(steady), protocol::UnixTime{wall.count()}};
}

}  // namespace maillage::daemon
