// Backoff: how long to wait before trying a peer again. 1 s, 2 s, 4 s … 10 min, each ± 50 % so that the daemons of a
// network that restarted together do not come back together.
//
// Invariant: only `succeeded` makes the wait short again, and only a session that we dialled and that authenticated may
// call it. Rationale: a breaker that inbound traffic resets never closes. Pure; node thread.
#pragma once

#include <algorithm>

#include "protocol/limits.h"
#include "protocol/random.h"
#include "protocol/time.h"

namespace maillage::daemon {

class Backoff {
 public:
  protocol::Duration next(protocol::Random& random) {
    protocol::Duration base = wait_;
    wait_ = std::min<protocol::Duration>(wait_ * 2, protocol::kDialBackoffMax);
    auto half = static_cast<std::uint64_t>(base.count() / 2);
    return base - protocol::Duration(half) + protocol::Duration(random.below(2 * half));
  }
  void succeeded() { wait_ = protocol::kDialBackoffMin; }
  // Nothing is gained by trying soon: the peer is connected another way, or is ourselves.
  void rest() { wait_ = protocol::kDialBackoffMax; }

 private:
  protocol::Duration wait_ = protocol::kDialBackoffMin;
};

}  // namespace maillage::daemon
