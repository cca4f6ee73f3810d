#include "registry/word_list.h"

#include <algorithm>

#include "registry/merge_in.h"
#include "registry/text.h"

namespace maillage::registry {
WordList::Entries& WordList::new_list(const Word& word) {
  auto [at, is_new] = words_.try_emplace(word.folded);
  if (is_new) added_.push_back(&*at);
  Entries& list = is_new ? at->second.first : *at->second.more.emplace_back(std::make_unique<Entries>());
  for (const std::string& stem : word.stems) stems_[stem].push_back(&list);
  return list;
}

void WordList::visit_all(const Lists& lists, const Visit& visit) {
  if (!lists.first.empty()) visit(lists.first);
  for (const auto& list : lists.more) visit(*list);
}

void WordList::settle() {
  std::vector<Sorted> fresh;
  fresh.reserve(added_.size());
  for (const auto* listed : added_) {
    fresh.push_back({first_bytes(listed->first), listed});
    by_length_[std::min(listed->first.size(), kWordBytesMax)].push_back(listed);
  }
  added_.clear();
  merge_in(sorted_, fresh, std::less<>());
}

void WordList::exact(std::string_view word, const Visit& visit) const {
  auto found = words_.find(word);
  if (found != words_.end()) visit_all(found->second, visit);
}

void WordList::stemmed(std::string_view stem, const Visit& visit) const {
  auto found = stems_.find(stem);
  if (found == stems_.end()) return;
  for (const Entries* list : found->second) visit(*list);
}

void WordList::prefixed(std::string_view prefix, const Visit& visit) const {
  auto before = [start = first_bytes(prefix)](const Sorted& word, std::string_view text) {
    return word.start != start ? word.start < start : word.listed->first < text;
  };
  auto at = std::lower_bound(sorted_.begin(), sorted_.end(), prefix, before);
  for (; at != sorted_.end() && at->listed->first.starts_with(prefix); ++at) visit_all(at->listed->second, visit);
}

void WordList::one_typo_away(std::string_view word, const Visit& visit) const {
  std::size_t last = std::min(word.size() + 1, kWordBytesMax);
  for (std::size_t length = word.empty() ? 0 : word.size() - 1; length <= last; ++length) {
    for (const auto* listed : by_length_[length]) {
      if (within_one_typo(word, listed->first)) visit_all(listed->second, visit);
    }
  }
}

void WordList::renumber(const std::vector<std::uint32_t>& rows) {
  sorted_.clear();
  added_.clear();
  for (auto& list : by_length_) list.clear();
  auto move_rows = [&](Entries& list) {
    Entries kept;
    for (Entry entry : list) {
      if (rows[entry.row()] != kRowsMax) kept.emplace_back(rows[entry.row()], entry.field());
    }
    list = std::move(kept);
  };
  for (auto& [word, lists] : words_) {
    move_rows(lists.first);
    for (auto& list : lists.more) move_rows(*list);
  }
  auto is_empty = [](const auto& list) { return list->empty(); };
  for (auto& [stem, lists] : stems_) std::erase_if(lists, is_empty);
  std::erase_if(stems_, [](const auto& entry) { return entry.second.empty(); });
  for (auto& [word, lists] : words_) std::erase_if(lists.more, is_empty);
  std::erase_if(words_, [](const auto& entry) { return entry.second.first.empty() && entry.second.more.empty(); });
  for (const auto& word : words_) added_.push_back(&word);
}

}  // namespace maillage::registry
