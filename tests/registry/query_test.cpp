#include "registry/query.h"

#include <cmath>

#include <catch2/catch.hpp>

#include "registry/cursor.h"
#include "registry/time_zone.h"

using namespace maillage::registry;
using maillage::protocol::ErrorCode;

namespace {

maillage::protocol::Error refusal(What what, const Parameters& parameters) {
  auto query = parse_query(what, parameters);
  REQUIRE_FALSE(query);
  return query.error();
}

}  // namespace

TEST_CASE("a question is read parameter by parameter") {
  auto query = parse_query(What::kEvents, {{"q", "Fab Lab"}, {"activity", "FabLab"}, {"activity", "coworking"}, {"near", "50.63,3.06"},
                                           {"radius", "30"}, {"bbox", "2.9,50.5,3.2,50.8"}, {"department", "2a"},
                                           {"from", "2026-12-05"}, {"to", "2026-12-05"}, {"limit", "0"}});
  REQUIRE(query);
  CHECK(query->q == std::vector<std::string>{"Fab Lab"});
  CHECK(query->activity == std::vector<std::string>{"fablab", "coworking"});
  CHECK(query->near == GeoPoint{50.63, 3.06});
  CHECK(query->radius_km == 30);
  CHECK(query->bbox.front().west == 2.9);
  CHECK(query->bbox.front().north == 50.8);
  CHECK(query->department == std::vector<std::string>{"2A"});
  CHECK(format_utc(*query->from) == "2026-12-04T23:00:00Z");
  CHECK(format_utc(*query->to) == "2026-12-05T23:00:00Z");
  CHECK(query->limit == 0);
  CHECK(parse_query(What::kPlaces, {})->limit == kQueryLimitDefault);
  CHECK(parse_query(What::kPlaces, {{"q", ""}, {"after", ""}})->q.empty());
}

TEST_CASE("an unknown parameter is refused with the nearest name") {
  auto error = refusal(What::kPlaces, {{"activty", "fablab"}});
  CHECK(error.code == ErrorCode::kUnknownParameter);
  CHECK(error.context == "activty → activity");
  CHECK(refusal(What::kPlaces, {{"departement", "29"}}).context == "departement → department");
  CHECK(refusal(What::kPlaces, {{"", "29"}}).code == ErrorCode::kUnknownParameter);
  CHECK(refusal(What::kPlaces, {{std::string(100'000, 'x'), ""}}).context.size() < 200);
}

TEST_CASE("a wrong value is refused with an example") {
  const Parameters wrong = {{"near", "50.63"}, {"near", "50.63,3.06,1"}, {"near", "91,3"}, {"near", "nan,3"}, {"near", "a,b"},
                            {"near", "50.63,"}, {"bbox", "1,2,3"}, {"bbox", "0,50,1,40"}, {"bbox", "-200,0,1,1"},
                            {"region", "Bretagne"}, {"region", "5"}, {"department", "2_"}, {"epci", "123"}, {"commune", "593500"},
                            {"limit", "1001"}, {"limit", "-1"}, {"limit", "ten"}, {"limit", "1.5"}, {"from", "demain"},
                            {"to", "2026-02-30"}, {"activity", ""}, {"activity", std::string(600, 'x')}};
  for (const auto& parameter : wrong) {
    INFO(parameter.first << "=" << parameter.second.substr(0, 50));
    auto error = refusal(What::kEvents, {parameter});
    CHECK(error.code == ErrorCode::kBadParameter);
    bool meant = error.context.find(" → " + parameter.first + "=") != std::string::npos;
    CHECK(meant != (error.context.find(" (ex. " + parameter.first + "=") != std::string::npos));
  }
  for (const char* radius : {"0", "-3", "inf", "nan", "50000", "", "3km"}) {
    INFO(radius);
    CHECK(refusal(What::kPlaces, {{"near", "1,1"}, {"radius", radius}}).code == ErrorCode::kBadParameter);
  }
  std::string many_words;
  for (int i = 0; i < 20; ++i) many_words += "mot" + std::to_string(i) + " ";
  CHECK(refusal(What::kPlaces, {{"q", many_words}}).code == ErrorCode::kBadParameter);
}

TEST_CASE("a wrong value is answered with what was probably meant, and an example is told from it") {
  auto told = [](const std::string& name, const std::string& value) { return refusal(What::kEvents, {{name, value}}).context; };
  CHECK(told("limit", "1001") == "limit=1001 → limit=1000");
  CHECK(told("commune", "0") == "commune=0 (ex. commune=29039)");
  CHECK(told("limit", "") == "limit= (ex. limit=50)");
  CHECK(told("limit", "-1") == "limit=-1 → limit=0");
  CHECK(told("limit", "ten") == "limit=ten (ex. limit=50)");
  CHECK(told("radius", "3km") == "radius=3km → radius=3");
  CHECK(told("radius", "3,5") == "radius=3,5 → radius=3.5");
  CHECK(told("radius", "50000") == "radius=50000 → radius=20038");
  CHECK(told("radius", "-3") == "radius=-3 (ex. radius=30)");
  CHECK(told("near", "50.63;3.06") == "near=50.63;3.06 → near=50.63,3.06");
  CHECK(told("near", "50.63, 3.06") == "near=50.63, 3.06 → near=50.63,3.06");
  CHECK(told("near", "120,45") == "near=120,45 → near=45,120");
  CHECK(told("near", "lille") == "near=lille (ex. near=50.63,3.06)");
  CHECK(told("bbox", "0,50,1,40") == "bbox=0,50,1,40 → bbox=0,40,1,50");
  CHECK(told("bbox", "1,2,3") == "bbox=1,2,3 (ex. bbox=2.9,50.5,3.2,50.8)");
  CHECK(told("from", "31/12/2026") == "from=31/12/2026 → from=2026-12-31");
  CHECK(told("from", "31/02/2026") == "from=31/02/2026 (ex. from=2026-12-01)");
  CHECK(told("to", "demain") == "to=demain (ex. to=2026-12-31T18:00)");
}

TEST_CASE("an area that does not exist is refused, with the code of what was named") {
  auto told = [](const std::string& name, const std::string& value) { return refusal(What::kPlaces, {{name, value}}).context; };
  CHECK(told("department", "Nord") == "department=Nord → department=59 (Nord)");
  CHECK(told("department", "cotes d'armor") == "department=cotes d'armor → department=22 (Côtes-d'Armor)");
  CHECK(told("department", "1") == "department=1 → department=01");
  CHECK(told("department", "20") == "department=20 (ex. department=29)");
  CHECK(told("department", "Bretagne") == "department=Bretagne → region=53 (Bretagne)");
  CHECK(told("region", "Hauts de France") == "region=Hauts de France → region=32 (Hauts-de-France)");
  CHECK(told("region", "59") == "region=59 → department=59");
  CHECK(told("commune", "lille") == "commune=lille → commune=59350 (Lille)");
  CHECK(told("commune", "saint-denis") == "commune=saint-denis → commune=97411 (Saint-Denis, La Réunion), commune=93066 (Saint-Denis, Seine-Saint-Denis), "
                                          "commune=11339 (Saint-Denis, Aude)");
  CHECK(told("epci", "29039") == "epci=29039 → commune=29039");
  CHECK(told("epci", "200093202") == "epci=200093202 (ex. epci=200093201)");
  for (const char* code : {"01", "2A", "2b", "974", "59"}) CHECK(parse_query(What::kPlaces, {{"department", code}}));
  for (const char* code : {"01", "53", "94"}) CHECK(parse_query(What::kPlaces, {{"region", code}}));
}

TEST_CASE("what can be asked once is refused twice") {
  CHECK(refusal(What::kPlaces, {{"near", "1,1"}, {"near", "2,2"}}).code == ErrorCode::kRepeatedParameter);
  CHECK(refusal(What::kPlaces, {{"limit", "1"}, {"limit", "1"}}).context == "limit");
  CHECK(parse_query(What::kPlaces, {{"bbox", "0,0,1,1"}, {"bbox", "2,2,3,3"}, {"q", "a"}, {"q", "b"}}));
}

TEST_CASE("parameters that make no sense together are refused") {
  CHECK(refusal(What::kPlaces, {{"radius", "30"}}).code == ErrorCode::kBadParameter);
  CHECK(refusal(What::kPlaces, {{"from", "2026-12-05"}}).code == ErrorCode::kBadParameter);
  CHECK(refusal(What::kEvents, {{"from", "2026-12-05"}, {"to", "2026-12-04"}}).code == ErrorCode::kBadParameter);
  CHECK(refusal(What::kPlaces, Parameters(1'000, {"activity", "x"})).code == ErrorCode::kTooMany);
}

TEST_CASE("the lists have names") {
  for (std::size_t i = 0; i < kWhats; ++i) CHECK(what_of_name(name(static_cast<What>(i))) == static_cast<What>(i));
  CHECK_FALSE(what_of_name("place"));
}

TEST_CASE("a cursor survives its text, and any other text, or another question, is refused") {
  Query query;
  Position position{12, 3.25, -5, "clé", {}, {}};
  position.place.bytes.fill(7);
  std::string text = encode_cursor(query, position);
  CHECK(decode_cursor(query, text).value() == position);
  Query other;
  other.near = GeoPoint{1, 2};
  CHECK(decode_cursor(other, text).error().code == ErrorCode::kBadParameter);
  for (std::size_t size = 0; size < 90; ++size) CHECK_FALSE(decode_cursor(query, text.substr(0, size)));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string flipped = text;
    flipped[i] = flipped[i] == 'A' ? 'B' : 'A';
    auto decoded = decode_cursor(query, flipped);
    if (decoded) CHECK(std::isfinite(decoded->distance));
  }
  CHECK_FALSE(decode_cursor(query, "é!"));
  CHECK_FALSE(decode_cursor(query, std::string(100'000, 'A')));
}
