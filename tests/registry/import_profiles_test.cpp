// Profiles of a list become places, and find them again.
#include <catch2/catch.hpp>

#include "registry/import_row.h"
#include "tests/registry/hub.h"

using namespace maillage::registry;
using namespace maillage::protocol;
using maillage::tests::Hub;
using Outcome = Imported::Outcome;

namespace {

constexpr UnixTime kNow = maillage::tests::kHubNow;

std::size_t count(const Hub& hub) { return hub.ask().number_matched; }

Bytes profile(const std::string& name, const std::string& source, const std::string& id) {
  std::string json = R"({"kind": "profile", "name": ")" + name + R"(", "source": {"name": ")" + source + R"(", "id": ")" + id + R"("}})";
  return Bytes(json.begin(), json.end());
}

Bytes bytes(std::string_view text) { return Bytes(text.begin(), text.end()); }

}  // namespace

TEST_CASE("a profile of a list changes the place that came from it before, after a restart too") {
  Hub hub;
  CHECK(hub.import({profile("Un", "Liste", "1"), profile("Deux", "Liste", "2")}) == std::vector{Outcome::kCreated, Outcome::kCreated});
  hub.reopen();
  CHECK(hub.import({profile("Un", "Liste", "1"), profile("Deux bis", "Liste", "2"), profile("Trois", "Liste", "3")}) ==
        std::vector{Outcome::kUnchanged, Outcome::kChanged, Outcome::kCreated});
  CHECK(count(hub) == 3);
  CHECK(hub.known_ids("Liste") == std::vector<std::string>{"1", "2", "3"});
  CHECK(hub.known_ids("List").empty());
}

TEST_CASE("lists do not mix, even when the name of one begins like another's") {
  Hub hub;
  hub.import({profile("Un", "Liste", "1"), profile("Un", "Liste bis", "1")});
  CHECK(count(hub) == 2);
  CHECK(hub.known_ids("Liste") == std::vector<std::string>{"1"});
  CHECK(hub.import({profile("Un", "Liste", "1"), profile("Un", "Liste bis", "1")}) == std::vector{Outcome::kUnchanged, Outcome::kUnchanged});
}

TEST_CASE("a trial says what an import would do, and does nothing") {
  Hub hub;
  hub.import({profile("Un", "Liste", "1"), profile("Deux", "Liste", "2")});
  auto before = hub.registry->revision();
  CHECK(hub.import({profile("Un", "Liste", "1"), profile("Deux bis", "Liste", "2"), profile("Trois", "Liste", "3"), bytes("{}")}, {true, false}) ==
        std::vector{Outcome::kUnchanged, Outcome::kChanged, Outcome::kCreated, Outcome::kRefused});
  CHECK(hub.registry->revision() == before);
  CHECK(count(hub) == 2);
}

TEST_CASE("a profile that says no source, or the same as another, or is none, is refused, and its neighbours are published") {
  Hub hub;
  CHECK(hub.import({profile("Un", "Liste", "1"), profile("Encore", "Liste", "1"), bytes(R"({"kind": "profile", "name": "Seul"})"), bytes("no"),
                    bytes(R"({"kind": "profile", "source": {"name": "Liste", "id": "4"}})"), profile("Cinq", "Liste", "5")}) ==
        std::vector{Outcome::kCreated, Outcome::kRefused, Outcome::kRefused, Outcome::kRefused, Outcome::kRefused, Outcome::kCreated});
  CHECK(count(hub) == 2);
}

namespace {

std::vector<std::string> fields(Hub& hub, const Bytes& profile) { return hub.registry->import_profiles({profile}, {true, false}, kNow).front().fields; }

}  // namespace

TEST_CASE("what was corrected by hand stays, with what differs, until it is asked to go") {
  Hub hub;
  hub.import({profile("Un", "Liste", "1")});
  Bytes corrected = bytes(R"({"kind": "profile", "name": "Un", "stage": "open", "source": {"name": "Liste", "id": "1"}})");
  hub.publish("un", corrected);
  if (GENERATE(false, true)) hub.reopen();
  CHECK(hub.import({profile("Un", "Liste", "1")}, {true, false}) == std::vector{Outcome::kKept});
  CHECK(hub.import({profile("Un", "Liste", "1")}) == std::vector{Outcome::kKept});
  CHECK(hub.import({profile("Un bis", "Liste", "1")}) == std::vector{Outcome::kKept});
  CHECK(fields(hub, profile("Un bis", "Liste", "1")) == std::vector<std::string>{"/name", "/stage"});
  CHECK(hub.registry->name_of(*hub.registry->own_place("un")).name == "Un");
  CHECK(hub.import({profile("Un bis", "Liste", "1")}, {false, true}) == std::vector{Outcome::kChanged});
  CHECK(hub.import({profile("Un ter", "Liste", "1")}) == std::vector{Outcome::kChanged});
  CHECK(count(hub) == 1);
}

TEST_CASE("a list that says what was corrected says it for good") {
  Hub hub;
  hub.import({profile("Un", "Liste", "1")});
  hub.publish("un", bytes(R"({"kind": "profile", "name": "Deux", "source": {"name": "Liste", "id": "1", "retrieved": "2027-01-15"}})"));
  auto commit = hub.registry->place("deux")->at("head").at("commit");
  CHECK(hub.import({profile("Deux", "Liste", "1")}) == std::vector{Outcome::kUnchanged});
  CHECK(hub.registry->place("deux")->at("head").at("commit") == commit);
  CHECK(hub.import({profile("Trois", "Liste", "1")}) == std::vector{Outcome::kChanged});
}

TEST_CASE("to confirm an imported place is not to correct it") {
  Hub hub;
  hub.import({profile("Un", "Liste", "1")});
  REQUIRE(hub.registry->confirm(*hub.registry->own_place("un"), {"profile.json"}, kNow));
  CHECK(hub.import({profile("Un", "Liste", "1")}) == std::vector{Outcome::kUnchanged});
  CHECK(hub.import({profile("Un bis", "Liste", "1")}) == std::vector{Outcome::kChanged});
}

TEST_CASE("a list of no date that is imported again days after a place was confirmed changes nothing") {
  Hub hub;
  Bytes undated = bytes(R"({"kind": "profile", "name": "Un", "source": {"name": "Liste", "id": "1"}})");
  auto later = [](int days) { return UnixTime{kNow.ms + days * std::int64_t{86'400'000}}; };
  REQUIRE(hub.registry->import_profiles({undated}, {false, false}, kNow).front().outcome == Outcome::kCreated);
  REQUIRE(hub.registry->confirm(*hub.registry->own_place("un"), {"profile.json"}, later(1)));
  CHECK(hub.registry->import_profiles({undated}, {false, false}, later(2)).front().outcome == Outcome::kUnchanged);
  CHECK(hub.registry->place("un")->contains("confirmed"));
}

TEST_CASE("a place that says its source no more, or was withdrawn, is found by its row, and no second one is made") {
  Hub hub;
  hub.import({profile("Un", "Liste", "1"), profile("Deux", "Liste", "2")});
  hub.publish("un", bytes(R"({"kind": "profile", "name": "Un"})"));
  auto two = hub.registry->own_place("deux");
  REQUIRE(two);
  REQUIRE(hub.registry->publish(*two, {{"profile.json", std::nullopt}}, kNow));
  hub.reopen();
  std::vector<Bytes> again{profile("Un", "Liste", "1"), profile("Deux bis", "Liste", "2")};
  CHECK(hub.import(again) == std::vector{Outcome::kKept, Outcome::kWithdrawn});
  CHECK(fields(hub, again[0]) == std::vector<std::string>{"/source"});
  CHECK(count(hub) == 1);
  CHECK(hub.import(again, {false, true}) == std::vector{Outcome::kChanged, Outcome::kWithdrawn});
  CHECK(hub.registry->own_places().size() == 3);
  CHECK(hub.registry->verify()->empty());
}

TEST_CASE("a place of before rows were kept is changed as before, and known from then on") {
  Hub hub;
  FileEdit before{"profile.json", bytes(R"({"kind": "profile", "name": "Un", "source": {"name": "Liste", "id": "1", "retrieved": "2026-01-02"}})")};
  REQUIRE(hub.registry->publish_all({{std::nullopt, {before}}}, kNow).front());
  CHECK(hub.import({profile("Un", "Liste", "1")}) == std::vector{Outcome::kUnchanged});
  auto revision = hub.registry->revision();
  CHECK(hub.import({profile("Un", "Liste", "1")}) == std::vector{Outcome::kUnchanged});
  CHECK(hub.registry->revision() == revision);
  hub.publish("un", profile("Corrigé", "Liste", "1"));
  CHECK(hub.import({profile("Un", "Liste", "1")}) == std::vector{Outcome::kKept});
}

TEST_CASE("a place that says its source no more is still known to come from the list, and one that was withdrawn is not") {
  Hub hub;
  hub.import({profile("Un", "Liste", "1"), profile("Deux", "Liste", "2"), profile("Trois", "Liste bis", "3")});
  hub.publish("un", bytes(R"({"kind": "profile", "name": "Un"})"));
  CHECK(hub.known_ids("Liste") == std::vector<std::string>{"", "2"});
  auto known = hub.registry->imported_list("Liste")->places;
  REQUIRE(known.size() == 2);
  const ListedPlace& silent = known[0].id.empty() ? known[0] : known[1];
  CHECK(silent.name == "Un");
  CHECK(silent.row == to_hex(as_bytes(import_row_key("Liste", "1"))));
  auto two = hub.registry->own_place("deux");
  REQUIRE(hub.registry->publish(*two, {{"profile.json", std::nullopt}}, kNow));
  CHECK(hub.known_ids("Liste") == std::vector<std::string>{""});
}

TEST_CASE("all lists that places come from are told with their address and their rows") {
  Hub hub;
  hub.import({profile("Un", "Liste", "1"), profile("Deux", "Liste", "2"),
              bytes(R"({"kind": "profile", "name": "Trois", "source": {"name": "Autre", "id": "3", "url": "https://exemple.org/"}})")});
  auto lists = hub.registry->imported_lists();
  REQUIRE(lists);
  REQUIRE(lists->size() == 2);
  CHECK(lists->at(0).source == "Autre");
  CHECK(lists->at(0).url == "https://exemple.org/");
  CHECK(lists->at(1).places.size() == 2);
}
