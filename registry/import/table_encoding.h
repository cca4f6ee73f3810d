// In which encoding a table is, and its cells in UTF-8. A file is UTF-8 when all of it is valid UTF-8, else Windows-1252,
// which is what French spreadsheets write when nobody asks. Guessing stops there: bytes that Windows-1252 does not have are
// a refusal, not letters. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "protocol/error.h"

namespace maillage::registry {

enum class TableEncoding { kUtf8, kWindows1252 };

// "utf-8", "windows-1252".
std::string_view name_of(TableEncoding encoding);

// Looks at a whole file once, in whatever pieces it comes. One thread.
class EncodingScan {
 public:
  void add(std::string_view bytes);
  void finish();

  bool utf8() const { return bad_utf8_line_ == 0; }
  bool ascii() const { return ascii_; }
  // Lines (from 1) of the first bytes that are not UTF-8, and not Windows-1252; 0 when there are none.
  std::size_t bad_utf8_line() const { return bad_utf8_line_; }
  std::size_t bad_windows_line() const { return bad_windows_line_; }

 private:
  std::size_t scan(std::string_view bytes, bool last);

  std::string carried_;  // a code point that the end of a piece cut, up to 3 bytes
  std::size_t line_ = 1, bad_utf8_line_ = 0, bad_windows_line_ = 0;
  bool ascii_ = true, after_cr_ = false;
};

std::string windows_1252_to_utf8(std::string_view text);

// The text whose UTF-8 bytes were taken for Windows-1252 and encoded again ("mÃ©mÃ©" for "mémé"), when it is one for sure:
// all of it goes back, and gives valid UTF-8 that is not ASCII and has only the letters of French lists. Else empty.
std::string undo_double_encoding(std::string_view utf8);

}  // namespace maillage::registry
