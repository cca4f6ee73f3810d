// CsvReader: a table on disk, row by row, in UTF-8.
//
// open() reads the whole file once and checks everything that can be wrong with it as a table: size, encoding, quotes, NUL
// bytes, the bounds of csv_tokens.h. Whoever holds a reader meets no such error half-way, after something was written; a file
// that changes meanwhile, or a failing disk, is still an error of next(). Memory: one row. Cost of the check: about 300 MB/s. One thread.
#pragma once

#include <filesystem>
#include <istream>
#include <memory>
#include <optional>

#include "registry/import/csv_tokens.h"
#include "registry/import/table_encoding.h"

namespace maillage::registry {

// 200,000 rows of 1.3 KB. Rationale: a table of national size is 50 MB; what is larger is no table of places.
inline constexpr std::size_t kCsvBytesMax = 256 * std::size_t{1 << 20};

// What a mapping may say; what it does not is found in the file.
struct CsvFormat {
  std::optional<char> separator;  // ',' ';' '\t', or any other character
  std::optional<TableEncoding> encoding;
};

class CsvReader {
 public:
  // kNotFound, kDenied, kNotAFile, kTooLarge; then, with `FILE:LINE`, those of CsvTokens, kWrongEncoding and kNoHeader.
  static Result<CsvReader> open(const std::filesystem::path& path, const CsvFormat& format = {});
  // The same from memory; `name` stands for the file in errors.
  static Result<CsvReader> read(std::string bytes, const CsvFormat& format = {}, std::string name = "table.csv");

  // The cells of the header, without blanks around them.
  const std::vector<std::string>& columns() const { return columns_; }
  const std::string& name() const { return name_; }  // of the file, without its folders
  char separator() const { return separator_; }
  TableEncoding encoding() const { return encoding_; }

  // False at the end. The row's cells as they stand in the file, but in UTF-8.
  Result<bool> next(CsvRow& row);

 private:
  CsvReader(std::unique_ptr<std::istream> in, std::string name) : in_(std::move(in)), name_(std::move(name)) {}

  static Result<CsvReader> start(std::unique_ptr<std::istream> in, std::string name, const CsvFormat& format);
  Result<void> check_all(const CsvFormat& format);
  Result<void> choose_encoding(const EncodingScan& scan, const CsvFormat& format);
  Result<void> rewind();
  Result<bool> fill();
  Result<void> read_header();
  tl::unexpected<Error> at(ErrorCode code, std::string_view line) const;

  std::unique_ptr<std::istream> in_;
  std::string name_;
  char separator_ = ',';
  TableEncoding encoding_ = TableEncoding::kUtf8;
  std::vector<std::string> columns_;
  std::vector<char> chunk_;
  std::string_view left_;  // of chunk_, whose memory moves with it
  bool ended_ = false;
  CsvTokens tokens_{','};
};

}  // namespace maillage::registry
