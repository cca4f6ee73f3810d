// WorkerPool: a few threads that do what blocks (disk, git, hashing, queries), so that the node's thread never does.
//
// At most `waiting_max` jobs wait; a full pool refuses, and the caller says "busy". What gives back what an earlier job took is never
// refused: there is no more of it than was taken. `stop` lets running jobs end, drops those that wait and joins. Any thread may post.
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
  // Also when the pool is full. For what gives back: a pack that is dropped, one that is read no further.
  void post_giving_back(std::function<void()> job);
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace maillage::daemon
