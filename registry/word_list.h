// WordList: for each word the rows that hold it, with the field where it stands best. Rows only grow; a row that died
// stays listed until `renumber`. The caller guards it (columns.h).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "registry/card.h"

namespace maillage::registry {

class WordList {
 public:
  // One row of a word: ordinal and field in 32 bits, because there are tens of millions of them.
  class Entry {
   public:
    Entry(std::uint32_t row, Field field) : packed_(row << 2 | static_cast<std::uint32_t>(field)) {}
    std::uint32_t row() const { return packed_ >> 2; }
    Field field() const { return static_cast<Field>(packed_ & 3); }

   private:
    std::uint32_t packed_;
  };
  static constexpr std::uint32_t kRowsMax = 1u << 30;

  using Visit = std::function<void(const std::vector<Entry>&)>;

  // `row` is the largest so far.
  void add(std::string_view word, std::uint32_t row, Field field);

  void exact(std::string_view word, const Visit& visit) const;
  void prefixed(std::string_view prefix, const Visit& visit) const;  // the word itself included
  void one_typo_away(std::string_view word, const Visit& visit) const;

  // Row r becomes rows[r], kRowsMax = gone. Order is kept.
  void renumber(const std::vector<std::uint32_t>& rows);
  void clear() { words_.clear(); }

 private:
  std::map<std::string, std::vector<Entry>, std::less<>> words_;
};

}  // namespace maillage::registry
