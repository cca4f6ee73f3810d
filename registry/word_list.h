// WordList: for each word the rows that hold it, with the field where it stands best. Rows only grow; a row that died
// stays listed until `renumber`. A new word is met by `exact` at once, by the rest from the next `settle` on. The caller
// guards it (columns.h).
#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "registry/gist.h"
#include "registry/word_hash.h"

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

  using Entries = std::vector<Entry>;  // ascending rows
  using Visit = std::function<void(const Entries&)>;

  WordList() = default;
  WordList(WordList&&) = default;
  WordList& operator=(WordList&&) = default;

  // `row` is the largest so far; `word` of kWordBytesMax at most.
  void add(std::string_view word, std::uint32_t row, Field field) { add(entries_of(word), row, field); }

  // The list of a word, made when it is new; it stays where it is until `renumber`.
  Entries& entries_of(std::string_view word);
  static void add(Entries& entries, std::uint32_t row, Field field);
  void settle();
  std::size_t size() const { return words_.size(); }

  void exact(std::string_view word, const Visit& visit) const;
  void prefixed(std::string_view prefix, const Visit& visit) const;  // the word itself included
  void one_typo_away(std::string_view word, const Visit& visit) const;

  // Row r becomes rows[r], kRowsMax = gone. Order is kept. Not settled then.
  void renumber(const std::vector<std::uint32_t>& rows);

 private:
  using Words = std::unordered_map<std::string, Entries, WordHash, std::equal_to<>>;

  // A word in the alphabet of bytes. Its first eight, big-endian, decide nearly every comparison without reading it.
  struct Sorted {
    std::uint64_t start;
    const Words::value_type* listed;  // nodes of Words never move
    bool operator<(const Sorted& other) const {
      return start != other.start ? start < other.start : listed->first < other.listed->first;
    }
  };

  Words words_;
  std::vector<Sorted> sorted_;
  std::vector<const Words::value_type*> added_;  // since the last settle
  std::array<std::vector<const Words::value_type*>, kWordBytesMax + 1> by_length_;
};

}  // namespace maillage::registry
