// A network's daemon for tests: its folder, and what it imports, corrects, answers and hears from another.
#pragma once

#include <catch2/catch.hpp>

#include <algorithm>

#include "registry/registry.h"
#include "tests/registry/temporary_directory.h"

namespace maillage::tests {

inline constexpr protocol::UnixTime kHubNow{1'800'000'000'000};

struct Hub {
  explicit Hub(const std::string& name = "Collectif", protocol::UnixTime founded = kHubNow) {
    auto created = maillage::registry::Registry::create(dir.path(), {name, true, "", {}, {}}, founded);
    REQUIRE(created);
    sheet = created->recovery_sheet;
    reopen();
  }
  void reopen() {
    registry.reset();
    registry = std::move(*maillage::registry::Registry::open(dir.path()));
  }

  std::vector<maillage::registry::Imported::Outcome> import(const std::vector<protocol::Bytes>& profiles, const maillage::registry::ImportRule& rule = {},
                                                  protocol::UnixTime now = kHubNow) {
    using Outcome = maillage::registry::Imported::Outcome;
    std::vector<Outcome> outcomes;
    for (const maillage::registry::Imported& each : registry->import_profiles(profiles, rule, now)) {
      outcomes.push_back(each.outcome);
      bool writes = !rule.dry_run && (each.outcome == Outcome::kCreated || each.outcome == Outcome::kChanged);
      CHECK(each.place.has_value() == writes);
      CHECK(each.problems.empty() == (each.outcome != Outcome::kRefused));
    }
    return outcomes;
  }
  // What somebody here writes by hand.
  void publish(const std::string& id_or_slug, const protocol::Bytes& profile, protocol::UnixTime now = kHubNow) {
    auto place = registry->own_place(id_or_slug);
    REQUIRE(place);
    REQUIRE(registry->publish(*place, {{"profile.json", profile}}, now));
  }
  maillage::registry::Page ask(const maillage::registry::Parameters& parameters = {}) const {
    return *registry->query(*maillage::registry::parse_query(maillage::registry::What::kPlaces, parameters));
  }

  // Of the places that came from a list, sorted; empty of one that says its source no more.
  std::vector<std::string> known_ids(std::string_view source) const {
    const auto list = registry->imported_list(source);
    REQUIRE(list);
    std::vector<std::string> ids;
    for (const auto& place : list->places) ids.push_back(place.id);
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  // Everything that the other one signs, as after a session.
  void hear(Hub& other) { hear(*registry, *other.registry); }
  static void hear(maillage::registry::Registry& registry, maillage::registry::Registry& other) {
    std::vector<protocol::PackedPlace> wanted;
    std::vector<protocol::IngestPack::Place> heads;
    auto places = other.load();
    for (const protocol::PlaceState& place : *places) {
      if (!place.own) continue;
      wanted.push_back({place.chain.place(), place.seen, {}});
      heads.push_back({{place.seen, place.chain, place.chain.size()}, {}});
    }
    other.open_pack(1, wanted);
    auto pack = other.read_pack(1, 1 << 24);
    REQUIRE(pack);
    REQUIRE(pack->last);
    other.close_pack(1);
    REQUIRE(registry.append_pack(1, pack->bytes));
    for (const auto& outcome : registry.ingest(1, heads)) CHECK_FALSE(outcome.refused);
  }

  TemporaryDirectory dir;
  std::string sheet;
  std::unique_ptr<maillage::registry::Registry> registry;
};

}  // namespace maillage::tests
