#include "protocol/record.h"

#include <catch2/catch.hpp>

#include "protocol/limits.h"

using namespace maillage::protocol;

namespace {
ErrorCode refusal(std::string_view text) {
  auto record = parse_record(as_bytes(text));
  INFO(text.substr(0, 60));
  REQUIRE_FALSE(record);
  return record.error().code;
}

std::string nested(std::size_t depth) {
  return "{\"a\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
}
}  // namespace

TEST_CASE("a record keeps its fields, unknown ones too, in their order") {
  auto record = parse_record(as_bytes("{\"kind\":\"event\",\"zz\":[1,2.5,null,true],\"name\":\"Fête \\u00e9\"}"));
  REQUIRE(record);
  CHECK(record->begin()->key() == "kind");
  CHECK(record->size() == 3);
  CHECK(text_field(*record, "name") == "Fête é");
  CHECK_FALSE(text_field(*record, "zz"));
  CHECK_FALSE(text_field(*record, "missing"));
}

TEST_CASE("what is not a JSON object is refused") {
  for (std::string_view text : {"", " ", "{", "{}x", "{\"a\":}", "{'a':1}", "{\"a\":1,}", "{\"a\":01}",
                                "{\"a\":NaN}", "// x\n{}"})
    CHECK(refusal(text) == ErrorCode::kNotJson);
  for (std::string_view text : {"[]", "1", "\"x\"", "null"}) CHECK(refusal(text) == ErrorCode::kNotObject);
}

TEST_CASE("a key given twice is refused at any depth, and not across objects") {
  CHECK(refusal("{\"a\":1,\"a\":2}") == ErrorCode::kDuplicateKey);
  CHECK(refusal("{\"x\":[{\"b\":1,\"\\u0062\":2}]}") == ErrorCode::kDuplicateKey);
  CHECK(parse_record(as_bytes("{\"a\":{\"a\":1},\"b\":[{\"a\":1},{\"a\":1}]}")));
}

TEST_CASE("invalid UTF-8, lone surrogates and NUL are refused") {
  CHECK(refusal("{\"a\":\"\xff\"}") == ErrorCode::kNotUtf8);
  CHECK(refusal("{\"a\":\"\xc0\xaf\"}") == ErrorCode::kNotUtf8);
  CHECK(refusal("{\"a\":\"\xed\xa0\x80\"}") == ErrorCode::kNotUtf8);
  CHECK(refusal("{\"a\":\"\\ud800\"}") == ErrorCode::kNotJson);
  CHECK(refusal(std::string_view("{\"a\":\"\0\"}", 9)) == ErrorCode::kNotJson);
  CHECK(refusal("{\"a\":\"x\\u0000y\"}") == ErrorCode::kHasNul);
  CHECK(refusal("{\"a\\u0000\":1}") == ErrorCode::kHasNul);
}

TEST_CASE("every bound of a record holds at its edge") {
  std::string most(kRecordStringBytesMax, 'x');
  CHECK(parse_record(as_bytes("{\"a\":\"" + most + "\"}")));
  CHECK(refusal("{\"a\":\"" + most + "x\"}") == ErrorCode::kTextTooLong);
  CHECK(refusal("{\"a\":\"" + std::string(60'000, 'x') + "\"}") == ErrorCode::kTextTooLong);
  CHECK(refusal("{\"" + most + "\":1}") == ErrorCode::kTextTooLong);
  CHECK(parse_record(as_bytes(nested(kRecordDepthMax))));
  CHECK(refusal(nested(kRecordDepthMax + 1)) == ErrorCode::kTooDeep);
  CHECK(refusal(nested(30'000)) == ErrorCode::kTooDeep);
  CHECK(parse_record(as_bytes("{}" + std::string(kRecordBytesMax - 2, ' '))));
  CHECK(refusal("{}" + std::string(kRecordBytesMax - 1, ' ')) == ErrorCode::kTooLarge);
}

TEST_CASE("huge numbers are refused or kept as numbers, never as infinity") {
  CHECK_FALSE(parse_record(as_bytes("{\"a\":1e999}")));
  CHECK_FALSE(parse_record(as_bytes("{\"a\":-1e99999999999999999999}")));
  CHECK_FALSE(parse_record(as_bytes("{\"a\":" + std::string(400, '9') + "}")));
  auto record = parse_record(as_bytes("{\"a\":18446744073709551615,\"b\":99999999999999999999}"));
  REQUIRE(record);
  CHECK(record->at("a").is_uint64());
  CHECK(record->at("b").is_double());
}

TEST_CASE("every truncation and every flipped byte of a record is handled") {
  std::string text = "{\"kind\":\"need\",\"n\":[1,-2.5e3,true,null,{\"é\":\"\\u00e9\\n\"}],\"x\":{}}";
  for (std::size_t i = 0; i < text.size(); ++i) CHECK_FALSE(parse_record(as_bytes(text.substr(0, i))));
  for (std::size_t i = 0; i < text.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = text;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      if (auto record = parse_record(as_bytes(flipped))) CHECK(parse_record(as_bytes(to_pretty_json(*record))));
    }
}

TEST_CASE("a record written prettily reads back the same") {
  auto record = parse_record(as_bytes("{\"kind\":\"event\",\"tags\":[\"a\",\"b\"],\"o\":{\"x\":[{\"y\":1}],\"e\":{}},\"l\":[]}"));
  REQUIRE(record);
  std::string text = to_pretty_json(*record);
  CHECK(text.starts_with("{\n  \"kind\": \"event\",\n  \"tags\": [\"a\", \"b\"],\n"));
  CHECK(text.ends_with("}\n"));
  CHECK(*parse_record(as_bytes(text)) == *record);
}

TEST_CASE("numbers are written as people type them, and read back the same") {
  auto written = [](std::string_view json) {
    auto record = parse_record(as_bytes(json));
    REQUIRE(record);
    std::string text = to_json_text(*record);
    CHECK(*parse_record(as_bytes(text)) == *record);
    CHECK(*parse_record(as_bytes(to_pretty_json(*record))) == *record);
    return text;
  };
  CHECK(written("{\"lat\": 50.6365, \"lon\":-0.5}") == "{\"lat\":50.6365,\"lon\":-0.5}");
  CHECK(written("{\"a\":[3.0, 3, -7, 18446744073709551615]}") == "{\"a\":[3.0,3,-7,18446744073709551615]}");
  CHECK(written("{\"a\":2.5e3,\"b\":1e-7}") == "{\"a\":2500.0,\"b\":0.0000001}");
  written("{\"a\":[1.7976931348623157e308, -5e-324],\"b\":[],\"c\":{},\"d\":\"\\n\",\"e\":[true,null]}");
  CHECK(to_pretty_json(*parse_record(as_bytes("{\"lat\":50.6365}"))) == "{\n  \"lat\": 50.6365\n}\n");
}

TEST_CASE("what is not JSON is told by line and column, and a wrong encoding by its name") {
  CHECK(parse_record(as_bytes("{\n  \"é\": ,\n}")).error() == Error{ErrorCode::kNotJson, "2:8"});
  CHECK(parse_record(as_bytes("{\n \"name\": \"Caf\xe9\"}")).error() == Error{ErrorCode::kNotUtf8, "2:14"});
  CHECK(parse_record(as_bytes("\xef\xbb\xbf{}")).error() == Error{ErrorCode::kHasBom, ""});
  CHECK(refusal("\xff\xfe{") == ErrorCode::kHasBom);
}
