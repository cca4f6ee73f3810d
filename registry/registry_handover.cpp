// Places on their way out: handed to another daemon and not adopted yet, kept after all, or gone without something of ours.
#include "registry/history.h"
#include "registry/place_history.h"
#include "registry/registry_parts.h"

namespace maillage::registry {
namespace {

using namespace protocol;

// Told of one place; what is beyond is told by how it begins.
constexpr std::size_t kLostPathsMax = 100;

std::string row_key(std::string_view prefix, const PlaceId& place) { return std::string(prefix).append(as_text(place.bytes)); }

std::string row_of(const Writer& row) { return std::string(as_text(row.bytes())); }

}  // namespace

Result<void> Registry::Parts::read_handed() {
  return state->scan(Column::kMeta, kHandedPrefix, [&](std::string_view key, std::string_view value) {
    Reader name(as_bytes(key.substr(kHandedPrefix.size()))), row(as_bytes(value));
    own.set_handed(name.fixed<PlaceId>(), row.u16());
    return true;
  });
}

Result<void> Registry::Parts::write_handed(const PlaceId& place, std::optional<std::size_t> charters) {
  WriteBatch batch;
  std::string key = row_key(kHandedPrefix, place);
  if (charters) batch.put(Column::kMeta, key, row_of(Writer().u16(static_cast<std::uint16_t>(*charters))));
  else batch.erase(Column::kMeta, key);
  if (auto committed = commit(batch); !committed) return committed;
  own.set_handed(place, charters);
  return {};
}

Result<void> Registry::Parts::check_not_handed(const CharterChain& chain) const {
  bool handed = own.handed(chain.place()) == chain.size();
  return handed ? fail(ErrorCode::kHandedOver, chain.place().hex()) : Result<void>();
}

Result<void> Registry::keep_place(const PlaceId& place) {
  auto chain = parts_->chain_of(place);
  if (!chain) return tl::unexpected(chain.error());
  if (parts_->check_not_handed(*chain)) return fail(ErrorCode::kNotHandedOver, place.hex());
  return parts_->write_handed(place, std::nullopt);
}

// What cannot be read is not told: the place goes all the same.
void Registry::Parts::note_lost(WriteBatch& batch, const Candidate& candidate, const SignedHead& ours) const {
  const Head& head = candidate.head.head;
  bool signed_here = ours.head.charter < head.charter && candidate.chain.at(ours.head.charter).charter.daemon_key == identity.key.public_key();
  auto steps = signed_here ? first_parents(*objects, ours.head.commit) : Result<std::vector<ChainLink>>();
  if (!signed_here || !steps) return;
  PlaceHistory theirs(*objects, head.commit);
  for (const ChainLink& step : *steps) {
    if (!theirs.distance(step.id)) continue;
    left_without.push_back(head.place);
    return batch.put(Column::kMeta, row_key(kLostPrefix, head.place), row_of(Writer().fixed(step.id).fixed(ours.head.commit)));
  }
}

std::vector<std::string> Registry::Parts::lost_paths(const PlaceId& place) const {
  std::vector<std::string> paths;
  auto row = state->get(Column::kMeta, row_key(kLostPrefix, place));
  if (!row || !*row) return paths;
  Reader in(as_bytes(**row));
  auto since = tree_of(in.fixed<ObjectId>()), until = tree_of(in.fixed<ObjectId>());
  auto changes = since && until ? diff_trees(*objects, *since, *until) : fail(ErrorCode::kNotFound, place.hex());
  for (std::size_t i = 0; changes && i < std::min(changes->size(), kLostPathsMax); ++i) paths.push_back((*changes)[i].path);
  return paths;
}

std::vector<std::string> Registry::lost_when_moved(const PlaceId& place) const { return parts_->lost_paths(place); }

std::vector<PlaceId> Registry::take_left_without() { return std::exchange(parts_->left_without, {}); }

std::vector<HostedPlace> Registry::hosted_places() const {
  std::vector<HostedPlace> hosted;
  for (const PlaceId& place : parts_->own.all()) {
    HostedPlace& each = hosted.emplace_back(HostedPlace{place, parts_->own.moved(place)});
    if (each.moved_away) each.lost = parts_->lost_paths(place);
    auto chain = parts_->own.handed(place) ? parts_->chain_of(place) : fail(ErrorCode::kNotHandedOver, "");
    each.handed_over = chain && !parts_->check_not_handed(*chain);
  }
  return hosted;
}

}  // namespace maillage::registry
