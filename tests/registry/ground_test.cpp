#include "registry/ground.h"

#include <algorithm>
#include <limits>

#include <catch2/catch.hpp>

#include "registry/table_text.h"
#include "registry/territory.h"
#include "registry/territory_table.h"

using namespace maillage::registry;

namespace {

using Codes = std::vector<std::string_view>;

Codes at(double lat, double lon) {
  Codes codes = departments_at({lat, lon});
  std::ranges::sort(codes);
  return codes;
}

}  // namespace

TEST_CASE("a point is in its department, and in its neighbours near a border") {
  CHECK(at(48.11, -1.68) == Codes{"35"});
  CHECK(at(46.17, 1.87) == Codes{"23"});
  CHECK(at(41.93, 8.74) == Codes{"2A"});
  Codes avignon = at(43.949, 4.806);  // the Rhône is the border
  CHECK(std::ranges::find(avignon, "30") != avignon.end());
  CHECK(std::ranges::find(avignon, "84") != avignon.end());
}

TEST_CASE("overseas departments and collectivities have ground too") {
  CHECK(at(-21.22, 55.56) == Codes{"974"});
  CHECK(at(5.05, -54.09) == Codes{"973"});
  CHECK(at(18.07, -63.08) == Codes{"978"});
  CHECK(at(-22.27, 166.45) == Codes{"988"});
}

TEST_CASE("a small island that the outlines lack is where its town is") { CHECK(at(47.6387, -3.4523) == Codes{"56"}); }

TEST_CASE("the sea, other countries and no point at all are in no department") {
  CHECK(at(46, -8).empty());
  CHECK(at(51.5, -0.1).empty());
  CHECK(at(-90, 0).empty());
  CHECK(at(std::numeric_limits<double>::quiet_NaN(), 2).empty());
  CHECK(at(2.35, 348.85).empty());
}

TEST_CASE("towns near a point come nearest first, of the departments asked for") {
  auto towns = towns_near({48.113, -1.675}, 10, {"35"}, 3);
  REQUIRE(towns.size() == 3);
  CHECK(towns[0].commune == "35238");
  CHECK(towns_near({48.113, -1.675}, 10, {"29"}, 3).empty());
  CHECK(towns_near({48.113, -1.675}, 0.001, {"35"}, 3).empty());
  CHECK(towns_near({std::numeric_limits<double>::infinity(), 0}, 10, {"35"}, 3).empty());
}

TEST_CASE("the table of positions names its sources, and places only communes and departments that there are") {
  std::string_view table = position_table();
  CHECK(table.substr(0, 200).find("Natural Earth · GeoNames · COG Insee") != std::string_view::npos);
  CHECK(table.size() < 300'000);
  std::size_t towns = 0, rings = 0;
  while (!table.empty()) {
    std::string_view line = take_until('\n', table), kind = take_until('\t', line), code = take_until('\t', line);
    towns += kind == "T";
    rings += kind == "O";
    if (kind == "T" && !find_commune(code)) FAIL(code);
    if (kind == "O" && !find_department(code)) FAIL(code);
  }
  CHECK(towns > 8'000);
  CHECK(rings > 100);
}
