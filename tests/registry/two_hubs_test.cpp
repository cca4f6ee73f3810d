// Two hubs bring in the same list and hear each other: each answers with one card a row, two publishers and two hosts.
#include <catch2/catch.hpp>

#include "registry/registry.h"
#include "tests/registry/temporary_directory.h"

using namespace maillage::registry;
using namespace maillage::protocol;
using maillage::tests::TemporaryDirectory;
using Outcome = Imported::Outcome;

namespace {

constexpr UnixTime kNow{1'800'000'000'000};
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

struct Hub {
  explicit Hub(const std::string& name, std::int64_t founded) {
    REQUIRE(Registry::create(dir.path(), {name, true, "", {}, {}}, {founded}));
    reopen();
  }
  void reopen() {
    registry.reset();
    registry = std::move(*Registry::open(dir.path()));
  }
  std::size_t import(Outcome expected, UnixTime now, const std::string& stage = "open") {
    std::size_t count = 0;
    for (const Imported& each : registry->import_profiles(list(stage), {}, now)) count += each.outcome == expected;
    return count;
  }
  Page ask(const Parameters& parameters = {}) const { return *registry->query(*parse_query(What::kPlaces, parameters)); }

  // Everything that the other one signs, as after a session.
  void hear(Hub& other) {
    std::vector<PackedPlace> wanted;
    std::vector<IngestPack::Place> heads;
    auto places = other.registry->load();
    for (const PlaceState& place : *places) {
      if (!place.own) continue;
      wanted.push_back({place.chain.place(), place.seen, {}});
      heads.push_back({{place.seen, place.chain, place.chain.size()}, {}});
    }
    other.registry->open_pack(1, wanted);
    auto pack = other.registry->read_pack(1, 1 << 24);
    REQUIRE(pack);
    REQUIRE(pack->last);
    other.registry->close_pack(1);
    REQUIRE(registry->append_pack(1, pack->bytes));
    for (const auto& outcome : registry->ingest(1, heads)) CHECK_FALSE(outcome.refused);
  }

  TemporaryDirectory dir;
  std::unique_ptr<Registry> registry;
};

std::string text(const boost::json::value& json, const char* key) { return std::string(json.at(key).as_string()); }

}  // namespace

TEST_CASE("two hubs with one list each answer with its rows, and name both publishers and both hosts of each") {
  Hub first("Collectif", 1'700'000'000'000), second("Compagnie", 1'710'000'000'000);
  CHECK(first.import(Outcome::kCreated, kNow) == kRows);
  CHECK(second.import(Outcome::kCreated, {kNow.ms + 2 * 86'400'000}) == kRows);
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
  CHECK(first.import(Outcome::kUnchanged, {kNow.ms + 9 * 86'400'000}) == kRows);
  CHECK(second.import(Outcome::kUnchanged, {kNow.ms + 9 * 86'400'000}) == kRows);
  CHECK(first.import(Outcome::kChanged, {kNow.ms + 9 * 86'400'000}, "project") == kRows);
  CHECK(first.ask({{"stage", "project"}}).number_matched == kRows);
  CHECK(second.ask({{"stage", "open"}}).number_matched == kRows);
  CHECK(first.registry->imported_ids("Liste").size() == kRows);
}

TEST_CASE("a hub itself is shown without a host, and a place that it hosts with it, once the signers were read") {
  Hub hub("Collectif", 1'700'000'000'000);
  REQUIRE(hub.import(Outcome::kCreated, kNow) == kRows);
  hub.reopen();
  CHECK(text(hub.ask({{"q", "Lieu 3"}}).items.at(0).at("host"), "name") == "Collectif");
  CHECK_FALSE(hub.registry->query(*parse_query(What::kNetworks, {}))->items.at(0).contains("host"));
  REQUIRE(hub.registry->reindex());
  CHECK(text(*hub.registry->place("lieu-3"), "name") == "Lieu 3");
  CHECK(text(hub.registry->place("lieu-3")->at("host"), "id") == hub.registry->identity().place.hex());
}
