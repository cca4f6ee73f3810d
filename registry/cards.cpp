#include "registry/cards.h"

#include <algorithm>
#include <tuple>

namespace maillage::registry {

// The source is the last facet of the sorted ones.
std::optional<Cards::Id> Cards::id_of(const Row& row) {
  bool sourced = !row.facets.empty() && row.facets.back() >> 28 == static_cast<FacetId>(Facet::kSource);
  if (!sourced) return std::nullopt;
  return static_cast<Id>(row.what) << 32 | row.facets.back();
}

Publisher publisher_of(std::uint32_t row, const Gist& gist) {
  bool profile = gist.what == What::kPlaces || gist.what == What::kNetworks, undated = gist.retrieved == kNoTime;
  return {row, profile && undated, gist.corrected, undated ? gist.updated : gist.retrieved, gist.updated};
}

void Cards::add(Id card, const Publisher& publisher) {
  cards_[card].push_back(publisher);
  changed_.push_back(card);
}

std::vector<std::uint32_t> Cards::settle(std::vector<Row>& rows, const std::vector<IndexedPlace>& places) {
  std::vector<std::uint32_t> turned;
  auto by_address = [&](const Publisher& a, const Publisher& b) {
    const Row &left = rows[a.row], &right = rows[b.row];
    return std::tie(places[left.place].id, left.path) < std::tie(places[right.place].id, right.path);
  };
  auto by_worth = [&](const Publisher& a, const Publisher& b) {
    auto worth = [](const Publisher& each) {
      return each.own_word ? std::tuple(true, std::int64_t{0}, false, std::int64_t{0}) : std::tuple(false, each.as_of, each.corrected, each.updated);
    };
    return worth(a) != worth(b) ? worth(a) > worth(b) : by_address(a, b);
  };
  std::sort(changed_.begin(), changed_.end());
  changed_.erase(std::unique(changed_.begin(), changed_.end()), changed_.end());
  for (Id id : changed_) {
    auto found = cards_.find(id);
    if (found == cards_.end()) continue;  // all of it was renumbered away
    auto& publishers = found->second;
    std::erase_if(publishers, [&](const Publisher& publisher) { return !rows[publisher.row].alive; });
    if (publishers.empty()) {
      cards_.erase(found);
      continue;
    }
    std::sort(publishers.begin(), publishers.end(), by_address);
    auto face = std::min_element(publishers.begin(), publishers.end(), by_worth);
    std::rotate(publishers.begin(), face, face + 1);
    for (const Publisher& publisher : publishers) {
      bool is_face = publisher.row == publishers.front().row;
      if (std::exchange(rows[publisher.row].face, is_face) != is_face) turned.push_back(publisher.row);
    }
  }
  changed_.clear();
  return turned;
}

std::span<const Publisher> Cards::publishers(Id card) const {
  auto found = cards_.find(card);
  if (found == cards_.end()) return {};
  return found->second;
}

void Cards::renumber(const std::vector<std::uint32_t>& moved, const std::vector<FacetId>& facets) {
  auto moved_id = [&](Id id) { return id >> 32 << 32 | facets[id & kFacetNumber]; };
  std::unordered_map<Id, std::vector<Publisher>> kept;
  for (auto& [id, publishers] : cards_) {
    for (auto& publisher : publishers) publisher.row = moved[publisher.row];
    std::erase_if(publishers, [](const Publisher& publisher) { return publisher.row == kNoRow; });
    if (!publishers.empty()) kept.emplace(moved_id(id), std::move(publishers));
  }
  std::erase_if(changed_, [&](Id id) { return facets[id & kFacetNumber] == kNoFacet; });
  for (Id& id : changed_) id = moved_id(id);
  cards_ = std::move(kept);
}

}  // namespace maillage::registry
