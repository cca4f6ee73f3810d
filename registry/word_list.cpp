#include "registry/word_list.h"

#include "registry/text.h"

namespace maillage::registry {

void WordList::add(std::string_view word, std::uint32_t row, Field field) {
  auto at = words_.lower_bound(word);
  if (at == words_.end() || at->first != word) at = words_.emplace_hint(at, word, std::vector<Entry>());
  auto& entries = at->second;
  bool new_row = entries.empty() || entries.back().row() != row;
  if (new_row) entries.emplace_back(row, field);
  else if (entries.back().field() < field) entries.back() = Entry(row, field);
}

void WordList::exact(std::string_view word, const Visit& visit) const {
  auto found = words_.find(word);
  if (found != words_.end()) visit(found->second);
}

void WordList::prefixed(std::string_view prefix, const Visit& visit) const {
  for (auto at = words_.lower_bound(prefix); at != words_.end() && at->first.starts_with(prefix); ++at) visit(at->second);
}

void WordList::one_typo_away(std::string_view word, const Visit& visit) const {
  for (const auto& [other, entries] : words_) {
    if (within_one_typo(word, other)) visit(entries);
  }
}

void WordList::renumber(const std::vector<std::uint32_t>& rows) {
  for (auto at = words_.begin(); at != words_.end();) {
    std::vector<Entry> kept;
    for (Entry entry : at->second) {
      if (rows[entry.row()] != kRowsMax) kept.emplace_back(rows[entry.row()], entry.field());
    }
    at->second = std::move(kept);
    at = at->second.empty() ? words_.erase(at) : std::next(at);
  }
}

}  // namespace maillage::registry
