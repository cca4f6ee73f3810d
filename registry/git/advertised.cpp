#include "registry/git/advertised.h"

#include <algorithm>

namespace maillage::registry {

void Advertised::note(const protocol::PlaceId& repository, Told told) {
  std::scoped_lock lock(mutex_);
  auto expired = [&](const Told& one) { return one.time.ms + kAdvertisedMs < told.time.ms; };
  if (told_.size() >= kAdvertisedPlacesMax && !told_.contains(repository)) {
    std::erase_if(told_, [&](const auto& entry) { return std::ranges::all_of(entry.second, expired); });
    if (told_.size() >= kAdvertisedPlacesMax) told_.clear();
  }
  std::vector<Told>& list = told_[repository];
  std::erase_if(list, [&](const Told& one) { return expired(one) || one.commit == told.commit; });
  if (list.size() == kAdvertisedPerPlaceMax) list.erase(list.begin());
  list.push_back(std::move(told));
}

std::vector<Advertised::Told> Advertised::recent(const protocol::PlaceId& repository, protocol::UnixTime now) const {
  std::scoped_lock lock(mutex_);
  auto found = told_.find(repository);
  if (found == told_.end()) return {};
  std::vector<Told> fresh;
  std::ranges::copy_if(found->second, std::back_inserter(fresh), [&](const Told& one) { return one.time.ms + kAdvertisedMs >= now.ms; });
  return fresh;
}

void Advertised::forget(const protocol::PlaceId& repository) {
  std::scoped_lock lock(mutex_);
  told_.erase(repository);
}

}  // namespace maillage::registry
