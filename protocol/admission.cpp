#include "protocol/admission.h"

#include <algorithm>

namespace maillage::protocol {

void Neighbourhood::tell(const PlaceId& place, std::span<const PlaceId> named) {
  if (auto before = named_.extract(place); !before.empty()) {
    size_ -= before.mapped().size();
    for (const PlaceId& neighbour : before.mapped()) {
      auto namers = namers_.find(neighbour);
      std::erase(namers->second, place);
      if (namers->second.empty()) namers_.erase(namers);
    }
  }
  std::vector<PlaceId> kept;
  for (const PlaceId& neighbour : named.first(std::min(named.size(), kNeighboursMax))) {
    if (size_ + kept.size() >= kAllNeighboursMax) break;
    if (neighbour == place || std::ranges::find(kept, neighbour) != kept.end()) continue;
    kept.push_back(neighbour);
    namers_[neighbour].push_back(place);
  }
  size_ += kept.size();
  if (!kept.empty()) named_.emplace(place, std::move(kept));
}

const PlaceId* Neighbourhood::namer_of(const PlaceId& place) const {
  auto found = namers_.find(place);
  return found == namers_.end() ? nullptr : &found->second.front();
}

std::span<const PlaceId> Neighbourhood::named_by(const PlaceId& place) const {
  auto found = named_.find(place);
  return found == named_.end() ? std::span<const PlaceId>() : std::span<const PlaceId>(found->second);
}

void Neighbourhood::sanity_check() const {
  std::size_t named = 0, namers = 0;
  for (const auto& [place, list] : named_) named += list.size();
  for (const auto& [place, list] : namers_) namers += list.size();
  check(named == size_ && namers == size_ && size_ <= kAllNeighboursMax, "neighbours are counted and bounded");
}

Admitted admitted(const PlaceTable& table, const Partners& people, const Neighbourhood& neighbourhood) {
  std::unordered_map<PlaceId, std::vector<PlaceId>> introduced;
  std::unordered_map<PlaceId, PlaceId> vouchers;  // of those that are admitted
  std::vector<PlaceId> vouching;
  auto admit = [&](const PlaceId& place, const PlaceId& by) {
    if (people.blocked.contains(place) || table.find(place) == nullptr) return;
    if (vouchers.emplace(place, by).second) vouching.push_back(place);
  };
  for (const auto& [place, state] : table.all()) {
    const PlaceId& by = state.introducer;
    // By whom is not known of what an older version kept; or by a peer whose own place never came here.
    bool by_nobody = by.is_zero() || by == place || (table.find(by) == nullptr && !people.blocked.contains(by));
    if (state.own || by_nobody || people.follow(place)) admit(place, place);
    else introduced[by].push_back(place);
  }
  while (!vouching.empty()) {
    PlaceId by = vouching.back();
    vouching.pop_back();
    if (auto found = introduced.find(by); found != introduced.end())
      for (const PlaceId& place : found->second) admit(place, by);
    for (const PlaceId& place : neighbourhood.named_by(by)) admit(place, by);
  }
  Admitted now;
  for (const auto& [place, state] : table.all()) {
    const PlaceId& by = state.introducer;
    auto voucher = vouchers.find(place);
    bool goes = people.blocked.contains(by) || (table.find(by) != nullptr && !vouchers.contains(by));
    if (voucher == vouchers.end()) now.left_out.push_back(place);
    else if (goes && !state.own) now.vouched.emplace_back(place, voucher->second);
  }
  std::ranges::sort(now.left_out);
  std::ranges::sort(now.vouched);
  return now;
}

}  // namespace maillage::protocol
