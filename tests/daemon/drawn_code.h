// What a telephone reads in a QR code that was drawn. Links zbar.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <zbar.h>

namespace maillage::tests {

// A drawing as a camera sees it: `light(x, y)` for every module, border included, four dots each. "(nothing)" when no code is seen.
template <class Light>
std::string read_back(int side, Light light) {
  constexpr int kDots = 4;
  auto width = static_cast<unsigned>(side * kDots);
  std::string grey(static_cast<std::size_t>(width) * width, '\0');
  for (unsigned y = 0; y < width; ++y)
    for (unsigned x = 0; x < width; ++x)
      if (light(static_cast<int>(x) / kDots, static_cast<int>(y) / kDots)) grey[y * width + x] = '\xff';
  zbar::ImageScanner scanner;
  scanner.set_config(zbar::ZBAR_NONE, zbar::ZBAR_CFG_ENABLE, 0);
  scanner.set_config(zbar::ZBAR_QRCODE, zbar::ZBAR_CFG_ENABLE, 1);
  zbar::Image image(width, width, "Y800", grey.data(), grey.size());
  scanner.scan(image);
  return image.symbol_begin() == image.symbol_end() ? "(nothing)" : image.symbol_begin()->get_data();
}

using Rows = std::vector<std::vector<bool>>;  // true: light

// What a terminal shows, module by module, out of all that a program wrote: the lines of half blocks.
inline Rows rows_of_drawing(std::string_view text) {
  Rows rows;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.find("█") == line.npos && line.find("▀") == line.npos) continue;
    std::vector<bool> above, below;
    while (!line.empty() && line != "\r") {
      if (line.front() == '\x1b') { line.remove_prefix(line.find('m') + 1); continue; }
      std::string_view block = line.substr(0, line.front() == ' ' ? 1 : 3);
      above.push_back(block == "█" || block == "▀");
      below.push_back(block == "█" || block == "▄");
      line.remove_prefix(block.size());
    }
    rows.push_back(std::move(above));
    rows.push_back(std::move(below));
  }
  return rows;
}

inline std::string read_drawing(const Rows& rows) {
  if (rows.empty()) return "(nothing)";
  return read_back(static_cast<int>(rows.front().size()), [&](int x, int y) { return rows[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)]; });
}

}  // namespace maillage::tests
