// Lines and tab-separated fields of the tables inside the program. Any thread; views into the text given.
#pragma once

#include <string_view>

namespace maillage::registry {

// What stands before the separator; `text` moves behind it, to its end when there is none.
inline std::string_view take_until(char separator, std::string_view& text) {
  std::size_t at = text.find(separator);
  std::string_view taken = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return taken;
}

}  // namespace maillage::registry
