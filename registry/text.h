// How French text becomes searchable words: folded (lower case, no accents, œ as oe), without elisions (l', d', qu'),
// saint for st, `fablab` for fab lab and fab-lab, and each word's stems.
//
// Rationale: accents are removed after *and* before stemming, and both stems count, so that `evenement` finds
// événements and `repare` finds réparée whichever was typed with accents. Stops at kWordsMax. Any thread.
#pragma once

#include <cstdint>
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
  std::uint32_t number = 0;  // in its lexicon
  bool silent = false;       // carries no sense: de, la, et
  bool may_join = false;     // is a compound, or the first half of one
  std::string letters;       // as each_word gives them
  std::string folded;
  std::vector<std::string> stems;  // one or two, distinct
};

// What a lexicon keeps of `letters`. Cost: about 2 µs.
Word make_word(std::string_view letters);

class Lexicon;

// Words of a record: a compound gives itself and its parts ("fab lab" → fablab, fab, lab). They live in `lexicon`.
std::vector<const Word*> words_of_record(Lexicon& lexicon, std::string_view utf8);

// Words of a question: a compound gives itself only; words that carry no sense (de, la, et) are left out unless there
// is nothing else.
std::vector<Word> words_of_question(std::string_view utf8);

bool is_stop_word(std::string_view folded);

// True when one insertion, deletion, substitution or swap of neighbours at most turns one into the other.
bool within_one_typo(std::string_view a, std::string_view b);

// Bytes whose order is the French alphabetical order of names, case and accents last; at most kNameKeyBytes.
inline constexpr std::size_t kNameKeyBytes = 48;
std::string name_key(std::string_view utf8);

}  // namespace maillage::registry
