#include "registry/text.h"

#include <algorithm>
#include <array>
#include <memory>

#include <libstemmer.h>
#include <unicode/coll.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

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

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

const icu::Normalizer2& case_folder() {
  UErrorCode status = U_ZERO_ERROR;
  return *icu::Normalizer2::getNFKCCasefoldInstance(status);
}

const icu::Normalizer2& decomposer() {
  UErrorCode status = U_ZERO_ERROR;
  return *icu::Normalizer2::getNFDInstance(status);
}

// Letters that no decomposition takes apart.
const char* spelled_out(UChar32 c) {
  switch (c) {
    case 0x153: return "oe";
    case 0xe6: return "ae";
    case 0xf8: return "o";
    case 0x142: return "l";
    case 0x111: case 0xf0: return "d";
    case 0xfe: return "th";
    case 0x131: return "i";
    default: return nullptr;
  }
}

icu::UnicodeString lower(std::string_view utf8) {
  auto text = icu::UnicodeString::fromUTF8(icu::StringPiece(utf8.data(), static_cast<std::int32_t>(utf8.size())));
  UErrorCode status = U_ZERO_ERROR;
  icu::UnicodeString folded = case_folder().normalize(text, status);
  return U_SUCCESS(status) ? folded : text;
}

std::string without_accents(const icu::UnicodeString& lowered) {
  UErrorCode status = U_ZERO_ERROR;
  icu::UnicodeString apart = decomposer().normalize(lowered, status);
  icu::UnicodeString bare;
  for (std::int32_t i = 0; i < apart.length(); i = apart.moveIndex32(i, 1)) {
    UChar32 c = apart.char32At(i);
    if (u_charType(c) == U_NON_SPACING_MARK) continue;
    if (const char* letters = spelled_out(c)) bare.append(icu::UnicodeString(letters, -1, US_INV));
    else bare.append(c);
  }
  std::string utf8;
  return bare.toUTF8String(utf8);
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
  Word word{std::move(folded), {}};
  word.stems.push_back(stem(word.folded));
  if (is_ascii(accented) || accented.size() > kWordBytesMax) return word;
  std::string second = fold(stem(accented));
  if (second != word.stems.front()) word.stems.push_back(std::move(second));
  return word;
}

class Splitter {
 public:
  std::vector<Word> split(std::string_view utf8) {
    if (is_ascii(utf8)) split_ascii(utf8);
    else split_unicode(lower(utf8));
    return std::move(words_);
  }

 private:
  void split_ascii(std::string_view text) {
    std::string word;
    for (char c : text) {
      bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
      if (c >= 'A' && c <= 'Z') word.push_back(static_cast<char>(c + 32));
      else if (letter) word.push_back(c);
      else end_ascii(word, c == '\'');
    }
    end_ascii(word, false);
  }

  void end_ascii(std::string& word, bool apostrophe) {
    bool wanted = !word.empty() && words_.size() < kWordsMax && !(apostrophe && holds(kElisions, word));
    if (wanted) words_.push_back(make_word(word, word));
    word.clear();
  }

  void split_unicode(const icu::UnicodeString& text) {
    icu::UnicodeString word;
    for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
      UChar32 c = text.char32At(i);
      bool part = u_isalnum(c) || (u_charType(c) == U_NON_SPACING_MARK && !word.isEmpty());
      if (part) word.append(c);
      else end_unicode(word, c == 0x27 || c == 0x2019 || c == 0x2bc);
    }
    end_unicode(word, false);
  }

  void end_unicode(icu::UnicodeString& word, bool apostrophe) {
    if (!word.isEmpty() && words_.size() < kWordsMax) {
      word.findAndReplace(icu::UnicodeString(UChar32(0x153)), icu::UnicodeString("oe", -1, US_INV));
      std::string folded = without_accents(word), accented;
      word.toUTF8String(accented);
      if (!folded.empty() && !(apostrophe && holds(kElisions, folded))) {
        words_.push_back(make_word(std::move(folded), accented));
      }
    }
    word.remove();
  }

  std::vector<Word> words_;
};

const Compound* compound_of(const Word& first, const Word& second) {
  for (const auto& compound : kCompounds) {
    if (first.folded != compound.first || !second.folded.starts_with(compound.second)) continue;
    std::string_view ending = std::string_view(second.folded).substr(compound.second.size());
    if (ending.empty() || ending == "s" || ending == "x") return &compound;
  }
  return nullptr;
}

const Compound* compound_of(const Word& word) {
  for (const auto& compound : kCompounds) {
    if (!word.folded.starts_with(compound.joined)) continue;
    std::string_view ending = std::string_view(word.folded).substr(compound.joined.size());
    if (ending.empty() || ending == "s" || ending == "x") return &compound;
  }
  return nullptr;
}

Word plain(std::string_view folded) { return make_word(std::string(folded), std::string(folded)); }

}  // namespace

std::string fold(std::string_view utf8) {
  if (!is_ascii(utf8)) return without_accents(lower(utf8));
  std::string folded(utf8);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return folded;
}

std::vector<Word> words_of_record(std::string_view utf8) {
  std::vector<Word> words = Splitter().split(utf8);
  std::vector<Word> all;
  all.reserve(words.size());
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Compound* two = i + 1 < words.size() ? compound_of(words[i], words[i + 1]) : nullptr;
    const Compound* one = compound_of(words[i]);
    if (two) all.push_back(plain(two->joined));
    all.push_back(std::move(words[i]));
    if (!one) continue;
    all.push_back(plain(one->first));
    all.push_back(plain(one->second));
  }
  return all;
}

std::vector<Word> words_of_question(std::string_view utf8) {
  std::vector<Word> words = Splitter().split(utf8);
  std::vector<Word> joined;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Compound* two = i + 1 < words.size() ? compound_of(words[i], words[i + 1]) : nullptr;
    joined.push_back(two ? plain(two->joined) : std::move(words[i]));
    if (two) ++i;
  }
  std::vector<Word> telling;
  for (const auto& word : joined) {
    if (!is_stop_word(word.folded)) telling.push_back(word);
  }
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
