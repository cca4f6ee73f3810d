#include "registry/text.h"

#include <algorithm>
#include <array>
#include <memory>

#include <libstemmer.h>
#include <unicode/coll.h>
#include <unicode/unistr.h>

#include "registry/letters.h"

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

// Cut at a whole character.
void cut(std::string& word) {
  if (word.size() <= kWordBytesMax) return;
  std::size_t end = kWordBytesMax;
  while (end > 0 && (static_cast<unsigned char>(word[end]) & 0xc0) == 0x80) --end;
  word.resize(end);
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

Word make_word(std::string folded, const std::string& accented) {
  if (folded == "st") folded = "saint";
  if (folded == "ste") folded = "sainte";
  cut(folded);
  Word word;
  word.folded = std::move(folded);
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

// Words met lately: most words of a text are words of every text, and stems are dear (about 2 µs).
// Rationale for a table of fixed slots, 64 bytes each, and not a map: a start looks up eight million words, and waits for
// memory far longer than it computes. One slot is one cache line; the last word that falls on it has it. 1 MB a thread.
class WordCache {
 public:
  WordPointer word(const std::string& letters) {
    if (letters.size() > Slot::kBytes) return make(letters);
    Slot& slot = slots_[std::hash<std::string_view>()(letters) % kSlots];
    if (!slot.word || slot.text() != letters) {
      slot.word = make(letters);
      slot.size = static_cast<std::uint8_t>(letters.size());
      std::copy(letters.begin(), letters.end(), slot.letters.begin());
    }
    return slot.word;
  }

 private:
  struct alignas(64) Slot {
    static constexpr std::size_t kBytes = 47;
    std::string_view text() const { return {letters.data(), size}; }
    WordPointer word;
    std::uint8_t size = 0;
    std::array<char, kBytes> letters;
  };
  static constexpr std::size_t kSlots = 16'384;

  static WordPointer make(const std::string& letters) {
    return std::make_shared<const Word>(make_word(without_accents(letters), with_oe(letters)));
  }

  std::vector<Slot> slots_ = std::vector<Slot>(kSlots);
};

WordPointer known_word(const std::string& letters) {
  thread_local WordCache cache;
  return cache.word(letters);
}

std::vector<WordPointer> split(std::string_view utf8) {
  std::vector<WordPointer> words;
  each_word(utf8, [&words](const std::string& letters, bool apostrophe) {
    if (words.size() >= kWordsMax || (apostrophe && holds(kElisions, letters))) return;
    auto word = known_word(letters);
    if (!word->folded.empty()) words.push_back(std::move(word));
  });
  return words;
}

const Compound* compound_of(const Word& first, const Word& second) {
  if (!first.may_join) return nullptr;
  for (const auto& compound : kCompounds) {
    if (first.folded != compound.first || !second.folded.starts_with(compound.second)) continue;
    std::string_view ending = std::string_view(second.folded).substr(compound.second.size());
    if (ending.empty() || ending == "s" || ending == "x") return &compound;
  }
  return nullptr;
}

const Compound* compound_of(const Word& word) {
  if (!word.may_join) return nullptr;
  for (const auto& compound : kCompounds) {
    if (!word.folded.starts_with(compound.joined)) continue;
    std::string_view ending = std::string_view(word.folded).substr(compound.joined.size());
    if (ending.empty() || ending == "s" || ending == "x") return &compound;
  }
  return nullptr;
}

WordPointer plain(std::string_view folded) { return known_word(std::string(folded)); }

}  // namespace

std::vector<WordPointer> words_of_record(std::string_view utf8) {
  auto words = split(utf8);
  std::vector<WordPointer> all;
  all.reserve(words.size() + 4);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Compound* two = i + 1 < words.size() ? compound_of(*words[i], *words[i + 1]) : nullptr;
    const Compound* one = compound_of(*words[i]);
    if (two) all.push_back(plain(two->joined));
    all.push_back(std::move(words[i]));
    if (!one) continue;
    all.push_back(plain(one->first));
    all.push_back(plain(one->second));
  }
  return all;
}

std::vector<WordPointer> words_of_question(std::string_view utf8) {
  auto words = split(utf8);
  std::vector<WordPointer> joined;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Compound* two = i + 1 < words.size() ? compound_of(*words[i], *words[i + 1]) : nullptr;
    joined.push_back(two ? plain(two->joined) : std::move(words[i]));
    if (two) ++i;
  }
  auto telling = joined;
  std::erase_if(telling, [](const WordPointer& word) { return word->silent; });
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

}  // namespace maillage::registry
