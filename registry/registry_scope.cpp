// Letting go: the content of places that nobody here follows any more. STORAGE.md "Letting go".
#include "registry/registry_parts.h"

namespace maillage::registry {

using namespace protocol;

KnownPlaces::Counts Registry::known_places() const {
  parts_->need_signers();
  return parts_->known.counts();
}

std::string Registry::endpoint_of(const PlaceId& place) const {
  auto profile = parts_->index->place(place.hex());
  const boost::json::value* listed = profile ? profile->if_contains("endpoints") : nullptr;
  if (listed == nullptr || !listed->is_array() || listed->get_array().empty() || !listed->get_array().front().is_string()) return "";
  return std::string(listed->get_array().front().get_string());
}

void Registry::Parts::look_what_is_known(const PlaceId& place) {
  auto seen = get_head(*state, Mark::kSeen, place);
  auto held = get_head(*state, Mark::kHeld, place);
  if (seen && *seen && held) known.set(place, (*seen)->head.cell, held->has_value());
}

// Rationale for the purge's row: what a place broke before it was let go may wait to be sealed, from the objects that go; and
// whatever stops here, the next purge finds what is left to do.
Result<void> Registry::Parts::release_some(std::span<const PlaceId>& places, std::vector<PlaceId>& let_go) {
  WriteBatch batch;
  // The tree of everything has commits that show them: they go in the same batch.
  WholeChain::Turn turn(*whole_chain);
  std::vector<IndexChange> changes;
  std::vector<PlaceId> gone;
  for (; !places.empty() && batch.bytes() < kBatchBytesMax; places = places.subspan(1)) {
    const PlaceId& place = places.front();
    if (own.contains(place)) continue;
    auto held = get_head(*state, Mark::kHeld, place);
    if (!held) return tl::unexpected(held.error());
    gone.push_back(place);
    if (!*held) continue;
    erase_held(batch, place);
    batch.put(Column::kMeta, purge_key(place), "");
    changes.push_back({PlaceChanges{place, true, {}}, {}});
    if (auto staged = stage_index(batch, changes.back()); !staged) return staged;
  }
  if (!changes.empty()) {
    turn.drop();
    if (auto staged = turn.stage(batch); !staged) return staged;
    if (auto committed = commit(batch, std::move(changes)); !committed) return committed;
    turn.written();
    end_fetches(gone);
    advertised.forget({});
  }
  for (const PlaceId& place : gone) {
    advertised.forget(place);
    look_what_is_known(place);
  }
  let_go.insert(let_go.end(), gone.begin(), gone.end());
  return {};
}

Result<std::vector<PlaceId>> Registry::release(const std::vector<PlaceId>& places) {
  // Room may be what is wanted: no reserve is kept back from this.
  if (auto room = parts_->has_room(kOpenBytes); !room) return tl::unexpected(room.error());
  std::vector<PlaceId> released;
  std::span<const PlaceId> left = places;
  while (!left.empty())
    if (auto done = parts_->release_some(left, released); !done && released.empty()) return tl::unexpected(done.error());
    else if (!done) break;
  return released;
}

}  // namespace maillage::registry
