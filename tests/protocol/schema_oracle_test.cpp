// Our schema check beside valijson, an independent implementation of JSON Schema: the same verdict on thousands of
// records made from the examples by breaking one value at a time. Formats, which are ours, are left out.
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "protocol/schema.h"
#include "protocol/schema_check.h"

using namespace maillage::protocol;
namespace json = boost::json;

namespace {

void drop_formats(json::value& value) {
  if (json::object* object = value.if_object()) {
    if (const json::value* format = object->if_contains("format"); format && format->is_string()) object->erase("format");
    for (auto& member : *object) drop_formats(member.value());
  }
  if (json::array* array = value.if_array())
    for (json::value& item : *array) drop_formats(item);
}

// Calls `visit` with the whole value after each single change somewhere inside `at`.
template <class Visit>
void break_each(json::value& whole, json::value& at, const Visit& visit) {
  json::value original = at;
  for (json::value other : {json::value(nullptr), json::value(true), json::value(7), json::value(-1e12), json::value("no-slug"),
                            json::value(""), json::value(std::string(17'000, 'x')), json::value(json::array()), json::value(json::object()),
                            json::value(json::array(500, json::value("x")))}) {
    at = std::move(other);
    visit(whole);
  }
  at = original;
  if (json::array* array = at.if_array()) {
    if (!array->empty()) array->push_back((*array)[0]);
    visit(whole);
    at = original;
    for (json::value& item : at.get_array()) break_each(whole, item, visit);
  } else if (at.is_object()) {
    for (const auto& member : original.get_object()) {
      at.get_object().erase(member.key());
      visit(whole);
      at = original;
    }
    for (auto& member : at.get_object()) break_each(whole, member.value(), visit);
  }
}

}  // namespace

TEST_CASE("an independent implementation of JSON Schema gives the same verdicts") {
  for (RecordKind kind : record_kinds()) {
    json::value rules(schema(kind));
    drop_formats(rules);
    valijson::Schema compiled;
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.populateSchema(valijson::adapters::BoostJsonAdapter(rules), compiled);
    valijson::Validator validator;
    std::size_t refused = 0, accepted = 0;
    json::value record = rules.at("examples").as_array()[0];
    break_each(record, record, [&](const json::value& broken) {
      std::vector<Problem> problems;
      check_against(rules.as_object(), broken, "", problems);
      valijson::adapters::BoostJsonAdapter target(broken);
      bool theirs = validator.validate(compiled, target, nullptr);
      ++(theirs ? accepted : refused);
      if (theirs == problems.empty()) return;
      INFO(slug(kind) << " " << json::serialize(broken).substr(0, 3'000));
      for (const Problem& problem : problems) UNSCOPED_INFO(sentence(problem, Language::kEnglish));
      FAIL_CHECK((theirs ? "valijson accepts" : "valijson refuses"));
    });
    CHECK(refused > 50);
    CHECK(accepted > 5);
  }
}
