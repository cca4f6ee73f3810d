#include "registry/import/csv.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/protocol/damage.h"
#include "tests/registry/temporary_directory.h"

using namespace maillage::registry;
using maillage::protocol::slug;
using Cells = std::vector<std::string>;

namespace {

struct Table {
  Cells columns;
  std::vector<Cells> rows;
  std::vector<std::size_t> lines;
};

Table read(const std::string& bytes, const CsvFormat& format = {}) {
  auto reader = CsvReader::read(bytes, format);
  REQUIRE(reader);
  Table table{reader->columns(), {}, {}};
  for (CsvRow row; reader->next(row).value();) {
    table.rows.push_back(row.cells);
    table.lines.push_back(row.line);
  }
  return table;
}

Error refusal(std::string bytes, const CsvFormat& format = {}) {
  auto reader = CsvReader::read(std::move(bytes), format);
  REQUIRE_FALSE(reader);
  return reader.error();
}

}  // namespace

TEST_CASE("cells may hold separators, quotes and line ends when they are quoted, and rows know their line") {
  Table table = read("id,name,note\r\n1,\"Le \"\"Labo\"\", ici\",\"deux\r\nlignes\"\r\n\r\n2,L'atelier,\r\n");
  CHECK(table.columns == Cells{"id", "name", "note"});
  REQUIRE(table.rows.size() == 2);
  CHECK(table.rows[0] == Cells{"1", "Le \"Labo\", ici", "deux\r\nlignes"});
  CHECK(table.rows[1] == Cells{"2", "L'atelier", ""});
  CHECK(table.lines == std::vector<std::size_t>{2, 5});
}

TEST_CASE("lines end in LF, CRLF or CR, the last one or not") {
  for (std::string end : {"\n", "\r\n", "\r"})
    for (std::string last : {std::string(), end}) {
      Table table = read("a;b" + end + "1;2" + end + "3;4" + last);
      CHECK(table.rows == std::vector<Cells>{{"1", "2"}, {"3", "4"}});
      CHECK(table.lines == std::vector<std::size_t>{2, 3});
    }
}

TEST_CASE("the separator is the one that stands most often in the header, unless it is given") {
  CHECK(read("a;b;c,d\n").columns == Cells{"a", "b", "c,d"});
  CHECK(read("a\tb\tc;d\n").columns == Cells{"a", "b", "c;d"});
  CHECK(read("\"a;b;c;d\",b\n").columns == Cells{"a;b;c;d", "b"});
  CHECK(read("alone\n1\n").columns == Cells{"alone"});
  CHECK(read("a;b,c\n", {',', {}}).columns == Cells{"a;b", "c"});
}

TEST_CASE("blank lines above the header, and a line that names the separator, are no header") {
  for (std::string above : {"\n", " \r\n", ";;\n\n", "sep=;\n", "\xef\xbb\xbfsep=;\r\n", "sep=;\r"}) {
    INFO(above);
    Table table = read(above + "a;b;c\n1;2,3,4,5;6\n");
    CHECK(table.columns == Cells{"a", "b", "c"});
    CHECK(table.rows == std::vector<Cells>{{"1", "2,3,4,5", "6"}});
  }
  CHECK(read("sep=|\na|b;c;d\n1|2\n").columns == Cells{"a", "b;c;d"});
  CHECK(read("sep=;\na,b\n1,2\n", {',', {}}).columns == Cells{"a", "b"});
  CHECK(read("\n\na;b\n1;2\n").lines == std::vector<std::size_t>{4});
  CHECK(read("sep=;;b\n1;2;3\n").columns == Cells{"sep=", "", "b"});
}

TEST_CASE("a byte order mark is no part of the first name, nor are blanks and empty columns at the end") {
  CHECK(read("\xef\xbb\xbfid ; name;;\n1;x;;\n").columns == Cells{"id", "name"});
}

TEST_CASE("a quote inside a cell that does not begin with one is a letter") {
  CHECK(read("a,b\nécran 5\",le \"Lab\"\n").rows == std::vector<Cells>{{"écran 5\"", "le \"Lab\""}});
  CHECK(read("a,b\n\"x\" ,y\n").rows == std::vector<Cells>{{"x", "y"}});
}

TEST_CASE("a file is UTF-8 when all of it is, else Windows-1252") {
  auto reader = CsvReader::read("nom\ncaf\xe9 \x80 \x9c\n");
  REQUIRE(reader);
  CHECK(reader->encoding() == TableEncoding::kWindows1252);
  CsvRow row;
  REQUIRE(reader->next(row).value());
  CHECK(row.cells == Cells{"café € œ"});
  // The only accent is cut by the end of a 64 KiB piece.
  for (std::size_t size = 65'530; size < 65'540; ++size) {
    std::string text = "nom\n" + std::string(size - 4, 'x') + "é€\n";
    CHECK(CsvReader::read(text)->encoding() == TableEncoding::kUtf8);
  }
}

TEST_CASE("an encoding that the file does not have is refused, with the line") {
  CHECK(refusal("a\nb\ncaf\xe9\n", {{}, TableEncoding::kUtf8}) == Error{ErrorCode::kWrongEncoding, "table.csv:3 (utf-8)"});
  CHECK(refusal("a\ncaf\xe9\n\x81\n") == Error{ErrorCode::kWrongEncoding, "table.csv:3 (windows-1252)"});
  // Then it is the mapping that is wrong, and not the file.
  CHECK(refusal("a\ncafé\n", {{}, TableEncoding::kWindows1252}) ==
        Error{ErrorCode::kWrongEncoding, "table.csv (utf-8) ≠ encoding = \"windows-1252\" ([file])"});
  CHECK(refusal(std::string("\xff\xfe" "a\0\n\0", 6)) == Error{ErrorCode::kWrongEncoding, "table.csv:1 (utf-16)"});
}

TEST_CASE("what breaks a table is refused with its line, before any row is given") {
  CHECK(refusal("a,b\n1,2\n3,\"open\n4,5\n") == Error{ErrorCode::kUnclosedQuote, "table.csv:3"});
  CHECK(refusal("a,b\n1,\"x\"y\n") == Error{ErrorCode::kStrayQuote, "table.csv:2"});
  CHECK(refusal("a,b\n1,\"x\" \"y\"\n") == Error{ErrorCode::kStrayQuote, "table.csv:2"});
  CHECK(refusal(std::string("a,b\n\n1,2\0\n", 10)) == Error{ErrorCode::kHasNul, "table.csv:3"});
  CHECK(refusal("a,b\n1,2\n" + std::string(10'000'000, 'x') + "\n") == Error{ErrorCode::kRowTooLarge, "table.csv:3"});
  CHECK(refusal("a,b\n1,\"" + std::string(2'000'000, '\n')) == Error{ErrorCode::kRowTooLarge, "table.csv:2"});
  CHECK(refusal("a\n" + std::string(kCsvColumnsMax, ',') + "\n", {',', {}}) == Error{ErrorCode::kTooManyColumns, "table.csv:2"});
  CHECK(refusal("") == Error{ErrorCode::kNoHeader, "table.csv:1"});
  CHECK(refusal(",,\n") == Error{ErrorCode::kNoHeader, "table.csv:1"});
}

TEST_CASE("a row has as much room as promised, and a table as many rows") {
  CHECK(read("a\n" + std::string(kCsvRowBytesMax, 'x') + "\n").rows.size() == 1);
  CHECK(read("a\n" + std::string(kCsvColumnsMax - 1, ',') + "\n", {',', {}}).rows[0].size() == kCsvColumnsMax);
  std::string table = "a\n";
  for (std::size_t i = 0; i < kCsvRowsMax; ++i) table += "1\n";
  CHECK(CsvReader::read(table));
  CHECK(refusal(table + "1\n") == Error{ErrorCode::kTooManyRows, "table.csv:200002"});
}

TEST_CASE("a file that is too large, a folder or not there is refused without reading it") {
  maillage::tests::TemporaryDirectory dir;
  auto file = dir.path() / "big.csv";
  std::ofstream(file) << "a,b\n";
  CHECK(CsvReader::open(file));
  std::filesystem::resize_file(file, std::uintmax_t{1} << 30);
  Error too_large = CsvReader::open(file).error();
  CHECK(too_large.code == ErrorCode::kTooLarge);
  CHECK(too_large.context.starts_with(file.string() + ": 1024 > 256 MiB"));  // and how large it is and may be
  CHECK(CsvReader::open(dir.path()).error().code == ErrorCode::kNotAFile);
  CHECK(CsvReader::open(dir.path() / "none.csv").error().code == ErrorCode::kNotFound);
}

TEST_CASE("a reader may be moved between two rows") {
  auto first = CsvReader::read("a\n1\n2\n");
  REQUIRE(first);
  CsvRow row;
  REQUIRE(first->next(row).value());
  CsvReader second = std::move(*first);
  REQUIRE(second.next(row).value());
  CHECK(row.cells == Cells{"2"});
}

TEST_CASE("a damaged table is read or refused, and never more than once through") {
  std::string valid = "\xef\xbb\xbfid;nom\r\n1;\"L'h\xc3\xb4tel; \"\"Pasteur\"\"\"\r\n2;caf\xc3\xa9\r\n";
  auto parse = [](maillage::protocol::ByteView bytes) {
    auto reader = CsvReader::read(std::string(maillage::protocol::as_text(bytes)));
    if (!reader) return;
    CsvRow row;
    std::size_t rows = 0;
    while (reader->next(row).value()) REQUIRE(++rows <= 40);
  };
  auto bytes = maillage::protocol::as_bytes(valid);
  maillage::protocol::Bytes copy(bytes.begin(), bytes.end());
  maillage::tests::for_each_truncation(copy, parse);
  maillage::tests::for_each_flip(copy, parse);
}
