#include "protocol/json_pointer.h"

#include <charconv>

namespace maillage::protocol {
namespace {

std::string unescape(std::string_view token) {
  std::string key;
  for (std::size_t i = 0; i < token.size(); ++i) {
    bool escape = token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1');
    key += escape ? (token[++i] == '0' ? '~' : '/') : token[i];
  }
  return key;
}

const boost::json::value* step(const boost::json::value& from, std::string_view token) {
  if (from.is_object()) return from.get_object().if_contains(unescape(token));
  if (!from.is_array() || token.empty() || (token.size() > 1 && token[0] == '0')) return nullptr;
  std::size_t index = 0;
  auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (error != std::errc() || end != token.data() + token.size()) return nullptr;
  return from.get_array().if_contains(index);
}

}  // namespace

std::string pointer_to(std::string_view pointer, std::string_view key) {
  std::string result(pointer);
  result += '/';
  for (char c : key) {
    if (c == '~')
      result += "~0";
    else if (c == '/')
      result += "~1";
    else
      result += c;
  }
  return result;
}

std::string pointer_to(std::string_view pointer, std::size_t index) {
  return std::string(pointer) + "/" + std::to_string(index);
}

const boost::json::value* find(const boost::json::value& root, std::string_view pointer) {
  const boost::json::value* at = &root;
  while (at && !pointer.empty()) {
    if (pointer.front() != '/') return nullptr;
    pointer.remove_prefix(1);
    std::size_t slash = pointer.find('/');
    at = step(*at, pointer.substr(0, slash));
    pointer = slash == std::string_view::npos ? std::string_view() : pointer.substr(slash);
  }
  return at;
}

}  // namespace maillage::protocol
