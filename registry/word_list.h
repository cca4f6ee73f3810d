// WordList: for each word the rows that hold it, with the field where it stands best. Rows only grow; a row that died
// stays listed until `renumber`. A new word is met by `exact` and `stemmed` at once, by the rest from the next `settle` on.
// The caller guards it (columns.h).
//
// A row is listed once a word, under the word as its record writes it (Word::letters); whole words and stems lead to those
// lists. Rationale: a list of its own for each stem doubled memory, and the time that a new row takes.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "registry/gist.h"
#include "registry/text.h"
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

  // A new list for a word, where the caller appends rows, the largest so far each; it stays where it is until `renumber`.
  // A word may have several, which hold different rows.
  Entries& new_list(const Word& word);
  void settle();
  std::size_t size() const { return words_.size(); }

  // Each visits all lists there are; a row may be in several.
  void exact(std::string_view word, const Visit& visit) const;
  void stemmed(std::string_view stem, const Visit& visit) const;
  void prefixed(std::string_view prefix, const Visit& visit) const;  // the word itself included
  void one_typo_away(std::string_view word, const Visit& visit) const;

  // Row r becomes rows[r], kRowsMax = gone. Order is kept. Not settled then.
  void renumber(const std::vector<std::uint32_t>& rows);

 private:
  // Rationale for `first`: nearly every word has one list, and most words are met once. A list of its own on the heap, and a
  // list of lists, were half of what a new word cost.
  struct Lists {
    Entries first;
    std::vector<std::unique_ptr<Entries>> more;
  };
  using Words = std::unordered_map<std::string, Lists, WordHash, std::equal_to<>>;
  using Stems = std::unordered_map<std::string, std::vector<const Entries*>, WordHash, std::equal_to<>>;

  // A word in the alphabet of bytes. Its first eight, big-endian, decide nearly every comparison without reading it.
  struct Sorted {
    std::uint64_t start;
    const Words::value_type* listed;  // nodes of Words never move
    bool operator<(const Sorted& other) const {
      return start != other.start ? start < other.start : listed->first < other.listed->first;
    }
  };

  static void visit_all(const Lists& lists, const Visit& visit);

  Words words_;
  Stems stems_;  // to lists of words_
  std::vector<Sorted> sorted_;
  std::vector<const Words::value_type*> added_;  // since the last settle
  std::array<std::vector<const Words::value_type*>, kWordBytesMax + 1> by_length_;
};

}  // namespace maillage::registry
