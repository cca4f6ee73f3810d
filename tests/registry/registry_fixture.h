// Places and their records for tests of the index: published in memory, staged and applied as a daemon does.
#pragma once

#include <boost/json.hpp>

#include <catch2/catch.hpp>

#include "protocol/crypto.h"
#include "registry/index.h"
#include "tests/twins/memory_state_store.h"

namespace maillage::tests {

inline protocol::PlaceId place_number(std::uint32_t number) {
  protocol::PlaceId id;
  auto hash = protocol::sha256(protocol::as_bytes("place " + std::to_string(number)));
  id.bytes = hash.bytes;
  return id;
}

inline registry::RecordVersion version(std::string path, std::string_view json, std::int64_t ms = 1'700'000'000'000) {
  protocol::Bytes bytes(json.begin(), json.end());
  protocol::Hash hash = protocol::sha256(bytes);
  return {std::move(path), std::move(bytes), hash, {ms}, {ms + 1'000}};
}

inline registry::RecordVersion withdrawn(std::string path) { return {std::move(path), std::nullopt, {}, {}, {}}; }

// An index on a store, and the two steps of every change.
struct IndexFixture {
  MemoryStateStore store;
  registry::Index index{store};

  void commit(const registry::PlaceChanges& changes) {
    registry::WriteBatch batch;
    REQUIRE(index.stage(batch, changes));
    REQUIRE(store.write(batch));
    index.apply(changes);
  }
  void put(const protocol::PlaceId& place, std::string path, std::string_view json) {
    commit({place, false, {version(std::move(path), json)}});
  }

  registry::Page ask(registry::What what, const registry::Parameters& parameters) const {
    auto query = registry::parse_query(what, parameters);
    INFO((query ? "" : query.error().context));
    REQUIRE(query);
    auto page = index.query(*query);
    REQUIRE(page);
    return std::move(*page);
  }
  std::vector<std::string> names(registry::What what, const registry::Parameters& parameters) const {
    std::vector<std::string> names;
    for (const auto& item : ask(what, parameters).items) names.emplace_back(item.at("name").as_string());
    return names;
  }
};

}  // namespace maillage::tests
