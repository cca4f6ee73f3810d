#include "daemon/qr_code.h"

#include <catch2/catch.hpp>

#include "tests/daemon/drawn_code.h"

using namespace maillage::daemon;
using namespace maillage::tests;

namespace {

const std::string kLink = "https://konk-ar-lab.example/maillage/join#" + std::string(64, 'k');

}  // namespace

TEST_CASE("a code drawn in a terminal reads back as the text it was made of") {
  for (const std::string& text : {kLink, std::string("A"), std::string("Lieu : « Chœur »"), std::string(900, 'x')}) {
    auto code = QrCode::of(text);
    REQUIRE(code);
    for (bool coloured : {false, true}) {
      auto rows = rows_of_drawing(code->terminal_text(coloured));
      REQUIRE(static_cast<int>(rows.front().size()) == code->side() + 8);
      CHECK(read_drawing(rows) == text);
    }
  }
}

TEST_CASE("a code says which of its modules are dark") {
  auto code = QrCode::of(kLink);
  REQUIRE(code);
  CHECK(code->dark(0, 0));
  CHECK_FALSE(code->dark(-1, 0));
  CHECK_FALSE(code->dark(0, code->side()));
  CHECK(read_back(code->side() + 8, [&](int x, int y) { return !code->dark(x - 4, y - 4); }) == kLink);
}

TEST_CASE("a code as SVG draws each dark module once and its title as text") {
  auto code = QrCode::of("A");
  REQUIRE(code);
  std::string svg = code->svg("<script>\"&");
  CHECK(svg.find("<title>&lt;script&gt;&quot;&amp;</title>") != std::string::npos);
  std::vector<std::vector<bool>> dark(29, std::vector<bool>(29));
  std::size_t at = 0;
  while ((at = svg.find('M', at)) != std::string::npos) {
    std::size_t x = 0, y = 0, run = 0;
    REQUIRE(std::sscanf(svg.c_str() + at, "M%zu %zuh%zuv1H", &x, &y, &run) == 3);
    for (std::size_t i = 0; i < run; ++i) dark.at(y).at(x + i) = true;
    ++at;
  }
  for (int y = 0; y < 29; ++y)
    for (int x = 0; x < 29; ++x) CHECK(dark[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)] == code->dark(x - 4, y - 4));
}

TEST_CASE("what no code can hold is refused, and what just fits is not") {
  CHECK(QrCode::of("").error().code == maillage::protocol::ErrorCode::kMalformed);
  CHECK(QrCode::of(std::string_view("a\0b", 3)).error().code == maillage::protocol::ErrorCode::kMalformed);
  CHECK(QrCode::of(std::string(kQrTextMax + 1, 'x')).error().code == maillage::protocol::ErrorCode::kTooLarge);
  auto largest = QrCode::of(std::string(kQrTextMax, 'x'));
  REQUIRE(largest);
  CHECK(largest->side() == 177);
}
