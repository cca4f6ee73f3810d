#include "daemon/messages.h"

#include <array>
#include <charconv>
#include <cstdlib>

namespace maillage::daemon {
namespace {

struct Texts {
  std::string_view french, english;
};

constexpr auto kTexts = std::to_array<Texts>({
#define MAILLAGE_MESSAGE(name, french, english) {french, english},
#include "daemon/message_list.h"
#undef MAILLAGE_MESSAGE
});

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The weight after ";q=" in thousandths; 1000 when there is none, 0 when it is no number.
int weight(std::string_view parameters) {
  auto at = parameters.find("q=");
  if (at == std::string_view::npos) return 1000;
  std::string_view digits = trimmed(parameters.substr(at + 2));
  int value = 0, scale = 1000;
  bool fraction = false;
  for (char c : digits.substr(0, 5)) {
    if (c == '.' && !fraction) fraction = true;
    else if (c < '0' || c > '9') return 0;
    else if (!fraction) value = value * 10 + (c - '0') * 1000;
    else value += (c - '0') * (scale /= 10);
  }
  return value > 1000 ? 0 : value;
}

bool speaks(std::string_view range, std::string_view tag) {
  auto same = [](char a, char b) { return (a | 0x20) == b; };
  if (range.size() < 2 || !same(range[0], tag[0]) || !same(range[1], tag[1])) return false;
  return range.size() == 2 || range[2] == '-' || range[2] == '_' || range[2] == '.';
}

}  // namespace

std::string say(Message message, Language language, std::initializer_list<std::string_view> values) {
  const Texts& texts = kTexts[static_cast<std::size_t>(message)];
  std::string_view rest = language == Language::kFrench ? texts.french : texts.english;
  std::string said;
  for (std::string_view value : values) {
    auto at = rest.find("{}");
    if (at == std::string_view::npos) break;
    said.append(rest.substr(0, at)).append(value);
    rest.remove_prefix(at + 2);
  }
  return said.append(rest);
}

Language accepted_language(std::string_view header) {
  int french = 0, english = 0;
  while (!header.empty()) {
    auto comma = header.find(',');
    std::string_view item = trimmed(header.substr(0, comma));
    header = comma == std::string_view::npos ? std::string_view{} : header.substr(comma + 1);
    auto semicolon = item.find(';');
    std::string_view range = trimmed(item.substr(0, semicolon));
    int q = semicolon == std::string_view::npos ? 1000 : weight(item.substr(semicolon));
    if (speaks(range, "fr") && q > french) french = q;
    if (speaks(range, "en") && q > english) english = q;
  }
  return english > french ? Language::kEnglish : Language::kFrench;
}

Language terminal_language(std::string_view option) {
  if (!option.empty()) return option == "en" ? Language::kEnglish : Language::kFrench;
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    return speaks(value, "en") ? Language::kEnglish : Language::kFrench;
  }
  return Language::kFrench;
}

}  // namespace maillage::daemon
