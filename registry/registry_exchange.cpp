// The registry's side of sync: what a node asks to be kept, taken in and handed out.
#include <algorithm>

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

}  // namespace

// ---- taking in

std::vector<PlaceState> Registry::load() const {
  std::vector<Error> damaged;  // `verify` reports them
  auto places = load_places(*parts_->state, damaged);
  if (!places) return {};
  for (PlaceState& place : *places) place.own = std::ranges::find(parts_->own, place.chain.place()) != parts_->own.end();
  return std::move(*places);
}

// Rationale for reading before writing: a live pack may have been committed between the judgement of this head and now;
// on disk too the marks only ever rise.
Result<void> Registry::Parts::stage_head(WriteBatch& batch, const Candidate& candidate, bool holds) {
  const SignedHead& head = candidate.head;
  auto raise = [&](Mark mark) -> Result<void> {
    auto kept = get_head(*state, mark, head.head.place);
    if (!kept) return tl::unexpected(kept.error());
    if (!*kept || order((*kept)->head, head.head) < 0) put_head(batch, mark, head);
    return {};
  };
  put_charters(batch, candidate.chain, candidate.chain.size() - candidate.new_charters);
  if (auto raised = raise(Mark::kSeen); !raised) return raised;
  if (holds) return raise(Mark::kHeld);
  return {};
}

Result<void> Registry::persist(const std::vector<Candidate>& heads, const std::vector<Fork>& forks) {
  WriteBatch batch;
  for (const Candidate& candidate : heads)
    if (auto staged = parts_->stage_head(batch, candidate, false); !staged) return staged;
  for (const Fork& fork : forks) put_fork(batch, fork);
  return parts_->commit(batch);
}

Result<void> Registry::append_pack(JobId job, ByteView bytes) {
  IncomingPack& pack = parts_->incoming[job];
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

void Registry::drop_pack(JobId job) { parts_->incoming.erase(job); }

std::vector<Ingested::Outcome> Registry::ingest(JobId job, const std::vector<IngestPack::Place>& places) {
  auto incoming = parts_->incoming.extract(job);
  if (incoming.empty()) return refuse_all(places, {ErrorCode::kTruncated, "pack"});
  IncomingPack& pack = incoming.mapped();
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
  auto checked = check_pack(*parts_->objects, *pack.staged, expected, parts_->trees, {}, known);
  if (!checked) return refuse_all(places, checked.error());
  if (!checked->accepted()) {
    auto outcomes = refuse_all(places, {ErrorCode::kBadPack, "another place in the same pack"});
    for (std::size_t i = 0; i < places.size(); ++i)
      if (!checked->places[i]) outcomes[i].refused = checked->places[i].error();
    return outcomes;
  }
  if (auto adopted = parts_->adopt(*pack.staged, *checked, places); !adopted) return refuse_all(places, adopted.error());
  std::vector<Ingested::Outcome> outcomes;
  for (const IngestPack::Place& place : places) outcomes.push_back({place.head.head.head.place, std::nullopt});
  return outcomes;
}

Result<void> Registry::Parts::adopt(StagedPack& staged, const CheckedPack& checked, const std::vector<IngestPack::Place>& places) {
  auto pack = objects->adopt(staged, checked.table);
  if (!pack) return tl::unexpected(pack.error());
  if (auto committed = commit_places(checked, places); !committed) {
    // What was committed before the failure needs the pack. It must not stay marked: when those places have moved on, a
    // start would find no held commit in it and discard their history. Recovery decides only when nobody can tell now.
    auto heads = all_held();
    if (!heads) return committed;
    bool needed = std::ranges::any_of(*heads, [&](const SignedHead& head) { return objects->holds(*pack, head.head.commit); });
    (void)(needed ? objects->release(*pack) : objects->discard(*pack));
    return committed;
  }
  return objects->release(*pack);
}

Result<void> Registry::Parts::commit_places(const CheckedPack& checked, const std::vector<IngestPack::Place>& places) {
  std::size_t next = 0;
  while (next < places.size()) {
    WriteBatch batch;
    std::size_t first = next;
    for (; next < places.size(); ++next) {
      bool full = batch.bytes() >= kBatchBytesMax || batch.changes().size() >= kBatchRecordsMax;
      if (next > first && full) break;
      if (auto staged = stage_head(batch, places[next].head, true); !staged) return staged;
      if (auto staged = index->stage(batch, *checked.places[next]); !staged) return staged;
    }
    if (auto committed = commit(batch); !committed) return committed;
    for (std::size_t i = first; i < next; ++i) index->apply(*checked.places[i]);
  }
  return {};
}

Result<void> Registry::keep_receipt(const KeepReceipt& receipt) {
  WriteBatch batch;
  for (const Receipt::Item& item : receipt.items) put_receipt(batch, item.place, {receipt.replica, item.head, receipt.time});
  return parts_->state->write(batch);
}

// ---- handing out

std::vector<PackedPlace> Registry::open_pack(JobId job, const std::vector<PackedPlace>& places) {
  std::vector<PackedPlace> packed = places;
  std::vector<PackWish> wishes;
  for (PackedPlace& place : packed) {
    if (!place.base.is_zero() && !parts_->objects->contains(place.base)) place.base = {};
    wishes.push_back({place.head->head.commit, place.base});
  }
  auto pack = OutgoingPack::open(*parts_->objects, wishes);
  if (!pack) return {};
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
