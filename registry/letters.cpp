#include "registry/letters.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

namespace maillage::registry {
namespace {

constexpr std::string_view kOe = "\u0153";

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

icu::UnicodeString from_utf8(std::string_view utf8) {
  return icu::UnicodeString::fromUTF8(icu::StringPiece(utf8.data(), static_cast<std::int32_t>(utf8.size())));
}

icu::UnicodeString lower(const icu::UnicodeString& text) {
  UErrorCode status = U_ZERO_ERROR;
  icu::UnicodeString folded = case_folder().normalize(text, status);
  return U_SUCCESS(status) ? folded : text;
}

std::string bare(const icu::UnicodeString& lowered) {
  UErrorCode status = U_ZERO_ERROR;
  icu::UnicodeString apart = decomposer().normalize(lowered, status);
  icu::UnicodeString letters;
  for (std::int32_t i = 0; i < apart.length(); i = apart.moveIndex32(i, 1)) {
    UChar32 c = apart.char32At(i);
    if (u_charType(c) == U_NON_SPACING_MARK) continue;
    if (const char* spelled = spelled_out(c)) letters.append(icu::UnicodeString(spelled, -1, US_INV));
    else letters.append(c);
  }
  std::string utf8;
  return letters.toUTF8String(utf8);
}

bool is_part(UChar32 c, bool inside) { return u_isalnum(c) || (inside && u_charType(c) == U_NON_SPACING_MARK); }
bool is_apostrophe(UChar32 c) { return c == 0x27 || c == 0x2019 || c == 0x2bc; }

// ---- text whose characters fold one by one

constexpr UChar32 kTableEnd = 0x250;  // Latin with every accent that French, its neighbours and Breton write

struct Folded {
  enum class As : std::uint8_t { kBreak, kLetters, kNothing, kNeedsLibrary } as = As::kBreak;
  std::uint8_t size = 0;
  std::array<char, 6> utf8{};
};

Folded fold_alone(UChar32 c) {
  using As = Folded::As;
  icu::UnicodeString lowered = lower(icu::UnicodeString(c));
  if (lowered.isEmpty()) return {As::kNothing, 0, {}};
  bool letters = is_part(lowered.char32At(0), false);
  for (std::int32_t i = 0; i < lowered.length(); i = lowered.moveIndex32(i, 1))
    if (is_part(lowered.char32At(i), letters) != letters) return {As::kNeedsLibrary, 0, {}};  // ¼ is a number, a slash, a number
  if (!letters) return {};
  std::string utf8;
  lowered.toUTF8String(utf8);
  Folded folded{As::kLetters, static_cast<std::uint8_t>(utf8.size()), {}};
  if (utf8.size() > folded.utf8.size()) return {As::kNeedsLibrary, 0, {}};
  std::copy(utf8.begin(), utf8.end(), folded.utf8.begin());
  return folded;
}

using FoldTable = std::array<Folded, kTableEnd>;

const FoldTable& fold_table() {
  static const FoldTable table = [] {
    FoldTable made;
    for (UChar32 each = 0; each < kTableEnd; ++each) made[static_cast<std::size_t>(each)] = fold_alone(each);
    return made;
  }();
  return table;
}

// The character at `at`, which moves behind it; negative when the table cannot tell. U+2019 and the other marks of
// typography up to it (dashes, quotes, bullets) are breaks.
UChar32 next_simple(std::string_view text, std::size_t& at) {
  auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  unsigned first = byte(at), second = byte(at + 1), third = byte(at + 2);
  if (first < 0x80) return ++at, static_cast<UChar32>(first);
  auto latin = static_cast<UChar32>((first & 0x1f) << 6 | (second & 0x3f));
  bool two = first >= 0xc2 && first <= 0xdf && (second & 0xc0) == 0x80 && latin < kTableEnd;
  if (two) return at += 2, latin;
  bool typography = first == 0xe2 && second == 0x80 && third >= 0x90 && third <= 0xa7;
  if (typography) return at += 3, static_cast<UChar32>(0x2000 | (third & 0x3f));
  return -1;
}

// How each ASCII character is folded when it is a letter or a digit; 0: it is neither.
const std::array<char, 128>& ascii_letters() {
  static const std::array<char, 128> letters = [] {
    std::array<char, 128> made{};
    for (std::size_t c = 0; c < made.size(); ++c)
      if (const Folded& folded = fold_table()[c]; folded.as == Folded::As::kLetters && folded.size == 1) made[c] = folded.utf8[0];
    return made;
  }();
  return letters;
}

// ASCII always is.
bool is_simple(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  const FoldTable& table = fold_table();
  for (std::size_t at = 0; at < text.size();) {
    std::uint64_t eight = kHighBits;
    if (at + sizeof eight <= text.size()) std::memcpy(&eight, text.data() + at, sizeof eight);
    if ((eight & kHighBits) == 0) {
      at += sizeof eight;
      continue;
    }
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    UChar32 c = next_simple(text, at);
    if (c < 0 || (c < kTableEnd && table[static_cast<std::size_t>(c)].as == Folded::As::kNeedsLibrary)) return false;
  }
  return true;
}

void each_simple_word(std::string_view text, const VisitLetters& visit) {
  const FoldTable& table = fold_table();
  const std::array<char, 128>& ascii = ascii_letters();
  std::string word;
  std::array<char, 32> run;  // ASCII letters at once: most of most texts
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = 0;
    for (; at < text.size() && length < run.size() && static_cast<unsigned char>(text[at]) < 0x80; ++at, ++length)
      if ((run[length] = ascii[static_cast<unsigned char>(text[at])]) == 0) break;
    word.append(run.data(), length);
    if (at == text.size()) break;
    auto first = static_cast<unsigned char>(text[at]);
    UChar32 c = first < 0x80 ? (++at, static_cast<UChar32>(first)) : next_simple(text, at);
    const Folded& letters = table[static_cast<std::size_t>(c < kTableEnd ? c : ' ')];
    if (letters.as == Folded::As::kLetters) {
      if (letters.size == 1) word.push_back(letters.utf8[0]);
      else word.append(letters.utf8.data(), letters.size);
    }
    if (letters.as != Folded::As::kBreak || word.empty()) continue;
    visit(word, is_apostrophe(c));
    word.clear();
  }
  if (!word.empty()) visit(word, false);
}

void each_word_of_any_text(const icu::UnicodeString& text, const VisitLetters& visit) {
  icu::UnicodeString word;
  auto end = [&](bool apostrophe) {
    std::string utf8;
    if (!word.isEmpty()) visit(word.toUTF8String(utf8), apostrophe);
    word.remove();
  };
  for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    UChar32 c = text.char32At(i);
    if (is_part(c, !word.isEmpty())) word.append(c);
    else end(is_apostrophe(c));
  }
  end(false);
}

}  // namespace

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string fold(std::string_view utf8) {
  if (!is_ascii(utf8)) return bare(lower(from_utf8(utf8)));
  std::string folded(utf8);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return folded;
}

void each_word(std::string_view utf8, const VisitLetters& visit) {
  if (is_simple(utf8)) each_simple_word(utf8, visit);
  else each_word_of_any_text(lower(from_utf8(utf8)), visit);
}

std::string without_accents(const std::string& letters) {
  return is_ascii(letters) ? letters : bare(from_utf8(letters));
}

std::string with_oe(std::string letters) {
  for (auto at = letters.find(kOe); at != std::string::npos; at = letters.find(kOe, at + kOe.size())) letters.replace(at, kOe.size(), "oe");
  return letters;
}

}  // namespace maillage::registry
