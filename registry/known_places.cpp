#include "registry/known_places.h"

#include <algorithm>
#include <mutex>

#include "registry/territory.h"

namespace maillage::registry {
namespace {

using protocol::PlaceId;
using protocol::TerritoryCell;

bool asks(const std::vector<std::string>& values, std::string_view value) {
  return values.empty() || (!value.empty() && std::ranges::find(values, value) != values.end());
}

// Every kind of area that is asked for has to be told by the head.
bool may_be_asked(const Query& query, const TerritoryCell& cell, const protocol::Areas& areas) {
  std::string commune = cell.commune();
  bool in_commune = asks(query.commune, commune) || asks(query.commune, areas.commune);
  return in_commune && asks(query.department, areas.department) && asks(query.region, areas.region) && asks(query.epci, areas.epci);
}

}  // namespace

void KnownPlaces::count_absent(const TerritoryCell& cell, bool more) {
  auto [at, is_new] = absent_.try_emplace(cell);
  if (std::string commune = cell.commune(); is_new && !commune.empty()) at->second.areas = areas_of(commune);
  at->second.places += more ? 1 : std::size_t(-1);
  if (at->second.places == 0) absent_.erase(at);
}

void KnownPlaces::forget(const PlaceId& place) {
  std::unique_lock lock(mutex_);
  auto known = places_.find(place);
  if (known == places_.end()) return;
  if (known->second.held) --held_;
  else count_absent(known->second.cell, false);
  places_.erase(known);
}

void KnownPlaces::set(const PlaceId& place, const TerritoryCell& cell, bool held) {
  std::unique_lock lock(mutex_);
  auto [at, is_new] = places_.try_emplace(place);
  Known& known = at->second;
  if (!is_new && !known.held) count_absent(known.cell, false);
  if (!is_new && known.held) --held_;
  known = {cell, held};
  if (held) ++held_;
  else count_absent(cell, true);
}

KnownPlaces::Counts KnownPlaces::counts() const {
  std::shared_lock lock(mutex_);
  return {places_.size(), held_};
}

TerritoryCell KnownPlaces::cell_of(const PlaceId& place) const {
  std::shared_lock lock(mutex_);
  auto found = places_.find(place);
  return found == places_.end() ? TerritoryCell{} : found->second.cell;
}

std::optional<Beyond> KnownPlaces::beyond(const Query& query) const {
  std::shared_lock lock(mutex_);
  if (absent_.empty()) return std::nullopt;
  std::vector<std::pair<std::size_t, TerritoryCell>> cells;
  std::size_t places = 0;
  if (query.place.empty()) {
    for (const auto& [cell, absent] : absent_)
      if (may_be_asked(query, cell, absent.areas)) cells.emplace_back(absent.places, cell);
  }
  for (const std::string& asked : query.place) {
    auto id = PlaceId::parse(asked);
    auto at = id ? places_.find(*id) : places_.end();
    if (at != places_.end() && !at->second.held) cells.emplace_back(1, at->second.cell);
  }
  for (const auto& [count, cell] : cells) places += count;
  if (places == 0) return std::nullopt;
  std::ranges::stable_sort(cells, std::greater(), &std::pair<std::size_t, TerritoryCell>::first);
  if (cells.size() > kBeyondCellsMax) cells.resize(kBeyondCellsMax);
  Beyond beyond{places, {}, {}};
  for (const auto& [count, cell] : cells) beyond.cells.push_back(cell);
  return beyond;
}

}  // namespace maillage::registry
