// Two hubs bring in the same list and hear each other: each answers with one card a row, two publishers and two hosts.
#include <catch2/catch.hpp>

#include <algorithm>

#include "tests/registry/hub.h"

using namespace maillage::registry;
using namespace maillage::protocol;
using maillage::tests::Hub;
using maillage::tests::kHubNow;
using Outcome = Imported::Outcome;

namespace {

constexpr int kRows = 12;

std::vector<Bytes> list(const std::string& stage = "open") {
  std::vector<Bytes> profiles;
  for (int i = 0; i < kRows; ++i) {
    std::string number = std::to_string(i);
    std::string json = R"({"kind": "profile", "name": "Lieu )" + number + R"(", "stage": ")" + stage +
                       R"(", "source": {"name": "Liste", "id": ")" + number + R"("}})";
    profiles.emplace_back(json.begin(), json.end());
  }
  return profiles;
}

std::size_t import(Hub& hub, Outcome expected, UnixTime now, const std::string& stage = "open") {
  auto outcomes = hub.import(list(stage), {}, now);
  return static_cast<std::size_t>(std::ranges::count(outcomes, expected));
}

UnixTime days_later(int days) { return {kHubNow.ms + days * std::int64_t{86'400'000}}; }

std::string text(const boost::json::value& json, const char* key) { return std::string(json.at(key).as_string()); }

}  // namespace

TEST_CASE("two hubs with one list each answer with its rows, and name both publishers and both hosts of each") {
  Hub first("Collectif", {1'700'000'000'000}), second("Compagnie", {1'710'000'000'000});
  CHECK(import(first, Outcome::kCreated, kHubNow) == kRows);
  CHECK(import(second, Outcome::kCreated, days_later(2)) == kRows);
  first.hear(second);
  second.hear(first);
  if (GENERATE(false, true)) first.reopen();
  for (Hub* hub : {&first, &second}) {
    auto page = hub->ask();
    CHECK(page.number_matched == kRows);
    for (const auto& item : page.items) {
      REQUIRE(item.contains("publishers"));
      const auto& publishers = item.at("publishers").as_array();
      REQUIRE(publishers.size() == 2);
      CHECK(text(publishers[0].at("host"), "name") == "Compagnie");
      CHECK(text(publishers[1].at("host"), "name") == "Collectif");
      CHECK(text(publishers[0], "retrieved") == "2027-01-17");
      CHECK(text(item.at("host"), "name") == "Compagnie");
      CHECK(item.at("id") == publishers[0].at("id"));
    }
    CHECK(hub->ask({{"stage", "open"}, {"limit", "0"}}).number_matched == kRows);
    auto ours = hub->registry->own_place("lieu-3");
    REQUIRE(ours);
    CHECK(text(hub->registry->place(ours->hex())->at("host"), "id") == hub->registry->identity().place.hex());
  }
  // A later import of the same list changes nothing, a day later either; a change of the list makes the copy the later one.
  CHECK(import(first, Outcome::kUnchanged, days_later(9)) == kRows);
  CHECK(import(second, Outcome::kUnchanged, days_later(9)) == kRows);
  CHECK(import(first, Outcome::kChanged, days_later(9), "project") == kRows);
  CHECK(first.ask({{"stage", "project"}}).number_matched == kRows);
  CHECK(second.ask({{"stage", "open"}}).number_matched == kRows);
  CHECK(first.known_ids("Liste").size() == kRows);
}

TEST_CASE("a hub itself is shown without a host, and a place that it hosts with it, once the signers were read") {
  Hub hub("Collectif", {1'700'000'000'000});
  REQUIRE(import(hub, Outcome::kCreated, kHubNow) == kRows);
  hub.reopen();
  CHECK(text(hub.ask({{"q", "Lieu 3"}}).items.at(0).at("host"), "name") == "Collectif");
  CHECK_FALSE(hub.registry->query(*parse_query(What::kNetworks, {}))->items.at(0).contains("host"));
  REQUIRE(hub.registry->reindex());
  CHECK(text(*hub.registry->place("lieu-3"), "name") == "Lieu 3");
  CHECK(text(hub.registry->place("lieu-3")->at("host"), "id") == hub.registry->identity().place.hex());
}

TEST_CASE("what a hub corrected by hand is what both show, though the other has a copy of the same day, later or earlier") {
  Hub first("Collectif", {1'700'000'000'000}), second("Compagnie", {1'710'000'000'000});
  UnixTime morning = kHubNow, noon{kHubNow.ms + 3'600'000}, evening{kHubNow.ms + 2 * 3'600'000};
  auto corrected = [](const std::string& name) {
    std::string json = R"({"kind": "profile", "name": ")" + name + R"(", "source": {"name": "Liste", "id": "3", "retrieved": "2027-01-15"}})";
    return Bytes(json.begin(), json.end());
  };
  REQUIRE(import(first, Outcome::kCreated, morning) == kRows);
  bool before = GENERATE(true, false);  // the other's copy is published before the correction, or after
  if (before) REQUIRE(import(second, Outcome::kCreated, morning) == kRows);
  first.publish("lieu-3", corrected("Lieu corrigé"), noon);
  if (!before) REQUIRE(import(second, Outcome::kCreated, evening) == kRows);
  first.hear(second);
  second.hear(first);
  for (Hub* hub : {&first, &second}) {
    CHECK(hub->ask({{"q", "corrigé"}}).number_matched == 1);
    CHECK(hub->ask().number_matched == kRows);
    hub->reopen();
    CHECK(hub->ask({{"q", "corrigé"}}).number_matched == 1);
  }
  // Of two corrections the later one.
  second.publish("lieu-3", corrected("Lieu repris"), days_later(1));
  first.hear(second);
  for (Hub* hub : {&first, &second}) {
    CHECK(hub->ask({{"q", "repris"}}).number_matched == 1);
    CHECK(hub->ask({{"q", "corrigé"}}).number_matched == 0);
  }
}

TEST_CASE("a list that the other hub brings in again does not hide what one corrected by hand") {
  Hub first("Collectif", {1'700'000'000'000}), second("Compagnie", {1'710'000'000'000});
  auto list = [](const std::string& stage, const std::string& retrieved) {
    std::string json = R"({"kind": "profile", "name": "Alpha", "stage": ")" + stage +
                       R"(", "source": {"name": "Liste", "id": "1", "retrieved": ")" + retrieved + R"("}})";
    return std::vector<Bytes>{Bytes(json.begin(), json.end())};
  };
  first.import(list("project", "2026-01-01"), {}, kHubNow);
  second.import(list("open", "2026-02-01"), {}, days_later(1));
  auto ours = second.registry->own_place("alpha");
  REQUIRE(ours);
  std::string copy(as_text(*second.registry->file(*ours, "profile.json")));
  std::size_t open = copy.find("open");
  REQUIRE(open != std::string::npos);
  copy.replace(open, 4, "closed");
  second.publish("alpha", Bytes(copy.begin(), copy.end()), days_later(2));
  first.import(list("open", "2026-02-01"), {}, days_later(3));
  first.hear(second);
  second.hear(first);
  for (Hub* hub : {&first, &second}) {
    CHECK(hub->ask({{"stage", "closed"}}).number_matched == 1);
    CHECK(hub->ask({{"stage", "open"}}).number_matched == 0);
    hub->reopen();
    CHECK(hub->ask({{"stage", "closed"}}).number_matched == 1);
  }
}
