// Registry: the commons as one daemon keeps it, the face that the daemon uses. It ties the object store, the state
// store and the index together and owns the one commit point: a synced WriteBatch. STORAGE.md §Commit.
//
// Invariant: a head is `held` on disk only when its objects are in the store, durably; everything else is rebuilt from
// that. Writers (publish, persist, ingest, reindex) are called from one worker at a time; queries, lookups and pack
// streams from any thread.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include <boost/json/value.hpp>

#include "protocol/node.h"
#include "protocol/own_head.h"
#include "protocol/problem.h"
#include "registry/file.h"
#include "registry/git/push_nonce.h"
#include "registry/handover.h"
#include "registry/inbox.h"
#include "registry/address_book.h"
#include "registry/index.h"
#include "registry/known_places.h"
#include "registry/publish.h"
#include "registry/push_check.h"
#include "registry/recovery.h"
#include "registry/trustees.h"
#include "registry/whereabouts.h"

namespace maillage::registry {

// What `init` needs to make a place.
struct NewPlace {
  std::string name;
  bool network = false;
  std::string commune;  // INSEE code or empty
  std::optional<double> lat, lon;
};

// A place that was made: its recovery sheet is shown once and kept nowhere.
struct CreatedPlace {
  PlaceId place;
  std::string slug;
  std::string recovery_sheet;
};

// A publication that is durable: what the node is told (input Published) and what people see.
struct Announcement {
  std::optional<protocol::Published::Place> place;  // nothing: everything was published already
  std::vector<std::string> changed;                 // paths
  std::vector<std::string> withdrawn = {};          // those among them that are no more
  std::optional<protocol::Error> unanswered = std::nullopt;  // an approval: why the contributor's answer is not written yet
  std::vector<ContributionId> superseded = {};               // earlier versions of the same that waited, and do no more
};

// A refusal to publish: everything that is wrong, at once.
using Problems = std::vector<protocol::Problem>;

// The row of a list that a publication comes from: what the next import knows it by (import_row.h).
struct ImportMark {
  std::string key;
  protocol::Hash written, source;
};

// What became of a push: it waits, or (state approved) a maintainer's went straight in.
struct PushOutcome {
  Contribution contribution;
  std::optional<Announcement> announcement;
  std::vector<std::string> withdrawn;  // what it would take away, or took
  std::vector<protocol::Problem> remarks = {};  // what nobody would see of it, or otherwise than meant (CheckedPush)
  bool handed_over = false;            // the place waits to be adopted elsewhere: nobody can approve it here meanwhile
};

// A push that may be taken. Points into its arrival.
struct JudgedPush {
  std::unique_ptr<OpenedPush> opened;
  CheckedPush checked;
  std::uint64_t bytes = 0;  // of its pack
};

// What one place is to publish. No place: a new one, hosted here, whose first files these are.
struct Publication {
  std::optional<PlaceId> place;
  std::vector<FileEdit> edits;
  std::optional<protocol::PublicKey> own_root = std::nullopt;  // of a new place: with it, its people can take it elsewhere without us
  std::optional<ImportMark> imported = std::nullopt;
};

// A place that was made here.
struct AddedPlace {
  PlaceId place;
  Announcement announcement;
};

// A place that this daemon made or took over.
struct HostedPlace {
  PlaceId place;
  bool moved_away = false;             // another daemon signs for it since
  bool handed_over = false;            // exported for another daemon, which has not adopted it yet
  std::vector<std::string> lost = {};  // of one that moved: paths that were published here and are not in what its new daemon took over
};

// What became of one profile of an import.
struct Imported {
  enum class Outcome {
    kCreated,    // a new place
    kChanged,
    kUnchanged,
    kElsewhere,  // another daemon signs for the place since: left as it is
    kKept,       // corrected here since the last import: left as it is
    kWithdrawn,  // its profile was unpublished here since: left so
    kRefused,    // for what the record says
    kFailed,     // for what the disk or the store says: the next ones will fail too
  };
  Outcome outcome = Outcome::kUnchanged;
  std::optional<protocol::Published::Place> place;  // to be announced
  Problems problems;
  std::vector<std::string> fields;  // of a changed or kept one: what the place and the list say differently (JSON Pointers)
};

// A place of ours that a row of a list is known by.
struct ListedPlace {
  std::string row;   // import_row_key, as hexadecimal text
  std::string id;    // in the list; empty when the profile says it no more
  std::string name;  // of the place
};

// What is published here from one list.
struct ImportedList {
  std::string source, url;
  std::vector<ListedPlace> places;
};

struct ImportRule {
  bool dry_run = false;    // writes nothing
  bool overwrite = false;  // the list wins over what was corrected here too
};

// What is to be erased everywhere: the place's past, and of its present these files or folders, or all but who it is.
struct Erasure {
  std::vector<std::string> paths;  // none: the past alone
  bool whole_place = false;        // closes it: only `identity/` stays, and the head says CLOSED
};

// Who has confirmed the last head of a place of ours, and for an erasure that nothing older is left there. A daemon that we
// have no word of is not in the list.
struct Coverage {
  PlaceId place;
  protocol::UnixTime erased;         // when the epoch that stands now began here; 0: nothing was ever erased
  bool purged_here = true;
  struct Replica {
    PlaceId replica;
    bool confirmed = false;          // of this epoch, or it keeps nothing of the place any more
    bool keeps_nothing = false;      // it let go of what it had
    protocol::UnixTime since;        // its last word
  };
  std::vector<Replica> replicas;
};

// Who asks for sealed files: `signature` is `root`'s of protocol::sealed_request(place, time).
struct SealedRequest {
  PlaceId place;
  protocol::UnixTime time;
  protocol::PublicKey root;
  protocol::Signature signature;
};

// A finding of `verify`.
struct Finding {
  std::string where;
  Error error;
};

// What is wanted of new charters for all places that this daemon signs for.
struct RenewalWish {
  std::string sheet;                // the recovery sheet of now
  std::string new_sheet = {};       // the one that takes its place; empty: it stays
  std::uint64_t minimum_epoch = 0;  // destroys what is of lower epochs, everywhere
  bool supersede = false;           // whatever was signed elsewhere with the key of now counts no more: it was stolen
  std::optional<Trust> trust = std::nullopt;  // other trustees, or none any more; the daemon key stays
  Bytes vouched = {};               // the sheet of now is lost: what trustees signed for `sheet`, a new one (trustees.h)
};

// What a trustee is asked to sign, and has signed.
struct Vouched {
  Bytes file;
  std::string spoken;  // protocol between people: read by voice before anybody signs
  struct Place {
    PlaceId place;
    std::string name;
    std::size_t signatures = 0, needed = 0;
  };
  std::vector<Place> places;
};

struct Renewed {
  protocol::Identity identity;                      // with the key of now
  std::vector<protocol::Published::Place> places;   // to be announced
};

class Fetch;
class PlaceFile;
struct PushCertificate;

// What the places that we sign for ask of the daemon, after something became known of them elsewhere.
struct OwnMoves {
  std::vector<protocol::Published::Place> published;  // to be announced
  std::vector<protocol::WantAside> aside;
  struct Note {
    PlaceId place;
    enum class Outcome { kTakenOver, kHealed, kMovedOn, kAsked, kFailed } outcome;
    std::optional<Error> error = std::nullopt;
  };
  std::vector<Note> notes;
};

// The name of the repository that has all places; a place of that slug is cloned by its id.
inline constexpr std::string_view kWholeRepository = "commons";

// Fewer digits of an id than this are a slip, not a name.
inline constexpr std::size_t kPlaceDigitsMin = 8;
// More places that one word may mean are told apart by their ids.
inline constexpr std::size_t kCalledMax = 16;

class Registry {
 public:
  // Makes DIR with its stores, the daemon's key, the genesis and a first profile. kExists when DIR has a key: it is
  // never replaced, whatever else is lost. `show` shows the sheet, before the place is finished: when it fails, or the
  // process ends in it, nobody may have seen the sheet, and the next create starts anew.
  using Show = std::function<Result<void>(const CreatedPlace&)>;
  static Result<CreatedPlace> create(const std::filesystem::path& dir, const NewPlace& place, UnixTime now, const Show& show = nullptr);

  // Makes DIR from a recovery sheet alone, out of what partners still hold: each place is taken in from the file that `fetch`
  // gives (a handover file without a next charter), and goes on under a new charter that names the new daemon key. A file that
  // does not hold is passed over, and `fetch` asked for the next one, until it has no more: then it fails. `places` are what
  // was agreed (recovery.h). On error nobody has heard of the new keys: the next try starts anew. kBadSheet, kExists,
  // kWrongSheet, and what `fetch` and ingest give. `vouching`: the sheet is a new one, by what trustees of the lost one's places signed.
  using FetchPlace = std::function<Result<Handover>(const protocol::SignedHead&)>;
  static Result<std::vector<PlaceId>> recover(const std::filesystem::path& dir, std::string_view sheet, const std::vector<RecoveredPlace>& places,
                                              UnixTime now, const FetchPlace& fetch, const Vouching& vouching = {});

  // Opens DIR: takes its lock (kInUse when a daemon has it), removes what a crash left, loads the index, or makes it anew
  // from git when it is damaged.
  static Result<std::unique_ptr<Registry>> open(const std::filesystem::path& dir);
  ~Registry();

  // ---- identity
  const protocol::Identity& identity() const;  // the daemon's own place
  std::vector<PlaceId> own_places() const;  // hosted ones included
  bool sheet_confirmed() const;
  // True when `sheet` is the one this daemon's roots come from; remembered.
  Result<bool> confirm_sheet(std::string_view sheet);

  // Another daemon key, in a charter and a first head for every place that this daemon signs for (renewal.h). Durable on
  // return; once the sheet was found right, a stop at any step is made up for by the next open. kWrongSheet, kBadSheet, kTooMany;
  // kIdentityElsewhere when a place was published elsewhere meanwhile and that is not to be superseded.
  Result<Renewed> renew(const RenewalWish& wish, UnixTime now);
  // Two charters of one place with one parent (Event::kTwoCharters): kept until its chain goes on, and told in `status` and with the place
  // (`twoCharters`). Once for each length of the chain. kUnknownPlace.
  Result<void> keep_two_charters(const protocol::CharterFork& fork);
  // A trustee's signature under what a place asks for (trustees.h); without a sheet, only what it asks for. kWrongSheet when the sheet is
  // no trustee's of a place in it, kUnknownPlace, and what check_vouchable gives.
  Result<Vouched> vouch(ByteView file, std::string_view sheet) const;

  // ---- the node's side
  // kCorrupt when a place of ours cannot be read; others that cannot are left out, and `verify` names them.
  Result<std::vector<protocol::PlaceState>> load() const;
  Result<void> persist(const std::vector<protocol::Candidate>& heads, const std::vector<protocol::Fork>& forks);
  Result<void> append_pack(protocol::JobId job, ByteView bytes);
  // The last part is there: what can be judged of the pack alone is, beside the writer. Like append_pack; need not be called.
  // False when it is not: it leans on what is stored, is refused, or another one is ahead already.
  bool read_ahead(protocol::JobId job);
  std::vector<protocol::Ingested::Outcome> ingest(protocol::JobId job, const std::vector<protocol::IngestPack::Place>& places);
  void drop_pack(protocol::JobId job);
  std::vector<protocol::PackedPlace> open_pack(protocol::JobId job, const std::vector<protocol::PackedPlace>& places);
  Result<protocol::PackChunk> read_pack(protocol::JobId job, std::size_t bytes_max);
  void close_pack(protocol::JobId job);
  Result<void> keep_receipts(const std::vector<protocol::KeepReceipt>& receipts);  // in one write

  // ---- heads of our own places that this disk did not sign (PROTOCOL.md §8 "Own heads"). Any thread but settle_own
  // From now on what is signed waits for `own_caught_up` before anybody is told: a copy put back from a backup does not know
  // what its other life signed. Until this is called nobody waits. What the node is to keep back since an earlier run, `load`
  // gives as it was told: so this comes before it.
  void await_peers();
  bool awaits_peers() const;
  void own_caught_up();
  void own_heard(const protocol::SignedHead& head, const PlaceId& peer, protocol::Instant now);
  void own_forked(const protocol::Fork& fork, protocol::Instant now);
  // Whether the last head of this place is told to nobody yet.
  bool keeps_back(const PlaceId& place) const;
  // A person says which one counts. kNotFound when nothing is asked; `settle_own` does it.
  Result<void> answer_own(const PlaceId& place, protocol::OwnHead::Answer answer);
  // Does what is due: compares, takes over, signs, asks. Writer.
  OwnMoves settle_own(protocol::Now now);
  // When more may be due although nothing happened.
  protocol::Instant own_deadline() const;

  // ---- scope (STORAGE.md "Letting go")
  // The content of these places is held no more: it leaves every question and answer now, and the disk with the next `purge`.
  // What is seen of them stays. Durable on return; gives those of which nothing is held now, fewer when something failed on the way.
  // Places of ours are passed over. Writer.
  Result<std::vector<PlaceId>> release(const std::vector<PlaceId>& places);
  // Places whose head is known, and those of them whose content is here.
  KnownPlaces::Counts known_places() const;
  // The first address that the place's own profile gives for its daemon; empty when it gives none, or is not here.
  std::string endpoint_of(const PlaceId& place) const;

  // ---- publishing
  // Validates, commits, signs, indexes; durable on return. Problems: nothing was published.
  tl::expected<Announcement, Problems> publish(const PlaceId& place, const std::vector<FileEdit>& edits, UnixTime now);
  // The same for many, as few packs and synced batches; each is published or refused by itself. Those of one place that follow one
  // another become one commit and one head, which the first of them brings.
  std::vector<tl::expected<Announcement, Problems>> publish_all(const std::vector<Publication>& publications, UnixTime now);
  // Writes today's date as `confirmed` into these records.
  tl::expected<Announcement, Problems> confirm(const PlaceId& place, const std::vector<std::string>& paths, UnixTime now);

  // ---- erasing (STORAGE.md "Erasure")
  // Publishes the place anew in the next epoch, without a past: durable on return, and what it erased is still on the disk
  // until `purge`. kNotFound for a path that the place does not publish, kNotOurs, kMovedAway, kIdentityElsewhere.
  tl::expected<Announcement, Problems> erase(const PlaceId& place, const Erasure& erasure, UnixTime now);
  // Whether something that was erased, here or by another place, is still on this disk.
  bool purge_waits() const;
  // Takes all of it off: objects, records, rows of the commons, contributions to these places. Gives the places, durably purged.
  // What fails stays to be done. A writer's turn.
  Result<std::vector<PlaceId>> purge(UnixTime now);
  Result<Coverage> coverage(const PlaceId& place) const;
  // The sealed files of a place that are kept here, by name; then one of them. Only for a root that the place has now, within ten minutes
  // of `time`: kDenied. kUnknownPlace; kNotFound. A file that is given away while it goes is read to its end.
  Result<std::vector<std::string>> sealed_files(const SealedRequest& request, UnixTime now) const;
  Result<MappedFile> sealed_file(const SealedRequest& request, std::string_view name, UnixTime now) const;

  // ---- hosting
  // Makes a place that is published from here. With `own_root`, of a sheet that its people have seen already, they can
  // leave without us.
  tl::expected<AddedPlace, Problems> add_place(const NewPlace& place, const std::optional<protocol::PublicKey>& own_root, UnixTime now);
  std::vector<HostedPlace> hosted_places() const;  // the daemon's own among them
  // Of one that moved, as HostedPlace::lost.
  std::vector<std::string> lost_when_moved(const PlaceId& place) const;
  // Those that moved away without something of ours since this was asked. Writer.
  std::vector<PlaceId> take_left_without();
  // The roots of a place that are not ours: their sheets can take it elsewhere.
  Result<std::vector<protocol::PublicKey>> other_roots(const PlaceId& place) const;
  // That `sheet` holds one of them. kNoOwnSheet, kHostSheet, kWrongSheet, kBadSheet.
  Result<void> check_own_sheet(const PlaceId& place, std::string_view sheet) const;
  // The keys to give to whoever will hand us a place.
  Successor successor() const;
  // A place that is held, ours or not, as a handover file. `to` names its next daemon in a charter, signed with the
  // recovery sheets given: those of the place's roots. From then on publishing in a place of ours is refused (kHandedOver), as
  // what the file does not have would be lost, until it is adopted or `keep_place` takes that back. Writer. kWrongSheet,
  // kBadSheet, kTooLarge; before a sheet is looked at kNotHandedOver (the daemon's own), kExists (`to` is this daemon).
  Result<Bytes> export_place(const PlaceId& place, const std::optional<Successor>& to, const std::vector<std::string>& sheets,
                             UnixTime now);
  // It is published from here again; the file stays good for whoever has it. kNotHandedOver.
  Result<void> keep_place(const PlaceId& place);
  // Makes the place of a handover file ours, history included: a new charter names our key, so that its old daemon signs
  // no more. `sheets` holds ours and, when the file has no charter for us, that of the place's root. On error we sign
  // nothing; what the file brings may be held then. kNotSuccessor, kExists, kMovedAway, kHandoverStale, kWrongSheet, or ingest's.
  tl::expected<Announcement, Problems> adopt_place(ByteView file, const std::vector<std::string>& sheets, UnixTime now);

  // What a sheet gets back from here: of each place that has this root now, its charters and held head. Then one whole, which is
  // read while the registry lives. kRateLimited, kUnknownPlace.
  Result<std::vector<Handover>> recoverable(const protocol::PublicKey& root, protocol::Instant now) const;
  Result<std::unique_ptr<PlaceFile>> recoverable_place(const protocol::PublicKey& root, const PlaceId& place) const;

  // Whom people here accept, invited and joined. Its changes: from the writer.
  AddressBook address_book() const;
  // All that is kept of these places is out of service, and marked for `purge`. Those of ours stay. Writer.
  Result<void> forget(const std::vector<PlaceId>& places, std::span<const std::pair<PlaceId, PlaceId>> vouched = {});
  // What profiles say to daemons: of all places that say something, and of those where it changed since this was asked (the writer's).
  Result<std::vector<Whereabouts>> whereabouts() const;
  std::vector<Whereabouts> take_whereabouts();

  // ---- contributions (GIT.md "Contributions")
  // Where a pushed pack is put as it comes. kDiskFull.
  Result<std::unique_ptr<Inbox::Arrival>> begin_push();
  // Everything that is wrong with it, in any thread; then, in the writer's turn: it waits in the inbox, durable on return. The same
  // commit pushed again is the same contribution. A maintainer's certified push is published, unless it changes what only an
  // operator may.
  tl::expected<JudgedPush, Problems> judge_push(Inbox::Arrival& arrival, const Push& push, UnixTime now) const;
  tl::expected<PushOutcome, Problems> take_push(Inbox::Arrival& arrival, const Push& push, const JudgedPush& judged, UnixTime now);
  // The place that a push to this repository is for. kNotFound, kUnknownPlace; kPushWhole; kPushElsewhere with the command to use,
  // kPushElsewhereUnknown: of a place that is not published from here.
  Result<PlaceId> place_for_push(std::string_view repository) const;
  // Who certified the push, and whether that goes straight in; a certificate of another kind than ours is as good as none. kPushNonce, kBadSignature.
  Result<void> certify(Push& push, const PushCertificate& certificate, PushNonces& nonces, UnixTime now) const;
  // What stock git reads before it pushes, and of an answer. kNoContribution.
  Result<Bytes> advertise_push(std::string_view repository, const PushNonces& nonces, UnixTime now) const;
  Result<Bytes> advertise_answer(std::string_view repository, const ContributionId& id) const;
  Result<std::unique_ptr<Fetch>> fetch_answer(std::string_view repository, const ContributionId& id, ByteView body) const;
  ContributionList contributions(bool answered_too = true) const;
  // Two at most.
  std::vector<ContributionId> contributions_starting_with(std::string_view digits) const;
  Result<Contribution> contribution(const ContributionId& id) const;
  // {"contribution", "files": [{"path", "change", and "fields" [{pointer, label, before, after}] of a record,
  // "before" and "after" of a text, or "bytes"}]}, beside what the place publishes now. kNoContribution, kAnswered.
  tl::expected<boost::json::object, Problems> show_contribution(const ContributionId& id, protocol::Language language) const;
  // Its files as they would become, whole; nothing of one that would go. kNoContribution, kAnswered.
  tl::expected<FileChanges, Problems> contribution_files(const ContributionId& id) const;
  // Publishes it as one commit that names its author, or (`keep`) with the author's own commits.
  tl::expected<Announcement, Problems> approve(const ContributionId& id, UnixTime now);
  // State asked (it goes on waiting) or refused. kEmptyAnswer, kNoContribution, kAnswered.
  Result<void> answer(const ContributionId& id, ContributionState state, const std::string& text, UnixTime now);
  // Contributions that waited too long, and old answers, go; those for places that moved are answered (answer_for_moved).
  Result<void> expire_contributions(UnixTime now);
  // What waits for a place that another daemon publishes since is refused, with the sentence that a push to a copy gets. Writer.
  Result<void> answer_for_moved(UnixTime now);
  // {"id", "place", "placeName", "name", "received", "state", "files", "withdrawn" …}: what lists and screens show of it.
  boost::json::object summary(const Contribution& contribution) const;

  // ---- importing
  // Profiles that say where they come from (`source.name`, `source.id`): each changes the place of ours that came from
  // there before, or makes one. Grouped as in publish_all; so many outcomes as profiles. A profile that is not any more as
  // the last import wrote it was corrected by its people, and stays. One without `source.retrieved` gets the day when it
  // last changed: only a place's own word has none (cards.h).
  std::vector<Imported> import_profiles(const std::vector<Bytes>& profiles, const ImportRule& rule, UnixTime now);
  // The places that we publish from the source of that name, by what they say and by what the imports before knew them by:
  // none that was withdrawn, or that moved away. Cost: a look at every row of every list.
  Result<ImportedList> imported_list(std::string_view source) const;
  // All lists that profiles of ours name, with their places: of a source that nothing is known of, perhaps another name.
  // Cost: reads every profile of ours.
  Result<std::vector<ImportedList>> imported_lists() const;

  // ---- questions
  Result<Page> query(const Query& query) const;  // with `beyond`
  // One place's item with its head: commit, state, epoch, sequence, time, forked; by id or slug. kNotFound, kAmbiguousName.
  Result<boost::json::object> place(std::string_view id_or_slug) const;
  // The place of ours that `id_or_slug` names, by its last name when its profile is withdrawn; the daemon's own when empty.
  // kNotOurs, kNotFound, kAmbiguousName.
  Result<PlaceId> own_place(std::string_view id_or_slug) const;
  // Known places that a person may mean by a word: with that short name, or whose ids begin with these digits, eight at least. At
  // most kCalledMax.
  Result<std::vector<PlaceId>> places_called(std::string_view word) const;
  // Where the latest head of a known place says it is.
  protocol::TerritoryCell cell_of(const PlaceId& place) const;
  Index::PlaceName name_of(const PlaceId& place) const;
  // The same; of a place of ours whose profile is withdrawn, the last that it had. Worker.
  Index::PlaceName known_name(const PlaceId& place) const;
  // A file as published. kNotFound.
  Result<Bytes> file(const PlaceId& place, std::string_view path) const;
  // Changes with every commit: what an ETag is made of.
  std::uint64_t revision() const;
  // How many of a kind are indexed.
  std::size_t count(What what) const;
  std::size_t count_lately(What what) const;  // for a scrape: Index
  // {"revision", "known": places, "held": those of them whose content is here, "counts": {places …}, "sheetConfirmed", "packs",
  // "hosted": how many, "movedAway": how many more,
  // "contributions": that wait, "own": [{id, slug, name, head, endpoints, problems, receipts, "movedAway", "forked" and "keptBack" when true, "question":
  // {code, theirs}}], "commons": {commit, tree}, once it was asked for}: what `status` shows;
  // "own" is the daemon's place, then hosted ones, 20 at most in all and each that asks something.
  boost::json::object status() const;

  // ---- stock git (GIT.md)
  // The refs of a place, by id or slug, or of everything (kWholeRepository), as `git-upload-pack` tells them. kNotFound, kUnknownPlace.
  Result<Bytes> advertise(std::string_view repository, UnixTime now) const;
  // The answer to one request of a fetch, read piece by piece; the registry outlives it. kNotFound, kUnknownPlace, and what
  // is wrong with the request. A commit that may not be wanted, whatever it is, gets one and the same answer.
  Result<std::unique_ptr<Fetch>> fetch(std::string_view repository, ByteView request, UnixTime now) const;

  // ---- maintenance
  Result<std::vector<Finding>> verify() const;
  Result<std::uint64_t> reindex();  // records
  Result<std::uint64_t> write_refs() const;
  Result<void> tend();  // between jobs: merges small packs, purges what an erasure left in the commons

  struct Parts;

 private:
  explicit Registry(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace maillage::registry
