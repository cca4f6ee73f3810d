#include "protocol/record_edit.h"

#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include "protocol/limits.h"
#include "protocol/record.h"
#include "protocol/schema.h"

using namespace maillage::protocol;

namespace {
std::string confirmed(std::string_view record) {
  auto text = with_text_field(as_bytes(record), "confirmed", "2026-11-22");
  REQUIRE(text);
  return *text;
}
}  // namespace

TEST_CASE("a field that is there is replaced and no other byte changes") {
  CHECK(confirmed("{ \"confirmed\" :\t\"2020-01-01\" , \"geo\": {\"lat\": 47.10} }\n") ==
        "{ \"confirmed\" :\t\"2026-11-22\" , \"geo\": {\"lat\": 47.10} }\n");
  CHECK(confirmed(R"({"confirmed":{"a":["}",1]},"b":1e2})") == R"({"confirmed":"2026-11-22","b":1e2})");
  CHECK(confirmed(R"({"confirmed":null})") == R"({"confirmed":"2026-11-22"})");
  CHECK(confirmed(R"({"\u0063onfirmed":"x\"y"})") == R"({"\u0063onfirmed":"2026-11-22"})");
}

TEST_CASE("a field of the same name deeper inside is another one") {
  CHECK(confirmed(R"({"source":{"confirmed":"x"}})") == R"({"source":{"confirmed":"x"},"confirmed":"2026-11-22"})");
}

TEST_CASE("a new field comes last, laid out as the others") {
  CHECK(confirmed("{\n  \"kind\": \"need\",\n  \"name\": \"x\"\n}\n") ==
        "{\n  \"kind\": \"need\",\n  \"name\": \"x\",\n  \"confirmed\": \"2026-11-22\"\n}\n");
  CHECK(confirmed("{\r\n\t\"a\":[1,\r\n2]}") == "{\r\n\t\"a\":[1,\r\n2],\r\n\t\"confirmed\":\"2026-11-22\"}");
  CHECK(confirmed("{}") == "{\"confirmed\": \"2026-11-22\"}");
  CHECK(confirmed("{ }") == "{\"confirmed\": \"2026-11-22\" }");
}

TEST_CASE("what cannot be a record is refused, before and after") {
  CHECK_FALSE(with_text_field(as_bytes("[]"), "confirmed", "x"));
  CHECK_FALSE(with_text_field(as_bytes("{"), "confirmed", "x"));
  std::string full = "{}" + std::string(kRecordBytesMax - 2, ' ');
  CHECK(with_text_field(as_bytes(full), "a", "b").error().code == ErrorCode::kTooLarge);
}

TEST_CASE("every kind's full example, cut or with a bit flipped, is changed rightly or refused") {
  for (RecordKind kind : record_kinds()) {
    std::string text = to_pretty_json(schema(kind).at("examples").as_array()[0]);
    for (std::size_t i = 0; i < text.size(); ++i) {
      CHECK_FALSE(with_text_field(as_bytes(text.substr(0, i ? i - 1 : 0)), "confirmed", "y"));
      std::string flipped = text;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << (i % 8)));
      auto before = parse_record(as_bytes(flipped));
      auto after = with_text_field(as_bytes(flipped), "confirmed", "y");
      REQUIRE(before.has_value() == after.has_value());
      if (!before) continue;
      (*before)["confirmed"] = "y";
      CHECK(*parse_record(as_bytes(*after)) == *before);
    }
  }
}
