// merge_in: a few new elements into a long sorted list, or many. Both ways leave `sorted` sorted and `fresh` empty.
// Rationale: after a change of one record, comparing all 100,000 rows again would cost the next query 5 ms.
#pragma once

#include <algorithm>
#include <vector>

namespace maillage::registry {

// Up to this many, each is looked up and inserted: moving bytes is cheap, comparing rows is not.
inline constexpr std::size_t kInsertedOneByOneMax = 16;

template <class T, class Before>
void merge_in(std::vector<T>& sorted, std::vector<T>& fresh, Before before) {
  if (fresh.size() <= kInsertedOneByOneMax) {
    for (const T& each : fresh) sorted.insert(std::upper_bound(sorted.begin(), sorted.end(), each, before), each);
  } else {
    std::sort(fresh.begin(), fresh.end(), before);
    auto middle = static_cast<std::ptrdiff_t>(sorted.size());
    sorted.insert(sorted.end(), fresh.begin(), fresh.end());
    std::inplace_merge(sorted.begin(), sorted.begin() + middle, sorted.end(), before);
  }
  fresh.clear();
}

}  // namespace maillage::registry
