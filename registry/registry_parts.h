// What a Registry is made of. Private to registry*.cpp.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>

#include "protocol/sealed.h"
#include "registry/directory_lock.h"
#include "registry/draft.h"
#include "registry/git/advertised.h"
#include "registry/git/fetches_under_way.h"
#include "registry/git/head_commit.h"
#include "registry/git/whole_chain.h"
#include "registry/head_rows.h"
#include "registry/import_row.h"
#include "registry/indexing.h"
#include "registry/ingest.h"
#include "registry/keys.h"
#include "registry/object_store.h"
#include "registry/own_heads.h"
#include "registry/pack_build.h"
#include "registry/recovery_source.h"
#include "registry/registry.h"
#include "registry/renewal.h"
#include "registry/rocks_store.h"
#include "registry/stored_record.h"
#include "registry/whereabouts.h"

namespace maillage::registry {

// Free space that new work leaves untouched: RocksDB's log and one rewrite of its tables.
inline constexpr std::uint64_t kReserveBytes = 16 * protocol::kMiB;
// Without this much the stores are not even opened.
inline constexpr std::uint64_t kOpenBytes = 4 * protocol::kMiB;

// What is staged and committed together when many places publish: one batch of the commit point, and a pack that is soon
// written and soon resent.
inline constexpr std::size_t kGroupPlacesMax = 1'024;
inline constexpr std::size_t kGroupBytesMax = protocol::kBatchBytesMax;

// The places that this daemon made or took over. Any thread.
class OwnPlaces {
 public:
  void add(const PlaceId& place) {
    std::unique_lock lock(mutex_);
    places_.insert(place);
  }
  bool contains(const PlaceId& place) const {
    std::shared_lock lock(mutex_);
    return places_.contains(place);
  }
  std::vector<PlaceId> all() const {
    std::shared_lock lock(mutex_);
    return {places_.begin(), places_.end()};
  }
  // Another daemon signs for it since, or we do again.
  void set_moved(const PlaceId& place, bool moved) {
    std::unique_lock lock(mutex_);
    if (moved) moved_.insert(place);
    else moved_.erase(place);
  }
  bool moved(const PlaceId& place) const {
    std::shared_lock lock(mutex_);
    return moved_.contains(place);
  }
  // Handed to another daemon by an export under so many charters, and not adopted yet as far as we know. A charter more, and
  // it is not handed over any more, whoever signed it.
  void set_handed(const PlaceId& place, std::optional<std::size_t> charters) {
    std::unique_lock lock(mutex_);
    if (charters) handed_[place] = *charters;
    else handed_.erase(place);
  }
  std::optional<std::size_t> handed(const PlaceId& place) const {
    std::shared_lock lock(mutex_);
    auto found = handed_.find(place);
    return found == handed_.end() ? std::nullopt : std::optional(found->second);
  }
  std::size_t moved_count() const {
    std::shared_lock lock(mutex_);
    return moved_.size();
  }

 private:
  mutable std::shared_mutex mutex_;
  std::set<PlaceId> places_, moved_;
  std::map<PlaceId, std::size_t> handed_;
};

// The places of whose present reign there is evidence of a fork (DESIGN "Forks"). Any thread.
class ForkedPlaces {
 public:
  void set(const PlaceId& place, bool forked) {
    std::unique_lock lock(mutex_);
    if (forked) places_.insert(place);
    else places_.erase(place);
  }
  bool contains(const PlaceId& place) const {
    std::shared_lock lock(mutex_);
    return places_.contains(place);
  }
  std::vector<PlaceId> some(std::size_t most) const {
    std::shared_lock lock(mutex_);
    std::vector<PlaceId> first;
    for (const PlaceId& place : places_)
      if (first.size() < most) first.push_back(place);
    return first;
  }
  bool none() const {
    std::shared_lock lock(mutex_);
    return places_.empty();
  }

 private:
  mutable std::shared_mutex mutex_;
  std::set<PlaceId> places_;
};

// The next state of a place of ours.
struct Revision {
  protocol::CharterChain chain;
  std::optional<protocol::SignedHead> before;  // nothing: the place is new
  FileChanges files;
  std::size_t new_charters = 0;  // at the end of the chain, that nobody has seen
  std::string author;
  std::string message;
  std::optional<ImportMark> imported = std::nullopt;
  std::string contributor = {};  // who wrote it, when it is not the place itself
  std::optional<ContributionId> approves = std::nullopt;
  bool breaks = false;           // without parent, in the next epoch: an erasure
  bool closes = false;           // with CLOSED
  std::optional<protocol::OwnStep> step = std::nullopt;  // OwnReapply or OwnRaise: the counters to sign with
};

// Who wrote what is adopted.
enum class Origin { kOurs, kPeer };

// What arrives for one job. An error while appending is kept for `ingest` to tell.
struct IncomingPack {
  std::unique_ptr<StagedPack> staged;
  std::optional<Error> error;
  std::optional<PackTable> table;  // once it was read ahead
};

// What a pack of so many bytes may inflate to.
PackLimits limits_of_pack(std::uint64_t bytes);

// A row of Column::kMeta: every profile that is kept was read for its whereabouts. An older version did not.
inline constexpr std::string_view kWhereaboutsKey = "whereabouts";

// Rows of Column::kMeta that a directory begins and is finished with.
void put_format(WriteBatch& batch);
void put_identity(WriteBatch& batch, const PlaceId& place);

struct Registry::Parts {
  std::filesystem::path directory;
  DirectoryLock lock;
  DaemonKeys keys;
  protocol::Identity identity;
  std::unique_ptr<RocksStore> state;
  std::unique_ptr<ObjectStore> objects;
  std::unique_ptr<Index> index;
  std::unique_ptr<Indexing> indexing;
  std::unique_ptr<WholeChain> whole_chain;
  std::unique_ptr<Inbox> inbox;
  TreeCache trees;
  OwnPlaces own;
  ForkedPlaces forked;
  ForkedPlaces two_charters;  // of charters, not of heads
  KnownPlaces known;
  // Lets go of the first of `places`, a batch's worth, and takes them off.
  Result<void> release_some(std::span<const PlaceId>& places, std::vector<PlaceId>& let_go);
  void look_what_is_known(const PlaceId& place);  // after a write of one of its marks
  std::unique_ptr<OwnHeads> own_heads;
  RootIndex roots;
  std::atomic<bool> sheet_confirmed = false;
  std::atomic<std::uint64_t> revision = 0;  // of the last batch; the index shows `indexing->shown()`
  std::atomic<std::size_t> read_ahead = 0;  // packs with a table
  std::mutex incoming_mutex;   // guards the map; a pack is appended to, then taken in, by one thread at a time
  std::map<protocol::JobId, IncomingPack> incoming;
  IncomingPack& incoming_pack(protocol::JobId job);  // begun when it is new
  IncomingPack* find_incoming(protocol::JobId job);
  std::optional<IncomingPack> take_incoming(protocol::JobId job);
  std::mutex outgoing_mutex;  // guards the map; a pack is read by one thread at a time
  std::map<protocol::JobId, OutgoingPack> outgoing;

  Parts(std::filesystem::path dir, DirectoryLock taken, const DaemonKeys& read_keys)
      : directory(std::move(dir)), lock(std::move(taken)), keys(read_keys), identity{{}, protocol::KeyPair(read_keys.daemon_seed)},
        sheet_confirmed(read_keys.sheet_confirmed) {}

  // kDiskFull when fewer bytes are free. New work stops while there is room for what is under way: RocksDB, asked to
  // write or even to open without any, ends the process.
  Result<void> need_room(std::uint64_t bytes) const;  // kBusy while a purge is half done, for new work
  Result<void> has_room(std::uint64_t bytes) const;

  // A directory that is made: its lock is taken, what a try that was cut short left is gone, and these keys are on disk before
  // anything is signed with them. kExists when it has a place.
  static Result<std::unique_ptr<Parts>> begin(const std::filesystem::path& dir, const DaemonKeys& keys);

  // Opens both stores and, after a crash, brings them to agree (STORAGE.md "Recovery").
  Result<void> open_stores();
  Result<void> recover_packs();
  Result<void> judge_by_our_rules();

  // The one commit point: writes the batch with the next revision in it. `changes` are what it brings for the index.
  Result<void> commit(WriteBatch& batch, std::vector<IndexChange> changes = {});

  // Packs whose mark was taken off since the last batch: their rows in kMeta go with the next.
  std::vector<std::string> released;
  static std::string pack_key(const PackName& pack);

  static std::string own_key(const PlaceId& place);

  // The rows of lists that the places under way come from: written in the batch that publishes each.
  std::map<PlaceId, ImportMark> imports;
  // The contribution that the publication under way approves: its row in kInbox is in the batch that publishes it, and goes
  // once the answer is on the disk. So an answer that could not be written, or that a crash cut off, is given later.
  std::map<PlaceId, std::pair<ContributionId, UnixTime>> approvals;
  std::set<ContributionId> unanswered, answered;  // rows: to be answered, and to go with the next batch
  static std::string approval_key(const ContributionId& id) { return std::string(protocol::as_text(id.bytes)); }
  Result<void> read_approvals();
  Result<void> settle_approvals();
  // What is remembered of what the places under way signed: the same.
  std::map<PlaceId, protocol::OwnLedger> ledgers;
  // Nothing when there is none, or its place is not ours.
  Result<std::optional<ImportRow>> import_row(const std::string& key) const;
  // The profile that a place of ours has now, as it is kept and read; nothing when it was withdrawn.
  Result<std::optional<StoredRecord>> stored_profile(const PlaceId& place) const;

  // Adopts a checked pack and commits its heads: seen and held become their maxima. What we wrote is ours from then on.
  Result<void> adopt(StagedPack& staged, CheckedPack& checked, const std::vector<protocol::IngestPack::Place>& places,
                     Origin origin);
  // What became of the batches that name a pack: none was tried, one failed and may be in the log all the same, or one
  // is durable.
  enum class Fate { kUnneeded, kDoubtful, kNeeded };
  // What became of places' histories (registry_erase.cpp). Rows of kMeta, written with the batch that makes them true.
  // `purge ` ‖ place: what the place erased is still on this disk. Nothing is told of it before the row goes.
  static std::string purge_key(const PlaceId& place);
  // `replaced ` ‖ place ‖ commit → i64 ms (0 until a purge meets it) ‖ signed head: held, then outranked in its own reign by a head
  // that does not descend from it. Kept 72 h for the place's own daemon, unserved.
  static std::string replaced_key(const PlaceId& place, const ObjectId& commit);
  // After a head whose history does not go on from `before`: an erasure when it begins elsewhere and is of a later reign.
  void stage_break(WriteBatch& batch, const protocol::SignedHead& before, const protocol::Head& after) const;
  // Of a head of ours: receipts that name it confirm the last erasure, when there was one.
  void stage_signed(WriteBatch& batch, const protocol::Head& head) const;
  bool begins_as(const ObjectId& commit, const ObjectId& other) const;
  Result<std::vector<PlaceId>> purge_rows() const;
  Result<std::vector<ObjectId>> kept_commits() const;  // of every head whose content is here, and replaced ones
  Result<bool> expire_replaced(UnixTime now);
  Result<void> purge_objects();
  Result<std::uint64_t> write_refs() const;
  Result<void> purge_contributions(const PlaceId& place, UnixTime now);
  std::atomic<bool> half_purged = false;  // objects that others name may be gone: nothing may be taken in
  tl::expected<Revision, Problems> prepare_erasure(const PlaceId& place, const Erasure& erasure);

  // What a break of history replaced (registry_sealed.cpp). A row `unsealed ` ‖ title → signed head is written with the break; the purge
  // makes a file of it before anything is removed. `sealed ` ‖ title → i64 ms: when the file was first met.
  static std::string unsealed_key(const protocol::Head& replaced);
  std::vector<protocol::SealedTitle> sealed_titles(const std::optional<PlaceId>& of) const;
  bool keeps_enough_of(const PlaceId& place) const;
  Result<void> seal(const protocol::SignedHead& replaced);
  Result<void> seal_replaced();
  Result<void> seal_before(const std::vector<PlaceId>& places, WriteBatch& batch);
  Result<void> remove_sealed(const protocol::SealedTitle& title);
  Result<void> destroy_ordered(const PlaceId& place);  // by the charter's minimum epoch
  void heed_charter(const PlaceId& place);             // a new one is durable
  Result<void> expire_sealed(UnixTime now);
  void clear_sealed_parts();
  Result<void> check_request(const SealedRequest& request, UnixTime now) const;

  // The index, and what the profile says to daemons (registry_admission.cpp).
  Result<void> stage_index(WriteBatch& batch, IndexChange& change);
  Result<void> load_whereabouts();
  std::set<PlaceId> tells_whereabouts;                 // they may have a row; the writer's, as what follows
  std::map<PlaceId, Whereabouts> told_whereabouts;     // staged since the last take_whereabouts

  Result<void> commit_places(CheckedPack& checked, const std::vector<protocol::IngestPack::Place>& places,
                             const PackName& pack, Origin origin, Fate& fate);
  // Whether nothing was taken out of a place's history between two commits of it.
  bool continues(const ObjectId& before, const ObjectId& after) const;
  Result<bool> raise(WriteBatch& batch, Mark mark, const protocol::SignedHead& head) const;
  // Raises `seen`; with a new epoch, what is held goes out of service (its rows leave the index, the commons wait) or comes back.
  Result<void> stage_seen(WriteBatch& batch, const protocol::Candidate& candidate, WholeChain::Turn& turn, std::vector<IndexChange>& changes);
  // `changes` are what a head brings on top of `base`; when something else is held, as of a place of ours whose last publication
  // nobody was told yet, they become the whole of it.
  Result<void> fit_to_held(PlaceChanges& changes, const ObjectId& base, const ObjectId& commit) const;
  // Raises both marks by a head whose content is in the store; `changes` become those of the index. False: more was held.
  Result<bool> stage_held(WriteBatch& batch, const protocol::Candidate& candidate, WholeChain::Turn& turn, PlaceChanges& changes, bool& breaks) const;
  // Forgets the index and makes it anew from git; a start that finds the row `kRebuildingKey` does so too. Gives the
  // number of records. A place that cannot be read is left out, and the first reason given: one damaged place must not
  // keep all others from being found.
  static constexpr std::string_view kRebuildingKey = "rebuilding";
  Result<std::uint64_t> rebuild_index(std::optional<Error>& unreadable);

  // Who publishes each place, for items that name hosts: told by `load`, as every daemon calls it at its start; else read
  // before the first question.
  void know_signers(const std::vector<protocol::PlaceState>& places);
  // After evidence about a place came, or a head that may have healed it.
  void look_whether_forked(const PlaceId& place);
  // Says so in the items of forked places.
  void tell_forks(std::vector<boost::json::object>& items) const;
  void need_signers();
  std::mutex signers_mutex;  // one reads, others wait
  std::atomic<bool> signers_known = false;

  Result<protocol::CharterChain> chain_of(const PlaceId& place) const;
  Result<protocol::SignedHead> held(const PlaceId& place) const;
  // The held head, when it may be shown: a head of another epoch that is only seen may have broken the history, and takes the
  // old epoch out of service; never of a place of ours, whose state is not another's to say (DESIGN "Two marks"). kUnknownPlace.
  Result<protocol::SignedHead> served(const PlaceId& place) const;
  Result<std::vector<protocol::SignedHead>> all_served() const;
  bool serves(const protocol::Head& held, const protocol::Head& seen) const;
  Result<ObjectId> tree_of(const ObjectId& commit) const;

  // What stock git may clone (registry_git.cpp).
  // After the batch that took what these places showed out of service, they and the tree of everything are sent no further.
  void end_fetches(const std::vector<PlaceId>& places) const;
  mutable Advertised advertised;
  mutable FetchesUnderWay fetches;
  Result<PlaceId> repository_place(std::string_view repository) const;
  Result<std::optional<LooseObjects>> admit_wants(const protocol::SignedHead& held_now, const protocol::CharterChain& chain,
                                                  const std::vector<ObjectId>& wants, UnixTime now) const;
  Result<WholeChain::Tip> whole_tip(UnixTime now) const;
  // Takes what was deleted of the commons out of the files, when there is something (kPurgeCommonsKey).
  Result<void> purge_commons() const;
  Result<std::unique_ptr<Fetch>> fetch_whole(ByteView body, UnixTime now) const;

  boost::json::object own_status(const PlaceId& place) const;
  // As the index has it; of a place of ours whose profile is withdrawn, the last that it had. Reads its history then.
  Index::PlaceName known_name(const PlaceId& place) const;
  Result<void> verify_index(const PlaceId& place, const std::optional<ObjectId>& commit) const;

  static Bytes first_profile(const NewPlace& place);

  // The genesis of a place that is hosted here. Its root is the daemon's, so that one sheet recovers all of them and
  // finds them by it; what tells them apart is their time, in which no two are equal.
  Result<protocol::CharterChain> new_chain(UnixTime now, const std::optional<protocol::PublicKey>& own_root);
  UnixTime last_genesis{};

  // ---- places on their way out (registry_handover.cpp)
  static constexpr std::string_view kHandedPrefix = "handed ", kLostPrefix = "lost ";
  Result<void> read_handed();
  Result<void> write_handed(const PlaceId& place, std::optional<std::size_t> charters);
  // kHandedOver while a place of ours waits to be adopted by the daemon that it was exported for.
  Result<void> check_not_handed(const protocol::CharterChain& chain) const;
  // When the state that another daemon signs for a place of ours does not go on from the last that we signed: keeps what of ours
  // is not in it, as two commits. No name is kept: it may be erased one day.
  void note_lost(WriteBatch& batch, const protocol::Candidate& candidate, const protocol::SignedHead& ours) const;
  std::vector<std::string> lost_paths(const PlaceId& place) const;
  mutable std::vector<PlaceId> left_without;  // the writer's

  Result<void> check_known(const Handover& handover, const protocol::CharterChain& chain) const;
  Result<void> take_in(const Handover& handover, const protocol::CharterChain& chain);
  // Takes it in and signs its next charter, with this sheet, and a first head under it.
  Result<PlaceId> recover_place(const Handover& handover, const protocol::SignedHead& agreed, const RecoverySheet& sheet, const Vouching& vouching,
                                UnixTime now);

  // The places of ours whose profile comes from that source, by their id there; null: all of them.
  std::map<std::string, HostedPlace> hosted_from(std::string_view source, const std::set<std::string>* ids) const;

  // Rows "two-charters " ‖ place → chain's length u16 ‖ signed charters. A charter that follows settles them for whoever has it.
  Result<void> load_two_charters();
  // As kept beside this chain; null: none is, or the chain went on.
  std::unique_ptr<protocol::CharterFork> kept_two_charters(const protocol::CharterChain& chain) const;
  void settle_two_charters(const PlaceId& place);

  // After a charter of a place came in: who signs for it now.
  void look_who_signs(const PlaceId& place);

  // ---- other keys (registry_charters.cpp)
  // The writer changes them: every other thread asks here.
  mutable std::shared_mutex keys_mutex;
  protocol::Identity identity_now() const;
  protocol::PublicKey root_now() const;
  Result<void> take_keys(const protocol::Seed& daemon_seed, const protocol::PublicKey& root);
  Result<Renewal> draft_renewal(const RenewalWish& wish, UnixTime now) const;
  Result<void> check_not_elsewhere(const PlaceId& place) const;
  Result<Revision> under_next(std::span<const protocol::SignedCharter> charters, const protocol::CharterChain& chain) const;
  // What is done already is passed over, so that it can be done again.
  Result<Renewed> carry_out(const Renewal& renewal);
  Result<void> finish_renewal();

  // Whether we sign for this place: it is ours, and its latest charter names our key.
  bool signs_for(const protocol::CharterChain& chain) const;

  // A publication as a revision; nothing when all of it is published already.
  tl::expected<std::optional<Revision>, Problems> prepare(const Publication& publication, UnixTime now);

  // Commits, heads and one pack of new states of distinct places of ours, durable on return. The pack is given along
  // when it is a single place's and small.
  std::vector<Result<protocol::Published::Place>> publish(const std::vector<Revision>& revisions, UnixTime now);
  std::vector<Result<protocol::Published::Place>> publish_staged(const std::vector<Revision>& revisions, StagedCommits& staged, UnixTime now);
  std::vector<Result<protocol::Published::Place>> publish_each(const std::vector<Revision>& revisions, UnixTime now);

  // ---- contributions (registry_contributions.cpp)
  // The place's held head, when it is one that we sign for. kNotOurs, kMovedAway.
  Result<protocol::SignedHead> head_for_push(const PlaceId& place) const;
  // Publishes what a contribution changes, on top of what the place holds now. Nothing in the announcement: all of it is
  // published already. kContributionConflict for each path that the place has changed since.
  tl::expected<Announcement, Problems> land(const Contribution& contribution, const OpenedPush& opened, const CheckedPush& checked, UnixTime now,
                                              std::optional<ContributionId> approves = std::nullopt);
  // Whether the place has changed this file since the contribution's base, otherwise than it does.
  Result<bool> conflicts(const ObjectId& base_tree, const ObjectId& held_tree, const std::string& path, const std::optional<Bytes>& wanted) const;
  // A contribution that waits, as it was judged when it came; what it points into comes first.
  struct OpenedContribution {
    Contribution contribution;
    MappedFile pack;
    ObjectId held_tree;
    std::unique_ptr<OpenedPush> opened;
    CheckedPush checked;
  };
  tl::expected<OpenedContribution, Problems> open_contribution(const ContributionId& id);
  Result<StagedCommits> stage_kept(const ObjectId& tip, const OpenedPush& opened, const CheckedPush& checked, const Revision& next, UnixTime now);
  Result<Contribution> answer_of(std::string_view repository, const ContributionId& id) const;
  bool is_maintainer(const PlaceId& place, const protocol::PublicKey& key) const;
  // What waits and is public by now is answered: the same commit is approved, an earlier version of it superseded by `by`. Gives the
  // latter. One that cannot be written goes on waiting: its approval would say that all of it is published.
  std::vector<ContributionId> close_published(const Contribution& published, const FileChanges& files, const std::string& by, UnixTime now);

  // ---- own heads (registry_own.cpp)
  Result<void> carry_out(const PlaceId& place, const protocol::OwnStep& step, protocol::Now now, OwnMoves& moves);
  Result<void> compare_own(const protocol::SignedHead& theirs, OwnMoves& moves);
  Result<void> take_over(const protocol::OwnTakeOver& step, protocol::UnixTime now, OwnMoves& moves);
  // The batch that makes what is here beside what is held the held state. Gives whether that breaks the history.
  Result<bool> hold_beside(const protocol::Candidate& candidate, const protocol::OwnLedger& ledger, PlaceChanges changes);
  Result<void> sign_own(const PlaceId& place, const protocol::SignedHead& on, const protocol::OwnStep& step, FileChanges files,
                        const std::string& message, protocol::UnixTime now, OwnMoves& moves);
  Result<void> keep_ledger(const PlaceId& place, const protocol::OwnLedger& ledger);
  // What the node is told of a place whose last head nobody was told yet, while partners are awaited.
  void hide_untold(protocol::PlaceState& place) const;

  protocol::Head next_head(const Revision& next) const;
  void describe(protocol::Head& head, const FileChanges& files) const;
};

}  // namespace maillage::registry
