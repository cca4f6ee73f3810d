// How French text becomes searchable words: folded (lower case, no accents, œ as oe), without elisions (l', d', qu'),
// saint for st, `fablab` for fab lab and fab-lab, and each word's stems.
//
// Rationale: accents are removed after *and* before stemming, and both stems count, so that `evenement` finds
// événements and `repare` finds réparée whichever was typed with accents. Stops at kWordsMax. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/letters.h"

namespace maillage::registry {

// Words of one text that are looked at: the longest record string is 16 KiB, about 2,500 words.
inline constexpr std::size_t kWordsMax = 4'096;
// A longer word is cut: no language needs it, and hostile ones would fill the word list.
inline constexpr std::size_t kWordBytesMax = 64;
// From this length a word may have one typo; a prefix has two letters at least.
inline constexpr std::size_t kTypoLettersMin = 5;
inline constexpr std::size_t kPrefixLettersMin = 2;

struct Word {
  bool silent = false;       // carries no sense: de, la, et
  bool may_join = false;     // is a compound, or the first half of one
  std::string letters;       // as each_word gives them
  std::string folded;
  std::vector<std::string> stems;  // one or two, distinct; none of two words as one
};

// A word of a lexicon by its number, with what is most often asked of it.
class MetWord {
 public:
  static constexpr std::uint32_t kNumbersMax = 1u << 28;
  MetWord(std::uint32_t number, const Word& word)
      : number_(number), silent_(word.silent), may_join_(word.may_join), empty_(word.folded.empty()) {}
  std::uint32_t number() const { return number_; }
  bool silent() const { return silent_; }
  bool may_join() const { return may_join_; }
  bool empty() const { return empty_; }  // nothing is left of it once folded

  std::uint32_t packed() const { return number_ | silent_ << 28 | may_join_ << 29 | empty_ << 30; }
  static MetWord unpack(std::uint32_t packed) { return MetWord(packed); }

 private:
  explicit MetWord(std::uint32_t packed)
      : number_(packed & (kNumbersMax - 1)), silent_(packed >> 28 & 1), may_join_(packed >> 29 & 1), empty_(packed >> 30 & 1) {}
  std::uint32_t number_ : 28, silent_ : 1, may_join_ : 1, empty_ : 1;
};

// What a lexicon keeps of `letters`. Cost: about 2 µs.
Word make_word(std::string_view letters);

class Lexicon;

// Words of a record: a compound gives itself and its parts ("fab lab" → fablab, fab, lab). They live in `lexicon`.
std::vector<MetWord> words_of_record(Lexicon& lexicon, std::string_view utf8);

// Words of a question: a compound gives itself only; words that carry no sense (de, la, et) are left out unless there
// is nothing else.
std::vector<Word> words_of_question(std::string_view utf8);

bool is_stop_word(std::string_view folded);

// True when one insertion, deletion, substitution or swap of neighbours at most turns one into the other.
bool within_one_typo(std::string_view a, std::string_view b);

// Bytes whose order is the French alphabetical order of names, case and accents last; at most kNameKeyBytes.
inline constexpr std::size_t kNameKeyBytes = 48;
std::string name_key(std::string_view utf8);

// The first eight bytes of a text, in its order; shorter ones end with zeros.
std::uint64_t first_bytes(std::string_view text);

}  // namespace maillage::registry
