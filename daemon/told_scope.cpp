#include "daemon/told_scope.h"

#include <algorithm>

#include "daemon/reply_fields.h"
#include "registry/scope_text.h"
#include "registry/territory.h"

namespace maillage::daemon {
namespace {

// Enough to turn to.
constexpr std::size_t kKeepersToldMax = 4;
// A place and the word that it is held cross in milliseconds; a slow line may take this long.
constexpr std::int64_t kConfirmsWithinMs = 10'000;
constexpr std::size_t kUntakenToldMax = 5;

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

void tell_untaken(const Following& following, protocol::UnixTime now, const std::function<std::string(const protocol::PlaceId&)>& name_of,
                  boost::json::object& shown) {
  const boost::json::array& own = list_of(shown, "own");
  if (own.empty() || !own.front().is_object()) return;
  const boost::json::object& place = own.front().get_object();
  if (is_true(place, "movedAway") || is_true(place, "keptBack")) return;
  const boost::json::array& receipts = list_of(place, "receipts");
  boost::json::array untaken;
  for (const Following::Hearer& hearer : following.hearers) {
    auto is_its = [&](const boost::json::value& each) { return text_of(each.get_object(), "replica") == hearer.place.hex(); };
    bool confirmed = std::ranges::any_of(receipts, is_its), soon = now.ms - hearer.since.ms < kConfirmsWithinMs;
    if (!confirmed && !soon && untaken.size() < kUntakenToldMax) untaken.push_back({{"place", hearer.place.hex()}, {"name", name_of(hearer.place)}});
  }
  if (!untaken.empty()) shown["untaken"] = std::move(untaken);
}

}  // namespace maillage::daemon
