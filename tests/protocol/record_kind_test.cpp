#include "protocol/record_kind.h"

#include <catch2/catch.hpp>

using namespace maillage::protocol;

namespace {
const PlaceId kPlace{{0xab, 0xcd}};
}

TEST_CASE("the folder of a record says its kind") {
  CHECK(kind_of_path("profile.json") == RecordKind::kProfile);
  CHECK(kind_of_path("events/2026-12/x.json") == RecordKind::kEvent);
  CHECK(kind_of_path("needs/visors.json") == RecordKind::kNeed);
  CHECK(kind_of_path("resources/saw.json") == RecordKind::kResource);
  CHECK(kind_of_path("resources/saw/record.json") == RecordKind::kResource);
}

TEST_CASE("files beside records are not records") {
  for (std::string_view path : {"resources/saw/settings.json", "resources/saw/a/record.json", "readme.md", "x.json",
                                "events/poster.png", "pictures/x.json", "identity/x.json", "events.json"})
    CHECK_FALSE(is_record_path(path));
}

TEST_CASE("folders kept for later kinds hold records of no known kind") {
  CHECK(is_record_path("labels/fabrique.json"));
  CHECK_FALSE(kind_of_path("labels/fabrique.json"));
}

TEST_CASE("every kind's slug leads back to it") {
  for (RecordKind kind : record_kinds()) CHECK(kind_of_slug(slug(kind)) == kind);
  CHECK_FALSE(kind_of_slug("label"));
  CHECK_FALSE(kind_of_slug(""));
}

TEST_CASE("an address names a record and leads back to where it can be") {
  auto event = address_of(kPlace, "events/2026-12/x.json");
  REQUIRE(event);
  CHECK(to_text(*event) == "maillage:" + kPlace.hex() + "/events/2026-12/x");
  CHECK(*parse_address(to_text(*event)) == *event);
  CHECK(paths_of(*event) == std::vector<std::string>{"events/2026-12/x.json"});
}

TEST_CASE("both forms of a resource have one address") {
  auto folder = address_of(kPlace, "resources/saw/record.json");
  auto file = address_of(kPlace, "resources/saw.json");
  REQUIRE(folder);
  REQUIRE(file);
  CHECK(*folder == *file);
  CHECK(paths_of(*folder) == std::vector<std::string>{"resources/saw/record.json", "resources/saw.json"});
}

TEST_CASE("a record called record keeps its own address") {
  auto file = address_of(kPlace, "resources/record.json");
  REQUIRE(file);
  CHECK(file->name == "resources/record");
  CHECK(*parse_address(to_text(*file)) == *file);
}

TEST_CASE("what is no record has no address") {
  CHECK_FALSE(address_of(kPlace, "readme.md"));
  CHECK_FALSE(address_of(kPlace, "events/X.json"));
  CHECK_FALSE(parse_address("maillage:" + kPlace.hex() + "/identity/charters"));
  CHECK_FALSE(parse_address("maillage:" + kPlace.hex() + "/../profile"));
  CHECK_FALSE(parse_address("maillage:" + kPlace.hex() + "/"));
  CHECK_FALSE(parse_address("maillage:abc/profile"));
  CHECK_FALSE(parse_address("http:" + kPlace.hex() + "/profile"));
}

TEST_CASE("an address cut short or with one byte changed is refused or is another address") {
  std::string text = to_text(*address_of(kPlace, "events/2026-12/x.json"));
  for (std::size_t i = 0; i < text.size(); ++i)
    if (auto parsed = parse_address(text.substr(0, i))) CHECK(to_text(*parsed) == text.substr(0, i));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string flipped = text;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x20);
    if (auto parsed = parse_address(flipped)) CHECK(to_text(*parsed) == flipped);
  }
}
