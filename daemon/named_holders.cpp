#include "daemon/named_holders.h"

#include <algorithm>
#include <map>

namespace maillage::daemon {

using protocol::PlaceId;
using protocol::SessionId;

std::size_t NamedHolders::count(SessionId by) const { return static_cast<std::size_t>(std::ranges::count(named_, by, &Named::by)); }

void NamedHolders::name(SessionId by, const PlaceId& place, const std::string& address) {
  auto known = std::ranges::find_if(named_, [&](const Named& one) { return one.by == by && one.place == place; });
  if (known != named_.end()) {
    known->address = address;
    return;
  }
  if (named_.size() == kMax) {
    auto greediest = std::ranges::max_element(named_, {}, [this](const Named& one) { return count(one.by); });
    if (count(greediest->by) <= count(by)) return;
    named_.erase(std::ranges::find(named_, greediest->by, &Named::by));
  }
  named_.push_back({by, place, address});
}

void NamedHolders::forget(SessionId by) {
  std::erase_if(named_, [by](const Named& one) { return one.by == by; });
}

std::vector<std::pair<PlaceId, std::string>> NamedHolders::all() const {
  std::map<PlaceId, std::string> places;
  for (const Named& one : named_)
    if (std::string& address = places[one.place]; address.empty()) address = one.address;
  return {places.begin(), places.end()};
}

}  // namespace maillage::daemon
