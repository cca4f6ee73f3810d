// The two real lists that the project is tried on. They are never committed: a machine without them says so and skips.
#include <cstdlib>
#include <filesystem>
#include <map>

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "protocol/validate.h"
#include "registry/import/table_reader.h"
#include "registry/territory.h"
#include "tests/locations.h"

using namespace maillage::registry;
namespace json = boost::json;

namespace {

// MAILLAGE_SHARED, else the folder shared beside the project.
std::filesystem::path real_file(const std::string& name) {
  const char* given = std::getenv("MAILLAGE_SHARED");
  return (given ? std::filesystem::path(given) : std::filesystem::path(maillage::tests::kSourceDir) / "../shared") / "data" / name;
}

bool is_here(const std::filesystem::path& file) {
  if (std::filesystem::exists(file)) return true;
  WARN("SKIPPED: no " << file.filename() << "; set MAILLAGE_SHARED to the folder whose data/ holds it");
  return false;
}

struct Read {
  std::vector<RowRecord> records;
  ImportReport report;
};

Read read_all(const std::filesystem::path& file, const std::string& mapping_name) {
  auto mapping = load_mapping(mapping_name);
  REQUIRE(mapping);
  auto reader = TableReader::open(file, *mapping);
  REQUIRE(reader);
  Read read;
  for (auto next = reader->next(); next && *next; next = reader->next()) read.records.push_back(std::move(**next));
  read.report = reader->report();
  return read;
}

std::size_t count_of_activity(const Read& read, std::string_view activity) {
  std::size_t count = 0;
  for (const RowRecord& record : read.records) {
    json::value profile = json::parse(record.profile);
    const json::value* list = profile.as_object().if_contains("activities");
    if (activity.empty() ? !list : list && list->as_array().size() == 1 && list->as_array()[0].as_string() == activity) ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("the census of 2019 gives 1,512 records, with the activities that it declares") {
  auto file = real_file("CGET_TiersLieux_2019.csv");
  if (!is_here(file)) return;
  Read read = read_all(file, "cget");
  CHECK(read.report.rows == 1'512);
  CHECK(read.report.records == 1'512);
  CHECK(read.report.refused == 0);
  CHECK(count_of_activity(read, "coworking") == 1'118);
  CHECK(count_of_activity(read, "fablab") == 345);
  CHECK(count_of_activity(read, "") == 49);
  // Every code that was lost is found again, and the one of row 1460 loses.
  CHECK(read.report.count_of(NoteCode::kInseeAdded) == 157);
  CHECK(read.report.count_of(NoteCode::kInseeSuccessor) == 3);
  CHECK(read.report.count_of(NoteCode::kInseeContradicted) == 1);
  CHECK(read.report.count_of(NoteCode::kInseeAmbiguous) + read.report.count_of(NoteCode::kInseeImpossible) == 0);
  CHECK(read.report.count_of(NoteCode::kBadPostcode) == 133);
}

TEST_CASE("after repair every place of the census is in its region") {
  auto file = real_file("CGET_TiersLieux_2019.csv");
  if (!is_here(file)) return;
  std::map<std::string, int> regions;
  for (const RowRecord& record : read_all(file, "cget").records) {
    json::value profile = json::parse(record.profile);
    const json::value* insee = profile.as_object()["address"].as_object().if_contains("insee");
    auto commune = insee ? find_commune(insee->as_string()) : std::nullopt;
    ++regions[commune ? std::string(commune->region.name) : "none"];
  }
  CHECK(regions == std::map<std::string, int>{{"Île-de-France", 344}, {"Nouvelle-Aquitaine", 225}, {"Auvergne-Rhône-Alpes", 205}, {"Occitanie", 165},
                                              {"Provence-Alpes-Côte d'Azur", 127}, {"Bretagne", 89}, {"Hauts-de-France", 76}, {"Grand Est", 68},
                                              {"Bourgogne-Franche-Comté", 68}, {"Pays de la Loire", 64}, {"Centre-Val de Loire", 37}, {"Normandie", 31},
                                              {"Corse", 7}, {"Guadeloupe", 1}, {"Martinique", 1}, {"Guyane", 1}, {"La Réunion", 3}});
}

TEST_CASE("the list of France services gives 2,845 records, with the hours of every text but five") {
  auto file = real_file("liste-fs-20240801.csv");
  if (!is_here(file)) return;
  Read read = read_all(file, "france-services");
  CHECK(read.report.records == 2'845);
  // "00:00 - 00:00" and nothing else, which may mean closed, all day or forgotten.
  CHECK(read.report.count_of(NoteCode::kHoursUnread) == 5);
  for (const RowNote& note : read.report.notes)
    if (note.code == NoteCode::kHoursUnread) CHECK(note.value == "00:00 - 00:00");
  std::size_t with_hours = 0;
  for (const RowRecord& record : read.records) with_hours += json::parse(record.profile).as_object().contains("openingHours");
  CHECK(with_hours == 2'845 - 48);
  CHECK(read.report.refused == 0);
}
