// WorkerPool: a few threads that do what blocks (disk, git, hashing, queries), so that the node's thread never does.
//
// At most `waiting_max` jobs wait; a full pool refuses, and the caller says "busy". `stop` lets running jobs end,
// drops those that wait and joins. Any thread may post.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace maillage::daemon {

class WorkerPool {
 public:
  WorkerPool(unsigned threads, std::size_t waiting_max);
  ~WorkerPool();

  // False when the pool is full or stopped; the job is not run then.
  bool post(std::function<void()> job);
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace maillage::daemon
