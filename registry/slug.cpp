#include "registry/slug.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include <unicode/translit.h>
#include <unicode/unistr.h>

namespace maillage::registry {
namespace {

// Making one takes milliseconds and reading a registry asks for one slug a place: one for all, immutable.
const icu::Transliterator* to_latin() {
  static const std::unique_ptr<icu::Transliterator> transliterator = [] {
    UErrorCode status = U_ZERO_ERROR;
    return std::unique_ptr<icu::Transliterator>(icu::Transliterator::createInstance(
        "Any-Latin; NFD; [:Nonspacing Mark:] Remove; Latin-ASCII", UTRANS_FORWARD, status));
  }();
  return transliterator.get();
}

std::string transliterated(icu::UnicodeString text) {
  if (to_latin()) to_latin()->transliterate(text);
  std::string ascii;
  return text.toUTF8String(ascii);
}

// Latin letters below U+0250 become ASCII one by one, whatever stands beside them (but for case, which a slug drops).
// Rationale for a table: to transliterate takes about 20 µs a name, and a start asks for 100,000.
constexpr std::size_t kTableEnd = 0x250;

std::optional<std::string> latin_in_ascii(std::string_view name) {
  static const auto table = [] {
    std::vector<std::string> letters(kTableEnd);
    for (std::size_t c = 0; c < kTableEnd; ++c) letters[c] = transliterated(icu::UnicodeString(static_cast<UChar32>(c)));
    return letters;
  }();
  std::string ascii;
  for (std::size_t at = 0; at < name.size(); ++at) {
    auto first = static_cast<unsigned char>(name[at]);
    if (first < 0x80) {
      ascii.push_back(name[at]);
      continue;
    }
    auto second = at + 1 < name.size() ? static_cast<unsigned char>(name[at + 1]) : 0u;
    std::size_t c = (first & 0x1fu) << 6 | (second & 0x3fu);
    if (first < 0xc2 || first > 0xdf || (second & 0xc0) != 0x80 || c >= kTableEnd) return std::nullopt;
    ascii.append(table[c]);
    ++at;
  }
  return ascii;
}

std::string in_ascii(std::string_view name) {
  if (auto ascii = latin_in_ascii(name)) return *ascii;
  return transliterated(icu::UnicodeString::fromUTF8(icu::StringPiece(name.data(), static_cast<std::int32_t>(name.size()))));
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_kept(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// At the last hyphen before the limit, unless that loses more than half.
void cut(std::string& slug) {
  if (slug.size() <= kSlugBytesMax) return;
  std::size_t hyphen = slug.rfind('-', kSlugBytesMax);
  slug.resize(hyphen == std::string::npos || hyphen < kSlugBytesMax / 2 ? kSlugBytesMax : hyphen);
  while (slug.ends_with('-')) slug.pop_back();
}

}  // namespace

std::string slug_of(std::string_view name) {
  // Any script may grow when transliterated; a name has 200 characters at most (envelope.json).
  constexpr std::size_t kNameBytesMax = 1'024;
  std::string slug;
  for (char c : in_ascii(name.substr(0, kNameBytesMax))) {
    if (is_kept(lower(c)))
      slug += lower(c);
    else if (!slug.empty() && slug.back() != '-')
      slug += '-';
  }
  while (slug.ends_with('-')) slug.pop_back();
  cut(slug);
  return slug;
}

}  // namespace maillage::registry
