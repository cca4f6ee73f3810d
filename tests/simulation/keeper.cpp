#include "tests/simulation/keeper.h"

#include <algorithm>

#include "registry/kinship.h"
#include "registry/tree.h"

namespace maillage::simulation {

using registry::CheckedPack;
using registry::Column;
using registry::Draft;
using registry::ExpectedPlace;
using registry::Mark;
using registry::PackName;
using registry::WriteBatch;

namespace {

constexpr std::string_view kPackPrefix = "pack/", kLedgerPrefix = "ledger/", kPurgePrefix = "purge/";

std::string text_of(ByteView bytes) { return std::string(as_text(bytes)); }
std::string pack_key(const PackName& name) { return std::string(kPackPrefix) + name.checksum.hex(); }
std::string purge_key(const PlaceId& place) { return std::string(kPurgePrefix) + text_of(place.bytes); }
std::string ledger_key(const PlaceId& place) { return std::string(kLedgerPrefix) + text_of(place.bytes); }

void write_head(Writer& out, const std::optional<SignedHead>& head) {
  out.u8(head ? 1 : 0);
  if (head) write(out, *head);
}
std::optional<SignedHead> read_head(Reader& in) {
  if (in.u8() == 0) return std::nullopt;
  return *read_signed_head(in);
}

// All but `mine`, which is the held mark.
std::string ledger_value(const OwnLedger& ledger) {
  Writer out;
  write_head(out, ledger.told);
  out.i64(ledger.healed ? ledger.healed->ms : -1);
  out.u8(ledger.question ? static_cast<std::uint8_t>(ledger.question->doubt) : 255);
  write_head(out, ledger.question ? std::optional(ledger.question->theirs) : std::nullopt);
  return text_of(out.bytes());
}

OwnLedger ledger_of(std::string_view value) {
  OwnLedger ledger;
  Reader in(as_bytes(value));
  ledger.told = read_head(in);
  std::int64_t healed = in.i64();
  if (healed >= 0) ledger.healed = UnixTime{healed};
  std::uint8_t doubt = in.u8();
  auto theirs = read_head(in);
  if (theirs) ledger.question = OwnQuestion{static_cast<OwnDoubt>(doubt), *theirs};
  return ledger;
}

// Trees are kept between packs; a state is a pure function of its tree.
registry::TreeCache& trees() {
  static registry::TreeCache cache(20'000);
  return cache;
}

}  // namespace

// ---- starting

Keeper Keeper::snapshot() const {
  Keeper copy;
  copy.state_ = state_;
  copy.content_ = content_;
  copy.crash();
  return copy;
}

void Keeper::crash() {
  state_.crash();
  content_.crash();
  quarantine_.clear();
  outgoing_.clear();
  auto marked = content_.kept();
  for (const PackName& pack : *marked) {
    bool named = (*state_.get(Column::kMeta, pack_key(pack))).has_value();
    check((named ? content_.release(pack) : content_.discard(pack)).has_value(), "a marked pack is settled at the start");
  }
}

std::vector<PlaceState> Keeper::load() const {
  std::vector<Error> damaged;
  auto places = registry::load_places(state_, damaged);
  check(places && damaged.empty(), "what was kept can be read");
  return std::move(*places);
}

std::map<PlaceId, OwnLedger> Keeper::ledgers() const {
  std::map<PlaceId, OwnLedger> ledgers;
  check(state_.scan(Column::kMeta, kLedgerPrefix, [&](std::string_view key, std::string_view value) {
    Reader in(as_bytes(key.substr(kLedgerPrefix.size())));
    auto place = in.fixed<PlaceId>();
    OwnLedger ledger = ledger_of(value);
    ledger.mine = mark(Mark::kHeld, place);
    ledgers.emplace(place, std::move(ledger));
    return true;
  }).has_value(), "ledgers can be read");
  return ledgers;
}

// ---- marks

std::optional<SignedHead> Keeper::mark(Mark which, const PlaceId& place) const { return *registry::get_head(state_, which, place); }

std::optional<SignedHead> Keeper::durable(Mark mark, const PlaceId& place) const {
  auto value = state_.durable(Column::kHeads, text_of(place.bytes) + static_cast<char>(mark));
  if (!value) return std::nullopt;
  Reader in(as_bytes(*value));
  return *read_signed_head(in);
}

bool Keeper::raise(WriteBatch& batch, Mark which, const SignedHead& head) const {
  auto before = mark(which, head.head.place);
  if (before && order(head.head, before->head) <= 0) return false;
  put_head(batch, which, head);
  return true;
}

void Keeper::put(WriteBatch& batch, const Candidate& candidate, bool hold) {
  put_charters(batch, candidate.chain, candidate.chain.size() - candidate.new_charters);
  raise(batch, Mark::kSeen, candidate.head);
  if (hold) raise(batch, Mark::kHeld, candidate.head);
}

void Keeper::put_ledger(WriteBatch& batch, const PlaceId& place, const OwnLedger& ledger) const {
  batch.put(Column::kMeta, ledger_key(place), ledger_value(ledger));
}

Keeper::Steps Keeper::persist(const Persist& job, std::function<void(bool)> done) {
  auto write = [this, job] {
    WriteBatch batch;
    for (const Candidate& candidate : job.heads) put(batch, candidate, false);
    for (const Fork& fork : job.forks) put_fork(batch, fork);
    state_.write_unsynced(batch);
  };
  return {write, [this, done] { state_.sync(), done(true); }};
}

// ---- packs in

void Keeper::append(const AppendPack& part) {
  auto& staged = quarantine_[part.job];
  if (!staged) staged = *content_.stage(kPackBytesMax);
  check(staged->append(part.bytes).has_value(), "a twin takes what is appended");
}

struct Keeper::Incoming {
  IngestPack job;
  std::shared_ptr<registry::StagedPack> staged;
  std::optional<CheckedPack> checked;
  std::optional<PackName> pack;
  Ingested result;

  void refuse(const Error& error) {
    result.places.clear();
    for (const IngestPack::Place& place : job.places) result.places.push_back({place.head.head.head.place, error});
  }
  void judge(const registry::ObjectSource& store) {
    result.job = job.job;
    if (!staged) return refuse({ErrorCode::kTruncated, "pack"});
    std::vector<ExpectedPlace> expected;
    for (const IngestPack::Place& place : job.places) expected.push_back({place.head.head, place.base});
    auto judged = registry::check_pack(store, *staged, expected, trees());
    if (!judged) return refuse(judged.error());
    if (judged->accepted()) {
      checked.emplace(std::move(*judged));
      for (const IngestPack::Place& place : job.places) result.places.push_back({place.head.head.head.place, std::nullopt});
      return;
    }
    refuse({ErrorCode::kBadPack, "another place in the same pack"});
    for (std::size_t i = 0; i < job.places.size(); ++i)
      if (!judged->places[i]) result.places[i].refused = judged->places[i].error();
  }
};

Keeper::Steps Keeper::ingest(const IngestPack& job, std::function<void(Ingested)> done) {
  auto in = std::make_shared<Incoming>();
  in->job = job;
  auto judge = [this, in] {
    auto found = quarantine_.extract(in->job.job);
    if (!found.empty()) in->staged = std::move(found.mapped());
    in->judge(content_);
  };
  auto adopt = [this, in] {
    if (in->checked) in->pack = *content_.adopt(*in->staged, in->checked->table);
  };
  auto write = [this, in] {
    if (!in->pack) return;
    WriteBatch batch;
    batch.put(Column::kMeta, pack_key(*in->pack), "");
    for (const IngestPack::Place& place : in->job.places) {
      auto before = mark(Mark::kHeld, place.head.head.head.place);
      bool breaks = before && before->head.epoch != place.head.head.head.epoch;
      if (breaks && !place.aside) batch.put(Column::kMeta, purge_key(place.head.head.head.place), "");
      put(batch, place.head, !place.aside);
    }
    state_.write_unsynced(batch);
    auto waiting = unpurged();  // by an earlier break, or an earlier life, too
    for (const IngestPack::Place& place : in->job.places) {
      auto outcome = std::ranges::find(in->result.places, place.head.head.head.place, &Ingested::Outcome::place);
      outcome->purging = std::ranges::count(waiting, outcome->place) > 0;
    }
  };
  auto settle = [this, in] {
    if (!in->pack) return;
    state_.sync();
    (void)content_.release(*in->pack);
  };
  return {judge, adopt, write, settle, [in, done] { done(in->result); }};
}

// ---- packs out

PackOpened Keeper::open(const OpenPack& job) {
  PackOpened opened{job.job, job.places};
  std::vector<registry::PackWish> wishes;
  for (PackedPlace& place : opened.places) {
    if (!place.base.is_zero() && !content_.contains(place.base)) place.base = {};
    wishes.push_back({place.head->head.commit, place.base});
  }
  auto pack = registry::OutgoingPack::open_first(content_, wishes);
  if (!pack) return {job.job, {}};
  opened.places.resize(pack->wishes());
  outgoing_.emplace(job.job, Outgoing{std::move(*pack), opened.places});
  return opened;
}

PackChunk Keeper::read(const ReadPack& read) {
  auto found = outgoing_.find(read.job);
  if (found == outgoing_.end()) return {read.job, {}, true, true};
  auto bytes = found->second.pack.read(read.bytes_max);
  if (!bytes) return {read.job, {}, true, true};
  return {read.job, std::move(*bytes), found->second.pack.done(), false};
}

std::vector<PackedPlace> Keeper::serving(JobId job) const {
  auto found = outgoing_.find(job);
  return found == outgoing_.end() ? std::vector<PackedPlace>() : found->second.places;
}

// ---- our own places

Draft Keeper::draft(const std::optional<SignedHead>& on, const PlaceId& place, UnixTime now) const {
  Draft draft;
  if (on) {
    draft.parent = on->head.commit;
    draft.tree = registry::read_commit(*content_.read_as(registry::ObjectKind::kCommit, on->head.commit))->tree;
  }
  draft.author = draft.committer = {"Simulation", registry::place_email(place), std::max<std::int64_t>(0, now.ms / 1000), 0};
  draft.message = "publish\n";
  return draft;
}

struct Keeper::Making {
  std::vector<Plan> plans;
  std::optional<registry::StagedCommits> staged;
  std::optional<CheckedPack> checked;
  std::optional<PackName> pack;
  std::vector<Published::Place> made;
};

Keeper::Steps Keeper::sign(std::vector<Plan> plans, const KeyPair& key, UnixTime now, Ledger ledger,
                           std::function<void(std::vector<Published::Place>)> done) {
  auto make = std::make_shared<Making>();
  make->plans = std::move(plans);
  auto adopt = [this, make, key, now] {
    std::vector<Draft> drafts;
    for (const Plan& plan : make->plans) drafts.push_back(plan.draft);
    auto staged = registry::stage_commits(content_, drafts, key, trees());
    check(staged.has_value(), staged ? "" : sentence(staged.error(), Language::kEnglish));
    make->staged.emplace(std::move(*staged));
    std::vector<ExpectedPlace> expected;
    for (std::size_t i = 0; i < make->plans.size(); ++i) {
      const Plan& plan = make->plans[i];
      Head head;
      head.charter = plan.counters.charter, head.epoch = plan.counters.epoch, head.sequence = plan.counters.sequence;
      head.time = now;
      head.place = plan.chain.place();
      head.commit = make->staged->commits[i].commit, head.state = make->staged->commits[i].state;
      if (plan.before) head.previous = hash_of(plan.before->head);
      ObjectId base = plan.draft.parent.value_or(ObjectId{});
      SignedHead made = protocol::sign(head, key);
      check(verify_under(made, plan.chain).has_value(), "what is signed is valid");
      make->made.push_back({Candidate{made, plan.chain, plan.new_charters}, base, nullptr});
      expected.push_back({made, base});
    }
    auto checked = registry::check_pack(content_, *make->staged->pack, expected, trees());
    check(checked && checked->accepted(), "what is signed passes ingest");
    make->checked.emplace(std::move(*checked));
    auto bytes = make->staged->pack->bytes();
    if (make->made.size() == 1) make->made[0].pack = std::make_shared<const Bytes>(bytes->begin(), bytes->end());
    make->pack = *content_.adopt(*make->staged->pack, make->checked->table);
  };
  std::vector<PlaceId> broken;
  for (const Plan& plan : make->plans)
    if (plan.before && !plan.draft.parent) broken.push_back(plan.chain.place());
  auto write = [this, make, ledger, broken] {
    WriteBatch batch;
    for (const PlaceId& place : broken) batch.put(Column::kMeta, purge_key(place), "");
    batch.put(Column::kMeta, pack_key(*make->pack), "");
    for (const Published::Place& place : make->made) {
      const SignedHead& head = place.head.head;
      OwnLedger kept = ledger ? ledger(head) : OwnLedger{};
      put_charters(batch, place.head.chain, place.head.chain.size() - place.head.new_charters);
      raise(batch, Mark::kHeld, head);
      if (!kept.told) raise(batch, Mark::kSeen, head);  // `seen` is what others know, so that what they tell meanwhile is kept
      if (ledger) put_ledger(batch, head.head.place, kept);
    }
    state_.write_unsynced(batch);
  };
  auto settle = [this, make] {
    state_.sync();
    (void)content_.release(*make->pack);
  };
  return {adopt, write, settle, [this, make, done, broken] {
            if (!broken.empty()) purge(broken);
            done(make->made);
          }};
}

Keeper::Steps Keeper::write_ledger(const PlaceId& place, const OwnLedger& ledger, std::function<void()> done) {
  auto write = [this, place, ledger] {
    WriteBatch batch;
    put_ledger(batch, place, ledger);
    if (!ledger.told) raise(batch, Mark::kSeen, *ledger.mine);
    state_.write_unsynced(batch);
  };
  return {write, [this, done] { state_.sync(), done(); }};
}

Keeper::Steps Keeper::take_over(const OwnLedger& ledger, std::function<void()> done) {
  auto write = [this, ledger] {
    WriteBatch batch;
    batch.put(Column::kMeta, purge_key(ledger.mine->head.place), "");
    put_head(batch, Mark::kHeld, *ledger.mine);
    put_head(batch, Mark::kSeen, *ledger.mine);  // the greatest that was heard; what nobody was told counts no more
    put_ledger(batch, ledger.mine->head.place, ledger);
    state_.write_unsynced(batch);
  };
  return {write, [this] { state_.sync(); }, [this, place = ledger.mine->head.place, done] { purge({place}), done(); }};
}

Draft Keeper::reapplied(const SignedHead& mine, const SignedHead& theirs, UnixTime now) const {
  auto draft = registry::reapplied(content_, mine.head.commit, theirs.head.commit);
  check(draft.has_value(), "what lies beside can be put on top");
  Draft persons = this->draft({}, mine.head.place, now);
  draft->author = persons.author, draft->committer = persons.committer, draft->message = "publish again\n";
  return std::move(*draft);
}

Result<Kinship> Keeper::kinship_of(const SignedHead& mine, const SignedHead& theirs) const {
  return registry::kinship(content_, mine.head.commit, theirs.head.commit);
}

// ---- what is reachable

Keeper::Reach Keeper::reach(const ObjectId& commit) const {
  Reach reached;
  std::vector<ObjectId> waiting{commit};
  while (!waiting.empty()) {
    ObjectId id = waiting.back();
    waiting.pop_back();
    auto object = content_.read(id);
    if (!object || !reached.insert(id).second) continue;
    if (object->kind == registry::ObjectKind::kCommit) {
      auto read = registry::read_commit(object->bytes);
      waiting.insert(waiting.end(), read->parents.begin(), read->parents.end());
      waiting.push_back(read->tree);
    }
    if (object->kind != registry::ObjectKind::kTree) continue;
    auto entries = registry::read_tree(object->bytes);
    for (const registry::TreeEntry& entry : *entries) waiting.push_back(entry.id);
  }
  return reached;
}

std::map<std::string, ObjectId> Keeper::files(const ObjectId& commit) const {
  std::map<std::string, ObjectId> files;
  auto bytes = content_.read_as(registry::ObjectKind::kCommit, commit);
  if (!bytes) return files;
  check(registry::for_each_file(content_, registry::read_commit(*bytes)->tree, [&](const std::string& path, const ObjectId& blob) {
    files.emplace(path, blob);
    return true;
  }).has_value(), "a tree that is here can be read");
  return files;
}

bool Keeper::has_anywhere(const ObjectId& object) const {
  if (has(object)) return true;
  return std::ranges::any_of(quarantine_, [&](const auto& staged) {
    auto table = registry::PackTable::read(*staged.second->bytes(), content_, {});
    return table && table->find(object).has_value();
  });
}

std::vector<PlaceId> Keeper::unpurged() const {
  std::vector<PlaceId> places;
  check(state_.scan(Column::kMeta, kPurgePrefix, [&](std::string_view key, std::string_view) {
    Reader in(as_bytes(key.substr(kPurgePrefix.size())));
    places.push_back(in.fixed<PlaceId>());
    return true;
  }).has_value(), "what waits for a purge can be read");
  return places;
}

// Everything that no head of ours reaches goes; what was brought aside, and the last told head, stay while they may be needed.
void Keeper::purge(const std::vector<PlaceId>& places) {
  Reach keep;
  auto add = [&](const std::optional<SignedHead>& head) {
    if (!head || keep.contains(head->head.commit)) return;
    Reach more = reach(head->head.commit);
    keep.insert(more.begin(), more.end());
  };
  for (const PlaceState& place : load()) {
    add(place.seen);
    if (place.held) add(*place.held);
  }
  for (const auto& [place, ledger] : ledgers()) {
    add(ledger.told);
    if (ledger.question) add(ledger.question->theirs);
  }
  content_.purge(keep);
  WriteBatch done;
  for (const PlaceId& place : places) done.erase(Column::kMeta, purge_key(place));
  state_.write_unsynced(done);
}

}  // namespace maillage::simulation
