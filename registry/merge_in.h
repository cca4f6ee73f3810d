// merge_in: new elements into a long sorted list. Leaves `sorted` sorted and `fresh` empty.
// Rationale: after a change of one record, comparing all 100,000 rows again would cost the next query 5 ms. Moving bytes is
// cheap, comparing rows is not: of k new among n it compares k log k + k log(n/k) times.
#pragma once

#include <algorithm>
#include <vector>

namespace maillage::registry {

template <class T, class Before>
void merge_in(std::vector<T>& sorted, std::vector<T>& fresh, Before before) {
  std::sort(fresh.begin(), fresh.end(), before);
  auto old = static_cast<std::ptrdiff_t>(sorted.size());
  auto out = old + static_cast<std::ptrdiff_t>(fresh.size());
  sorted.resize(static_cast<std::size_t>(out));
  auto begin = sorted.begin();
  for (; !fresh.empty(); fresh.pop_back()) {
    const T& next = fresh.back();
    std::ptrdiff_t step = 1;  // doubled until it jumps over those that come after `next`
    while (step < old && before(next, begin[old - step])) step *= 2;
    auto place = std::upper_bound(begin + std::max<std::ptrdiff_t>(0, old - step), begin + old, next, before) - begin;
    std::move_backward(begin + place, begin + old, begin + out);
    out -= old - place;
    begin[--out] = next;
    old = place;
  }
}

}  // namespace maillage::registry
