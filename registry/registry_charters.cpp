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

// Of an ordered minimum, beyond the greatest epoch there is.
constexpr std::uint64_t kEpochsAheadMax = 100;

void add_roots(std::vector<KeyPair>& signers, const std::vector<KeyPair>& roots) {
  for (const KeyPair& root : roots)
    if (std::ranges::find(signers, root.public_key(), &KeyPair::public_key) == signers.end()) signers.push_back(root);
}

// What one sheet signs for a place; checked as partners will.
Result<SignedCharter> sign_next(const CharterChain& chain, const CharterChange& change, const RecoverySheet& sheet) {
  auto next = next_charter(chain, change);
  if (!next) return tl::unexpected(next.error());
  std::vector<KeyPair> signers = roots_held(sheet, chain.latest());
  if (signers.size() < chain.latest().threshold) return fail(ErrorCode::kWrongSheet, "");
  add_roots(signers, roots_held(change.to ? *change.to : sheet, *next));
  SignedCharter made = sign(*next, signers);
  CharterChain longer = chain;
  if (auto extended = longer.extend(made); !extended) return tl::unexpected(extended.error());
  return made;
}

// The charters of one place, the last of which `sheet` signs; the trustees' own comes before it when the sheet is a new one.
Result<void> draft_place(Renewal& renewal, CharterChain chain, const CharterChange& change, const RecoverySheet& sheet, const Vouching& vouching) {
  std::uint16_t known = chain.size();
  if (auto extended = extend_vouched(chain, vouching); !extended) return extended;
  auto next = sign_next(chain, change, sheet);
  if (!next) return tl::unexpected(next.error());
  if (chain.size() > known) renewal.charters.push_back(chain.at(known));
  renewal.charters.push_back(std::move(*next));
  return {};
}

// What is typed, as a change of every place. `root` is that of the sheet of now.
Result<CharterChange> change_for(const RenewalWish& wish, const RecoverySheet& sheet, const PublicKey& root, UnixTime now) {
  CharterChange change{{}, wish.minimum_epoch, std::nullopt, std::nullopt, now};
  if (!wish.new_sheet.empty()) {
    auto to = RecoverySheet::parse(wish.new_sheet);
    if (!to) return tl::unexpected(to.error());
    change.from = sheet, change.to = *to;
  }
  if (wish.vouched.empty() && sheet.root(0).public_key() != root) return fail(ErrorCode::kWrongSheet, "");
  if (!wish.trust) return change;
  auto roots = roots_with(sheet, *wish.trust);
  if (!roots) return tl::unexpected(roots.error());
  change.roots = std::move(*roots), change.threshold = wish.trust->needed;
  return change;
}

// A place with a sheet of its own decides for itself who else stands by it.
bool decides_itself(const Charter& latest, const RecoverySheet& sheet) {
  return latest.threshold == 1 && roots_held(sheet, latest).size() < latest.roots.size();
}

}  // namespace

Result<void> Registry::Parts::check_not_elsewhere(const PlaceId& place) const {
  auto seen = get_head(*state, Mark::kSeen, place);
  auto mine = held(place);
  if (!mine || !seen) return tl::unexpected(mine ? seen.error() : mine.error());
  bool elsewhere = *seen && order(mine->head, (*seen)->head) < 0;
  return elsewhere ? fail(ErrorCode::kIdentityElsewhere, place.hex()) : Result<void>();
}

Result<Renewal> Registry::Parts::draft_renewal(const RenewalWish& wish, UnixTime now) const {
  auto sheet = RecoverySheet::parse(wish.sheet);
  if (!sheet) return tl::unexpected(sheet.error());
  auto vouching = wish.vouched.empty() ? Vouching() : decode_vouching(wish.vouched);
  if (!vouching) return tl::unexpected(vouching.error());
  auto change = change_for(wish, *sheet, keys.root, now);
  if (!change) return tl::unexpected(change.error());
  SystemRandom random;
  Renewal renewal{wish.trust ? keys.daemon_seed : random.fixed<Seed>(), (change->to ? *change->to : *sheet).root(0).public_key(), {}};
  change->daemon_key = KeyPair(renewal.daemon_seed).public_key();
  std::size_t ours = 0;
  std::uint64_t epoch = 0;  // the greatest
  for (const PlaceId& place : own.all()) {
    if (own.moved(place)) continue;
    auto chain = chain_of(place);
    if (!chain) return tl::unexpected(chain.error());
    ++ours;
    // What a thief signed counts, too: `seen`.
    auto seen = get_head(*state, Mark::kSeen, place);
    if (!seen) return tl::unexpected(seen.error());
    epoch = std::max(epoch, chain->latest().minimum_epoch);
    if (auto head = held(place)) epoch = std::max(epoch, head->head.epoch);
    if (*seen) epoch = std::max(epoch, (*seen)->head.epoch);
    if (wish.trust && decides_itself(chain->latest(), *sheet)) continue;
    auto alone = wish.supersede ? Result<void>() : check_not_elsewhere(place);
    if (!alone) return tl::unexpected(alone.error());
    if (auto drafted = draft_place(renewal, std::move(*chain), *change, *sheet, *vouching); !drafted) return tl::unexpected(drafted.error());
  }
  if (ours == 0 && !own.all().empty()) return fail(ErrorCode::kMovedAway, identity.place.hex());
  // Nobody takes it back: a slip of the hand must not use up the epochs of a place.
  if (wish.minimum_epoch > epoch && wish.minimum_epoch - epoch > kEpochsAheadMax)
    return fail(ErrorCode::kOutOfRange, "--minimum-epoch " + std::to_string(wish.minimum_epoch) + " (≤ " + std::to_string(epoch + kEpochsAheadMax) + ")");
  return renewal;
}

Result<Revision> Registry::Parts::under_next(std::span<const SignedCharter> charters, const CharterChain& chain) const {
  CharterChain longer = chain;
  for (const SignedCharter& charter : charters)
    if (auto extended = longer.extend(charter); !extended) return tl::unexpected(extended.error());
  auto before = held(chain.place());
  if (!before) return tl::unexpected(before.error());
  std::string signers = identity_allowed_signers(longer), name = known_name(chain.place()).name;
  FileChanges files{{"identity/charters", identity_charters(longer)}, {"identity/allowed_signers", Bytes(signers.begin(), signers.end())}};
  std::string message = "charter " + std::to_string(longer.latest().number);
  return Revision{std::move(longer), *before, std::move(files), charters.size(), name, message};
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
      const Charter* latest = published ? &published->head.chain.latest() : nullptr;
      if (latest != nullptr) settle_two_charters(latest->place);
      if (latest != nullptr && latest->minimum_epoch > 0) (void)destroy_ordered(latest->place);  // what fails is with the next purge
      if (published) renewed.places.push_back(std::move(*published));
      else if (!refused) refused = published.error();
    }
    group.clear();
  };
  std::span<const SignedCharter> waiting(renewal.charters);
  while (!waiting.empty()) {
    PlaceId place = waiting.front().charter.place;
    auto other = std::ranges::find_if(waiting, [&](const SignedCharter& each) { return each.charter.place != place; });
    auto charters = waiting.first(static_cast<std::size_t>(other - waiting.begin()));
    waiting = waiting.subspan(charters.size());
    auto chain = chain_of(place);
    if (!chain) return tl::unexpected(chain.error());
    while (!charters.empty() && chain->size() > charters.front().charter.number) charters = charters.subspan(1);
    if (charters.empty()) {  // done before the machine stopped, or overtaken
      look_who_signs(place);
      continue;
    }
    auto next = under_next(charters, *chain);
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

// ---- two charters with one parent

namespace {

constexpr std::string_view kTwoChartersPrefix = "two-charters ";

std::string two_charters_key(const PlaceId& place) { return std::string(kTwoChartersPrefix) + std::string(as_text(place.bytes)); }

}  // namespace

Result<void> Registry::Parts::load_two_charters() {
  return state->scan(Column::kMeta, kTwoChartersPrefix, [&](std::string_view key, std::string_view) {
    Reader in(as_bytes(key.substr(kTwoChartersPrefix.size())));
    two_charters.set(in.fixed<PlaceId>(), true);
    return true;
  });
}

Result<void> Registry::keep_two_charters(const CharterFork& fork) {
  const PlaceId& place = fork.kept.charter.place;
  auto chain = parts_->chain_of(place);
  if (!chain) return tl::unexpected(chain.error());
  if (parts_->two_charters.contains(place)) return {};
  if (auto room = parts_->has_room(kReserveBytes); !room) return room;
  Writer row;
  row.u16(chain->size());
  write(row, fork.kept);
  write(row, fork.other);
  WriteBatch batch;
  batch.put(Column::kMeta, two_charters_key(place), std::string(as_text(row.bytes())));
  if (auto written = parts_->state->write(batch); !written) return written;
  parts_->two_charters.set(place, true);
  return {};
}

std::unique_ptr<CharterFork> Registry::Parts::kept_two_charters(const CharterChain& chain) const {
  auto row = state->get(Column::kMeta, two_charters_key(chain.place()));
  if (!row || !*row) return nullptr;
  Reader in(as_bytes(**row));
  bool current = in.u16() == chain.size();
  auto kept = protocol::read_signed_charter(in), other = protocol::read_signed_charter(in);
  return current && kept && other ? std::make_unique<CharterFork>(CharterFork{*kept, *other}) : nullptr;
}

// A row that cannot be taken away now is told of until the next charter.
void Registry::Parts::settle_two_charters(const PlaceId& place) {
  if (!two_charters.contains(place)) return;
  auto row = state->get(Column::kMeta, two_charters_key(place));
  auto chain = chain_of(place);
  if (!row || !*row || !chain || chain->size() <= Reader(as_bytes(**row)).u16()) return;
  WriteBatch batch;
  batch.erase(Column::kMeta, two_charters_key(place));
  if (state->write(batch)) two_charters.set(place, false);
}

Result<Vouched> Registry::vouch(ByteView file, std::string_view text) const {
  auto vouching = decode_vouching(file);
  if (!vouching) return tl::unexpected(vouching.error());
  auto sheet = text.empty() ? Result<RecoverySheet>(fail(ErrorCode::kBadSheet, "")) : RecoverySheet::parse(text);
  if (!sheet && !text.empty()) return tl::unexpected(sheet.error());
  Vouched vouched{{}, spoken(*vouching), {}};
  for (SignedCharter& each : *vouching) {
    auto chain = parts_->chain_of(each.charter.place);
    if (!chain) return tl::unexpected(chain.error());
    if (auto fine = check_vouchable(each.charter, *chain); !fine) return tl::unexpected(fine.error());
    each = cleaned(each, chain->latest());
    if (sheet) {
      KeyPair key = sheet->root(kTrusteeSubkey);
      if (std::ranges::count(chain->latest().roots, key.public_key()) == 0) return fail(ErrorCode::kWrongSheet, " : " + chain->place().hex());
      each = also_signed(each, key);
    }
    vouched.places.push_back({chain->place(), name_of(chain->place()).name, vouched_by(each, chain->latest()), chain->latest().threshold});
  }
  if (vouched.places.empty()) return fail(ErrorCode::kMalformed, "vouching");
  vouched.file = encode_vouching(*vouching);
  return vouched;
}

}  // namespace maillage::registry
