#include "registry/text.h"

#include <algorithm>
#include <array>
#include <memory>

#include <libstemmer.h>
#include <unicode/coll.h>
#include <unicode/unistr.h>

#include "registry/letters.h"
#include "registry/lexicon.h"

namespace maillage::registry {
namespace {

struct Compound {
  std::string_view first, second, joined;
};
// Written in one, in two or with a hyphen, by the very people who run them.
constexpr std::array<Compound, 9> kCompounds = {{{"fab", "lab", "fablab"},
                                                 {"co", "working", "coworking"},
                                                 {"tiers", "lieu", "tierslieu"},
                                                 {"maker", "space", "makerspace"},
                                                 {"hacker", "space", "hackerspace"},
                                                 {"hack", "lab", "hacklab"},
                                                 {"repair", "cafe", "repaircafe"},
                                                 {"media", "lab", "medialab"},
                                                 {"living", "lab", "livinglab"}}};

constexpr std::array<std::string_view, 14> kElisions = {"l", "d", "j", "m", "t", "s", "n", "c", "qu",
                                                        "jusqu", "lorsqu", "puisqu", "quoiqu", "presqu"};

constexpr std::array<std::string_view, 24> kStopWords = {"a",  "au", "aux", "avec", "ce",  "dans", "de",  "des",
                                                         "du", "en", "et",  "la",   "le",  "les",  "ou",  "par",
                                                         "pour", "sur", "un", "une", "the", "of",   "and", "for"};

template <std::size_t N>
bool holds(const std::array<std::string_view, N>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// Letters beyond these cannot be within a word's first kWordBytesMax: no letter folds to less than a quarter.
constexpr std::size_t kLettersBytesMax = 4 * kWordBytesMax;
// What is looked at to find kWordsMax words: of some nothing is left once they are folded.
constexpr std::size_t kLettersMax = 4 * kWordsMax;

// Cut at a whole character.
std::string_view cut(std::string_view word, std::size_t end) {
  if (word.size() <= end) return word;
  while (end > 0 && (static_cast<unsigned char>(word[end]) & 0xc0) == 0x80) --end;
  return word.substr(0, end);
}

// A stemmer keeps its result inside itself, so each thread has one.
std::string stem(const std::string& word) {
  struct Close {
    void operator()(sb_stemmer* stemmer) const { sb_stemmer_delete(stemmer); }
  };
  thread_local std::unique_ptr<sb_stemmer, Close> stemmer(sb_stemmer_new("french", "UTF_8"));
  const auto* bytes = reinterpret_cast<const sb_symbol*>(word.data());
  const sb_symbol* stemmed = sb_stemmer_stem(stemmer.get(), bytes, static_cast<int>(word.size()));
  if (!stemmed) return word;
  std::string out(reinterpret_cast<const char*>(stemmed), static_cast<std::size_t>(sb_stemmer_length(stemmer.get())));
  // Plurals in x that Snowball leaves alone: lieux, jeux, bijoux.
  bool plural = out.size() > 3 && out.back() == 'x' && out[out.size() - 2] == 'u';
  if (plural) out.pop_back();
  return out;
}

void split(Lexicon& lexicon, std::string_view utf8, std::vector<MetWord>& words) {
  thread_local std::string all;
  thread_local std::vector<std::size_t> ends;
  thread_local std::vector<std::string_view> pieces;
  all.clear(), ends.clear(), pieces.clear(), words.clear();
  each_word(utf8, [](const std::string& letters, bool apostrophe) {
    if (ends.size() >= kLettersMax || (apostrophe && holds(kElisions, letters))) return;
    all.append(cut(letters, kLettersBytesMax));
    ends.push_back(all.size());
  });
  std::size_t start = 0;
  for (std::size_t end : ends) pieces.push_back(std::string_view(all).substr(start, end - start)), start = end;
  lexicon.meet_all(pieces, kWordsMax, words);
}

const Compound* compound_of(const Lexicon& lexicon, MetWord first, MetWord second) {
  if (!first.may_join()) return nullptr;
  std::string_view start = lexicon.at(first).folded, end = lexicon.at(second).folded;
  for (const auto& compound : kCompounds) {
    if (start != compound.first || !end.starts_with(compound.second)) continue;
    std::string_view ending = end.substr(compound.second.size());
    if (ending.empty() || ending == "s" || ending == "x") return &compound;
  }
  return nullptr;
}

const Compound* compound_of(const Lexicon& lexicon, MetWord word) {
  if (!word.may_join()) return nullptr;
  std::string_view folded = lexicon.at(word).folded;
  for (const auto& compound : kCompounds) {
    if (!folded.starts_with(compound.joined)) continue;
    std::string_view ending = folded.substr(compound.joined.size());
    if (ending.empty() || ending == "s" || ending == "x") return &compound;
  }
  return nullptr;
}

}  // namespace

Word make_word(std::string_view letters) {
  Word word;
  word.letters = letters;
  std::string accented = with_oe(word.letters);
  word.folded = without_accents(word.letters);
  if (word.folded == "st") word.folded = "saint";
  if (word.folded == "ste") word.folded = "sainte";
  word.folded.resize(cut(word.folded, kWordBytesMax).size());
  word.silent = is_stop_word(word.folded);
  word.may_join = std::ranges::any_of(kCompounds, [&](const Compound& compound) {
    return word.folded == compound.first || word.folded.starts_with(compound.joined);
  });
  word.stems.push_back(stem(word.folded));
  if (is_ascii(accented) || accented.size() > kWordBytesMax) return word;
  std::string second = fold(stem(accented));
  if (second != word.stems.front()) word.stems.push_back(std::move(second));
  return word;
}

std::vector<MetWord> words_of_record(Lexicon& lexicon, std::string_view utf8) {
  thread_local std::vector<MetWord> words;
  split(lexicon, utf8, words);
  std::vector<MetWord> all;
  all.reserve(words.size() + 4);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Compound* two = i + 1 < words.size() ? compound_of(lexicon, words[i], words[i + 1]) : nullptr;
    const Compound* one = compound_of(lexicon, words[i]);
    if (two) all.push_back(*lexicon.meet(two->joined));
    all.push_back(words[i]);
    if (!one) continue;
    all.push_back(*lexicon.meet(one->first));
    all.push_back(*lexicon.meet(one->second));
  }
  return all;
}

std::vector<Word> words_of_question(std::string_view utf8) {
  Lexicon lexicon;
  std::vector<MetWord> words;
  split(lexicon, utf8, words);
  std::vector<Word> joined;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Compound* two = i + 1 < words.size() ? compound_of(lexicon, words[i], words[i + 1]) : nullptr;
    joined.push_back(two ? make_word(two->joined) : lexicon.at(words[i]));
    if (two) ++i;
  }
  auto telling = joined;
  std::erase_if(telling, [](const Word& word) { return word.silent; });
  return telling.empty() ? joined : telling;
}

bool is_stop_word(std::string_view folded) { return holds(kStopWords, folded); }

bool within_one_typo(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > 1) return false;
  std::size_t i = 0;
  while (i < a.size() && a[i] == b[i]) ++i;
  if (a.size() < b.size()) return a.substr(i) == b.substr(i + 1);
  if (i == a.size() || a.substr(i + 1) == b.substr(i + 1)) return true;
  bool swapped = i + 1 < a.size() && a[i] == b[i + 1] && a[i + 1] == b[i];
  return swapped && a.substr(i + 2) == b.substr(i + 2);
}

std::string name_key(std::string_view utf8) {
  thread_local std::unique_ptr<icu::Collator> collator = [] {
    UErrorCode status = U_ZERO_ERROR;
    return std::unique_ptr<icu::Collator>(icu::Collator::createInstance(icu::Locale::getFrench(), status));
  }();
  std::string_view start = utf8.substr(0, 4 * kNameKeyBytes);
  auto text = icu::UnicodeString::fromUTF8(icu::StringPiece(start.data(), static_cast<std::int32_t>(start.size())));
  std::array<std::uint8_t, 1024> key;
  std::int32_t size = collator->getSortKey(text, key.data(), static_cast<std::int32_t>(key.size()));
  // The last byte of a whole key is its terminator.
  std::size_t kept = std::min<std::size_t>(kNameKeyBytes, size > 0 ? static_cast<std::size_t>(size) - 1 : 0);
  return {reinterpret_cast<const char*>(key.data()), kept};
}

std::uint64_t first_bytes(std::string_view text) {
  std::uint64_t start = 0;
  for (std::size_t i = 0; i < 8; ++i) start = start << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0u);
  return start;
}

}  // namespace maillage::registry
