#include "registry/git/fetches_under_way.h"

namespace maillage::registry {
namespace {

// Above the fetches that a daemon has at once.
constexpr std::size_t kFlagsMax = 256;

}  // namespace

FetchesUnderWay::Ended FetchesUnderWay::begin(const protocol::PlaceId& repository) {
  std::scoped_lock lock(mutex_);
  if (flags_.size() >= kFlagsMax) std::erase_if(flags_, [](const auto& entry) { return entry.second.use_count() == 1; });
  Flag& flag = flags_[repository];
  if (!flag) flag = std::make_shared<std::atomic<bool>>(false);
  return flag;
}

void FetchesUnderWay::end(const protocol::PlaceId& repository) {
  std::scoped_lock lock(mutex_);
  auto flag = flags_.find(repository);
  if (flag == flags_.end()) return;
  *flag->second = true;
  flags_.erase(flag);
}

}  // namespace maillage::registry
