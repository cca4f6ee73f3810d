#include "protocol/schema.h"

#include <fstream>
#include <iterator>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include "protocol/embedded_files.h"
#include "protocol/schema_check.h"
#include "protocol/validate.h"
#include "protocol/vocabulary.h"
#include "tests/locations.h"

using namespace maillage::protocol;
namespace json = boost::json;

namespace {

std::string path_for(RecordKind kind) {
  return kind == RecordKind::kProfile ? "profile.json" : std::string(folder_of(kind)) + "/x.json";
}

void check_has_both(const json::object& schema, std::string_view key, const std::string& where) {
  INFO(where << " " << key);
  const json::value* texts = schema.if_contains(key);
  REQUIRE(texts);
  CHECK(texts->at("fr").as_string().size() > 1);
  CHECK(texts->at("en").as_string().size() > 1);
}

// Every field, at any depth, can be shown and explained in both languages, and shown by example.
void check_fields(const json::object& schema, const std::string& where) {
  for (const auto& property : schema.at("properties").as_object()) {
    const auto& field = property.value().as_object();
    std::string at = where + "/" + std::string(property.key());
    check_has_both(field, "x-title", at);
    check_has_both(field, "x-description", at);
    INFO(at);
    REQUIRE(field.contains("examples"));
    if (field.contains("properties")) check_fields(field, at);
    if (const json::value* items = field.if_contains("items"))
      if (items->as_object().contains("properties")) check_fields(items->as_object(), at + "/items");
  }
}

// Every example in a schema, at any depth, passes the schema that it illustrates.
void check_examples(const json::object& schema, const std::string& where) {
  if (const json::value* examples = schema.if_contains("examples"))
    for (const json::value& example : examples->as_array()) {
      std::vector<Problem> problems;
      check_against(schema, example, "", problems);
      INFO(where << " " << json::serialize(example));
      for (const Problem& problem : problems) UNSCOPED_INFO(sentence(problem, Language::kEnglish));
      CHECK(problems.empty());
    }
  if (const json::value* items = schema.if_contains("items")) check_examples(items->as_object(), where + "/items");
  if (const json::value* properties = schema.if_contains("properties"))
    for (const auto& property : properties->as_object())
      check_examples(property.value().as_object(), where + "/" + std::string(property.key()));
}

}  // namespace

TEST_CASE("every field has a title, a description and an example in both languages") {
  for (RecordKind kind : record_kinds()) {
    check_has_both(schema(kind), "x-title", std::string(slug(kind)));
    check_has_both(schema(kind), "x-description", std::string(slug(kind)));
    check_fields(schema(kind), std::string(slug(kind)));
  }
}

TEST_CASE("every example of a schema is accepted by it") {
  for (RecordKind kind : record_kinds()) check_examples(schema(kind), std::string(slug(kind)));
}

TEST_CASE("each kind accepts its full and its minimal example") {
  for (RecordKind kind : record_kinds()) {
    const json::array& examples = schema(kind).at("examples").as_array();
    REQUIRE(examples.size() == 2);
    CHECK(examples[1].as_object().size() == (kind == RecordKind::kResource ? 4 : 2));
    for (const json::value& example : examples) {
      auto assessment = assess(path_for(kind), as_bytes(json::serialize(example)));
      for (const Problem& problem : assessment.problems) UNSCOPED_INFO(sentence(problem, Language::kEnglish));
      CHECK(assessment.problems.empty());
      CHECK(assessment.indexable());
    }
  }
}

TEST_CASE("the full example of each kind shows nearly every field") {
  for (RecordKind kind : record_kinds()) {
    std::size_t shown = schema(kind).at("examples").as_array()[0].as_object().size();
    INFO(slug(kind));
    CHECK(shown * 10 >= schema(kind).at("properties").as_object().size() * 7);
  }
}

TEST_CASE("only kind and name are required, and of a resource type and licence") {
  for (RecordKind kind : record_kinds()) {
    std::string required = json::serialize(schema(kind).at("required"));
    CHECK(required == (kind == RecordKind::kResource ? R"(["kind","name","type","licence"])" : R"(["kind","name"])"));
  }
}

TEST_CASE("schemas use only keywords that are checked, and no pattern") {
  for (RecordKind kind : record_kinds()) CHECK(uses_known_keywords(schema(kind)));
  for (const EmbeddedFile& file : embedded_files()) CHECK(file.text.find("\"pattern") == std::string_view::npos);
  CHECK_FALSE(uses_known_keywords({{"properties", {{"a", {{"pattern", "x"}}}}}}));
  CHECK_FALSE(uses_known_keywords({{"items", {{"format", "no-such-format"}}}}));
}

TEST_CASE("schemas are self-contained and name their enumerations from vocabularies") {
  std::string text;
  for (RecordKind kind : record_kinds()) text += json::serialize(schema(kind));
  CHECK(text.find("$ref") == std::string::npos);
  CHECK(text.find("allOf") == std::string::npos);
  for (const EmbeddedFile& file : embedded_files())
    if (file.path.starts_with("schemas/")) CHECK(file.text.find("\"enum\"") == std::string_view::npos);
  const json::object* activities = field_schema(RecordKind::kProfile, "activities");
  REQUIRE(activities);
  CHECK(activities->at("items").at("enum").as_array().size() == find_vocabulary("activities")->entries.size());
  CHECK(activities->at("title") == "Activities");
  CHECK(field_schema(RecordKind::kProfile, "no-such-field") == nullptr);
}

TEST_CASE("RECORDS.md has a row for every field of every schema") {
  std::ifstream in(std::string(maillage::tests::kSourceDir) + "/protocol/RECORDS.md");
  std::string page{std::istreambuf_iterator<char>(in), {}};
  REQUIRE(page.size() > 1'000);
  std::size_t envelope = page.find("### Envelope");
  for (RecordKind kind : record_kinds()) {
    if (kind == RecordKind::kOffer) continue;  // the page says: as `need`
    std::size_t start = page.find("### `" + std::string(slug(kind)) + "`");
    REQUIRE(start != std::string::npos);
    std::string section = page.substr(envelope, page.find("\n### ", envelope + 1) - envelope) +
                          page.substr(start, page.find("\n### ", start + 1) - start);
    for (const auto& field : schema(kind).at("properties").as_object()) {
      INFO(slug(kind) << " " << field.key());
      CHECK(section.find("| `" + std::string(field.key()) + "`") != std::string::npos);
    }
  }
  CHECK(json::serialize(schema(RecordKind::kOffer).at("properties").as_object().at("topics")) ==
        json::serialize(schema(RecordKind::kNeed).at("properties").as_object().at("topics")));
}
