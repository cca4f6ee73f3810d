#include "protocol/utf8.h"

namespace maillage::protocol {
namespace {

struct Lead {
  std::size_t bytes;
  char32_t bits, smallest;
};

Lead lead_of(std::uint8_t byte) {
  if (byte < 0x80) return {1, byte, 0};
  if (byte >= 0xc0 && byte < 0xe0) return {2, byte & 0x1fu, 0x80};
  if (byte >= 0xe0 && byte < 0xf0) return {3, byte & 0x0fu, 0x800};
  if (byte >= 0xf0 && byte < 0xf8) return {4, byte & 0x07u, 0x10000};
  return {0, 0, 0};
}

// C0 and C1 controls, and what turns the direction of text around: an attack on whoever reads a log.
bool is_hostile_to_a_reader(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
         c == 0x2028 || c == 0x2029;
}

}  // namespace

CodePoint first_code_point(std::string_view text) {
  auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  Lead lead = lead_of(byte(0));
  if (lead.bytes == 0 || text.size() < lead.bytes) return {};
  char32_t value = lead.bits;
  for (std::size_t i = 1; i < lead.bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3fu);
  }
  if (value < lead.smallest || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return {};
  return {value, lead.bytes, true};
}

std::size_t count_code_points(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(first_code_point(text).bytes);
  return count;
}

std::string shown(std::string_view text, std::size_t code_points_max) {
  std::string result;
  for (std::size_t count = 0; !text.empty(); ++count) {
    if (count == code_points_max) return result + "…";
    CodePoint next = first_code_point(text);
    if (!next.valid || is_hostile_to_a_reader(next.value))
      result += "\xef\xbf\xbd";
    else
      result += text.substr(0, next.bytes);
    text.remove_prefix(next.bytes);
  }
  return result;
}

}  // namespace maillage::protocol
