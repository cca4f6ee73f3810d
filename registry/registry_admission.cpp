// Who is let in, on the disk: what goes with a place that is not any more, and what signed profiles say to daemons. STORAGE.md "Columns".
#include <algorithm>

#include "registry/registry_parts.h"

namespace maillage::registry {
namespace {

using namespace protocol;

Result<void> erase_all(const StateStore& state, WriteBatch& batch, Column column, const std::string& prefix) {
  return state.scan(column, prefix, [&](std::string_view key, std::string_view) {
    batch.erase(column, std::string(key));
    return true;
  });
}

}  // namespace

Result<void> Registry::Parts::stage_index(WriteBatch& batch, IndexChange& change) {
  if (auto found = changed_whereabouts(change.place)) {
    bool had = tells_whereabouts.contains(change.place.place);
    if (had || !found->empty()) {
      put_whereabouts(batch, *found);
      tells_whereabouts.insert(change.place.place);
      told_whereabouts.insert_or_assign(change.place.place, std::move(*found));
    }
  }
  return index->stage(batch, change);
}

Result<void> Registry::Parts::load_whereabouts() {
  auto marked = state->get(Column::kMeta, kWhereaboutsKey);
  if (!marked) return tl::unexpected(marked.error());
  if (!*marked) {
    WriteBatch batch;
    auto profile = path_key("profile.json");
    auto read = state->scan(Column::kRecords, "", [&](std::string_view key_bytes, std::string_view value) {
      auto key = parse_record_key(key_bytes);
      auto stored = key && key->path == profile ? decode_stored_record(value) : fail(ErrorCode::kNotFound, "");
      if (!stored) return true;
      if (Whereabouts found = read_whereabouts(key->place, stored->json); !found.empty()) put_whereabouts(batch, found);
      return true;
    });
    if (!read) return read;
    batch.put(Column::kMeta, std::string(kWhereaboutsKey), "");
    if (auto written = state->write(batch); !written) return written;
  }
  auto all = all_whereabouts(*state);
  if (!all) return tl::unexpected(all.error());
  for (const Whereabouts& each : *all) tells_whereabouts.insert(each.place);
  return {};
}

Result<std::vector<Whereabouts>> Registry::whereabouts() const { return all_whereabouts(*parts_->state); }

std::vector<Whereabouts> Registry::take_whereabouts() {
  std::vector<Whereabouts> told;
  for (auto& [place, found] : std::exchange(parts_->told_whereabouts, {})) told.push_back(std::move(found));
  return told;
}

// Everything but the charters' destiny is as in an erasure: out of service with the batch, off the disk with the next purge. Nothing is
// sealed: its own daemon has it.
Result<void> Registry::forget(const std::vector<PlaceId>& places, std::span<const std::pair<PlaceId, PlaceId>> vouched) {
  for (; !vouched.empty(); vouched = vouched.subspan(std::min(vouched.size(), kBatchRecordsMax))) {
    WriteBatch batch;
    for (const auto& [place, by] : vouched.first(std::min(vouched.size(), kBatchRecordsMax))) put_introducer(batch, place, by);
    if (auto written = parts_->state->write(batch); !written) return written;
  }
  for (std::size_t next = 0; next < places.size();) {
    WriteBatch batch;
    WholeChain::Turn turn(*parts_->whole_chain);
    std::vector<IndexChange> changes;
    std::vector<PlaceId> gone;
    for (; next < places.size() && batch.bytes() < kBatchBytesMax && batch.changes().size() < kBatchRecordsMax; ++next) {
      const PlaceId& place = places[next];
      if (parts_->own.contains(place)) continue;
      std::size_t before = batch.changes().size();
      std::string id(as_text(place.bytes));
      for (Column column : {Column::kHeads, Column::kCharters, Column::kEvidence})
        if (auto staged = erase_all(*parts_->state, batch, column, id); !staged) return staged;
      if (batch.changes().size() == before) continue;  // nothing is known of it
      for (const char* prefix : {"replaced ", "unsealed ", "two-charters "})
        if (auto staged = erase_all(*parts_->state, batch, Column::kMeta, prefix + id); !staged) return staged;
      batch.erase(Column::kPeers, introducer_key(place));
      batch.put(Column::kMeta, Parts::purge_key(place), "");
      changes.push_back({PlaceChanges{place, true, {}}, {}});
      if (auto staged = parts_->stage_index(batch, changes.back()); !staged) return staged;
      gone.push_back(place);
    }
    if (gone.empty()) continue;
    turn.drop();
    if (auto staged = turn.stage(batch); !staged) return staged;
    if (auto committed = parts_->commit(batch, std::move(changes)); !committed) return committed;
    turn.written();
    parts_->end_fetches(gone);
    parts_->advertised.forget({});
    for (const PlaceId& place : gone) {
      parts_->forked.set(place, false);
      parts_->two_charters.set(place, false);
      parts_->known.forget(place);
    }
  }
  return parts_->purge_commons();
}

}  // namespace maillage::registry
