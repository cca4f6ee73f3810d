// CsvTokens: cuts the bytes of a table into rows of cells, RFC 4180 with any separator, in whatever pieces they come.
//
// Bounded whatever the file: a row has at most kCsvRowBytesMax bytes and kCsvColumnsMax cells, a table kCsvRowsMax rows;
// what is wrong is said with its line. Lines end in LF, CRLF or CR; an empty line is no row. A quote inside a cell that
// does not begin with one is a letter like others; after a closing quote only a separator or a line end may come.
//
// Rationale: Debian's libcsv was tried. It has no line numbers; strict, it refuses the stray quotes of hand-made files, and
// lenient, it swallows the rest of a file after one; its row buffer grows without a bound of its own. Any thread; one at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.h"

namespace maillage::registry {

using protocol::Error;
using protocol::ErrorCode;
using protocol::Result;

// A row is one place: the largest real one seen has 2 KB. Rationale: what a reader holds before it can refuse.
inline constexpr std::size_t kCsvRowBytesMax = 1 << 20;
// National schemas have 32 to 80 columns; statistics offices' tables a few hundred.
inline constexpr std::size_t kCsvColumnsMax = 512;
// Twice the places that one commons is measured with; every row becomes an identity with a history.
inline constexpr std::size_t kCsvRowsMax = 200'000;

struct CsvRow {
  std::size_t line = 0;  // where it begins, the first line is 1
  std::vector<std::string> cells;
};

class CsvTokens {
 public:
  explicit CsvTokens(char separator, bool keeps_cells = true) : separator_(separator), keeps_cells_(keeps_cells) {}

  // Takes bytes until one row is complete or they are used up; `bytes` becomes what is left. True: row() is the next
  // row. kRowTooLarge, kTooManyColumns, kTooManyRows, kHasNul, kStrayQuote; context: the line.
  Result<bool> take(std::string_view& bytes);
  // The end of the file. True: row() is the last row. kUnclosedQuote with the line where it opens.
  Result<bool> finish();

  CsvRow& row() { return row_; }
  std::size_t line() const { return line_; }

 private:
  enum class State { kRowStart, kCellStart, kPlain, kQuoted, kQuoteInQuoted, kAfterQuoted };

  Result<bool> take_byte(char c);
  Result<void> take_run(std::string_view& bytes);
  Result<void> add(char c);
  Result<void> end_cell();
  Result<bool> end_row();
  tl::unexpected<Error> wrong(ErrorCode code, std::size_t line) const;

  char separator_;
  bool keeps_cells_;
  State state_ = State::kRowStart;
  bool after_cr_ = false, row_given_ = false;
  std::size_t line_ = 1, quote_line_ = 1, rows_ = 0, row_bytes_ = 0, cells_ = 0;
  std::string cell_;
  CsvRow row_;
};

}  // namespace maillage::registry
