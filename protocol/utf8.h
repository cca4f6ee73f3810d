// UTF-8 as strangers write it: checked decoding, and text made safe to show. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace maillage::protocol {

struct CodePoint {
  char32_t value = 0xfffd;
  std::size_t bytes = 1;
  bool valid = false;
};

// The first code point of a non-empty text. A byte that starts none (overlong, surrogate, above U+10FFFF, cut short)
// is one invalid U+FFFD of 1 byte. Never reads past the end.
CodePoint first_code_point(std::string_view text);

std::size_t count_code_points(std::string_view text);

// At most `code_points_max` of them, then `…`; control characters and invalid bytes become U+FFFD, so the result is
// valid UTF-8 on one line, fit for a terminal and for JSON.
std::string shown(std::string_view text, std::size_t code_points_max = 120);

}  // namespace maillage::protocol
