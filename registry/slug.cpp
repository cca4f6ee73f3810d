#include "registry/slug.h"

#include <algorithm>
#include <memory>

#include <unicode/translit.h>
#include <unicode/unistr.h>

namespace maillage::registry {
namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Making one takes milliseconds and reading a registry asks for one slug a place: one for all, immutable.
const icu::Transliterator* to_latin() {
  static const std::unique_ptr<icu::Transliterator> transliterator = [] {
    UErrorCode status = U_ZERO_ERROR;
    return std::unique_ptr<icu::Transliterator>(icu::Transliterator::createInstance(
        "Any-Latin; NFD; [:Nonspacing Mark:] Remove; Latin-ASCII", UTRANS_FORWARD, status));
  }();
  return transliterator.get();
}

std::string in_ascii(std::string_view name) {
  if (is_ascii(name) || !to_latin()) return std::string(name);
  auto text = icu::UnicodeString::fromUTF8(icu::StringPiece(name.data(), static_cast<std::int32_t>(name.size())));
  to_latin()->transliterate(text);
  std::string ascii;
  return text.toUTF8String(ascii);
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
