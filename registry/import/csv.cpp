#include "registry/import/csv.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <utility>

namespace maillage::registry {
namespace {

constexpr std::size_t kChunkBytes = 64 * 1024;
constexpr std::string_view kBom = "\xef\xbb\xbf";

// A first line for Excel alone: `sep=;`.
constexpr std::string_view kSeparatorLine = "sep=";

// Lines of nothing that a spreadsheet leaves above the header.
std::string_view without_blank_lines(std::string_view text) {
  std::size_t said = text.find_first_not_of(" \t\r\n;,");
  if (said == std::string_view::npos) return text;
  std::size_t line = text.substr(0, said).find_last_of("\r\n");
  return line == std::string_view::npos ? text : text.substr(line + 1);
}

// The one that a first line says, else of those that spreadsheets write, the one that stands most often in the header,
// outside quotes.
char find_separator(std::string_view text) {
  text = without_blank_lines(text);
  bool told = text.starts_with(kSeparatorLine) && text.size() > kSeparatorLine.size() + 1;
  if (told && (text[kSeparatorLine.size() + 1] == '\r' || text[kSeparatorLine.size() + 1] == '\n')) return text[kSeparatorLine.size()];
  constexpr std::array kCandidates = {';', '\t', ','};
  std::array<std::size_t, kCandidates.size()> counts{};
  bool quoted = false;
  for (char c : text) {
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == '\n' || c == '\r')) break;
    for (std::size_t i = 0; i < kCandidates.size(); ++i) counts[i] += !quoted && c == kCandidates[i];
  }
  auto most = std::max_element(counts.begin(), counts.end());
  return *most == 0 ? ',' : kCandidates[static_cast<std::size_t>(most - counts.begin())];
}

// Rounded up, so that it is never the limit itself.
std::string over_limit(std::uintmax_t bytes) {
  constexpr std::uintmax_t kMiB = 1 << 20;
  return ": " + std::to_string((bytes + kMiB - 1) / kMiB) + " > " + std::to_string(kCsvBytesMax / kMiB) + " MiB";
}

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  std::size_t first = text.find_first_not_of(kBlanks);
  return first == std::string_view::npos ? std::string_view() : text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool is_above_header(const CsvRow& row) {
  bool blank = std::ranges::all_of(row.cells, [](const std::string& cell) { return without_blanks(cell).empty(); });
  // Cut at the separator that it names, it has two cells: `sep=`, and nothing.
  bool tells_separator = row.cells.front().starts_with(kSeparatorLine) && row.cells.front().size() <= kSeparatorLine.size() + 1 &&
                         std::all_of(row.cells.begin() + 1, row.cells.end(), [](const std::string& cell) { return cell.empty(); });
  return blank || tells_separator;
}

}  // namespace

tl::unexpected<Error> CsvReader::at(ErrorCode code, std::string_view line) const {
  return protocol::fail(code, name_ + ":" + std::string(line));
}

Result<CsvReader> CsvReader::open(const std::filesystem::path& path, const CsvFormat& format) {
  std::error_code error;
  auto status = std::filesystem::status(path, error);
  if (error) return tl::unexpected(protocol::system_error(error, path.string()));
  if (status.type() == std::filesystem::file_type::not_found) return protocol::fail(ErrorCode::kNotFound, path.string());
  if (!std::filesystem::is_regular_file(status)) return protocol::fail(ErrorCode::kNotAFile, path.string());
  auto size = std::filesystem::file_size(path, error);
  if (error) return tl::unexpected(protocol::system_error(error, path.string()));
  if (size > kCsvBytesMax) return protocol::fail(ErrorCode::kTooLarge, path.string() + over_limit(size));
  auto in = std::make_unique<std::ifstream>(path, std::ios::binary);
  if (!*in) return protocol::fail(ErrorCode::kDenied, path.string());
  return start(std::move(in), path.filename().string(), format);
}

Result<CsvReader> CsvReader::read(std::string bytes, const CsvFormat& format, std::string name) {
  if (bytes.size() > kCsvBytesMax) return protocol::fail(ErrorCode::kTooLarge, name + over_limit(bytes.size()));
  return start(std::make_unique<std::istringstream>(std::move(bytes)), std::move(name), format);
}

Result<CsvReader> CsvReader::start(std::unique_ptr<std::istream> in, std::string name, const CsvFormat& format) {
  CsvReader reader(std::move(in), std::move(name));
  if (auto checked = reader.check_all(format); !checked) return tl::unexpected(checked.error());
  if (auto started = reader.rewind(); !started) return tl::unexpected(started.error());
  if (auto read = reader.read_header(); !read) return tl::unexpected(read.error());
  return reader;
}

// The next piece of the file into left_; false at its end.
Result<bool> CsvReader::fill() {
  chunk_.resize(kChunkBytes);
  in_->read(chunk_.data(), static_cast<std::streamsize>(chunk_.size()));
  if (in_->bad()) return protocol::fail(ErrorCode::kIo, name_);
  left_ = {chunk_.data(), static_cast<std::size_t>(in_->gcount())};
  return !left_.empty();
}

Result<void> CsvReader::rewind() {
  in_->clear();
  in_->seekg(0);
  if (!*in_) return protocol::fail(ErrorCode::kIo, name_);
  tokens_ = CsvTokens(separator_);
  ended_ = false;
  if (auto filled = fill(); !filled) return tl::unexpected(filled.error());
  if (left_.starts_with(kBom)) left_.remove_prefix(kBom.size());
  return {};
}

// The encoding first: of a file in UTF-16 it is the encoding that is wrong, not its NUL bytes.
Result<void> CsvReader::choose_encoding(const EncodingScan& scan, const CsvFormat& format) {
  encoding_ = format.encoding.value_or(scan.utf8() ? TableEncoding::kUtf8 : TableEncoding::kWindows1252);
  // Letters that would come out as "Ã©": somebody declared the wrong one.
  bool is_utf8 = scan.utf8() && !scan.ascii();
  if (encoding_ == TableEncoding::kWindows1252 && is_utf8)
    return protocol::fail(ErrorCode::kWrongEncoding, name_ + " (utf-8) ≠ encoding = \"windows-1252\" ([file])");
  std::size_t bad = encoding_ == TableEncoding::kUtf8 ? scan.bad_utf8_line() : scan.bad_windows_line();
  if (bad != 0) return at(ErrorCode::kWrongEncoding, std::to_string(bad) + " (" + std::string(name_of(encoding_)) + ")");
  return {};
}

Result<void> CsvReader::check_all(const CsvFormat& format) {
  if (auto started = rewind(); !started) return started;
  if (left_.starts_with("\xff\xfe") || left_.starts_with("\xfe\xff")) return at(ErrorCode::kWrongEncoding, "1 (utf-16)");
  separator_ = format.separator ? *format.separator : find_separator(left_);
  EncodingScan scan;
  CsvTokens tokens(separator_, false);
  // Wrong quotes in a file of another encoding are a consequence: kept until the encoding is known.
  Result<bool> row = false;
  for (Result<bool> more = true; !left_.empty(); more = fill()) {
    if (!more) return tl::unexpected(more.error());
    scan.add(left_);
    for (std::string_view bytes = left_; row && !bytes.empty();) row = tokens.take(bytes);
  }
  scan.finish();
  if (auto chosen = choose_encoding(scan, format); !chosen) return chosen;
  if (row) row = tokens.finish();
  if (!row) return at(row.error().code, row.error().context);
  return {};
}

Result<void> CsvReader::read_header() {
  CsvRow header;
  do {
    auto found = next(header);
    if (!found) return tl::unexpected(found.error());
    if (!*found) return at(ErrorCode::kNoHeader, "1");
  } while (is_above_header(header));
  for (const std::string& cell : header.cells) columns_.emplace_back(without_blanks(cell));
  while (!columns_.empty() && columns_.back().empty()) columns_.pop_back();
  return {};
}

Result<bool> CsvReader::next(CsvRow& row) {
  Result<bool> complete = false;
  while (complete && !*complete && !ended_) {
    complete = tokens_.take(left_);
    if (!complete || *complete) break;
    auto filled = fill();
    if (!filled) return filled;
    if (*filled) continue;
    ended_ = true;
    complete = tokens_.finish();
  }
  if (!complete) return at(complete.error().code, complete.error().context);
  if (!*complete) return false;
  row.line = tokens_.row().line;
  row.cells = std::move(tokens_.row().cells);
  if (encoding_ == TableEncoding::kWindows1252)
    for (std::string& cell : row.cells) cell = windows_1252_to_utf8(cell);
  return true;
}

}  // namespace maillage::registry
