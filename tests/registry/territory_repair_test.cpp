#include "registry/territory_repair.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <limits>
#include <map>
#include <set>
#include <thread>

#include <catch2/catch.hpp>

#include "registry/territory.h"
#include "tests/locations.h"

using namespace maillage::registry;

namespace {

constexpr GeoPoint kBiot{43.628, 7.096}, kCannes{43.553, 7.017}, kSaintDenisReunion{-20.89, 55.455}, kRennes{48.1130, -1.6750};

TerritoryRepair repaired(DeclaredTerritory declared) { return repair_territory(declared); }

std::string commune_name(const TerritoryRepair& repair) {
  auto commune = find_commune(repair.insee);
  return commune ? std::string(commune->commune.name) : std::string();
}

// What holds of every answer, whatever was asked.
bool is_sound(const TerritoryRepair& repair) {
  using enum CodeOutcome;
  bool stands = repair.outcome == kRight || repair.outcome == kSuccessor || repair.outcome == kRepaired;
  bool fits = stands ? !repair.insee.empty() : repair.outcome == kContradicted || repair.insee.empty();
  bool candidates = (repair.outcome != kAmbiguous || !repair.candidates.empty()) && (repair.outcome != kImpossible || repair.candidates.empty());
  bool known = repair.insee.empty() || (find_commune(repair.insee) && find_department(repair.department));
  for (const auto& code : repair.candidates) known = known && find_commune(code);
  bool postcode = repair.postcode.empty() || (repair.postcode.size() == 5 && repair.postcode.find_first_not_of("0123456789") == std::string::npos);
  return fits && candidates && known && postcode && repair.candidates.size() <= kTerritoryCandidatesMax;
}

}  // namespace

TEST_CASE("a code that is right stands, in any case and with blanks around it") {
  CHECK(repaired({.insee = "29039"}).outcome == CodeOutcome::kRight);
  auto ajaccio = repaired({.insee = " 2a004 ", .commune = "Ajaccio"});
  CHECK(ajaccio.outcome == CodeOutcome::kRight);
  CHECK(ajaccio.insee == "2A004");
  CHECK(ajaccio.department == "2A");
  CHECK(ajaccio.region == "94");
  CHECK(ajaccio.against.empty());
  auto district = repaired({.insee = "75110", .commune = "Paris", .postcode = "75010"});
  CHECK(district.outcome == CodeOutcome::kRight);
  CHECK(district.insee == "75110");
}

TEST_CASE("a lost leading zero comes back, in codes and in postcodes") {
  auto valserhone = repaired({.insee = "1033", .commune = "Valserhône", .postcode = "1200"});
  CHECK(valserhone.outcome == CodeOutcome::kRepaired);
  CHECK(valserhone.insee == "01033");
  CHECK(valserhone.why == "leading-zero");
  CHECK(valserhone.postcode == "01200");
  CHECK(repaired({.insee = "1033.0"}).insee == "01033");
}

TEST_CASE("a code that is no more leads to its successor") {
  for (auto [code, now] : {std::pair("69152", "69149"), std::pair("16226", "16393"), std::pair("85217", "85146"), std::pair("1015", "01015")}) {
    INFO(code);
    auto repair = repaired({.insee = code});
    CHECK(repair.insee == now);
    CHECK(repair.outcome == (std::string(code) == "1015" ? CodeOutcome::kRepaired : CodeOutcome::kSuccessor));
  }
  CHECK(repaired({.insee = "69152"}).why == "successor");
}

TEST_CASE("the codes of departments divided in 1968 are postcodes of today") {
  CHECK_FALSE(find_commune("75010"));
  auto paris = repaired({.insee = "75010", .commune = "Paris", .postcode = "75010"});
  CHECK(paris.outcome == CodeOutcome::kRepaired);
  CHECK(paris.insee == "75110");
}

TEST_CASE("a postcode in the column of the codes is not taken for the commune with that code") {
  auto lyon = repaired({.insee = "69001", .commune = "Lyon", .postcode = "69001"});
  CHECK(lyon.outcome == CodeOutcome::kContradicted);
  CHECK(lyon.insee == "69381");
  CHECK(repaired({.insee = "69001", .commune = "Affoux", .postcode = "69170"}).outcome == CodeOutcome::kRight);
}

TEST_CASE("a code that contradicts the region and the coordinates loses") {
  auto park = repaired({"29039", "PARC DES SCIENCES", "0", "06", "Provence-Alpes-Côte d'Azur", kBiot});
  CHECK(park.outcome == CodeOutcome::kContradicted);
  CHECK(park.insee.empty());
  CHECK(park.against == "code");
  CHECK(park.why == "department+region+coordinates");
  CHECK(park.department == "06");
  CHECK(park.region == "93");
  CHECK_FALSE(park.candidates.empty());
  auto biot = repaired({"29039", "Biot", "6410", "", "PACA", kBiot});
  CHECK(biot.outcome == CodeOutcome::kContradicted);
  CHECK(biot.insee == "06018");
  CHECK(biot.why == "name+postcode+region+coordinates");
}

TEST_CASE("one contradiction alone does not undo a code, and is told") {
  auto region = repaired({.insee = "06018", .commune = "Biot", .region = "Bretagne", .geo = kBiot});
  CHECK(region.outcome == CodeOutcome::kRight);
  CHECK(region.against == "region");
  auto geo = repaired({.insee = "06018", .commune = "Biot", .region = "PACA", .geo = kRennes});
  CHECK(geo.outcome == CodeOutcome::kRight);
  CHECK(geo.against == "coordinates");
  auto name = repaired({.insee = "44162", .commune = "Nantes", .department = "44"});
  CHECK(name.insee == "44162");
  CHECK(name.against == "name");
  CHECK(repaired({.insee = "69029", .commune = "Bron", .postcode = "69008"}).against == "postcode");
}

TEST_CASE("name and postcode together undo a code that nothing else speaks for alone") {
  auto liffre = repaired({"35238", "Liffré", "35340", "35", "Bretagne", kRennes});
  CHECK(liffre.outcome == CodeOutcome::kContradicted);
  CHECK(liffre.insee == "35152");
  CHECK(repaired({"35238", "Liffré", "44000", "35", "Bretagne", kRennes}).insee == "35238");
}

TEST_CASE("without a code, name and postcode, department, region or coordinates tell the commune") {
  auto saint_denis = [](DeclaredTerritory also) {
    also.commune = "Saint-Denis";
    return repair_territory(also);
  };
  CHECK(saint_denis({}).outcome == CodeOutcome::kAmbiguous);
  CHECK(saint_denis({}).candidates.front() == "97411");
  CHECK(saint_denis({.postcode = "97490"}).insee == "97411");
  CHECK(saint_denis({.postcode = "97490"}).why == "name+postcode");
  CHECK(saint_denis({.department = "Seine St Denis"}).insee == "93066");
  CHECK(saint_denis({.department = "93"}).why == "name+department");
  CHECK(saint_denis({.region = "Réunion"}).insee == "97411");
  CHECK(saint_denis({.geo = kSaintDenisReunion}).insee == "97411");
  CHECK(saint_denis({.geo = kSaintDenisReunion}).why == "name+coordinates");
  // One witness here, one there: nobody can tell.
  auto torn = saint_denis({.postcode = "93200", .geo = kSaintDenisReunion});
  CHECK(torn.outcome == CodeOutcome::kAmbiguous);
  CHECK(std::set(torn.candidates.begin(), torn.candidates.begin() + 2) == std::set<std::string>{"93066", "97411"});
}

TEST_CASE("a name that only one commune bears is enough alone, until something contradicts it") {
  CHECK(repaired({.commune = "CONCARNEAU"}).insee == "29039");
  CHECK(repaired({.commune = "CONCARNEAU"}).why == "name");
  CHECK(repaired({.commune = "Concarneau", .postcode = "44000"}).outcome == CodeOutcome::kAmbiguous);
  // Jarry is a commune of the Cher, and a quarter of Baie-Mahault.
  auto jarry = repaired({"", "Jarry", "97122", "Guadeloupe", "", GeoPoint{16.245, -61.58}});
  CHECK(jarry.insee == "97103");
}

TEST_CASE("a wrong department loses against name, postcode and coordinates") {
  auto port = repaired({"0", "Le Port", "97420", "2B", "", GeoPoint{-20.939, 55.292}});
  CHECK(port.outcome == CodeOutcome::kRepaired);
  CHECK(port.insee == "97407");
  CHECK(port.against == "department");
}

TEST_CASE("names are known as people write them") {
  struct Case {
    const char *written, *postcode, *name;
  };
  for (auto [written, postcode, name] : {
           Case{"st etienne", "42000", "Saint-Étienne"}, Case{"Ste Luce", "97228", "Sainte-Luce"}, Case{"Rochelle (La)", "17000", "La Rochelle"},
           Case{"ROCHELLE", "17000", "La Rochelle"}, Case{"Puy-en-Velay", "43000", "Le Puy-en-Velay"}, Case{"Chalon s/ Saône", "71100", "Chalon-sur-Saône"},
           Case{"Villeneuve d’Ascq", "59650", "Villeneuve-d'Ascq"}, Case{"Villeneuve lez Avignon", "30400", "Villeneuve-lès-Avignon"},
           Case{"O yonnax", "01100", "Oyonnax"}, Case{"TOULOUSE CEDEX 9", "31000", "Toulouse"}, Case{"BOURG-EN-BRESSE CE", "01000", "Bourg-en-Bresse"},
           Case{"Fontevraud l'Abaye", "49590", "Fontevraud-l'Abbaye"}, Case{"Sainte Anne Guadeloupe", "97180", "Sainte-Anne"},
           Case{"Brive", "19100", "Brive-la-Gaillarde"}, Case{"Œuilly", "02160", "Œuilly"}, Case{"Oeuilly", "02160", "Œuilly"},
           Case{"Florac", "48400", "Florac Trois Rivières"}, Case{"ile de brehat", "22870", "Île-de-Bréhat"}}) {
    INFO(written);
    auto repair = repaired({.commune = written, .postcode = postcode});
    CHECK(repair.outcome == CodeOutcome::kRepaired);
    CHECK(commune_name(repair) == name);
  }
}

TEST_CASE("half of a name is doubted when it is all of another's") {
  CHECK(repaired({.commune = "Cesson", .postcode = "35510", .department = "35"}).insee == "35051");
  auto cesson = repaired({.commune = "Cesson", .postcode = "35510"});
  CHECK(cesson.outcome == CodeOutcome::kAmbiguous);
  CHECK(std::set(cesson.candidates.begin(), cesson.candidates.end()) == std::set<std::string>{"35051", "77067"});
}

TEST_CASE("a name that is no more leads to the commune of today") {
  auto morez = repaired({.commune = "Morez", .postcode = "39400"});
  CHECK(morez.insee == "39368");
  CHECK(morez.why == "former-name+postcode");
  CHECK(repaired({.commune = "Pierre Bénite", .postcode = "69310"}).insee == "69149");
}

TEST_CASE("a number or a postcode tells the district of Paris, Lyon or Marseille") {
  CHECK(repaired({.commune = "Lyon 3e"}).insee == "69383");
  CHECK(repaired({.commune = "Lyon 3ème arrondissement", .postcode = "69003"}).insee == "69383");
  CHECK(repaired({.commune = "PARIS 10"}).insee == "75110");
  CHECK(repaired({.commune = "Paris", .postcode = "75116"}).insee == "75116");
  CHECK(repaired({.commune = "Marseille", .postcode = "13001"}).insee == "13201");
  CHECK(repaired({.commune = "Paris"}).insee == "75056");
  CHECK(repaired({.commune = "Paris", .postcode = "75380 CEDEX 8"}).insee == "75056");
  // The tenth and the eleventh: Paris is what both say.
  CHECK(find_commune(repaired({.commune = "Paris 10", .postcode = "75011"}).insee)->commune.code == "75056");
}

TEST_CASE("a postcode tells a commune when it is of one only") {
  CHECK(repaired({.postcode = "29900"}).insee == "29039");
  CHECK(repaired({.postcode = "01700"}).outcome == CodeOutcome::kAmbiguous);
  CHECK(repaired({.postcode = "01700"}).candidates.size() > 1);
  auto quarter = repaired({.commune = "Sainte-Clotilde", .postcode = "97490", .geo = kSaintDenisReunion});
  CHECK(quarter.insee == "97411");
  CHECK(quarter.against == "name");
  CHECK(repaired({.commune = "Namur", .postcode = "29900"}).outcome == CodeOutcome::kAmbiguous);
}

TEST_CASE("coordinates alone give candidates, nearest town first, and the department") {
  auto namur = repaired({"0", "Namur", "0", "06", "Provence-Alpes-Côte d'Azur", kCannes});
  CHECK(namur.outcome == CodeOutcome::kAmbiguous);
  CHECK(namur.department == "06");
  CHECK(std::set(namur.candidates.begin(), namur.candidates.end()).contains("06029"));
  auto rennes = repaired({.geo = kRennes});
  CHECK(rennes.candidates.front() == "35238");
  CHECK(rennes.region == "53");
  // Paris is a department of one commune.
  CHECK(repaired({.department = "75", .geo = GeoPoint{48.8837, 2.3327}}).insee == "75056");
  CHECK(repaired({.department = "93", .geo = GeoPoint{48.912, 2.345}}).outcome == CodeOutcome::kAmbiguous);
}

TEST_CASE("islands too small for the outlines are in their department") {
  auto groix = repaired({.insee = "56069", .department = "56", .geo = GeoPoint{47.6387, -3.4523}});
  CHECK(groix.against.empty());
}

TEST_CASE("what says nothing is impossible, and what little it says is kept") {
  CHECK(repaired({}).outcome == CodeOutcome::kImpossible);
  CHECK(repaired({.insee = "0", .postcode = "0"}).outcome == CodeOutcome::kImpossible);
  CHECK(repaired({.insee = "0", .postcode = "0"}).against.empty());
  auto wrong = repaired({.insee = "99999"});
  CHECK(wrong.outcome == CodeOutcome::kImpossible);
  CHECK(wrong.against == "code");
  auto region = repaired({.region = "Corse"});
  CHECK(region.outcome == CodeOutcome::kImpossible);
  CHECK(region.region == "94");
  CHECK(region.department.empty());
  CHECK(repaired({.insee = "99999", .commune = "Concarneau", .postcode = "29900"}).insee == "29039");
}

TEST_CASE("postcodes are read with what people put around them") {
  auto read = [](const char* written) { return repaired({.postcode = written}).postcode; };
  CHECK(read("1000") == "01000");
  CHECK(read("75 010") == "75010");
  CHECK(read("F-75010") == "75010");
  CHECK(read("31058 Cedex 9") == "31058");
  CHECK(read("1000.0") == "01000");
  for (const char* none : {"", "0", "00000", "750100", "750", "99123", "abcde", "7501O"}) CHECK(read(none).empty());
}

TEST_CASE("regions are known by code, name, old name and abbreviation") {
  for (auto [written, code] : {std::pair("11", "11"), {"1", "01"}, {"Nouvelle Aquitaine", "75"}, {"Auvergne et Rhône-Alpes", "84"},
                               {"Bourgogne et Franche-Comté", "27"}, {"PROVENCE ALPES COTE D'AZUR", "93"}, {"Région Bretagne", "53"},
                               {"Ile de France", "11"}, {"Reunion", "04"}, {"la réunion", "04"}, {"PACA", "93"}, {"FR-NAQ", "75"},
                               {"Centre", "24"}, {"82", "84"}, {"Languedoc-Roussillon", "76"}, {"Hauts de France", "32"}}) {
    INFO(written);
    CHECK(region_code(written) == std::optional<std::string>(code));
  }
  for (const char* none : {"", "0", "Bavière", "99", "Grand"}) CHECK_FALSE(region_code(none));
}

TEST_CASE("departments are known by code and name") {
  for (auto [written, code] : {std::pair("1", "01"), {"2a", "2A"}, {"974", "974"}, {"Côtes d'Armor", "22"}, {"SEINE ST DENIS", "93"},
                               {"Finistere", "29"}, {"La Réunion", "974"}, {"Val d’Oise", "95"}, {"Loire", "42"}, {"Haute Loire", "43"},
                               {"69D", "69"}, {"Territoire-de-Belfort", "90"}, {"Alpes de Haute Provence", "04"}}) {
    INFO(written);
    CHECK(department_code(written) == std::optional<std::string>(code));
  }
  for (const char* none : {"", "20", "0", "96", "Rhin"}) CHECK_FALSE(department_code(none));
  for (int number = 1; number <= 95; ++number) {
    std::string code = number < 10 ? "0" + std::to_string(number) : std::to_string(number);
    if (number != 20) CHECK(department_code(find_department(code)->department.name) == code);
  }
}

TEST_CASE("whatever a row holds, the answer is sound") {
  const DeclaredTerritory whole{"01033", "Valserhône", "01200", "Ain", "Auvergne et Rhône-Alpes", GeoPoint{46.106, 5.826}};
  using Field = std::string DeclaredTerritory::*;
  for (Field field : {&DeclaredTerritory::insee, &DeclaredTerritory::commune, &DeclaredTerritory::postcode, &DeclaredTerritory::department,
                      &DeclaredTerritory::region}) {
    for (std::size_t at = 0; at < (whole.*field).size(); ++at) {
      DeclaredTerritory cut = whole, flipped = whole;
      (cut.*field).resize(at);
      CHECK(is_sound(repair_territory(cut)));
      for (int bit = 0; bit < 8; ++bit) {
        (flipped.*field)[at] = static_cast<char>((whole.*field)[at] ^ (1 << bit));
        if (!is_sound(repair_territory(flipped))) FAIL(flipped.*field);
      }
    }
    for (std::string bad : {std::string(1 << 20, 'a'), std::string(1 << 20, '0'), std::string(150, '\xff'), std::string(40, '\0'), std::string(60, '/')}) {
      DeclaredTerritory hostile = whole;
      hostile.*field = bad;
      CHECK(is_sound(repair_territory(hostile)));
    }
  }
}

TEST_CASE("coordinates that are no place testify to nothing") {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN(), kInfinite = std::numeric_limits<double>::infinity();
  for (GeoPoint nowhere : {GeoPoint{kNan, kNan}, GeoPoint{kInfinite, 2}, GeoPoint{48, -kInfinite}, GeoPoint{1e300, 2}, GeoPoint{0, 0}, GeoPoint{91, 181}}) {
    auto repair = repaired({.insee = "29039", .region = "Occitanie", .geo = nowhere});
    CHECK(repair.outcome == CodeOutcome::kRight);
    CHECK(repair.against == "region");
  }
  CHECK(is_sound(repaired({.commune = "Papeete", .geo = GeoPoint{-17.5, -149.6}})));
  CHECK(is_sound(repaired({.geo = GeoPoint{90, 180}})));
}

TEST_CASE("many threads may ask at once") {
  std::vector<std::thread> threads;
  std::vector<std::string> found(4);
  for (auto& each : found) threads.emplace_back([&each] { each = repair_territory({.commune = "Florac", .postcode = "48400"}).insee; });
  for (auto& thread : threads) thread.join();
  CHECK(found == std::vector<std::string>(4, "48061"));
}

// ---- real lists

namespace {

using Table = std::vector<std::map<std::string, std::string>>;

std::filesystem::path shared_file(const std::string& name) {
  const char* given = std::getenv("MAILLAGE_SHARED");
  return (given ? std::filesystem::path(given) : std::filesystem::path(maillage::tests::kSourceDir) / "../shared") / "data" / name;
}

std::vector<std::vector<std::string>> read_lines(const std::string& text) {
  std::vector<std::vector<std::string>> lines{{""}};
  bool quoted = false;
  for (std::size_t at = text.starts_with("\xef\xbb\xbf") ? 3 : 0; at < text.size(); ++at) {
    char c = text[at];
    if (c == '"' && quoted && at + 1 < text.size() && text[at + 1] == '"') lines.back().back() += text[at++];
    else if (c == '"') quoted = !quoted;
    else if (c == ',' && !quoted) lines.back().emplace_back();
    else if (c == '\n' && !quoted) lines.push_back({""});
    else if (c != '\r') lines.back().back() += c;
  }
  if (lines.back().size() == 1) lines.pop_back();
  return lines;
}

Table read_table(const std::string& name) {
  std::ifstream file(shared_file(name), std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  if (text.empty()) return {};
  auto lines = read_lines(text);
  Table table;
  for (std::size_t i = 1; i < lines.size(); ++i)
    for (std::size_t j = 0; j < std::min(lines[0].size(), lines[i].size()); ++j) {
      if (j == 0) table.emplace_back();
      table.back()[lines[0][j]] = lines[i][j];
    }
  return table;
}

std::optional<GeoPoint> point(const std::string& lat, const std::string& lon) {
  if (lat.empty() || lon.empty()) return std::nullopt;
  return make_point(std::strtod(lat.c_str(), nullptr), std::strtod(lon.c_str(), nullptr));
}

DeclaredTerritory census_row(std::map<std::string, std::string>& row, const char* name, const char* other_name) {
  return {row["INSEECOM"], row[name].empty() ? row[other_name] : row[name], row["CP"], row["INSEEDEP"], row["NOMREG"], point(row["LAT"], row["LONG"])};
}

struct Tally {
  std::map<std::string, int> outcomes, regions;
  std::map<std::string, TerritoryRepair> by_id;

  void add(const std::string& id, TerritoryRepair repair) {
    if (!is_sound(repair)) FAIL(id);
    ++outcomes[std::string(slug_of(repair.outcome))];
    ++regions[repair.region];
    by_id.emplace(id, std::move(repair));
  }
  void print(const char* title) const {
    std::cout << title << ":";
    for (const auto& [outcome, rows] : outcomes) std::cout << " " << outcome << " " << rows;
    std::cout << "\n";
  }
};

}  // namespace

TEST_CASE("the census of 2019 has every place in its region after repair") {
  Table census = read_table("CGET_TiersLieux_2019.csv");
  if (census.empty()) {
    WARN("SKIPPED: no CGET_TiersLieux_2019.csv; set MAILLAGE_SHARED to the folder whose data/ holds it");
    return;
  }
  REQUIRE(census.size() == 1512);
  for (auto [name, other] : {std::pair("COMINIT", "NOMCOM"), std::pair("NOMCOM", "COMINIT")}) {
    INFO(name);
    Tally tally;
    for (auto& row : census) tally.add(row["ID"], repair_territory(census_row(row, name, other)));
    tally.print(name);
    CHECK(tally.regions == std::map<std::string, int>{{"01", 1}, {"02", 1}, {"03", 1}, {"04", 3}, {"11", 344}, {"24", 37}, {"27", 68}, {"28", 31},
                                                      {"32", 76}, {"44", 68}, {"52", 64}, {"53", 89}, {"75", 225}, {"76", 165}, {"84", 205}, {"93", 127},
                                                      {"94", 7}});
    CHECK(tally.by_id["301"].insee == "29003");
    CHECK(tally.by_id["301"].region == "53");
    CHECK(tally.by_id["1460"].outcome == CodeOutcome::kContradicted);
    CHECK(tally.by_id["351"].insee == "69149");
    CHECK(tally.by_id["826"].insee == "16393");
    CHECK(tally.by_id["1223"].insee == "85146");
    CHECK(tally.outcomes["successor"] == 3);
    // 29 rows with coordinates and no address, a Belgian town in Cannes, and the technology park of three communes, which
    // is twice among them unless its other row lost its code.
    CHECK(tally.outcomes["ambiguous"] == 31);
    CHECK(tally.outcomes["impossible"] == 0);
  }
}

TEST_CASE("codes of the France services list stand, and are found again without them") {
  Table list = read_table("liste-fs-20240801.csv");
  if (list.empty()) {
    WARN("SKIPPED: no liste-fs-20240801.csv; set MAILLAGE_SHARED to the folder whose data/ holds it");
    return;
  }
  REQUIRE(list.size() == 2845);
  Tally with, without;
  int others = 0;
  for (auto& row : list) {
    DeclaredTerritory declared{row["insee_com"], row["lib_com"], row["code_postal"], row["insee_dep"], "", point(row["latitude"], row["longitude"])};
    with.add(row["id_fs"], repair_territory(declared));
    declared.insee.clear();
    without.add(row["id_fs"], repair_territory(declared));
    const auto& found = without.by_id[row["id_fs"]].insee;
    others += !found.empty() && find_commune(found)->commune.code != find_commune(row["insee_com"])->commune.code;
  }
  with.print("France services");
  without.print("France services without codes");
  CHECK(with.outcomes == std::map<std::string, int>{{"right", 2842}, {"successor", 3}});
  CHECK(without.outcomes == std::map<std::string, int>{{"ambiguous", 2}, {"repaired", 2843}});
  CHECK(others == 0);
}
