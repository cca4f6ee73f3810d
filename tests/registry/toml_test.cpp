#include "registry/toml.h"

#include <catch2/catch.hpp>

#include "tests/protocol/damage.h"

using namespace maillage::registry;

namespace {

TomlTable table(std::string_view text) {
  auto parsed = parse_toml(text);
  if (auto* mistake = std::get_if<TomlMistake>(&parsed)) FAIL(text << " → line " << mistake->line << ": " << mistake->expected);
  return std::get<TomlTable>(std::move(parsed));
}

// The line of the mistake; 0 when there is none.
std::size_t wrong_line(std::string_view text) {
  auto parsed = parse_toml(text);
  const auto* mistake = std::get_if<TomlMistake>(&parsed);
  if (mistake) CHECK_FALSE(mistake->expected.empty());
  return mistake ? mistake->line : 0;
}

std::string text_of(std::string_view value) {
  auto read = table("k = " + std::string(value));
  const auto* text = read.at("k").as<std::string>();
  return text ? *text : "no text";
}

}  // namespace

TEST_CASE("a TOML file gives its values, each with its line") {
  auto root = table("\xef\xbb\xbf# first\r\nlisten = \"a\"  # behind\r\n\r\n[source]\nname.short = 'n'\n"
                    "\"Numéro d'ordre\" = [1, [2.5, true],\n  # inside\n  'x',\n]\n");
  CHECK(root.at("listen").line == 2);
  CHECK(*root.at("listen").as<std::string>() == "a");
  const TomlTable& source = *root.at("source").as<TomlTable>();
  CHECK(*source.at("name").as<TomlTable>()->at("short").as<std::string>() == "n");
  const TomlArray& list = *source.at("Numéro d'ordre").as<TomlArray>();
  REQUIRE(list.size() == 3);
  CHECK(*list[0].as<std::int64_t>() == 1);
  CHECK(*list[1].as<TomlArray>()->at(0).as<double>() == 2.5);
  CHECK(*list[1].as<TomlArray>()->at(1).as<bool>());
  CHECK(list[2].line == 8);
}

TEST_CASE("texts of TOML are read as it says") {
  CHECK(text_of(R"("tab\t quote\" back\\ é \u00e9 \U0001F600")") == "tab\t quote\" back\\ é é 😀");
  CHECK(text_of(R"('C:\temp "x"')") == R"(C:\temp "x")");
  CHECK(text_of("\"\"") == "");
  CHECK(text_of("\"\"\"\none \\\n    é two\nthree\"\"\"") == "one é two\nthree");
  CHECK(text_of("\"\"\"a\"\"\"\"\"") == "a\"\"");
  CHECK(text_of("'''\r\na\\n'''") == "a\\n");
}

TEST_CASE("numbers are numbers, and other words are kept as words") {
  auto kind = [](const std::string& value) { return table("k = " + value).at("k").is.index(); };
  CHECK(*table("k = -1_000").at("k").as<std::int64_t>() == -1000);
  CHECK(*table("k = +6.5e2").at("k").as<double>() == 650);
  CHECK(kind("false") == 0);
  for (const char* word : {"2026-11-22", "12:30:00", "0x1f", "inf", "01", "1__0", "1.", "yes", "99999999999999999999"}) {
    INFO(word);
    CHECK(kind(word) == 4);
  }
}

TEST_CASE("tables are made once, by headers, by dotted keys or inline") {
  auto root = table("[a.b]\nx = 1\n[a]\ny = {z = 2, w.v = [3]}\nd.e = 4\nd.f = 5\n");
  const TomlTable& a = *root.at("a").as<TomlTable>();
  CHECK(a.size() == 3);
  CHECK(a.at("d").as<TomlTable>()->size() == 2);
  CHECK(a.at("y").as<TomlTable>()->at("w").as<TomlTable>()->size() == 1);
  for (const char* twice : {"[a]\n[a]\n", "a = 1\na = 2\n", "a.b = 1\n[a]\n", "[a.b]\n[a]\nb.c = 1\n", "a = {}\na.b = 1\n", "a = {}\n[a.b]\n", "a = 1\n[a.b]\n",
                            "a = {b = 1, b = 2}\n"}) {
    INFO(twice);
    CHECK(wrong_line(twice) > 0);
  }
}

TEST_CASE("what is no TOML is refused with its line, whatever other readers make of it") {
  for (const char* bad : {"[{", "[[a]]", "é = 1", "a é", "a = é", "a = 0\"é", "a = }", "a = [}", "a = 1e 5\x01", "a = [[\"1",
                          "a = \"x\ny\"", "a = \"\\é\"", "a = '''", "a = ",
                          "= 1", "a", "a = 1 b", "a..b = 1", "[a", "[]",
                          "[a] x", "a = {b = 1", "a = {b = 1,}", "a = [1 2]", "a = \"\\ud800\"", "a = \"\\u00\"",
                          "a = \"\xff\"", "\"\"\"a\"\"\" = 1", "a = 1\r", "# \x7f"}) {
    INFO(bad);
    CHECK(wrong_line(bad) == 1);
    CHECK(wrong_line("x = 1\n\n" + std::string(bad)) == 3);
  }
  std::string deep = "a = " + std::string(40, '[') + std::string(40, ']');
  CHECK(wrong_line(deep) == 1);
  CHECK(wrong_line(std::string(200'000, '[')) == 1);
}

TEST_CASE("a damaged TOML file is read or refused") {
  std::string valid = "[a.\"b\"]\nc = [\"\\u00e9\", 'x', 1.5, true, {d = 2026-01-02}]\ne = \"\"\"\nf \\\n g\"\"\" # h\n";
  auto parse = [](maillage::protocol::ByteView bytes) { (void)parse_toml(maillage::protocol::as_text(bytes)); };
  auto view = maillage::protocol::as_bytes(valid);
  maillage::protocol::Bytes bytes(view.begin(), view.end());
  maillage::tests::for_each_truncation(bytes, parse);
  maillage::tests::for_each_flip(bytes, parse);
}
