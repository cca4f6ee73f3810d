// QrCode: a text that a telephone reads from a screen or a sheet of paper (ISO/IEC 18004, error correction M: a smear of
// 15 % is repaired). As lines for a terminal, and as SVG for paper: one path, no script and no style, so that it may stand
// in a page under the strictest policy. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.h"

namespace maillage::daemon {

// What the largest symbol (177 modules a side) holds. Above 200 a terminal of 24 lines does not show it whole.
inline constexpr std::size_t kQrTextMax = 2'331;  // bytes

class QrCode {
 public:
  // UTF-8 without NUL, not empty: kMalformed; kTooLarge above kQrTextMax (two bytes less when it is not ASCII).
  static protocol::Result<QrCode> of(std::string_view text);

  int side() const { return side_; }  // modules: 21 to 177
  // Light outside of the symbol.
  bool dark(int x, int y) const;

  // Half blocks, two rows of modules a line, with the light border that readers need; each line ends with a newline.
  // `coloured`: whatever colours the terminal has, dark is black and light is white. Otherwise blocks are what is light,
  // as suits a dark terminal.
  std::string terminal_text(bool coloured) const;

  // A whole <svg> element, border included, as wide as what it stands in; `title` is what is read aloud.
  std::string svg(std::string_view title) const;

 private:
  QrCode(int side, std::vector<std::uint8_t> modules) : side_(side), modules_(std::move(modules)) {}

  int side_;
  std::vector<std::uint8_t> modules_;  // row by row, 1: dark
};

}  // namespace maillage::daemon
