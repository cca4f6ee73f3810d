#include "registry/import_row.h"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

using namespace maillage::registry;
using namespace maillage::protocol;

namespace {

boost::json::object record(std::string_view text) { return boost::json::parse(text).as_object(); }

}  // namespace

TEST_CASE("the row of a list is kept under a key that tells lists and ids apart, and names neither") {
  CHECK(import_row_key("Liste", "1") != import_row_key("Liste1", ""));
  CHECK(import_row_key("Liste", "1") != import_row_key("Liste", "2"));
  CHECK(import_row_key("Liste", "Lieu secret").find("secret") == std::string::npos);
  CHECK(import_row_key("Liste", "1").size() == 39);
}

TEST_CASE("a row is read as it was written, and a damaged one is none") {
  ImportRow old{PlaceId::parse(std::string(64, 'a')).value(), Hash::parse(std::string(64, 'b')).value(), {}};
  ImportRow row = old;
  row.source = source_hash("Liste");
  std::string bytes = encode(row);
  CHECK(decode_import_row(bytes) == row);
  CHECK(bytes.find("Liste") == std::string::npos);
  CHECK(decode_import_row(encode(old)) == old);
  for (std::size_t size = 0; size < bytes.size(); ++size) CHECK(decode_import_row(bytes.substr(0, size)).has_value() == (size == encode(old).size()));
  CHECK_FALSE(decode_import_row(bytes + "x"));
}

TEST_CASE("the fingerprint of a profile is that of its fields, but for its date of confirmation") {
  auto one = record(R"({"name": "a", "confirmed": "2026-01-01"})");
  CHECK(fingerprint_of_profile(one) == fingerprint_of_profile(record(R"({"confirmed": "2027-01-01", "name": "a"})")));
  CHECK(fingerprint_of_profile(one) == fingerprint_of_profile(record(R"({"name":"a"})")));
  CHECK(fingerprint_of_profile(one) != fingerprint_of_profile(record(R"({"name": "b"})")));
}

TEST_CASE("two profiles differ in the fields that are not equal, whichever has them") {
  auto one = record(R"({"name": "a", "address": {"street": "x", "country": "FR"}, "links": [1, 2], "confirmed": "1",
                        "source": {"id": "1", "retrieved": "1"}})");
  auto other = record(R"({"name": "a", "address": {"country": "FR", "postcode": "1"}, "links": [2, 1], "stage": "open", "source": {"id": "1"}})");
  CHECK(differing_fields(one, other) == std::vector<std::string>{"/address/street", "/address/postcode", "/links", "/stage"});
  CHECK(differing_fields(one, one).empty());
}
