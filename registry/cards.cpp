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
    if (a.retrieved == b.retrieved) return by_address(a, b);
    if (a.retrieved == kNoTime || b.retrieved == kNoTime) return a.retrieved == kNoTime;
    return a.retrieved > b.retrieved;
  };
  std::sort(changed_.begin(), changed_.end());
  changed_.erase(std::unique(changed_.begin(), changed_.end()), changed_.end());
  for (Id id : changed_) {
    auto found = cards_.find(id);
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

void Cards::renumber(const std::vector<std::uint32_t>& moved) {
  for (auto& [id, publishers] : cards_) {
    for (auto& publisher : publishers) publisher.row = moved[publisher.row];
    std::erase_if(publishers, [](const Publisher& publisher) { return publisher.row == kNoRow; });
  }
}

}  // namespace maillage::registry
