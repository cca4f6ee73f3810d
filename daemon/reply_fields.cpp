#include "daemon/reply_fields.h"

#include "protocol/utf8.h"

namespace maillage::daemon {

namespace json = boost::json;

// Of an id: enough to be unlike any other, and to be typed back.
constexpr std::size_t kToldDigits = 12;

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::string told(const json::object& object, std::string_view key) { return protocol::shown(text_of(object, key), kToldCharactersMax); }

std::string called(const json::object& place, std::string_view id_key) {
  std::string name = told(place, "name");
  return name.empty() ? text_of(place, id_key).substr(0, kToldDigits) : name;
}

std::int64_t number_of(const json::object& object, std::string_view key) {
  const json::value* number = object.if_contains(key);
  boost::system::error_code inexact;
  std::int64_t value = number != nullptr && number->is_number() ? number->to_number<std::int64_t>(inexact) : 0;
  return inexact ? 0 : value;
}

bool is_true(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

const json::array& list_of(const json::object& object, std::string_view key) {
  static const json::array kNone;
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_array() ? value->get_array() : kNone;
}

const json::object& object_at(const json::object& object, std::string_view key) {
  static const json::object kNone;
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_object() ? value->get_object() : kNone;
}

std::string fit_for_terminal(std::string_view lines) {
  std::string fit;
  while (!lines.empty()) {
    auto end = lines.find('\n');
    fit += protocol::shown(lines.substr(0, end), lines.size());
    if (end == lines.npos) break;
    fit += '\n';
    lines.remove_prefix(end + 1);
  }
  return fit;
}

// Those below 0x80 are written so already.
std::string fit_json_for_terminal(std::string_view json) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string fit;
  while (!json.empty()) {
    protocol::CodePoint next = protocol::first_code_point(json);
    std::string_view written = json.substr(0, next.bytes);
    if (next.value < 0x7f || protocol::shown(written) == written) fit += written;
    else for (int shift = 12; shift >= 0; shift -= 4) fit += (shift == 12 ? "\\u" : "") + std::string(1, kDigits[next.value >> shift & 0xf]);
    json.remove_prefix(next.bytes);
  }
  return fit;
}

}  // namespace maillage::daemon
