#include "registry/recovery.h"

#include <algorithm>
#include <map>

#include "protocol/session.h"

namespace maillage::registry {

using namespace protocol;

Result<CharterChain> chain_in(const Handover& handover) {
  if (handover.charters.empty()) return fail(ErrorCode::kBadHandover, "");
  auto chain = CharterChain::start(handover.charters.front());
  for (std::size_t i = 1; chain && i < handover.charters.size(); ++i)
    if (auto extended = chain->extend(handover.charters[i]); !extended) return tl::unexpected(extended.error());
  if (!chain) return chain;
  if (handover.head.head.place != chain->place()) return fail(ErrorCode::kBadHandover, "");
  if (auto valid = verify_under(handover.head, *chain); !valid) return tl::unexpected(valid.error());
  return chain;
}

RecoveryChoice choose_recovery(const PublicKey& root, std::span<const Testimony> told, bool accept_alone) {
  struct Heard {
    RecoveredPlace place;
    std::size_t partners = 0;
    std::size_t last = 0;  // the partner counted last: each counts once
  };
  std::map<PlaceId, std::vector<Heard>> heard;
  for (std::size_t partner = 0; partner < told.size(); ++partner) {
    for (const Handover& one : told[partner]) {
      auto chain = chain_in(one);
      if (!chain || std::ranges::count(chain->latest().roots, root) == 0) continue;
      auto& heads = heard[chain->place()];
      auto known = std::ranges::find_if(heads, [&](const Heard& each) { return each.place.head.head == one.head.head; });
      if (known == heads.end()) heads.push_back({{std::move(*chain), one.head}, 1, partner});
      else if (known->last != partner) ++known->partners, known->last = partner;
    }
  }
  RecoveryChoice choice;
  for (auto& [place, heads] : heard) {
    std::erase_if(heads, [&](const Heard& each) { return !accept_alone && each.partners < 2; });
    auto greatest = std::ranges::max_element(heads, [](const Heard& a, const Heard& b) { return order(a.place.head.head, b.place.head.head) < 0; });
    if (greatest == heads.end()) choice.undecided.push_back(place);
    else choice.agreed.push_back(std::move(greatest->place));
  }
  return choice;
}

PlaceId own_of(const PublicKey& root, std::span<const RecoveredPlace> places) {
  auto rank = [&](const RecoveredPlace& place) {
    const Charter& genesis = place.chain.at(0).charter;
    return std::pair(genesis.roots != std::vector<PublicKey>{root}, genesis.time);
  };
  auto first = std::ranges::min_element(places, {}, rank);
  return first == places.end() ? PlaceId{} : first->chain.place();
}

}  // namespace maillage::registry
