#include "registry/import/csv_tokens.h"

namespace maillage::registry {

tl::unexpected<Error> CsvTokens::wrong(ErrorCode code, std::size_t line) const {
  return protocol::fail(code, std::to_string(line));
}

Result<void> CsvTokens::add(char c) {
  if (++row_bytes_ > kCsvRowBytesMax) return wrong(ErrorCode::kRowTooLarge, row_.line);
  if (c == '\0') return wrong(ErrorCode::kHasNul, line_);
  if (keeps_cells_) cell_.push_back(c);
  return {};
}

Result<void> CsvTokens::end_cell() {
  if (++cells_ > kCsvColumnsMax) return wrong(ErrorCode::kTooManyColumns, row_.line);
  if (keeps_cells_) row_.cells.push_back(std::move(cell_));
  cell_.clear();
  state_ = State::kCellStart;
  return {};
}

Result<bool> CsvTokens::end_row() {
  if (auto ended = end_cell(); !ended) return tl::unexpected(ended.error());
  // The header is no row.
  if (++rows_ > kCsvRowsMax + 1) return wrong(ErrorCode::kTooManyRows, row_.line);
  state_ = State::kRowStart;
  row_given_ = true;
  return true;
}

Result<bool> CsvTokens::take_byte(char c) {
  bool line_feed_of_cr = after_cr_ && c == '\n';
  after_cr_ = c == '\r';
  bool ends_line = (c == '\n' || c == '\r') && !line_feed_of_cr;
  std::size_t line = line_;
  if (ends_line) ++line_;
  if (state_ == State::kRowStart) {
    if (c == '\n' || c == '\r') return false;
    row_.line = line;
    state_ = State::kCellStart;
  }
  if (state_ == State::kQuoted) {
    if (c != '"') return add(c).map([] { return false; });
    state_ = State::kQuoteInQuoted;
    return false;
  }
  if (c == separator_) return end_cell().map([] { return false; });
  if (c == '\n' || c == '\r') return end_row();
  if (c == '"' && state_ == State::kCellStart) {
    quote_line_ = line;
    state_ = State::kQuoted;
    return false;
  }
  if (state_ == State::kQuoteInQuoted && c == '"') {
    state_ = State::kQuoted;
    return add(c).map([] { return false; });
  }
  if (state_ == State::kQuoteInQuoted || state_ == State::kAfterQuoted) {
    // Blanks between a closing quote and the separator are layout.
    if (c != ' ' && c != '\t') return wrong(ErrorCode::kStrayQuote, line);
    state_ = State::kAfterQuoted;
    return false;
  }
  state_ = State::kPlain;
  return add(c).map([] { return false; });
}

// The letters of a cell that change no state, all at once: nearly every byte of a table.
Result<void> CsvTokens::take_run(std::string_view& bytes) {
  if (state_ != State::kPlain && state_ != State::kQuoted) return {};
  char end = state_ == State::kPlain ? separator_ : '"';
  std::size_t size = 0;
  while (size < bytes.size() && bytes[size] != end && bytes[size] != '\n' && bytes[size] != '\r' && bytes[size] != '\0') ++size;
  if (size == 0) return {};
  after_cr_ = false;
  row_bytes_ += size;
  if (row_bytes_ > kCsvRowBytesMax) return wrong(ErrorCode::kRowTooLarge, row_.line);
  if (keeps_cells_) cell_.append(bytes.substr(0, size));
  bytes.remove_prefix(size);
  return {};
}

Result<bool> CsvTokens::take(std::string_view& bytes) {
  if (row_given_) {
    row_.cells.clear();
    row_bytes_ = cells_ = 0;
    row_given_ = false;
  }
  while (!bytes.empty()) {
    if (auto run = take_run(bytes); !run) return tl::unexpected(run.error());
    if (bytes.empty()) break;
    char c = bytes.front();
    bytes.remove_prefix(1);
    auto complete = take_byte(c);
    if (!complete || *complete) return complete;
  }
  return false;
}

Result<bool> CsvTokens::finish() {
  if (state_ == State::kQuoted) return wrong(ErrorCode::kUnclosedQuote, quote_line_);
  if (state_ == State::kRowStart) return false;
  return end_row();
}

}  // namespace maillage::registry
