// The registry's side of sync: what a node asks to be kept, taken in and handed out.
#include <algorithm>
#include <limits>
#include <map>

#include "registry/history.h"
#include "registry/registry_parts.h"
#include "registry/stored_record.h"

namespace maillage::registry {
namespace {

using namespace protocol;

std::vector<Ingested::Outcome> refuse_all(const std::vector<IngestPack::Place>& places, const Error& error) {
  std::vector<Ingested::Outcome> outcomes;
  for (const IngestPack::Place& place : places) outcomes.push_back({place.head.head.head.place, error});
  return outcomes;
}

// Packs that are read before their turn, while the one before is taken in: their records stay in memory meanwhile.
constexpr std::size_t kReadAheadMax = 1;

// What a pack may inflate to: records and folders compress 3 to 10 times, a picture of nothing 1,000 times. Rationale:
// the one writer must not inflate gigabytes for a stranger's megabyte.
constexpr std::uint64_t kInflatedBytesFree = 64 * kMiB;
constexpr std::uint64_t kInflationMax = 100;

}  // namespace

PackLimits limits_of_pack(std::uint64_t bytes) {
  PackLimits limits;
  limits.inflated_bytes_max = std::min(limits.inflated_bytes_max, kInflatedBytesFree + kInflationMax * bytes);
  return limits;
}

// ---- taking in

Result<std::vector<PlaceState>> Registry::load() const {
  std::vector<Error> damaged;
  auto places = load_places(*parts_->state, damaged);
  if (!places) return places;
  parts_->know_signers(*places);
  std::size_t own = 0;
  for (PlaceState& place : *places) {
    place.own = parts_->signs_for(place.chain);
    if (parts_->two_charters.contains(place.chain.place())) place.two_charters = parts_->kept_two_charters(place.chain);
    if (place.own) parts_->hide_untold(place);
    own += parts_->own.contains(place.chain.place()) && place.held_head() != nullptr ? 1 : 0;
  }
  if (own < parts_->own.all().size()) return fail(ErrorCode::kCorrupt, damaged.empty() ? "own place" : damaged.front().context);
  return places;
}

void Registry::Parts::know_signers(const std::vector<PlaceState>& places) {
  for (const PlaceState& place : places) {
    auto signer = place.held_head() ? signer_of(place.chain, place.held_head()->head) : std::nullopt;
    if (signer) index->know_signer(place.chain.place(), *signer);
    forked.set(place.chain.place(), place.fork != nullptr);
    known.set(place.chain.place(), place.seen.head.cell, place.held_head() != nullptr);
  }
  signers_known = true;
}

void Registry::Parts::need_signers() {
  if (signers_known) return;
  std::scoped_lock guard(signers_mutex);
  if (signers_known) return;
  std::vector<Error> damaged;
  if (auto places = load_places(*state, damaged); places) know_signers(*places);
}

// Rationale for reading before writing: a live pack may have been committed between the judgement of this head and now;
// on disk too the marks only ever rise.
Result<bool> Registry::Parts::raise(WriteBatch& batch, Mark mark, const SignedHead& head) const {
  auto kept = get_head(*state, mark, head.head.place);
  if (!kept) return tl::unexpected(kept.error());
  bool rises = !*kept || order((*kept)->head, head.head) < 0;
  if (rises) put_head(batch, mark, head);
  return rises;
}

Result<void> Registry::Parts::stage_seen(WriteBatch& batch, const Candidate& candidate, WholeChain::Turn& turn,
                                         std::vector<IndexChange>& changes) {
  const Head& head = candidate.head.head;
  auto before = get_head(*state, Mark::kSeen, head.place);
  if (!before) return tl::unexpected(before.error());
  if (*before && order((*before)->head, head) >= 0) return {};
  put_head(batch, Mark::kSeen, candidate.head);
  if (!*before || (*before)->head.epoch == head.epoch) return {};
  auto held = get_head(*state, Mark::kHeld, head.place);
  if (!held) return tl::unexpected(held.error());
  bool ours = own.contains(head.place) && signs_for(candidate.chain);
  if (!*held || ours) return {};
  bool was_out = (*held)->head.epoch != (*before)->head.epoch, is_out = (*held)->head.epoch != head.epoch;
  if (was_out == is_out) return {};
  advertised.forget(head.place);
  if (is_out) {
    turn.withdraw(head.place);
    changes.push_back({PlaceChanges{head.place, true, {}}, {}});
    return stage_index(batch, changes.back());
  }
  // A charter's number outranks the epoch that a thief went up to: what is held goes on, and its rows are gone.
  auto all = changes_between(*objects, head.place, std::nullopt, (*held)->head.commit);
  if (!all) return tl::unexpected(all.error());
  if (whole_chain->withholds()) turn.restore(head.place);
  changes.push_back({std::move(*all), signer_of(candidate.chain, (*held)->head)});
  return stage_index(batch, changes.back());
}

Result<void> Registry::persist(const std::vector<Candidate>& heads, const std::vector<Fork>& forks) {
  if (auto room = parts_->need_room(kReserveBytes); !room) return room;
  WriteBatch batch;
  WholeChain::Turn turn(*parts_->whole_chain);
  std::vector<IndexChange> changes;
  for (const Candidate& candidate : heads) {
    put_charters(batch, candidate.chain, candidate.chain.size() - candidate.new_charters);
    if (!candidate.introducer.is_zero()) put_introducer(batch, candidate.chain.place(), candidate.introducer);
    if (auto staged = parts_->stage_seen(batch, candidate, turn, changes); !staged) return staged;
  }
  for (const Fork& fork : forks) put_fork(batch, fork);
  std::vector<PlaceId> withdrawn;  // what is staged for the index is that, or comes back, and nobody fetches it yet
  for (const IndexChange& change : changes) withdrawn.push_back(change.place.place);
  if (auto staged = turn.stage(batch); !staged) return staged;
  if (auto committed = parts_->commit(batch, std::move(changes)); !committed) return committed;
  turn.written();
  parts_->end_fetches(withdrawn);
  for (const Candidate& candidate : heads) {
    parts_->look_what_is_known(candidate.chain.place());
    if (candidate.new_charters > 0) parts_->heed_charter(candidate.chain.place());
    if (!parts_->forked.none()) parts_->look_whether_forked(candidate.chain.place());
  }
  for (const Fork& fork : forks) parts_->look_whether_forked(fork.first.head.place);
  return {};
}

Result<void> Registry::append_pack(JobId job, ByteView bytes) {
  IncomingPack& pack = parts_->incoming_pack(job);
  if (!pack.staged && !pack.error) {
    if (auto room = parts_->need_room(kReserveBytes + bytes.size()); !room) pack.error = room.error();
  }
  if (!pack.staged && !pack.error) {
    auto staged = parts_->objects->stage(kPackBytesMax);
    if (staged)
      pack.staged = std::move(*staged);
    else
      pack.error = staged.error();
  }
  if (!pack.error)
    if (auto appended = pack.staged->append(bytes); !appended) pack.error = appended.error();
  if (pack.error) return tl::unexpected(*pack.error);
  return {};
}

IncomingPack& Registry::Parts::incoming_pack(JobId job) {
  std::scoped_lock guard(incoming_mutex);
  return incoming[job];
}

IncomingPack* Registry::Parts::find_incoming(JobId job) {
  std::scoped_lock guard(incoming_mutex);
  auto found = incoming.find(job);
  return found == incoming.end() ? nullptr : &found->second;
}

std::optional<IncomingPack> Registry::Parts::take_incoming(JobId job) {
  std::scoped_lock guard(incoming_mutex);
  auto taken = incoming.extract(job);
  if (taken.empty()) return std::nullopt;
  if (taken.mapped().table) --read_ahead;
  return std::move(taken.mapped());
}

void Registry::drop_pack(JobId job) { (void)parts_->take_incoming(job); }

namespace {

struct NoBases final : ObjectSource {
  bool contains(const ObjectId&) const override { return false; }
  Result<Object> read(const ObjectId& id) const override { return fail(ErrorCode::kNotFound, id.hex()); }
};
const NoBases kNoBases;

}  // namespace

// What a pack that is whole says depends on nothing but its bytes. One that leans on what is stored, or that is refused, is read
// when its turn comes.
bool Registry::read_ahead(JobId job) {
  IncomingPack* pack = parts_->find_incoming(job);
  if (pack == nullptr || !pack->staged || pack->error || parts_->read_ahead >= kReadAheadMax) return false;
  auto bytes = pack->staged->bytes();
  if (!bytes) return false;
  auto table = PackTable::read(*bytes, kNoBases, limits_of_pack(bytes->size()));
  if (!table) return false;
  pack->table = std::move(*table);
  ++parts_->read_ahead;
  return true;
}

std::vector<Ingested::Outcome> Registry::ingest(JobId job, const std::vector<IngestPack::Place>& places) {
  auto incoming = parts_->take_incoming(job);
  if (!incoming) return refuse_all(places, {ErrorCode::kTruncated, "pack"});
  IncomingPack& pack = *incoming;
  if (auto room = parts_->need_room(kReserveBytes); !room && !pack.error) pack.error = room.error();
  if (pack.error) return refuse_all(places, *pack.error);

  std::vector<ExpectedPlace> expected;
  for (const IngestPack::Place& place : places) expected.push_back({place.head.head, place.base});
  // Known dates of creation save walking the history.
  KnownCreation known = [this](const PlaceId& place, const std::string& path) -> std::optional<UnixTime> {
    auto value = parts_->state->get(Column::kRecords, record_key(place, path_key(path)));
    if (!value || !*value) return std::nullopt;
    auto record = decode_stored_record(**value);
    return record ? std::optional(record->created) : std::nullopt;
  };
  auto bytes = pack.staged->bytes();
  if (!bytes) return refuse_all(places, bytes.error());
  PackLimits limits = limits_of_pack(bytes->size());
  auto checked = check_pack(*parts_->objects, *pack.staged, expected, parts_->trees, limits, known, std::exchange(pack.table, std::nullopt));
  if (!checked) return refuse_all(places, checked.error());
  if (!checked->accepted()) {
    auto outcomes = refuse_all(places, {ErrorCode::kBadPack, "another place in the same pack"});
    for (std::size_t i = 0; i < places.size(); ++i)
      if (!checked->places[i]) outcomes[i].refused = checked->places[i].error();
    return outcomes;
  }
  if (auto adopted = parts_->adopt(*pack.staged, *checked, places, Origin::kPeer); !adopted) return refuse_all(places, adopted.error());
  std::vector<Ingested::Outcome> outcomes;
  auto waiting = parts_->purge_rows();
  for (const IngestPack::Place& place : places) {
    const PlaceId& id = place.head.head.head.place;
    outcomes.push_back({id, std::nullopt, !waiting || std::ranges::find(*waiting, id) != waiting->end()});
  }
  return outcomes;
}

Result<void> Registry::Parts::adopt(StagedPack& staged, CheckedPack& checked, const std::vector<IngestPack::Place>& places,
                                    Origin origin) {
  auto pack = objects->adopt(staged, checked.table);
  if (!pack) return tl::unexpected(pack.error());
  Fate fate = Fate::kUnneeded;
  auto committed = commit_places(checked, places, *pack, origin, fate);
  if (fate == Fate::kUnneeded) (void)objects->discard(*pack);
  if (fate == Fate::kDoubtful) objects->withhold(*pack);
  if (fate != Fate::kNeeded) return committed;
  // A mark that cannot be taken off now is taken off at the next start: the batch says that the pack counts.
  if (objects->release(*pack)) released.push_back(pack_key(*pack));
  return committed;
}

bool Registry::Parts::continues(const ObjectId& before, const ObjectId& after) const {
  auto descends = descends_from(*objects, after, before);
  return descends && *descends;
}

// Rationale: the node asks for content on top of what it was told that we hold. What is kept back is not among that, and its
// records would stay in the index under a history that does not have them. What was let go meanwhile has none there.
Result<void> Registry::Parts::fit_to_held(PlaceChanges& changes, const ObjectId& base, const ObjectId& commit) const {
  if (changes.replaces_all) return {};
  auto before = get_head(*state, Mark::kHeld, changes.place);
  if (!before) return tl::unexpected(before.error());
  if (*before ? (*before)->head.commit == base : base.is_zero()) return {};
  auto all = changes_between(*objects, changes.place, std::nullopt, commit);
  if (!all) return tl::unexpected(all.error());
  changes = std::move(*all);
  return {};
}

Result<bool> Registry::Parts::stage_held(WriteBatch& batch, const Candidate& candidate, WholeChain::Turn& turn, PlaceChanges& changes,
                                         bool& breaks) const {
  const Head& head = candidate.head.head;
  auto before = get_head(*state, Mark::kHeld, head.place);
  auto seen = before ? get_head(*state, Mark::kSeen, head.place) : tl::unexpected(before.error());
  if (!seen) return tl::unexpected(seen.error());
  if (auto raised = raise(batch, Mark::kSeen, candidate.head); !raised) return raised;
  auto holds = raise(batch, Mark::kHeld, candidate.head);
  // A peer may answer with less than we hold: the index shows what is held, and nothing else.
  bool too_old = *before && reign(head) < reign((*before)->head);
  if (holds && !*holds && too_old) batch.put(Column::kMeta, purge_key(head.place), "");  // what was erased came in again
  if (!holds || !*holds) return holds;
  bool higher_seen = *seen && order(head, (*seen)->head) < 0;
  if (higher_seen && !serves(head, (*seen)->head)) {
    changes = {head.place, true, {}};
    return true;
  }
  if (!*before) {
    changes.replaces_all = false;  // nothing was held: no row has to go
    return true;
  }
  bool was_out = *seen && (*before)->head.epoch != (*seen)->head.epoch;
  bool goes_on = (!changes.replaces_all && !was_out) || continues((*before)->head.commit, head.commit);
  if (!goes_on && own.contains(head.place) && !signs_for(candidate.chain)) note_lost(batch, candidate, **before);
  if (!goes_on) turn.drop(), breaks = true, stage_break(batch, **before, head);
  else if (was_out && whole_chain->withholds()) turn.restore(head.place);
  if (was_out && !changes.replaces_all) {  // its rows are gone
    auto all = changes_between(*objects, head.place, std::nullopt, head.commit);
    if (!all) return tl::unexpected(all.error());
    changes = std::move(*all);
  }
  return true;
}

Result<void> Registry::Parts::commit_places(CheckedPack& checked, const std::vector<IngestPack::Place>& places,
                                            const PackName& pack, Origin origin, Fate& fate) {
  bool any_break = false;
  std::size_t next = 0;
  while (next < places.size()) {
    WriteBatch batch;
    batch.put(Column::kMeta, pack_key(pack), "");
    // The tree of everything has commits that show what a place took out of its history: they go in the same batch.
    WholeChain::Turn turn(*whole_chain);
    std::vector<IndexChange> changed;
    std::vector<PlaceId> broken;  // their histories
    std::size_t first = next;
    for (; next < places.size(); ++next) {
      bool full = batch.bytes() >= kBatchBytesMax || batch.changes().size() >= kBatchRecordsMax;
      if (next > first && full) break;
      const Candidate& candidate = places[next].head;
      put_charters(batch, candidate.chain, candidate.chain.size() - candidate.new_charters);
      if (origin == Origin::kOurs) batch.put(Column::kMeta, own_key(candidate.chain.place()), "");
      if (auto mark = imports.find(candidate.chain.place()); mark != imports.end())
        batch.put(Column::kMeta, mark->second.key, encode(ImportRow{mark->first, mark->second.written, mark->second.source}));
      if (auto approval = approvals.find(candidate.chain.place()); approval != approvals.end())
        batch.put(Column::kInbox, approval_key(approval->second.first), std::string(as_text(Writer().i64(approval->second.second.ms).bytes())));
      auto ledger = ledgers.find(candidate.chain.place());
      bool counts = ledger != ledgers.end() && (is_remembered(ledger->second) || own_heads->remembered(ledger->first));
      if (counts) put_ledger(batch, ledger->first, ledger->second);
      if (places[next].aside) {  // its content is here to be compared; what is held stays
        if (auto raised = raise(batch, Mark::kSeen, candidate.head); !raised) return tl::unexpected(raised.error());
        continue;
      }
      PlaceChanges& changes = *checked.places[next];
      if (auto fits = fit_to_held(changes, places[next].base, candidate.head.head.commit); !fits) return tl::unexpected(fits.error());
      bool breaks = false;
      auto holds = stage_held(batch, candidate, turn, changes, breaks);
      if (!holds) return tl::unexpected(holds.error());
      if (breaks) broken.push_back(candidate.chain.place());
      if (!*holds) continue;
      if (origin == Origin::kOurs) stage_signed(batch, candidate.head.head);
      changed.push_back({std::move(changes), signer_of(candidate.chain, candidate.head.head)});
      if (auto staged = stage_index(batch, changed.back()); !staged) return staged;
    }
    if (auto staged = turn.stage(batch); !staged) return staged;
    if (fate == Fate::kUnneeded) fate = Fate::kDoubtful;
    if (auto committed = commit(batch, std::move(changed)); !committed) return committed;
    fate = Fate::kNeeded;
    turn.written();
    end_fetches(broken);
    if (!broken.empty()) advertised.forget({});
    any_break = any_break || !broken.empty();
    for (std::size_t i = first; i < next; ++i) {
      look_what_is_known(places[i].head.chain.place());
      if (places[i].head.new_charters > 0) heed_charter(places[i].head.chain.place());
      if (!forked.none()) look_whether_forked(places[i].head.chain.place());
    }
  }
  if (any_break) (void)purge_commons();  // before anybody is told that it is gone; what fails is done by `tend`
  return {};
}

Result<void> Registry::keep_receipts(const std::vector<KeepReceipt>& receipts) {
  if (auto room = parts_->need_room(kReserveBytes); !room) return room;
  WriteBatch batch;
  std::map<std::pair<PlaceId, PlaceId>, UnixTime> latest;  // receipts may come twice, and late
  for (const KeepReceipt& receipt : receipts) {
    for (const Receipt::Item& item : receipt.items) {
      auto [known, is_new] = latest.try_emplace({item.place, receipt.replica}, UnixTime{std::numeric_limits<std::int64_t>::min()});
      if (is_new) {
        auto kept = get_receipt(*parts_->state, item.place, receipt.replica);
        if (!kept) return tl::unexpected(kept.error());
        if (*kept) known->second = (*kept)->time;
      }
      if (!(known->second < receipt.time)) continue;
      known->second = receipt.time;
      put_receipt(batch, item.place, {receipt.replica, item.head, receipt.time});
    }
  }
  return batch.empty() ? Result<void>() : parts_->state->write(batch);
}

// ---- handing out

std::vector<PackedPlace> Registry::open_pack(JobId job, const std::vector<PackedPlace>& places) {
  std::vector<PackedPlace> packed = places;
  std::vector<PackWish> wishes;
  for (PackedPlace& place : packed) {
    if (!place.base.is_zero() && !parts_->objects->contains(place.base)) place.base = {};
    wishes.push_back({place.head->head.commit, place.base});
  }
  // A place that cannot be packed is not held; the others go on.
  std::size_t lost = 0;
  auto pack = OutgoingPack::open_first(*parts_->objects, wishes);
  while (!pack && ++lost < wishes.size()) pack = OutgoingPack::open_first(*parts_->objects, std::span(wishes).subspan(lost));
  if (!pack) return {};
  for (std::size_t i = 0; i < lost; ++i) packed[i] = {packed[i].place, {}, {}};
  packed.resize(lost + pack->wishes());
  std::scoped_lock guard(parts_->outgoing_mutex);
  parts_->outgoing.emplace(job, std::move(*pack));
  return packed;
}

Result<PackChunk> Registry::read_pack(JobId job, std::size_t bytes_max) {
  std::scoped_lock guard(parts_->outgoing_mutex);
  auto found = parts_->outgoing.find(job);
  if (found == parts_->outgoing.end()) return fail(ErrorCode::kNotFound, "pack");
  auto bytes = found->second.read(bytes_max);
  if (!bytes) return tl::unexpected(bytes.error());
  return PackChunk{job, std::move(*bytes), found->second.done(), false};
}

void Registry::close_pack(JobId job) {
  std::scoped_lock guard(parts_->outgoing_mutex);
  parts_->outgoing.erase(job);
}

}  // namespace maillage::registry
