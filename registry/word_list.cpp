#include "registry/word_list.h"

#include <algorithm>

#include "registry/merge_in.h"
#include "registry/text.h"

namespace maillage::registry {
namespace {

std::uint64_t start_of(std::string_view word) {
  std::uint64_t start = 0;
  for (std::size_t i = 0; i < 8; ++i) start = start << 8 | (i < word.size() ? static_cast<unsigned char>(word[i]) : 0u);
  return start;
}

}  // namespace

WordList::Entries& WordList::entries_of(std::string_view word) {
  auto at = words_.find(word);
  if (at == words_.end()) {
    at = words_.emplace(word, Entries()).first;
    added_.push_back(&*at);
  }
  return at->second;
}

void WordList::add(Entries& entries, std::uint32_t row, Field field) {
  bool new_row = entries.empty() || entries.back().row() != row;
  if (new_row) entries.emplace_back(row, field);
  else if (entries.back().field() < field) entries.back() = Entry(row, field);
}

void WordList::settle() {
  std::vector<Sorted> fresh;
  fresh.reserve(added_.size());
  for (const auto* listed : added_) {
    fresh.push_back({start_of(listed->first), listed});
    by_length_[std::min(listed->first.size(), kWordBytesMax)].push_back(listed);
  }
  added_.clear();
  merge_in(sorted_, fresh, std::less<>());
}

void WordList::exact(std::string_view word, const Visit& visit) const {
  auto found = words_.find(word);
  if (found != words_.end()) visit(found->second);
}

void WordList::prefixed(std::string_view prefix, const Visit& visit) const {
  auto before = [start = start_of(prefix)](const Sorted& word, std::string_view text) {
    return word.start != start ? word.start < start : word.listed->first < text;
  };
  auto at = std::lower_bound(sorted_.begin(), sorted_.end(), prefix, before);
  for (; at != sorted_.end() && at->listed->first.starts_with(prefix); ++at) visit(at->listed->second);
}

void WordList::one_typo_away(std::string_view word, const Visit& visit) const {
  std::size_t last = std::min(word.size() + 1, kWordBytesMax);
  for (std::size_t length = word.empty() ? 0 : word.size() - 1; length <= last; ++length) {
    for (const auto* listed : by_length_[length]) {
      if (within_one_typo(word, listed->first)) visit(listed->second);
    }
  }
}

void WordList::renumber(const std::vector<std::uint32_t>& rows) {
  sorted_.clear();
  added_.clear();
  for (auto& list : by_length_) list.clear();
  for (auto at = words_.begin(); at != words_.end();) {
    Entries kept;
    for (Entry entry : at->second) {
      if (rows[entry.row()] != kRowsMax) kept.emplace_back(rows[entry.row()], entry.field());
    }
    at->second = std::move(kept);
    if (at->second.empty()) {
      at = words_.erase(at);
      continue;
    }
    added_.push_back(&*at);
    ++at;
  }
}

}  // namespace maillage::registry
