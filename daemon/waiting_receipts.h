// WaitingReceipts: receipts until the writer has time for them, then all in one write. Rationale: each peer answers every
// publication with one, and a synced write each kept the next publication of a place with 100 peers waiting 0.3 s.
// Any thread. Bounded: beyond `kMax` the newest is left out, and comes again with the next publication.
#pragma once

#include <mutex>
#include <utility>
#include <vector>

#include "protocol/node.h"

namespace maillage::daemon {

class WaitingReceipts {
 public:
  static constexpr std::size_t kMax = 10'000;

  // How many wait now.
  std::size_t add(protocol::KeepReceipt receipt) {
    std::scoped_lock lock(mutex_);
    if (waiting_.size() < kMax) waiting_.push_back(std::move(receipt));
    return waiting_.size();
  }
  std::vector<protocol::KeepReceipt> take() {
    std::scoped_lock lock(mutex_);
    return std::exchange(waiting_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<protocol::KeepReceipt> waiting_;
};

}  // namespace maillage::daemon
