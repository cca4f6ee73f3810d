// FetchesUnderWay: by repository, so that one that reads what just went out of service ends before its next piece. GIT.md
// "Out of service".
//
// A fetch takes its flag before it reads the head that it serves, and whoever takes that head out of service raises the flag
// after the batch is written: between the two, either the head is no longer served, or the flag is the one that is raised.
// Any thread; one short lock.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "protocol/ids.h"

namespace maillage::registry {

class FetchesUnderWay {
 public:
  // True from when the fetch must send nothing more.
  using Ended = std::shared_ptr<const std::atomic<bool>>;

  // Of a place, or of the tree of everything: then `repository` is zero.
  Ended begin(const protocol::PlaceId& repository);
  void end(const protocol::PlaceId& repository);

 private:
  using Flag = std::shared_ptr<std::atomic<bool>>;  // of all fetches of one repository since the last end
  std::mutex mutex_;
  std::unordered_map<protocol::PlaceId, Flag> flags_;  // those nobody reads any more go when there are many
};

}  // namespace maillage::registry
