// Many places on one daemon: made, published together, kept.
#include <catch2/catch.hpp>

#include <set>

#include "registry/registry.h"
#include "tests/registry/temporary_directory.h"

using namespace maillage::registry;
using namespace maillage::protocol;
using maillage::tests::TemporaryDirectory;

namespace {

constexpr UnixTime kNow{1'800'000'000'000};

std::unique_ptr<Registry> make_hub(const std::filesystem::path& dir) {
  REQUIRE(Registry::create(dir, {"Collectif", true, "59350", {}, {}}, kNow));
  return std::move(*Registry::open(dir));
}

FileEdit profile(const std::string& name, const std::string& more = "") {
  std::string json = R"({"kind": "profile", "name": ")" + name + "\"" + more + "}";
  return {"profile.json", Bytes(json.begin(), json.end())};
}

std::vector<Publication> numbered_places(std::size_t count) {
  std::vector<Publication> publications;
  for (std::size_t i = 0; i < count; ++i) publications.push_back({std::nullopt, {profile("Lieu " + std::to_string(i))}});
  return publications;
}

std::size_t count(const Registry& registry, const Parameters& parameters = {}) {
  return registry.query(*parse_query(What::kPlaces, parameters))->number_matched;
}

}  // namespace

TEST_CASE("a hub makes 1,500 places in a handful of batches, all of them its own after a restart") {
  TemporaryDirectory dir;
  auto hub = make_hub(dir.path());
  auto before = hub->revision();
  auto outcomes = hub->publish_all(numbered_places(1'500), kNow);
  std::set<PlaceId> places;
  for (const auto& outcome : outcomes) {
    REQUIRE(outcome);
    REQUIRE(outcome->place);
    places.insert(outcome->place->head.chain.place());
  }
  CHECK(places.size() == 1'500);
  CHECK(hub->revision() - before <= 4);
  CHECK(count(*hub) == 1'500);
  hub.reset();
  hub = std::move(*Registry::open(dir.path()));
  CHECK(hub->own_places().size() == 1'501);
  CHECK(count(*hub, {{"q", "1234"}}) == 1);
  CHECK(hub->verify()->empty());
  auto states = hub->load();
  CHECK(std::all_of(states->begin(), states->end(), [](const PlaceState& state) { return state.own; }));
}

TEST_CASE("in a group each place is published or refused by itself, and what is published already is left alone") {
  TemporaryDirectory dir;
  auto hub = make_hub(dir.path());
  auto made = hub->publish_all(numbered_places(2), kNow);
  PlaceId first = made[0]->place->head.chain.place(), second = made[1]->place->head.chain.place();
  auto before = hub->revision();
  auto outcomes = hub->publish_all({{first, {profile("Lieu 0")}},
                                    {second, {profile("Lieu deux")}},
                                    {std::nullopt, {profile("")}},
                                    {PlaceId{}, {profile("Étranger")}},
                                    {std::nullopt, {}},
                                    {second, {profile("Lieu II")}}},
                                   kNow);
  CHECK(outcomes[0]);
  CHECK_FALSE(outcomes[0]->place);
  CHECK(outcomes[1]->changed == std::vector<std::string>{"profile.json"});
  CHECK(outcomes[2].error().front().path == "profile.json");
  CHECK(outcomes[3].error().front().code == ErrorCode::kNotOurs);
  CHECK(outcomes[4].error().front().code == ErrorCode::kNotFound);
  CHECK(outcomes[5]->place->base == outcomes[1]->place->head.head.head.commit);
  CHECK(hub->revision() - before == 2);
  CHECK(count(*hub, {{"q", "II"}}) == 1);
  CHECK(hub->verify()->empty());
}

TEST_CASE("places made in the same millisecond are different places under one root") {
  TemporaryDirectory dir;
  auto hub = make_hub(dir.path());
  auto made = hub->publish_all({{std::nullopt, {profile("Même")}}, {std::nullopt, {profile("Même")}}}, kNow);
  const Charter& one = made[0]->place->head.chain.latest();
  const Charter& two = made[1]->place->head.chain.latest();
  CHECK(one.roots == two.roots);
  CHECK(one.time != two.time);
  CHECK(place_of_genesis(one) != place_of_genesis(two));
  hub.reset();
  hub = std::move(*Registry::open(dir.path()));
  auto again = hub->publish_all({{std::nullopt, {profile("Même")}}}, kNow);
  CHECK(count(*hub, {{"q", "même"}}) == 3);
}
