// What every StateStore promises, as one suite: run on RocksStore and on its twin, so that the twin cannot lie.
#pragma once

#include <catch2/catch.hpp>

#include "registry/state_store.h"

namespace maillage::tests {

inline std::vector<std::pair<std::string, std::string>> all_of(const registry::StateStore& store, registry::Column column,
                                                               std::string_view prefix) {
  std::vector<std::pair<std::string, std::string>> found;
  auto scanned = store.scan(column, prefix, [&](std::string_view key, std::string_view value) {
    found.emplace_back(key, value);
    return true;
  });
  REQUIRE(scanned);
  return found;
}

// `reopen` gives the store as it is after a crash and a restart.
template <class Store, class Reopen>
void check_state_store_contract(Store open, Reopen reopen) {
  using registry::Column;
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  auto store = open();

  // What was never written is nothing, not an error.
  CHECK(store->get(Column::kHeads, "absent").value() == std::nullopt);
  CHECK(all_of(*store, Column::kHeads, "").empty());

  // Columns do not see each other; keys and values are any bytes.
  std::string zero("a\0b", 3), high("a\xff", 2);
  registry::WriteBatch batch;
  batch.put(Column::kHeads, zero, "1");
  batch.put(Column::kHeads, high, std::string("\0\xff", 2));
  batch.put(Column::kHeads, "b", "");
  batch.put(Column::kRecords, "a", "other");
  REQUIRE(store->write(batch));
  CHECK(store->get(Column::kHeads, high).value() == std::string("\0\xff", 2));
  CHECK(store->get(Column::kHeads, "b").value() == "");
  CHECK(store->get(Column::kHeads, "a").value() == std::nullopt);

  // A scan is ascending by bytes, keeps to its prefix, stops when told.
  CHECK(all_of(*store, Column::kHeads, "") == Pairs{{zero, "1"}, {high, std::string("\0\xff", 2)}, {"b", ""}});
  CHECK(all_of(*store, Column::kHeads, "a").size() == 2);
  int visits = 0;
  REQUIRE(store->scan(Column::kHeads, "", [&](auto, auto) { return ++visits < 2; }));
  CHECK(visits == 2);

  // A scan is of one moment: what is written meanwhile does not appear in it.
  visits = 0;
  REQUIRE(store->scan(Column::kHeads, "", [&](auto, auto) {
    registry::WriteBatch late;
    late.put(Column::kHeads, "z" + std::to_string(visits), "late");
    REQUIRE(store->write(late));
    return ++visits < 100;
  }));
  CHECK(visits == 3);

  // Within a batch the last change of a key counts, deletion of nothing is fine.
  registry::WriteBatch second;
  second.put(Column::kHeads, "b", "2");
  second.erase(Column::kHeads, "b");
  second.erase(Column::kHeads, "never");
  second.erase(Column::kRecords, "a");
  second.put(Column::kRecords, "a", "again");
  REQUIRE(store->write(second));
  CHECK(store->get(Column::kHeads, "b").value() == std::nullopt);
  CHECK(store->get(Column::kRecords, "a").value() == "again");

  // An empty batch is a write like any other.
  CHECK(store->write({}));

  // What was written is there after a crash.
  store = reopen(std::move(store));
  CHECK(store->get(Column::kRecords, "a").value() == "again");
  CHECK(store->get(Column::kHeads, "b").value() == std::nullopt);
  CHECK(all_of(*store, Column::kHeads, "z").size() == 3);
}

}  // namespace maillage::tests
