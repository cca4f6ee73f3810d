// A list with the dirt of the real ones (tests/registry/fixtures), and single rows beside it.
#include <algorithm>
#include <fstream>
#include <iterator>

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "protocol/validate.h"
#include "registry/import/table_reader.h"
#include "tests/locations.h"

using namespace maillage::registry;
namespace json = boost::json;

namespace {

const std::filesystem::path kFixtures = std::filesystem::path(maillage::tests::kSourceDir) / "tests/registry/fixtures";

std::vector<RowRecord> rest_of(TableReader& reader) {
  std::vector<RowRecord> records;
  for (auto next = reader.next(); next && *next; next = reader.next()) records.push_back(std::move(**next));
  return records;
}

struct Fixture {
  TableReader reader;
  std::vector<RowRecord> records;

  Fixture() : reader(TableReader::open(kFixtures / "third-places.csv", load_mapping(kFixtures / "third-places.toml").value()).value()) {
    records = rest_of(reader);
  }

  const RowRecord& row(std::string_view id) const {
    for (const RowRecord& record : records)
      if (record.id == id && !record.refused()) return record;
    FAIL("no record of row " << id);
    throw 0;
  }
  json::object profile(std::string_view id) const { return json::parse(row(id).profile).as_object(); }
  bool has(std::string_view id, NoteCode code, std::string_view column, std::string_view value, std::string_view result) const {
    for (const RowNote& note : row(id).notes)
      if (note.code == code && note.column == column && note.value == value && note.result == result) return true;
    for (const RowNote& note : row(id).notes) UNSCOPED_INFO(slug(note.code) << " [" << note.column << "] " << note.value << " → " << note.result);
    return false;
  }
};

std::vector<RowRecord> read_rows(const std::string& toml, const std::string& csv) {
  auto reader = TableReader::over(CsvReader::read(csv).value(), parse_mapping(toml, "mine.toml").value());
  REQUIRE(reader);
  return rest_of(*reader);
}

const std::string kLeast = "[source]\nname = \"Liste\"\nid = \"id\"\n[profile]\nname = \"nom\"\n";

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* found = object.if_contains(key);
  return found && found->is_string() ? std::string(found->as_string()) : std::string("(none)");
}

}  // namespace

TEST_CASE("a clean row becomes this profile, to the byte") {
  Fixture list;
  CHECK(list.row("1").notes.empty());
  CHECK(list.row("1").line == 2);
  CHECK(list.row("1").name == "L'Atelier du Port");
  CHECK(list.row("1").profile == R"({
  "kind": "profile",
  "name": "L'Atelier du Port",
  "language": "fr",
  "licence": "etalab-2.0",
  "source": {
    "name": "Liste des tiers-lieux du réseau",
    "id": "1",
    "url": "https://reseau.example/lieux",
    "licence": "etalab-2.0",
    "retrieved": "2026-11-22"
  },
  "activities": ["fablab"],
  "stage": "open",
  "address": {
    "street": "12 quai de la Criée",
    "postcode": "29900",
    "commune": "Concarneau",
    "insee": "29039"
  },
  "geo": {
    "lat": 47.8753,
    "lon": -3.9189
  },
  "openingHours": "Mo,Tu 09:00-12:00,14:00-17:30; We off",
  "surface": 420,
  "opened": "2014",
  "contacts": {
    "phone": "02 98 00 00 00",
    "website": "https://atelier-du-port.example"
  }
}
)");
}

TEST_CASE("every record of a dirty list is a valid profile, and every row ends as a record or with a reason") {
  Fixture list;
  CHECK(list.records.size() == 12);
  for (const RowRecord& record : list.records) {
    INFO(record.line);
    if (record.refused()) CHECK(effect_of(record.notes.back().code) == NoteEffect::kRefused);
    else CHECK(maillage::protocol::validate("profile.json", maillage::protocol::as_bytes(record.profile)).empty());
  }
  const ImportReport& report = list.reader.report();
  CHECK(report.rows == 12);
  CHECK(report.records == 8);
  CHECK(report.refused == 4);
  CHECK(report.count_of(NoteCode::kIdTwice) == 1);
  CHECK(report.count_of(NoteCode::kNameMissing) == 1);
  CHECK(report.count_of(NoteCode::kCellCount) == 1);
  CHECK(report.count_of(NoteCode::kIdMissing) == 1);
  CHECK(report.unused_columns == std::vector<std::string>{"Interne"});
}

TEST_CASE("the first of two rows with one id is the place") {
  Fixture list;
  CHECK(text_at(list.profile("1"), "name") == "L'Atelier du Port");
  const RowRecord& second = list.records[5];
  REQUIRE(second.refused());
  CHECK(second.notes == std::vector<RowNote>{{7, "Numéro", NoteCode::kIdTwice, "1", "2"}});
}

TEST_CASE("lost zeros come back, several activities of one cell stay several, an account becomes a link") {
  Fixture list;
  json::object profile = list.profile("2");
  CHECK(text_at(profile["address"].as_object(), "postcode") == "01000");
  CHECK(text_at(profile["address"].as_object(), "insee") == "01053");
  CHECK(text_at(profile["address"].as_object(), "street") == "3 rue des Halles, Bâtiment B");
  CHECK(profile["activities"] == json::array{"coworking", "fablab"});
  CHECK(profile["surface"] == 1200);
  CHECK(text_at(profile, "openingHours") == "Mo 09:00-17:00");
  CHECK(profile["contacts"].as_object()["links"] == json::array{"https://twitter.com/bressenum"});
  CHECK(list.has("2", NoteCode::kLeadingZero, "CP", "1000", "01000"));
  CHECK(list.has("2", NoteCode::kSchemeAdded, "Site", "www.bresse-numerique.example", "http://www.bresse-numerique.example"));
  CHECK(list.has("2", NoteCode::kLinkCompleted, "Twitter", "@bressenum", "https://twitter.com/bressenum"));
  CHECK(list.has("2", NoteCode::kHoursOverlap, "Lundi", "09:00 - 12:00 / 09:00 - 17:00", "09:00-17:00"));
}

TEST_CASE("swapped coordinates are exchanged, and hours that nobody can know are kept as they stand") {
  Fixture list;
  json::object profile = list.profile("3");
  CHECK(profile["geo"] == json::object{{"lat", 50.6292}, {"lon", 3.0573}});
  CHECK(text_at(profile["contacts"].as_object(), "website") == "http://hangar.example");
  CHECK(profile["activities"] == json::array{"coworking"});
  CHECK(text_at(profile, "openingHours") == "Mo 09:00-12:00; Tu \"00:00 - 00:00\"; We \"sur rendez-vous\"");
  CHECK(list.has("3", NoteCode::kSwapped, "Latitude", "3,0573, 50,6292", "50,6292, 3,0573"));
  CHECK(list.has("3", NoteCode::kHoursEmptySlot, "Lundi", "00:00 - 00:00 / 09:00 - 12:00", "09:00-12:00"));
  CHECK(list.has("3", NoteCode::kHoursUnread, "Mercredi", "sur rendez-vous", "\"sur rendez-vous\""));
}

TEST_CASE("what stands for nothing, or can be nothing, is left out and said") {
  Fixture list;
  json::object chantier = list.profile("4");
  CHECK_FALSE(chantier.contains("geo"));
  CHECK_FALSE(chantier.contains("contacts"));
  CHECK_FALSE(chantier.contains("activities"));
  CHECK_FALSE(chantier["address"].as_object().contains("street"));
  CHECK(list.has("4", NoteCode::kPlaceholder, "Adresse", "NULL", ""));
  CHECK(list.has("4", NoteCode::kPlaceholder, "Site", "en cours", ""));
  CHECK(list.has("4", NoteCode::kZeroCoordinates, "Latitude", "0, 0", ""));
  CHECK(list.has("5", NoteCode::kOutOfRange, "Latitude", "478753, 4,8357", ""));
  CHECK(list.has("5", NoteCode::kNotUrl, "Site", "www.exemple.netun-lieu", ""));
  CHECK(list.has("5", NoteCode::kNotUrl, "Twitter", "Un Lieu à nous", ""));
  CHECK(list.has("5", NoteCode::kUnknownValue, "Type", "Lieu dansant", ""));
  CHECK(list.has("5", NoteCode::kNotNumber, "Surface", "beaucoup", ""));
  CHECK(list.has("5", NoteCode::kBadValue, "Ouverture", "l'an passé", "partial-date"));
  CHECK(list.has("5", NoteCode::kBadValue, "Téléphone", "quatre", "phone"));
  CHECK(list.has("13", NoteCode::kOutsideFrance, "Latitude", "40,7, -74,0", ""));
  CHECK_FALSE(list.profile("13").contains("geo"));
}

TEST_CASE("texts are put right, and a label with a comma is one value") {
  Fixture list;
  json::object profile = list.profile("11");
  CHECK(text_at(profile, "name") == "Le \"Petit\" Théâtre");
  CHECK(text_at(profile["address"].as_object(), "street") == "Chez Mme X 2 rue Haute");
  CHECK(text_at(profile["contacts"].as_object(), "website") == "https://theatre.example/");
  CHECK(profile["activities"] == json::array{"repair-cafe"});
  CHECK(list.row("11").line == 12);
  CHECK(list.row("12").line == 14);
  CHECK_FALSE(list.profile("12").contains("activities"));
}

TEST_CASE("the same list in Windows-1252 makes the same bytes, and so does reading it again") {
  std::ifstream in(kFixtures / "third-places.csv", std::ios::binary);
  std::string utf8((std::istreambuf_iterator<char>(in)), {}), windows;
  // All its letters are below U+0100.
  for (std::size_t i = 3; i < utf8.size(); ++i) {
    auto byte = static_cast<unsigned char>(utf8[i]);
    windows.push_back(byte < 0x80 ? utf8[i] : static_cast<char>((byte << 6) | (static_cast<unsigned char>(utf8[++i]) & 0x3f)));
  }
  auto mapping = load_mapping(kFixtures / "third-places.toml").value();
  auto reader = TableReader::over(CsvReader::read(windows).value(), mapping);
  REQUIRE(reader);
  CHECK(reader->report().encoding == "windows-1252");
  auto again = rest_of(*reader);
  Fixture list;
  REQUIRE(again.size() == list.records.size());
  for (std::size_t i = 0; i < again.size(); ++i) {
    CHECK(again[i].profile == list.records[i].profile);
    CHECK(again[i].notes == list.records[i].notes);
  }
}

TEST_CASE("a foreign place keeps its address as it is written") {
  auto records = read_rows(kLeast + "postcode = \"cp\"\ncommune = \"ville\"\ncountry = \"pays\"\nlat = \"lat\"\nlon = \"lon\"\n",
                           "id,nom,cp,ville,pays,lat,lon\n"
                           "1,Labo,B-1000,Bruxelles,BE,50.84,4.35\n2,Labo,75011,Paris,france,48.85,2.37\n3,Labo,75011,Paris,Narnia,,\n");
  REQUIRE(records.size() == 3);
  json::object abroad = json::parse(records[0].profile).as_object();
  CHECK(abroad["address"] == json::object{{"postcode", "B-1000"}, {"commune", "Bruxelles"}, {"country", "BE"}});
  CHECK(records[0].notes.empty());
  CHECK(text_at(json::parse(records[1].profile).as_object()["address"].as_object(), "country") == "FR");
  CHECK(records[2].notes.front().code == NoteCode::kBadValue);
}

TEST_CASE("too long texts are cut, and too many values counted out") {
  std::string links;
  for (int i = 0; i < 25; ++i) links += "http://l" + std::to_string(i) + ".example ";
  auto records = read_rows(kLeast + "links = \"liens\"\ndescription = \"texte\"\nrna = \"rna\"\ncapacity = \"places\"\n",
                           "id,nom,liens,texte,rna,places\n1," + std::string(300, 'n') + "," + links + "," + std::string(9'000, 't') +
                               ",W29 4003 217,12.5\n");
  REQUIRE(records.size() == 1);
  REQUIRE_FALSE(records[0].refused());
  json::object profile = json::parse(records[0].profile).as_object();
  CHECK(profile["name"].as_string().size() == 199 + 3);
  CHECK(profile["contacts"].as_object()["links"].as_array().size() == 20);
  CHECK(profile["governance"].as_object()["legalId"] == json::object{{"scheme", "rna"}, {"value", "W294003217"}});
  CHECK_FALSE(profile.contains("capacity"));
  std::size_t left_out = 0;
  for (const RowNote& note : records[0].notes) left_out += note.code == NoteCode::kTooManyValues;
  CHECK(left_out == 5);
}

TEST_CASE("the report says the same as data and as a table, in two languages") {
  Fixture list;
  ImportReport& report = list.reader.report();
  report.outcomes = {8, 0, 0, 2};
  report.vanished = {{"98", "Le Moulin"}, {"99", "La Forge"}, {"", "Le Hangar"}};
  json::object data = to_json(report, maillage::protocol::Language::kFrench);
  CHECK(data["rows"] == 12);
  CHECK(data["outcomes"] == json::object{{"created", 8}, {"changed", 0}, {"unchanged", 0}, {"elsewhere", 0}, {"kept", 0}, {"withdrawn", 0},
                                          {"handedOver", 0}, {"vanished", 2}, {"refused", 4}});
  CHECK(data["vanishedIds"] == json::array{"98", "99"});
  CHECK(data["vanishedPlaces"].as_array().size() == 3);
  CHECK(data["vanishedPlaces"].at(2) == json::object{{"id", ""}, {"name", "Le Hangar"}});
  CHECK(data["placesLeftOff"] == 0);
  std::size_t counted = 0;
  for (const json::value& one : data["summary"].as_array()) counted += one.at("count").to_number<std::size_t>();
  CHECK(counted == data["notes"].as_array().size());
  CHECK(data["notesLeftOff"] == 0);
  std::string french = to_table(report, maillage::protocol::Language::kFrench);
  std::string english = to_table(report, maillage::protocol::Language::kEnglish);
  CHECK(french.find("        8  lieux nouveaux\n") != std::string::npos);
  CHECK(french.find("ligne 3 : 1000 → 01000\n") != std::string::npos);
  CHECK(english.find("        1  leading zero restored [CP]\n") != std::string::npos);
  CHECK(french.find("(leading-zero)") == std::string::npos);
  CHECK(french.find("d'après le zéro de tête perdu") != std::string::npos);
  CHECK(french.find("Lieux qui ne sont plus dans le fichier\n           Le Moulin (98)\n           La Forge (99)\n           Le Hangar\n") !=
        std::string::npos);
  CHECK(english.find("Places that are no longer in the file\n") != std::string::npos);
  CHECK(french.find("(utf-8, « ; »)\n") != std::string::npos);
  CHECK(english.find("(utf-8, “;”)\n") != std::string::npos);
  CHECK(english.find("Columns that the mapping does not use\n  Interne\n") != std::string::npos);
}

TEST_CASE("one is not many, in either language, and places that are made or changed are named") {
  using maillage::protocol::Language;
  ImportReport report;
  report.rows = 2;
  report.outcomes.created = 1;
  report.places = {{2, "7", "Le Hangar", "created", {}}, {3, "8", "La Bresse", "changed", {"/name", "/stage"}}};
  report.dry_run = true;
  std::string french = to_table(report, Language::kFrench), english = to_table(report, Language::kEnglish);
  CHECK(french.find("        1  lieu nouveau\n        0  lieu changé\n") != std::string::npos);
  CHECK(french.find("        2  lignes\n") != std::string::npos);
  CHECK(english.find("        1  new place\n        0  places changed\n") != std::string::npos);
  CHECK(french.find("Lieux qui seraient créés\n           ligne 2 : Le Hangar\n") != std::string::npos);
  CHECK(english.find("line 3: La Bresse (/name, /stage)\n") != std::string::npos);
  report.dry_run = false;
  french = to_table(report, Language::kFrench);
  CHECK(french.find("Lieux nouveaux\n           ligne 2 : Le Hangar\n") != std::string::npos);
  CHECK(french.find("Lieux changés\n           ligne 3 : La Bresse (/name, /stage)\n") != std::string::npos);
}

TEST_CASE("what a mapping says always is in every record, and a cell wins over it") {
  std::string always = "surface = 120\ncapacity = \"30\"\ndesks = 12\nwebsite = \"https://reseau.example/\"\n"
                       "links = [\"https://a.example/\", \"https://b.example/\"]\n";
  auto records = read_rows(kLeast + "desks = \"bureaux\"\n[always]\n" + always, "id;nom;bureaux\n1;Un;\n2;Deux;5\n");
  auto one = json::parse(records[0].profile).as_object(), two = json::parse(records[1].profile).as_object();
  CHECK(one["surface"] == 120);
  CHECK(one["capacity"] == 30);
  CHECK(one["desks"] == 12);
  CHECK(two["desks"] == 5);
  CHECK(one["contacts"].at("website") == "https://reseau.example/");
  CHECK(one["contacts"].at("links").as_array().size() == 2);
}

TEST_CASE("a word for nothing that the mapping explains means what it says") {
  auto records = read_rows(kLeast + "stage = \"état\"\n[values.\"état\"]\n\"en cours\" = \"project\"\n", "id;nom;état\n1;Un;En cours\n2;Deux;néant\n");
  CHECK(json::parse(records[0].profile).at("stage") == "project");
  CHECK(records[0].notes.empty());
  CHECK(records[1].notes.size() == 1);
}

TEST_CASE("any cell of a row that lost one may be its identifier") {
  auto records = read_rows(kLeast, "id;nom;x\n1;Un;\n2;Deux\n");
  CHECK(records[1].refused());
  CHECK(records[1].perhaps_ids == std::vector<std::string>{"2", "Deux"});
}

TEST_CASE("a report keeps counting when it holds enough notes") {
  ImportReport report;
  RowRecord record{1, "1", "x", "{}", {{1, "c", NoteCode::kNotUrl, "v", ""}}, {}};
  for (std::size_t i = 0; i < kReportNotesMax + 3; ++i) report.add(record);
  CHECK(report.notes.size() == kReportNotesMax);
  CHECK(report.notes_left_off == 3);
  for (std::size_t i = 0; i < kReportNotesMax + 2; ++i) report.add(PlaceOutcome{i, "1", "x", "created", {}});
  CHECK(report.places.size() == kReportNotesMax);
  CHECK(to_json(report, maillage::protocol::Language::kFrench)["placesLeftOff"] == 2);
  CHECK(report.count_of(NoteCode::kNotUrl) == kReportNotesMax + 3);
}

TEST_CASE("a postcode abroad is not one of France without its zero, and leads to no commune") {
  const std::string toml = kLeast + "commune = \"ville\"\npostcode = \"cp\"\ncountry = \"pays\"\n";
  auto records = read_rows(toml, "id;nom;ville;cp;pays\n1;Un;Bruxelles;1000;\n2;Deux;Bruxelles;1000;Belgique\n3;Trois;Bruxelles;1000;Royaume de Belgique\n"
                                 "4;Quatre;Bourg-en-Bresse;1000;France métropolitaine\n5;Cinq;Lausanne;1003;CH\n");
  auto address = [&](std::size_t row) {
    json::object profile = json::parse(records[row].profile).as_object();
    return profile["address"].as_object();
  };
  for (std::size_t row : {0, 1, 2, 4}) {
    INFO(row);
    REQUIRE_FALSE(records[row].refused());
    CHECK_FALSE(address(row).contains("insee"));
    CHECK(text_at(address(row), "postcode") != "01000");
    for (const RowNote& note : records[row].notes) CHECK(note.code != NoteCode::kLeadingZero);
  }
  CHECK(text_at(address(0), "postcode") == "(none)");
  CHECK(std::ranges::count(records[0].notes, NoteCode::kBadPostcode, &RowNote::code) == 1);
  CHECK(text_at(address(1), "postcode") == "1000");
  CHECK(text_at(address(1), "country") == "BE");
  CHECK(text_at(address(2), "country") == "(none)");
  CHECK(std::ranges::count(records[2].notes, NoteCode::kBadValue, &RowNote::code) == 1);
  CHECK(text_at(address(3), "postcode") == "01000");
  CHECK(text_at(address(3), "insee") == "01053");
  CHECK(text_at(address(4), "postcode") == "1003");
}

TEST_CASE("a day as spreadsheets write it is read where nobody can be mistaken, and left out where somebody could") {
  const std::string fields = "opened = \"ouvert\"\n";
  const std::string table = "id;nom;ouvert\n1;Un;31/12/2019\n2;Deux;05/06/2019\n3;Trois;5.6.2019\n4;Quatre;31/02/2019\n5;Cinq;2014\n";
  auto opened = [](const RowRecord& record) { return text_at(json::parse(record.profile).as_object(), "opened"); };
  auto records = read_rows(kLeast + fields, table);
  CHECK(opened(records[0]) == "2019-12-31");
  CHECK(records[0].notes == std::vector<RowNote>{{2, "ouvert", NoteCode::kDateRead, "31/12/2019", "2019-12-31"}});
  CHECK(opened(records[1]) == "(none)");
  CHECK(records[1].notes == std::vector<RowNote>{{3, "ouvert", NoteCode::kDateAmbiguous, "05/06/2019", ""}});
  CHECK(opened(records[2]) == "2019-06-05");
  CHECK(opened(records[3]) == "(none)");
  CHECK(records[3].notes.at(0).code == NoteCode::kBadValue);
  CHECK(opened(records[4]) == "2014");
  CHECK(records[4].notes.empty());
  auto told = read_rows("[file]\nday_first = true\n" + kLeast + fields, table);
  CHECK(opened(told[1]) == "2019-06-05");
}

TEST_CASE("what stands as it was written has no arrow to itself in the report") {
  ImportReport report;
  report.add(RowNote{2, "INSEE", NoteCode::kInseeDoubtful, "78686", "78686 (code ≠ name)"});
  report.add(RowNote{3, "INSEE", NoteCode::kInseeDoubtful, "78686", "78686"});
  report.add(RowNote{4, "CP", NoteCode::kLeadingZero, "1000", "01000"});
  std::string french = to_table(report, maillage::protocol::Language::kFrench);
  INFO(french);
  CHECK(french.find("ligne 2 : 78686, d'après le code, contre le nom\n") != std::string::npos);
  CHECK(french.find("ligne 3 : 78686\n") != std::string::npos);
  CHECK(french.find("ligne 4 : 1000 → 01000\n") != std::string::npos);
  CHECK(french.find("78686 → ") == std::string::npos);
}

TEST_CASE("of many places that vanished the table names twenty and counts the rest") {
  ImportReport report;
  for (int i = 0; i < 23; ++i) report.vanished.push_back({std::to_string(i), "Lieu " + std::to_string(i)});
  std::string french = to_table(report, maillage::protocol::Language::kFrench);
  CHECK(french.find("Lieu 19 (19)\n           … et 3 de plus : --json les donne tous\n") != std::string::npos);
}

TEST_CASE("a list that seems to be known by another name is told before anything else") {
  ImportReport report;
  report.source = "Liste 2027";
  CHECK_FALSE(to_json(report, maillage::protocol::Language::kFrench).contains("knownAs"));
  report.known_as = "Liste";
  CHECK(to_json(report, maillage::protocol::Language::kFrench)["knownAs"] == "Liste");
  for (auto language : {maillage::protocol::Language::kFrench, maillage::protocol::Language::kEnglish}) {
    std::string table = to_table(report, language);
    CHECK(table.find("[source] name") != std::string::npos);
    CHECK(table.find("[source] name") < table.find("        0  "));
  }
}

TEST_CASE("a text about hours beside those of the days is kept with them, and told") {
  const std::string toml = kLeast + "opening_hours = \"accueil\"\n[hours]\nmonday = \"lundi\"\n";
  auto records = read_rows(toml, "id;nom;accueil;lundi\n1;Un;Sur \"\"rendez-vous\"\";9h-12h\n2;Deux;Sur rendez-vous;\n3;Trois;;9h-12h\n");
  auto hours = [&](std::size_t row) { return text_at(json::parse(records[row].profile).as_object(), "openingHours"); };
  CHECK(hours(0) == "Mo 09:00-12:00 || \"Sur ''rendez-vous''\"");
  CHECK(records[0].notes == std::vector<RowNote>{{2, "accueil", NoteCode::kHoursUnread, "Sur \"\"rendez-vous\"\"", "\"Sur ''rendez-vous''\""}});
  CHECK(hours(1) == "Sur rendez-vous");
  CHECK(hours(2) == "Mo 09:00-12:00");
  CHECK(records[2].notes.empty());
}

TEST_CASE("the overseas parts of France are repaired as France, by their letters or their names") {
  const std::string toml = kLeast + "insee = \"insee\"\npostcode = \"cp\"\ncountry = \"pays\"\n";
  auto records = read_rows(toml, "id;nom;insee;cp;pays\n1;Un;97411;97400;RE\n2;Deux;97411;97400;La Réunion\n3;Trois;97105;97100;Guadeloupe\n"
                                 "4;Quatre;97411;97400;BE\n");
  auto address = [&](std::size_t row) { return json::parse(records[row].profile).as_object()["address"].as_object(); };
  for (std::size_t row : {0, 1}) {
    CHECK(text_at(address(row), "insee") == "97411");
    CHECK(text_at(address(row), "country") == "RE");
    CHECK(text_at(address(row), "postcode") == "97400");
  }
  CHECK(text_at(address(2), "insee") == "97105");
  CHECK(text_at(address(2), "country") == "GP");
  CHECK(text_at(address(3), "insee") == "(none)");
}

TEST_CASE("of several columns for one identifier or day, the next is tried when the first is badly written") {
  auto records = read_rows(kLeast + "rna = [\"rna\", \"asso\"]\nopened = [\"ouvert\", \"année\"]\n",
                           "id;nom;rna;asso;ouvert;année\n1;Un;?!;W294003217;en 2014;2014\n2;Deux;;W294003217;;\n");
  auto one = json::parse(records[0].profile).as_object(), two = json::parse(records[1].profile).as_object();
  CHECK(one["governance"].at("legalId").at("value") == "W294003217");
  CHECK(text_at(one, "opened") == "2014");
  CHECK(std::ranges::count(records[0].notes, NoteCode::kBadValue, &RowNote::code) == 2);
  CHECK(two["governance"].at("legalId").at("value") == "W294003217");
}

TEST_CASE("a department that only the postcode says was not declared, and is not told to be left out") {
  auto areas = [](const std::vector<RowRecord>& records) { return std::ranges::count(records[0].notes, NoteCode::kAreaAlone, &RowNote::code); };
  CHECK(areas(read_rows(kLeast + "postcode = \"cp\"\n", "id;nom;cp\n1;Un;29000\n")) == 0);
  CHECK(areas(read_rows(kLeast + "postcode = \"cp\"\ndepartment = \"dep\"\n", "id;nom;cp;dep\n1;Un;;29\n")) == 1);
}

TEST_CASE("a code that the rest of the row undid says so, though another column has the commune") {
  const std::string toml = kLeast + "insee = [\"insee\", \"autre\"]\ncommune = \"ville\"\nlat = \"lat\"\nlon = \"lon\"\ndepartment = \"dep\"\n";
  auto records = read_rows(toml, "id;nom;insee;autre;ville;lat;lon;dep\n1;Un;14327;06152;Sophia Antipolis;43.627222;7.0412;06\n");
  CHECK(records[0].notes == std::vector<RowNote>{{2, "insee", NoteCode::kInseeContradicted, "14327", "06152 (autre: department+coordinates+code ≠ name)"}});
}
