// Lexicon: every word that was met, analysed once (folded, stems) and numbered from 0 in the order they came.
//
// Rationale: a start meets eight million words of which one in sixty is new; analysing costs 2 µs, finding 40 ns. What a
// word is found by is 96 bits of its keyed hash (word_hash.h), so that finding reads one slot and never the word.
// A word stays where it is until the lexicon is destroyed or cleared: `at` from another thread that was handed the number.
// What may make words, by one thread at a time.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "registry/text.h"

namespace maillage::registry {

class Lexicon {
 public:
  // The word that `letters` (of each_word) are; made when it is new. Nothing when nothing is left of them once folded.
  std::optional<MetWord> meet(std::string_view letters);
  // All of a text, appended to `words` up to `most`; those of which nothing is left are passed over. Rationale: the slots of a
  // large lexicon lie far apart in memory; here they are on their way while the next words are hashed.
  void meet_all(const std::vector<std::string_view>& letters, std::size_t most, std::vector<MetWord>& words);
  // Each two neighbours as one folded word without stems ("arlab" of Ar Lab); passed over when it is longer than kWordBytesMax.
  void meet_joined(const std::vector<MetWord>& neighbours, std::vector<MetWord>& joined);
  std::optional<MetWord> meet_joined(MetWord first, MetWord second);

  const Word& at(MetWord word) const { return at(word.number()); }
  const Word& at(std::uint32_t number) const { return room(number); }

  // The words of a text that the program has itself (a label), taken apart once by `words_of`. The key names it.
  const std::vector<MetWord>& words_of_label(const std::string& key, const std::function<std::vector<MetWord>()>& words_of);

  std::size_t size() const { return size_; }
  // Every reference given is dead, numbers start anew.
  void clear();

 private:
  // Open addressing: at most half of them are taken.
  struct Slot {
    std::uint64_t name = 0;
    std::uint32_t name_rest = 0;
    std::uint32_t met = kFree;
  };
  static constexpr std::uint32_t kFree = 0xffffffff;
  // Chunk k has kFirstChunk << k words, so that words never move.
  static constexpr std::uint32_t kFirstChunk = 1'024;
  static constexpr std::size_t kChunks = 19;

  // Rationale for two: joined neighbours are ten times as many as words, and seldom the same again; those of a text are
  // found in a table that stays in the processor's cache.
  struct Table {
    std::vector<Slot> slots;
    std::uint32_t taken = 0;
    Slot& slot_of(const std::array<std::uint64_t, 2>& name);
    void fetch(const std::array<std::uint64_t, 2>& name) const;
    void grow();
  };
  using Name = std::array<std::uint64_t, 2>;  // word_name of what is found
  template <class Make>
  std::optional<MetWord> find_or_make(Table& table, const Name& name, Make make);
  Word& room(std::uint32_t number) const;

  std::array<std::unique_ptr<Word[]>, kChunks> chunks_;
  std::uint32_t size_ = 0;
  Table words_, joined_;
  std::vector<Name> names_;  // of the words under way
  std::unordered_map<std::string, std::vector<MetWord>> labels_;
};

}  // namespace maillage::registry
