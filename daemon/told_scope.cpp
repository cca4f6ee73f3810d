#include "daemon/told_scope.h"

#include <algorithm>

#include "registry/scope_text.h"
#include "registry/territory.h"

namespace maillage::daemon {
namespace {

// Enough to turn to.
constexpr std::size_t kKeepersToldMax = 4;

bool keeps_some(const Following::Keeper& keeper, const std::vector<protocol::TerritoryCell>& cells) {
  return std::ranges::any_of(cells, [&](const protocol::TerritoryCell& cell) {
    protocol::Head head;
    head.cell = cell;
    return keeper.scope.covers(head, registry::areas_of);
  });
}

}  // namespace

void tell_keepers(const Following& following, registry::Page& page) {
  if (!page.beyond) return;
  for (const Following::Keeper& keeper : following.keepers)
    if (page.beyond->kept_by.size() < kKeepersToldMax && keeps_some(keeper, page.beyond->cells)) page.beyond->kept_by.push_back({keeper.place, keeper.name});
}

void tell_following(const Following& following, const registry::Registry& registry, boost::json::object& shown) {
  boost::json::array scope;
  for (const std::string& text : following.scope.texts()) {
    auto place = protocol::PlaceId::parse(text);
    scope.push_back({{"text", text}, {"name", place ? registry.name_of(*place).name : registry::name_of_scope(text)}});
  }
  shown["scope"] = std::move(scope);
  boost::json::array named;
  for (const auto& [place, address] : following.named)
    named.push_back({{"id", place.hex()}, {"name", registry.name_of(place).name}, {"address", address}});
  if (!named.empty()) shown["holders"] = std::move(named);
  shown["outbound"] = following.outbound;
  shown["covering"] = following.covering;
}

}  // namespace maillage::daemon
