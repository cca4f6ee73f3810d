// Indexing: brings the index after the commits, in their order.
//
// What is small is applied by whoever commits. A pack of many places is applied by a thread of its own while the next
// one is checked: two equal halves of the work of a first sync. What waits is bounded, then whoever commits waits. When the system gives no
// thread, whoever commits applies it.
// Invariant: `shown` is the last revision that the index shows whole. One thread commits; `shown` from any thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "protocol/limits.h"
#include "registry/index.h"

namespace maillage::registry {

class Indexing {
 public:
  // Applied at once up to this many bytes of records, as they are read: a hundred take some milliseconds.
  static constexpr std::size_t kAtOnceBytesMax = 128 * protocol::kKiB;
  // Records that wait, read: two packs of 512 places with 40 records each, less some.
  static constexpr std::size_t kWaitingBytesMax = 48 * protocol::kMiB;

  // `index` outlives it and shows `shown`.
  Indexing(Index& index, std::uint64_t shown);
  // What waits is forgotten: a start reads it from the column.
  ~Indexing();

  // What the commit of `revision` changes in the index; perhaps nothing.
  void follow(std::uint64_t revision, std::vector<IndexChange> changes);
  // Returns when the index shows everything given.
  void finish();

  std::uint64_t shown() const { return shown_; }

 private:
  struct Waiting {
    std::uint64_t revision;
    std::vector<IndexChange> changes;
    std::size_t bytes;
  };
  bool start_worker();
  void work();
  void apply(const Waiting& waiting);

  Index& index_;
  std::atomic<std::uint64_t> shown_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Waiting> waiting_;  // the first is being applied
  std::size_t waiting_bytes_ = 0;
  bool ending_ = false;
  std::thread worker_;  // since something first had to wait
};

}  // namespace maillage::registry
