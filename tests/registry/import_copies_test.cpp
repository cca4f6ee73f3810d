// What an import may replace of what a place says, and what it may not: own words, corrections, confirmations, other hands.
#include <catch2/catch.hpp>

#include "protocol/record.h"
#include "registry/list_copy.h"
#include "tests/registry/hub.h"

using namespace maillage::registry;
using namespace maillage::protocol;
using maillage::tests::Hub;
using Outcome = Imported::Outcome;

namespace {

constexpr UnixTime kNow = maillage::tests::kHubNow;

Bytes bytes(const boost::json::value& record) {
  std::string text = to_pretty_json(record);
  return Bytes(text.begin(), text.end());
}

struct Line {
  std::string description, retrieved, confirmed = "";
};

boost::json::object record(const Line& row) {
  boost::json::object source{{"name", "Liste"}, {"id", "1"}};
  if (!row.retrieved.empty()) source["retrieved"] = row.retrieved;
  boost::json::object made{{"kind", "profile"}, {"name", "Un"}, {"description", row.description}};
  if (!row.confirmed.empty()) made["confirmed"] = row.confirmed;
  made["source"] = std::move(source);
  return made;
}

Outcome import(Hub& hub, const Line& row) { return hub.import({bytes(record(row))}).front(); }

boost::json::object published(const Hub& hub) { return *parse_record(*hub.registry->file(*hub.registry->own_place("un"), "profile.json")); }
std::string text(const boost::json::object& record, const char* key) { return std::string(record.at(key).as_string()); }

// The published copy, with another description, as its people hand it in.
void correct(Hub& hub, const std::string& description) {
  auto changed = published(hub);
  changed["description"] = description;
  hub.publish("un", bytes(changed));
}

// The place goes from one hub to another, with its history.
void move(Hub& from, Hub& to) {
  auto place = from.registry->own_place("un");
  REQUIRE(place);
  auto file = from.registry->export_place(*place, to.registry->successor(), {from.sheet}, kNow);
  REQUIRE(file);
  REQUIRE(to.registry->adopt_place(*file, {to.sheet}, kNow));
}

}  // namespace

TEST_CASE("a place that took its card over keeps its own word, though the list says the same and comes again and again") {
  Hub hub;
  bool dated = GENERATE(true, false);
  Line row{"Un atelier", dated ? "2026-01-01" : ""};
  REQUIRE(import(hub, row) == Outcome::kCreated);
  hub.publish("un", bytes(record({"Un atelier", ""})));
  auto own = hub.registry->file(*hub.registry->own_place("un"), "profile.json");
  for (int times = 0; times < 3; ++times) {
    auto again = hub.registry->import_profiles({bytes(record(row))}, {}, kNow);
    CHECK(again.front().outcome == Outcome::kKept);
    CHECK(again.front().fields == std::vector<std::string>{"/source/retrieved"});
  }
  CHECK(import(hub, {"Un autre", row.retrieved}) == Outcome::kKept);
  CHECK(*hub.registry->file(*hub.registry->own_place("un"), "profile.json") == *own);
  CHECK(hub.import({bytes(record(row))}, {false, true}) == std::vector{Outcome::kChanged});
}

TEST_CASE("an own word that no import wrote is not overwritten by the first one") {
  Hub hub;
  REQUIRE(hub.registry->publish_all({{std::nullopt, {{"profile.json", bytes(record({"Le nôtre", ""}))}}}}, kNow).front());
  for (int times = 0; times < 2; ++times) CHECK(import(hub, {"De la liste", "2026-01-01"}) == Outcome::kKept);
  CHECK(text(published(hub), "description") == "Le nôtre");
}

TEST_CASE("a later list that says what was corrected is taken once, and the same list again changes nothing") {
  Hub hub;
  REQUIRE(import(hub, {"Avant", "2026-01-01"}) == Outcome::kCreated);
  correct(hub, "Après");
  CHECK(import(hub, {"Avant", "2026-01-01"}) == Outcome::kKept);
  CHECK(import(hub, {"Après", "2026-02-01"}) == Outcome::kChanged);
  CHECK(import(hub, {"Après", "2026-02-01"}) == Outcome::kUnchanged);
  CHECK(import(hub, {"Après", "2026-02-01"}) == Outcome::kUnchanged);
  CHECK(import(hub, {"Encore", "2026-02-01"}) == Outcome::kChanged);
}

TEST_CASE("a place that was confirmed stays so when a list with a date of its own comes again, unchanged or changed") {
  Hub hub;
  Line census{"Un atelier", "2019-06-13", "2019-06-13"};
  REQUIRE(import(hub, census) == Outcome::kCreated);
  REQUIRE(hub.registry->confirm(*hub.registry->own_place("un"), {"profile.json"}, kNow));
  REQUIRE(text(published(hub), "confirmed") == "2027-01-15");
  CHECK(import(hub, census) == Outcome::kUnchanged);
  CHECK(text(published(hub), "confirmed") == "2027-01-15");
  census.description = "Un atelier, et un jardin";
  CHECK(import(hub, census) == Outcome::kChanged);
  CHECK(text(published(hub), "confirmed") == "2027-01-15");
  census.confirmed = "2028-01-01";
  CHECK(import(hub, census) == Outcome::kChanged);
  CHECK(text(published(hub), "confirmed") == "2028-01-01");
  CHECK(import(hub, census) == Outcome::kUnchanged);
}

TEST_CASE("the first import after a place was taken over leaves its corrections, and changes what nobody corrected") {
  Hub first, second("Ailleurs");
  REQUIRE(import(first, {"De la liste", "2026-01-01"}) == Outcome::kCreated);
  bool corrected = GENERATE(true, false);
  if (corrected) correct(first, "Corrigé");
  move(first, second);
  CHECK(import(second, {"La liste suivante", "2026-02-01"}) == (corrected ? Outcome::kKept : Outcome::kChanged));
  CHECK(text(published(second), "description") == (corrected ? "Corrigé" : "La liste suivante"));
  CHECK(second.import({bytes(record({"Imposé", "2026-02-01"}))}, {false, true}) == std::vector{Outcome::kChanged});
}

TEST_CASE("of a place that was taken over with a copy of before digests, a correction is supposed") {
  Hub first, second("Ailleurs");
  REQUIRE(first.registry->publish_all({{std::nullopt, {{"profile.json", bytes(record({"Ancien", "2026-01-01"}))}}}}, kNow).front());
  move(first, second);
  CHECK(import(second, {"La liste suivante", "2026-02-01"}) == Outcome::kKept);
  CHECK(import(second, {"Ancien", "2026-02-01"}) == Outcome::kChanged);
  CHECK(import(second, {"La liste suivante", "2026-02-01"}) == Outcome::kChanged);
}

TEST_CASE("a copy of before digests gets one when it changes, and is not published for it alone") {
  auto old = record({"Un atelier", "2026-01-01"});
  CHECK(copy_over(record({"Un atelier", ""}), &old, kNow) == old);
  CHECK(copy_over(old, &old, kNow) == old);
  CHECK(touched_since_copied(copy_over(record({"Un atelier", "2026-02-01"}), &old, kNow)) == Touched::kNo);
  CHECK(touched_since_copied(copy_over(record({"Un jardin", ""}), &old, kNow)) == Touched::kNo);
}

TEST_CASE("a copy says whether it was corrected, whatever its dates and the order of its fields") {
  boost::json::object copy = copy_over(record({"Un atelier", ""}), nullptr, kNow);
  CHECK(touched_since_copied(copy) == Touched::kNo);
  CHECK(touched_since_copied(record({"Un atelier", ""})) == Touched::kUnknown);
  copy["confirmed"] = "2027-01-15";
  copy["source"].as_object()["retrieved"] = "2027-02-01";
  boost::json::object turned;
  for (auto at = copy.end(); at != copy.begin();) --at, turned.insert(*at);
  CHECK(touched_since_copied(turned) == Touched::kNo);
  turned["stage"] = "open";
  CHECK(touched_since_copied(turned) == Touched::kYes);
}

TEST_CASE("the digest of a copy is the one that RECORDS.md describes") {
  auto copied = boost::json::object{{"name", "Été"}, {"kind", "profile"}, {"geo", {{"lon", 3.5}, {"lat", 50}}}, {"confirmed", "2026-01-01"},
                                    {"source", {{"name", "Liste"}, {"id", "1"}, {"retrieved", "2026-01-01"}}}};
  // sha256sum of: {"geo":{"lat":50,"lon":3.5},"kind":"profile","name":"Été","source":{"id":"1","name":"Liste"}}
  CHECK(copy_digest(copied) == "fdd15758923eeccece9d095f96b6b8da6b6e52989a2f58549443555bd754ec5f");
}
