#include "registry/indexing.h"

#include <system_error>

namespace maillage::registry {
namespace {

std::size_t bytes_of(const std::vector<IndexChange>& changes) {
  std::size_t bytes = 0;
  for (const IndexChange& change : changes) {
    bytes += change.read ? change.read->bytes : 0;
    for (const RecordVersion& record : change.place.records) bytes += record.path.size() + (record.json ? record.json->size() : 0);
  }
  return bytes;
}

}  // namespace

Indexing::Indexing(Index& index, std::uint64_t shown) : index_(index), shown_(shown) {}

Indexing::~Indexing() {
  {
    std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (worker_.joinable()) worker_.join();
}

void Indexing::follow(std::uint64_t revision, std::vector<IndexChange> changes) {
  Waiting next{revision, std::move(changes), 0};
  next.bytes = bytes_of(next.changes);
  std::unique_lock lock(mutex_);
  if (waiting_.empty() && next.bytes <= kAtOnceBytesMax) {
    lock.unlock();
    return apply(next);
  }
  changed_.wait(lock, [&] { return waiting_.empty() || waiting_bytes_ + next.bytes <= kWaitingBytesMax; });
  if (!worker_.joinable() && !start_worker()) {  // nothing waits then
    lock.unlock();
    return apply(next);
  }
  waiting_bytes_ += next.bytes;
  waiting_.push_back(std::move(next));
  changed_.notify_all();
}

// False: the system gives no thread now. The next one that has to wait asks again.
bool Indexing::start_worker() {
  try {
    worker_ = std::thread([this] { work(); });
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

void Indexing::finish() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return waiting_.empty(); });
}

void Indexing::apply(const Waiting& waiting) {
  index_.apply_all(waiting.changes);
  shown_ = waiting.revision;
}

void Indexing::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return ending_ || !waiting_.empty(); });
    if (ending_) return;
    const Waiting& next = waiting_.front();
    lock.unlock();
    apply(next);
    lock.lock();
    waiting_bytes_ -= next.bytes;
    waiting_.pop_front();
    changed_.notify_all();
  }
}

}  // namespace maillage::registry
