// A daemon's places come back from a recovery sheet alone, and what this daemon gives to those who bring theirs back.
#include <algorithm>

#include "registry/file.h"
#include "registry/registry_parts.h"

namespace maillage::registry {
namespace {

using namespace protocol;

bool has_root(const std::vector<SignedCharter>& charters, const PublicKey& root) {
  return std::ranges::count(charters.back().charter.roots, root) > 0;
}

// Whoever tells a head may still give something else than its content: then the next one is asked.
template <class Take>
Result<PlaceId> first_taken(const Registry::FetchPlace& fetch, const SignedHead& head, Take take) {
  std::optional<Error> refused;
  for (;;) {
    auto handover = fetch(head);
    if (!handover) return tl::unexpected(refused.value_or(handover.error()));
    auto place = take(*handover);
    if (place) return place;
    refused = place.error();
  }
}

}  // namespace

Result<std::vector<Handover>> Registry::recoverable(const PublicKey& root, Instant now) const {
  auto known = parts_->roots.places_of(root, *parts_->state, now);
  if (!known) return tl::unexpected(known.error());
  std::vector<Handover> places;
  for (const PlaceId& place : *known) {
    auto chain = parts_->chain_of(place);
    auto head = parts_->served(place);
    if (chain && head && has_root(chain->charters(), root)) places.push_back({chain->charters(), *head, std::nullopt, {}});
  }
  return places;
}

Result<std::unique_ptr<PlaceFile>> Registry::recoverable_place(const PublicKey& root, const PlaceId& place) const {
  auto chain = parts_->chain_of(place);
  if (!chain || !has_root(chain->charters(), root)) return fail(ErrorCode::kUnknownPlace, place.hex());
  auto head = parts_->served(place);
  if (!head) return tl::unexpected(head.error());
  return PlaceFile::open(*parts_->objects, {chain->charters(), *head, std::nullopt, {}});
}

Result<PlaceId> Registry::Parts::recover_place(const Handover& handover, const SignedHead& agreed, const RecoverySheet& sheet, const Vouching& vouching,
                                                UnixTime now) {
  auto chain = chain_in(handover);
  if (!chain) return tl::unexpected(chain.error());
  if (!(handover.head.head == agreed.head)) return fail(ErrorCode::kIdentityElsewhere, chain->place().hex());
  if (auto room = need_room(kReserveBytes + 2 * handover.pack.size()); !room) return tl::unexpected(room.error());
  if (auto taken = take_in(handover, *chain); !taken) return tl::unexpected(taken.error());
  std::size_t had = chain->size();
  if (auto extended = extend_vouched(*chain, vouching); !extended) return tl::unexpected(extended.error());
  // Every root that was one stays: a sheet that its people have of their own goes on being theirs.
  auto next = charter_for({identity.key.public_key(), keys.root}, *chain, {sheet}, {}, now);
  if (!next) return tl::unexpected(next.error());
  if (auto extended = chain->extend(*next); !extended) return tl::unexpected(extended.error());
  std::string signers = identity_allowed_signers(*chain), name = index->name_of(chain->place()).name;
  FileChanges files{{"identity/charters", identity_charters(*chain)}, {"identity/allowed_signers", Bytes(signers.begin(), signers.end())}};
  PlaceId place = chain->place();
  std::size_t chain_size = chain->size();
  auto published = publish({{std::move(*chain), handover.head, std::move(files), chain_size - had, name, "recover " + name}}, now);
  if (!published.front()) return tl::unexpected(published.front().error());
  return place;
}

Result<std::vector<PlaceId>> Registry::recover(const std::filesystem::path& dir, std::string_view text, const std::vector<RecoveredPlace>& places,
                                               UnixTime now, const FetchPlace& fetch, const Vouching& vouching) {
  auto sheet = RecoverySheet::parse(text);
  if (!sheet) return tl::unexpected(sheet.error());
  SystemRandom random;
  DaemonKeys keys{random.fixed<Seed>(), sheet->root(0).public_key(), true};
  auto parts = Parts::begin(dir, keys);
  if (!parts) return tl::unexpected(parts.error());
  WriteBatch format;
  put_format(format);
  if (auto committed = (*parts)->commit(format); !committed) return tl::unexpected(committed.error());
  std::vector<PlaceId> recovered;
  for (const RecoveredPlace& place : places) {
    auto take = [&](const Handover& handover) { return (*parts)->recover_place(handover, place.head, *sheet, vouching, now); };
    auto back = first_taken(fetch, place.head, take);
    if (!back) return tl::unexpected(back.error());
    recovered.push_back(*back);
  }
  WriteBatch identity;
  put_identity(identity, own_of(keys.root, places));
  if (auto committed = (*parts)->commit(identity); !committed) return tl::unexpected(committed.error());
  if (auto marked = mark_sheet_confirmed(dir); !marked) return tl::unexpected(marked.error());
  if (auto finished = mark_finished(dir); !finished) return tl::unexpected(finished.error());
  return recovered;
}

}  // namespace maillage::registry
