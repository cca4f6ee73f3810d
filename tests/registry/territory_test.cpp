#include "registry/territory.h"

#include <catch2/catch.hpp>

#include "registry/territory_table.h"

using namespace maillage::registry;

TEST_CASE("a commune belongs to its department, region and EPCI") {
  auto concarneau = find_commune("29039");
  REQUIRE(concarneau);
  CHECK(concarneau->commune.name == "Concarneau");
  CHECK(concarneau->department.code == "29");
  CHECK(concarneau->department.name == "Finistère");
  CHECK(concarneau->region.code == "53");
  CHECK(concarneau->region.name == "Bretagne");
  CHECK_FALSE(concarneau->epci.name.empty());
  auto lille = find_commune("59350");
  REQUIRE(lille);
  CHECK(lille->epci.code == "200093201");
  CHECK(lille->epci.name == "Métropole Européenne de Lille");
}

TEST_CASE("a commune has its population and its postcodes") {
  auto lyon = find_commune("69123");
  REQUIRE(lyon);
  CHECK(lyon->population > 500'000);
  CHECK(lyon->postcodes.substr(0, 11) == "69001 69002");
  CHECK(find_commune("29039")->postcodes == "29900");
  CHECK(find_commune("98412")->postcodes.empty());
}

TEST_CASE("a department has its region") {
  CHECK(find_department("29")->region.name == "Bretagne");
  CHECK(find_department("2B")->department.name == "Haute-Corse");
  CHECK(find_department("977")->region.code == "977");
  for (const char* none : {"", "20", "2b", "1", "029"}) CHECK_FALSE(find_department(none));
}

TEST_CASE("overseas and Corsican communes have departments of their own") {
  CHECK(find_commune("97411")->department.code == "974");
  CHECK(find_commune("97411")->region.name == "La Réunion");
  CHECK(find_commune("2A004")->department.code == "2A");
  CHECK(find_commune("2a004")->commune.name == "Ajaccio");
  CHECK(find_commune("97501")->epci.code.empty());
}

TEST_CASE("districts and merged communes lead to the commune of today") {
  CHECK(find_commune("75111")->commune.code == "75056");
  CHECK(find_commune("69152")->commune.code == "69149");
  CHECK(find_commune("16226")->commune.code == "16393");
  CHECK(find_commune("85217")->commune.code == "85146");
}

TEST_CASE("a code that is no more has a successor, one of today and a district's have none") {
  CHECK(successor_of("69152")->code == "69149");
  CHECK_FALSE(successor_of("69149"));
  CHECK_FALSE(successor_of("75111"));
  CHECK_FALSE(successor_of("91390"));  // only its name is no more
  CHECK_FALSE(successor_of("99999"));
}

TEST_CASE("what is no commune is found nowhere") {
  CHECK_FALSE(find_commune(""));
  CHECK_FALSE(find_commune("0"));
  CHECK_FALSE(find_commune("00000"));
  CHECK_FALSE(find_commune("593500"));
  CHECK_FALSE(find_commune("\xff\xff\xff\xff\xff"));
}

TEST_CASE("every commune of the table resolves to a department and a region, and the table names its source") {
  std::string_view table = territory_table();
  CHECK(table.substr(0, 1000).find("Licence Ouverte") != std::string_view::npos);
  CHECK(table.size() < 3'000'000);
  std::size_t communes = 0, at = 0;
  while ((at = table.find("\nC\t", at)) != std::string_view::npos) {
    at += 3;
    auto commune = find_commune(table.substr(at, 5));
    bool whole = commune && !commune->department.name.empty() && !commune->region.name.empty();
    if (!whole) FAIL(table.substr(at, 5));
    ++communes;
  }
  CHECK(communes > 34'000);
}
