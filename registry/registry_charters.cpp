// New charters for the places of this daemon: other keys, other roots. What the roots sign outranks whatever was signed before.
#include <algorithm>

#include "registry/registry_parts.h"

namespace maillage::registry {

using namespace protocol;

Identity Registry::Parts::identity_now() const {
  std::shared_lock guard(keys_mutex);
  return identity;
}

PublicKey Registry::Parts::root_now() const {
  std::shared_lock guard(keys_mutex);
  return keys.root;
}

Result<void> Registry::Parts::take_keys(const Seed& daemon_seed, const PublicKey& root) {
  if (auto written = replace_keys(directory, daemon_seed, root); !written) return written;
  std::unique_lock guard(keys_mutex);
  keys.daemon_seed = daemon_seed;
  keys.root = root;
  identity.key = KeyPair(daemon_seed);
  return {};
}

namespace {

// What one sheet signs for a place; checked as partners will.
Result<SignedCharter> sign_next(const CharterChain& chain, const CharterChange& change, const RecoverySheet& sheet) {
  auto next = next_charter(chain, change);
  if (!next) return tl::unexpected(next.error());
  std::vector<KeyPair> signers = roots_held(sheet, chain.latest());
  if (signers.size() < chain.latest().threshold) return fail(ErrorCode::kWrongSheet, "");
  if (change.to)
    for (const KeyPair& root : roots_held(*change.to, *next)) signers.push_back(root);
  SignedCharter made = sign(*next, signers);
  CharterChain longer = chain;
  if (auto extended = longer.extend(made); !extended) return tl::unexpected(extended.error());
  return made;
}

}  // namespace

Result<Renewal> Registry::Parts::draft_renewal(const RenewalWish& wish, UnixTime now) const {
  auto sheet = RecoverySheet::parse(wish.sheet);
  if (!sheet) return tl::unexpected(sheet.error());
  CharterChange change{identity.key.public_key(), wish.minimum_epoch, std::nullopt, std::nullopt, now};
  if (!wish.new_sheet.empty()) {
    auto to = RecoverySheet::parse(wish.new_sheet);
    if (!to) return tl::unexpected(to.error());
    change.from = *sheet, change.to = *to;
  }
  if (sheet->root(0).public_key() != keys.root) return fail(ErrorCode::kWrongSheet, "");
  SystemRandom random;
  Renewal renewal{random.fixed<Seed>(), change.to ? change.to->root(0).public_key() : keys.root, {}};
  change.daemon_key = KeyPair(renewal.daemon_seed).public_key();
  for (const PlaceId& place : own.all()) {
    if (own.moved(place)) continue;
    auto chain = chain_of(place);
    if (!chain) return tl::unexpected(chain.error());
    auto seen = get_head(*state, Mark::kSeen, place);
    auto mine = held(place);
    if (!mine || !seen) return tl::unexpected(mine ? seen.error() : mine.error());
    bool elsewhere = *seen && order(mine->head, (*seen)->head) < 0;
    if (elsewhere && !wish.supersede) return fail(ErrorCode::kIdentityElsewhere, place.hex());
    auto next = sign_next(*chain, change, *sheet);
    if (!next) return tl::unexpected(next.error());
    renewal.charters.push_back(std::move(*next));
  }
  return renewal;
}

Result<Revision> Registry::Parts::under_next(const SignedCharter& charter, const CharterChain& chain) const {
  CharterChain longer = chain;
  if (auto extended = longer.extend(charter); !extended) return tl::unexpected(extended.error());
  auto before = held(chain.place());
  if (!before) return tl::unexpected(before.error());
  std::string signers = identity_allowed_signers(longer), name = known_name(chain.place()).name;
  FileChanges files{{"identity/charters", identity_charters(longer)}, {"identity/allowed_signers", Bytes(signers.begin(), signers.end())}};
  return Revision{std::move(longer), *before, std::move(files), 1, name, "charter " + std::to_string(charter.charter.number)};
}

Result<Renewed> Registry::Parts::carry_out(const Renewal& renewal) {
  if (auto taken = take_keys(renewal.daemon_seed, renewal.root); !taken) return tl::unexpected(taken.error());
  Renewed renewed{identity, {}};
  std::vector<Revision> group;
  std::optional<Error> refused;
  auto commit_group = [&] {
    if (group.empty() || refused) return;
    std::size_t bytes = group.size() * kFrameBytesMax;
    // While a purge is half done too, as an erasure: what we write refers to nothing that is not reached or in its own pack.
    if (auto room = has_room(kReserveBytes + std::min<std::size_t>(bytes, kGroupBytesMax)); !room) refused = room.error();
    if (refused) return;
    UnixTime time = group.front().chain.latest().time;
    for (auto& published : publish_each(group, time)) {
      if (published) renewed.places.push_back(std::move(*published));
      else if (!refused) refused = published.error();
    }
    group.clear();
  };
  for (const SignedCharter& charter : renewal.charters) {
    auto chain = chain_of(charter.charter.place);
    if (!chain) return tl::unexpected(chain.error());
    if (chain->size() > charter.charter.number) {  // done before the machine stopped, or overtaken
      look_who_signs(chain->place());
      continue;
    }
    auto next = under_next(charter, *chain);
    if (!next) return tl::unexpected(next.error());
    group.push_back(std::move(*next));
    if (group.size() == kGroupPlacesMax) commit_group();
  }
  commit_group();
  if (refused) return tl::unexpected(*refused);  // the file stays: the next start goes on
  if (auto marked = mark_sheet_confirmed(directory); !marked) return tl::unexpected(marked.error());
  sheet_confirmed = true;
  if (auto removed = remove_renewal(directory); !removed) return tl::unexpected(removed.error());
  return renewed;
}

Result<void> Registry::Parts::finish_renewal() {
  auto begun = read_renewal(directory);
  if (!begun) return tl::unexpected(begun.error());
  if (!*begun) return {};
  auto done = carry_out(**begun);
  return done ? Result<void>() : tl::unexpected(done.error());
}

Result<Renewed> Registry::renew(const RenewalWish& wish, UnixTime now) {
  if (auto room = parts_->has_room(kReserveBytes); !room) return tl::unexpected(room.error());
  if (auto finished = parts_->finish_renewal(); !finished) return tl::unexpected(finished.error());
  auto renewal = parts_->draft_renewal(wish, now);
  if (!renewal) return tl::unexpected(renewal.error());
  if (auto written = write_renewal(parts_->directory, *renewal); !written) return tl::unexpected(written.error());
  return parts_->carry_out(*renewal);
}

}  // namespace maillage::registry
