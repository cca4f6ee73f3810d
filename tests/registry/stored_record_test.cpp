#include "registry/stored_record.h"

#include <catch2/catch.hpp>

#include "registry/reading.h"

using namespace maillage::registry;

namespace {

StoredRecord example() {
  Hash hash;
  hash.bytes.fill(9);
  std::string json = R"({"kind": "event", "name": "Repair café"})";
  return {{1'700'000'000'000}, {1'700'000'100'000}, hash, "events/2026-12/repair.json", Error{ErrorCode::kMissingField, "/name"},
          Bytes(json.begin(), json.end())};
}

}  // namespace

TEST_CASE("a stored record survives encoding, with and without a problem") {
  StoredRecord record = example();
  CHECK(decode_stored_record(encode(record)).value() == record);
  record.problem.reset();
  record.json.clear();
  CHECK(decode_stored_record(encode(record)).value() == record);
}

TEST_CASE("a stored record that is cut or damaged is an error or a value, never a crash") {
  std::string bytes = encode(example());
  std::size_t fixed = bytes.size() - example().json.size();
  for (std::size_t size = 0; size < fixed; ++size) {
    INFO(size);
    CHECK_FALSE(decode_stored_record(bytes.substr(0, size)));
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = bytes;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      auto decoded = decode_stored_record(flipped);
      if (decoded) (void)read_known_indexable(decoded->json);
    }
  }
  bytes[0] = 2;
  CHECK(decode_stored_record(bytes).error().code == ErrorCode::kUnsupportedVersion);
}

TEST_CASE("a key holds the place and no text, and is read back") {
  PlaceId place;
  place.bytes.fill(3);
  std::string key = record_key(place, path_key("events/fete-de-marie.json"));
  CHECK(key.size() == 48);
  CHECK(key.find("marie") == std::string::npos);
  CHECK(key.starts_with(record_prefix(place)));
  CHECK(parse_record_key(key)->place == place);
  CHECK(parse_record_key(key)->path == path_key("events/fete-de-marie.json"));
  CHECK_FALSE(parse_record_key(key.substr(1)));
  CHECK_FALSE(parse_record_key(key + "x"));
}
