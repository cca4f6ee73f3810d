#include "registry/import/mapping.h"

#include <fstream>
#include <iterator>

#include <boost/json/object.hpp>
#include <catch2/catch.hpp>

#include "protocol/field_format.h"
#include "protocol/json_pointer.h"
#include "protocol/schema.h"
#include "protocol/vocabulary.h"
#include "tests/locations.h"
#include "tests/protocol/damage.h"

using namespace maillage::registry;

namespace {

const std::string kHead = "[source]\nname = \"Liste\"\nid = \"ID\"\n";
const std::string kLeast = kHead + "[profile]\nname = \"NOM\"\n";

std::string refusal(const std::string& toml) {
  auto mapping = parse_mapping(toml, "mine.toml");
  REQUIRE_FALSE(mapping);
  CHECK(mapping.error().code == ErrorCode::kBadMapping);
  return mapping.error().context;
}

Error missing(const std::string& toml, const std::string& table) {
  auto reader = CsvReader::read(table);
  REQUIRE(reader);
  auto columns = TableColumns::find(parse_mapping(toml, "mine.toml").value(), *reader);
  REQUIRE_FALSE(columns);
  return columns.error();
}

}  // namespace

TEST_CASE("a mapping says all that a table does not") {
  auto mapping = parse_mapping(kHead + R"(url = "https://liste.example"
licence = "etalab-2.0"
retrieved = "2026-11-22"
[file]
separator = "tab"
encoding = "windows-1252"
decimal_comma = true
list_separator = "|"
[profile]
name = "NOM"
commune = ["VILLE", "COMMUNE"]
activities = "TYPE"
[always]
stage = "open"
programmes = ["rural", "france-services"]
[links]
Twitter = "https://twitter.com/"
[hours]
sunday = "DIM"
[values.TYPE]
"Espace de Coworking" = ["coworking", "telework"]
"Autre" = ""
)", "mine.toml");
  REQUIRE(mapping);
  CHECK(mapping->source.licence == "etalab-2.0");
  CHECK(mapping->format.separator == '\t');
  CHECK(mapping->format.encoding == TableEncoding::kWindows1252);
  CHECK(mapping->decimal_comma);
  CHECK(mapping->columns.at("commune") == std::vector<std::string>{"VILLE", "COMMUNE"});
  CHECK(mapping->always.at("programmes").size() == 2);
  CHECK(mapping->hours[6] == "DIM");
  CHECK(mapping->values.at("TYPE").at("espace de coworking") == ImportMapping::Slugs{"coworking", "telework"});
  CHECK(mapping->values.at("TYPE").at("autre").empty());
  CHECK(columns_of(*mapping) == std::set<std::string, std::less<>>{"ID", "NOM", "VILLE", "COMMUNE", "TYPE", "Twitter", "DIM"});
}

TEST_CASE("what a mapping should not say is refused with its line and what was meant") {
  CHECK(refusal("[profil]\n") == "mine.toml:1: profil → profile ?");
  CHECK(refusal(kHead + "[profile]\nnom = \"NOM\"\n") == "mine.toml:5: nom → name ?");
  CHECK(refusal(kHead + "licens = \"MIT\"\n") == "mine.toml:4: licens → licence ?");
  CHECK(refusal(kLeast + "[file]\nseparator = \"\\\"\"\n") == "mine.toml:7: separator: \",\" | \";\" | \"tab\"");
  CHECK(refusal(kLeast + "[file]\nencoding = \"latin1\"\n") == "mine.toml:7: encoding: \"utf-8\" | \"windows-1252\"");
  CHECK(refusal(kLeast + "[always]\nstage = \"opened\"\n") == "mine.toml:7: stage: opened → open ?");
  CHECK(parse_mapping(kLeast + "[always]\nlanguage = \"French\"\n", "mine.toml").error() == Error{ErrorCode::kBadLanguage, "mine.toml:7: French"});
  CHECK(refusal(kLeast + "[always]\nsurface = -1\n") == "mine.toml:7: surface: 0 … 10000000");
  CHECK(refusal(kLeast + "[always]\ndesks = 1.5\n").find("mine.toml:7: desks") == 0);
  CHECK(refusal(kLeast + "[always]\ncapacity = \"many\"\n").find("mine.toml:7: capacity") == 0);
  CHECK(refusal(kLeast + "[always]\nname = \"Lieu\"\n") == "mine.toml:7: [always] name ?");
  CHECK(refusal(kLeast + "[always]\nstage = [\"open\", \"closed\"]\n").find("mine.toml:7: ") == 0);
  CHECK(refusal(kLeast + "activities = \"TYPE\"\n[values.TYPE]\nx = \"coworkin\"\n") == "mine.toml:7: activities: coworkin → coworking ?");
  CHECK(refusal(kLeast + "[values.TYPE]\nx = \"coworking\"\n") == "mine.toml:6: [values.\"TYPE\"] ?");
  CHECK(refusal(kLeast + "lat = \"LAT\"\n").find("lat + lon") != std::string::npos);
  CHECK(refusal(kLeast + "[hours]\nlundi = \"L\"\n").find("mine.toml:7: lundi") == 0);
  CHECK(refusal(kLeast + "street = 3\n") == "mine.toml:6: \"…\"");
  CHECK(refusal("[profile]\nname = \"NOM\"\n[source]\nname = \"x\"\n").find("id") != std::string::npos);
  CHECK(refusal(kHead).find("[profile] name") != std::string::npos);
  CHECK(parse_mapping(kHead + "url = \"liste\"\n", "mine.toml").error() == Error{ErrorCode::kBadUrl, "mine.toml:4: liste"});
  CHECK(parse_mapping(kHead + "licence = \"Licence Ouverte\"\n", "mine.toml").error().code == ErrorCode::kBadLicence);
  CHECK(refusal(kHead + "retrieved = 2026-11-22\n") == "mine.toml:4: \"…\"");
  CHECK(refusal("\n [{source]\n").find("mine.toml:2: ") == 0);
  CHECK(refusal("[source\n").find("mine.toml:1: ") == 0);
}

TEST_CASE("a column that the table does not have is refused with the nearest one and the list of all") {
  Error error = missing(kLeast + "street = \"Adresse\"\n", "ID;NOM_TL;ADRESSE\n");
  CHECK(error == Error{ErrorCode::kUnknownColumn, "table.csv: Adresse → ADRESSE ?, NOM (ID, NOM_TL, ADRESSE)"});
  CHECK(missing(kLeast, "ID;NOM;NOM\n") == Error{ErrorCode::kColumnTwice, "table.csv: NOM"});
}

TEST_CASE("columns that a mapping leaves aside are known") {
  auto reader = CsvReader::read("x;NOM;;ID;y\n1;2;3;4;5\n");
  auto columns = TableColumns::find(parse_mapping(kLeast, "mine.toml").value(), *reader);
  REQUIRE(columns);
  CHECK(columns->unused() == std::vector<std::string>{"x", "y"});
  CsvRow row;
  REQUIRE(reader->next(row).value());
  CHECK(columns->cell(row, "ID") == "4");
}

TEST_CASE("the built-in mappings are right, and a misspelt one is suggested") {
  CHECK(builtin_mappings() == std::vector<std::string_view>{"cget", "france-services"});
  for (std::string_view name : builtin_mappings()) CHECK(load_mapping(std::string(name)));
  CHECK(load_mapping("cgte").error() == Error{ErrorCode::kUnknownMapping, "cgte → cget ?"});
  CHECK(load_mapping("none.toml").error().code == ErrorCode::kNotFound);
}

TEST_CASE("the mapping that the document shows is right, and the document names every field") {
  std::ifstream in(std::string(maillage::tests::kSourceDir) + "/registry/import/README.md");
  std::string document((std::istreambuf_iterator<char>(in)), {});
  std::size_t start = document.find("```toml\n") + 8;
  auto mapping = parse_mapping(document.substr(start, document.find("```", start) - start), "README.md");
  REQUIRE(mapping);
  CHECK(mapping->values.at("Type").size() == 3);
  CHECK(mapping->hours[5] == "Samedi");
  for (const ProfileField& field : profile_fields()) {
    INFO(field.key);
    CHECK(document.find("`" + std::string(field.key) + "`") != std::string::npos);
  }
}

TEST_CASE("every field of a mapping is one of the schema, with its vocabulary and its bound") {
  namespace json = boost::json;
  const json::value schema = maillage::protocol::schema(maillage::protocol::RecordKind::kProfile);
  for (const ProfileField& field : profile_fields()) {
    INFO(field.key);
    if (field.shape == FieldShape::kSlug || field.shape == FieldShape::kSlugs) CHECK(maillage::protocol::find_vocabulary(field.rule));
    if (field.shape == FieldShape::kFormat && field.pointer != "/governance/legalId") CHECK(maillage::protocol::is_known_format(field.rule));
    if (field.pointer.empty()) continue;
    std::string in_schema;
    for (char c : field.pointer) in_schema += c == '/' ? std::string("/properties/") : std::string(1, c);
    const json::value* found = maillage::protocol::find(schema, in_schema);
    REQUIRE(found);
    const json::value* most = found->as_object().if_contains("maxLength");
    if (most && field.most) CHECK(most->to_number<std::uint32_t>() >= field.most);
    if (const json::value* items = found->as_object().if_contains("maxItems")) CHECK(items->to_number<std::uint32_t>() == field.most);
    if (const json::value* maximum = found->as_object().if_contains("maximum"); maximum && field.most) CHECK(maximum->to_number<double>() == field.most);
  }
}

TEST_CASE("a damaged mapping is read or refused") {
  std::string valid = kLeast + "lat = \"x\"\nlon = \"y\"\nactivities=[\"T\"]\n[values.T]\n\"é\" = \"fablab\"\n[links]\nF = \"https://f.example/\"\n";
  auto parse = [](maillage::protocol::ByteView bytes) { (void)parse_mapping(maillage::protocol::as_text(bytes), "mine.toml"); };
  auto view = maillage::protocol::as_bytes(valid);
  maillage::protocol::Bytes bytes(view.begin(), view.end());
  maillage::tests::for_each_truncation(bytes, parse);
  maillage::tests::for_each_flip(bytes, parse);
}
