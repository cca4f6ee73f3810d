#include "registry/import/web_address.h"

#include <algorithm>
#include <array>

#include "protocol/field_format.h"

namespace maillage::registry {
namespace {

using Text = std::string_view;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string in_lower_case(Text text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), lower);
  return lowered;
}

// Beginnings that can only have meant a scheme.
constexpr std::array<std::pair<Text, Text>, 14> kSlips = {{{"http://http://", "http://"},
                                                           {"http://https://", "https://"},
                                                           {"https://https://", "https://"},
                                                           {"https://http://", "http://"},
                                                           {"http:///", "http://"},
                                                           {"https:///", "https://"},
                                                           {"http//", "http://"},
                                                           {"https//", "https://"},
                                                           {"http:www.", "http://www."},
                                                           {"https:www.", "https://www."},
                                                           {"htpp://", "http://"},
                                                           {"htttp://", "http://"},
                                                           {"hhttp://", "http://"},
                                                           {"ttp://", "http://"}}};

std::vector<Text> words_of(Text text) {
  std::vector<Text> words;
  constexpr Text kBlanks = " \t\r\n";
  while (true) {
    std::size_t start = text.find_first_not_of(kBlanks);
    if (start == Text::npos) return words;
    text.remove_prefix(start);
    std::size_t size = std::min(text.find_first_of(kBlanks), text.size());
    words.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
}

// "lab.example": two names at least, the last of letters only, as all top-level domains but the encoded ones are.
bool is_host(Text host) {
  host = host.substr(0, host.find(':'));
  std::size_t dot = host.rfind('.');
  if (dot == Text::npos || dot == 0 || host.find("..") != Text::npos) return false;
  Text last = host.substr(dot + 1);
  bool letters = last.size() >= 2 && std::all_of(last.begin(), last.end(), [](char c) { return lower(c) >= 'a' && lower(c) <= 'z'; });
  return (letters && last.size() <= 24) || last.starts_with("xn--");
}

WebAddress no_address(NoteCode why) { return {{}, why}; }

// One word of a cell.
WebAddress read_word(Text word) {
  std::string url(word);
  if (url.find('@') != std::string::npos && url.find("://") == std::string::npos) return no_address(NoteCode::kNotUrl);
  std::string lowered = in_lower_case(url);
  for (const auto& [slip, meant] : kSlips)
    if (lowered.starts_with(slip)) {
      url = std::string(meant) + url.substr(slip.size());
      lowered = in_lower_case(url);
      break;
    }
  // [http://lab.org|our site]: the remains of a wiki.
  if (std::size_t first = lowered.find("http"); first != 0 && first != std::string::npos && url.find_first_not_of("[(<\"'") == first)
    url.erase(0, first);
  if (std::size_t end = url.find_first_of("|<>\"]"); end != std::string::npos) url.resize(end);
  if (url.ends_with("…") || url.ends_with("...")) return no_address(NoteCode::kUrlCut);
  while (!url.empty() && Text(".,;)'").find(url.back()) != Text::npos) url.pop_back();

  lowered = in_lower_case(url);
  bool has_scheme = lowered.starts_with("http://") || lowered.starts_with("https://");
  bool mended = url != word;
  if (!has_scheme) url.insert(0, "http://");
  std::size_t host_at = url.find("://") + 3, host_end = std::min(url.find_first_of("/?#", host_at), url.size());
  for (std::size_t i = 0; i < host_end; ++i) url[i] = lower(url[i]);
  if (!is_host(Text(url).substr(host_at, host_end - host_at))) return no_address(NoteCode::kNotUrl);
  if (protocol::check_format("url", url)) return no_address(NoteCode::kNotUrl);
  if (url == word) return {url, std::nullopt};
  return {url, has_scheme || mended ? NoteCode::kUrlMended : NoteCode::kSchemeAdded};
}

bool has_scheme_inside(Text word) { return word.find("://") != Text::npos; }

bool is_account(Text name) {
  return name.size() >= 2 && std::all_of(name.begin(), name.end(), [](char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-' || c == '/' || (c & 0x80);
  });
}

// True for "www.facebook.com/lab" and "facebook.com/lab" of prefix https://www.facebook.com/.
bool names_site(Text word, Text prefix) {
  auto bare = [](Text text) {
    if (std::size_t at = text.find("://"); at != Text::npos) text.remove_prefix(at + 3);
    std::string host = in_lower_case(text.substr(0, text.find('/')));
    return host.starts_with("www.") ? host.substr(4) : host;
  };
  return bare(word) == bare(prefix);
}

}  // namespace

std::vector<WebAddress> read_web_addresses(Text text) {
  std::vector<Text> words = words_of(text);
  if (words.size() == 1) return {read_word(words.front())};
  // Words around: only what announces itself as an address is one.
  std::vector<WebAddress> found;
  bool only_addresses = true;
  for (Text word : words) {
    bool announced = has_scheme_inside(word) || in_lower_case(word).starts_with("www.");
    only_addresses = only_addresses && announced;
    if (announced) found.push_back(read_word(word));
  }
  if (found.empty()) return {no_address(NoteCode::kNotUrl)};
  if (!only_addresses && !found.front().url.empty()) found.front().note = NoteCode::kUrlMended;
  return found;
}

std::vector<WebAddress> read_links(Text text, Text prefix) {
  std::vector<Text> words = words_of(text);
  bool may_be_account = words.size() == 1 && !prefix.empty() && !has_scheme_inside(words.front()) &&
                        !in_lower_case(words.front()).starts_with("www.") && !names_site(words.front(), prefix);
  if (!may_be_account) return read_web_addresses(text);
  Text account = words.front();
  while (account.starts_with('@') || account.starts_with('/')) account.remove_prefix(1);
  std::string url = std::string(prefix) + std::string(account);
  if (!is_account(account) || protocol::check_format("url", url)) return {no_address(NoteCode::kNotUrl)};
  return {{url, NoteCode::kLinkCompleted}};
}

}  // namespace maillage::registry
