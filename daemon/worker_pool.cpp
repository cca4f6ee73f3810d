#include "daemon/worker_pool.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace maillage::daemon {

struct WorkerPool::State {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> waiting;
  std::size_t waiting_max;
  bool stopped = false;
  std::vector<std::thread> threads;

  bool add(std::function<void()> job) {
    if (stopped) return false;
    waiting.push_back(std::move(job));
    changed.notify_one();
    return true;
  }

  void work() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [this] { return stopped || !waiting.empty(); });
      if (stopped) return;
      auto job = std::move(waiting.front());
      waiting.pop_front();
      lock.unlock();
      job();
      job = nullptr;
      lock.lock();
    }
  }
};

WorkerPool::WorkerPool(unsigned threads, std::size_t waiting_max) : state_(std::make_unique<State>()) {
  state_->waiting_max = waiting_max;
  for (unsigned i = 0; i < threads; ++i) state_->threads.emplace_back([state = state_.get()] { state->work(); });
}

WorkerPool::~WorkerPool() { stop(); }

bool WorkerPool::post(std::function<void()> job) {
  std::lock_guard lock(state_->mutex);
  if (state_->waiting.size() >= state_->waiting_max) return false;
  return state_->add(std::move(job));
}

void WorkerPool::post_giving_back(std::function<void()> job) {
  std::lock_guard lock(state_->mutex);
  (void)state_->add(std::move(job));
}

void WorkerPool::stop() {
  std::deque<std::function<void()>> dropped;
  {
    std::lock_guard lock(state_->mutex);
    state_->stopped = true;
    dropped.swap(state_->waiting);
    state_->changed.notify_all();
  }
  for (std::thread& thread : state_->threads)
    if (thread.joinable()) thread.join();
}

}  // namespace maillage::daemon
