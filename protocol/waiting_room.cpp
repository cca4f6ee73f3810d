#include "protocol/waiting_room.h"

#include <algorithm>

namespace maillage::protocol {

std::map<PlaceId, std::size_t>::const_iterator WaitingRoom::greediest() const {
  return std::ranges::max_element(counts_, {}, [](const auto& entry) { return entry.second; });
}

bool WaitingRoom::has_room(const PlaceId& introducer) const {
  auto own = counts_.find(introducer);
  std::size_t count = own == counts_.end() ? 0 : own->second;
  if (count >= kWaitingPlacesOfOneMax) return false;
  return guests_.size() < kWaitingPlacesMax || count < greediest()->second;
}

void WaitingRoom::put(Guest guest) {
  const PlaceId place = guest.head.head.place;
  ++revision_;
  if (auto known = guests_.find(place); known != guests_.end()) {
    known->second.head = guest.head;
    known->second.chain = std::move(guest.chain);
    return;
  }
  if (guests_.size() >= kWaitingPlacesMax) {
    PlaceId greedy = greediest()->first;
    const Guest* oldest = nullptr;
    for (const auto& [id, one] : guests_)
      if (one.introducer == greedy && (oldest == nullptr || one.number < oldest->number)) oldest = &one;
    (void)take(PlaceId(oldest->head.head.place));
  }
  guest.number = next_number_++;
  ++counts_[guest.introducer];
  guests_.emplace(place, std::move(guest));
}

const WaitingRoom::Guest* WaitingRoom::find(const PlaceId& place) const {
  auto found = guests_.find(place);
  return found == guests_.end() ? nullptr : &found->second;
}

std::optional<WaitingRoom::Guest> WaitingRoom::take(const PlaceId& place) {
  auto taken = guests_.extract(place);
  if (taken.empty()) return std::nullopt;
  ++revision_;
  auto count = counts_.find(taken.mapped().introducer);
  if (--count->second == 0) counts_.erase(count);
  return std::move(taken.mapped());
}

void WaitingRoom::sanity_check() const {
  std::size_t counted = 0;
  for (const auto& [introducer, count] : counts_) {
    counted += count;
    check(count > 0 && count <= kWaitingPlacesOfOneMax, "one introducer has its share of the waiting room");
  }
  check(counted == guests_.size() && guests_.size() <= kWaitingPlacesMax, "who waits is counted and bounded");
}

}  // namespace maillage::protocol
