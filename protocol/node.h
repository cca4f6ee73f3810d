// Node: the whole sync brain of a daemon as a sans-I/O state machine. PROTOCOL.md §7 and §8.
//
// `on(input, now)` takes one thing that happened and gives what to do about it. The daemon's shell carries the actions
// out over WebSockets, disk and clocks; a simulator carries them out in virtual time. Nothing that decides anything
// lives outside. Invariants:
//   - a head is relayed and sketched only once a write of it was confirmed (`Persisted`, `Ingested`, `Published`);
//   - what a session owes is bounded (Outbox), a slow or lying peer costs its own session only;
//   - of one place no more is written and relayed than its pace allows (Arrivals), and its greatest head in the end;
//   - no place is in the table that is not admitted (Admission), and who waits is bounded (WaitingRoom);
//   - every refusal ends in a BYE that names its code, or in a `Report`.
// The node routes; what is kept is in PlaceTable, reconciliation in reconcile.h, content in node_content.cpp. Node thread.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <unordered_set>

#include "protocol/admission.h"
#include "protocol/arrivals.h"
#include "protocol/chain_rule.h"
#include "protocol/reconcile.h"
#include "protocol/waiting_room.h"

namespace maillage::protocol {

// Whose content is kept here. Nothing is let go before the first such input: at a start, whom we dial is not here yet.
struct Follow {
  Scope scope;
  std::set<PlaceId> always = {};  // whatever the scope is: places that are published from here, or were
};

struct NodeSettings {
  Identity identity;                  // the daemon's own place and its key
  std::string agent = "maillage";
  // Whether a peer that dialled us may introduce places (its own among them); a peer that a person here accepted
  // always may.
  bool open_admission = true;
  std::uint64_t introductions_per_day = 10'000;       // a peer that dialled us
  std::uint64_t introductions_per_day_accepted = 1'000'000;
  // All peers that dialled us, together. Rationale: identities are free, so a quota for each of them bounds nothing.
  std::uint64_t introductions_per_day_open = 100'000;
  std::size_t sessions_max = kSessionsMax;            // the last kSessionsKeptForDialled are for those that we dial
  Follow follow = {};
  AreasOf areas_of = nullptr;                         // the registry's table
};

// ---- what happens

struct SessionOpened {
  SessionId session;
  Role role;
  bool accepted;  // a person here named this peer
};
struct SessionClosed { SessionId session; };
struct FrameReceived {
  SessionId session;
  ByteView frame;
};
struct FrameSent {  // the transport took it
  SessionId session;
  std::size_t bytes;
};
// Own heads, their content durable already. `pack` is the thin pack on `base`, null when it is too large to push.
struct Published {
  struct Place {
    Candidate head;
    ObjectId base;
    SharedBytes pack;
  };
  std::vector<Place> places;
};
struct Persisted {
  JobId job;
  bool done;
};
struct PackAppended {
  JobId job;
  std::size_t bytes;
};
struct Ingested {
  JobId job;
  struct Outcome {
    PlaceId place;
    std::optional<Error> refused;
    bool purging = false;  // what the place erased is still on the disk: `Purged` follows, and the receipt only then
  };
  std::vector<Outcome> places;
};
// What these places erased has left the disk, durably.
struct Purged { std::vector<PlaceId> places; };
struct PackOpened {  // the first of `places`, as they will be packed; a base the store cannot use has become zero
  JobId job;
  std::vector<PackedPlace> places;
};
struct PackChunk {
  JobId job;
  Bytes bytes;
  bool last;
  bool failed;
};
// Of a place of ours: bring the content of what is seen beside what is held (OwnCompare in own_head.h), or leave it.
struct WantAside {
  PlaceId place;
  bool wanted;
};
// What the signed profiles of places name as their neighbours, as long as their content is held: of each all of it, or nothing any more.
struct Neighbours {
  struct Profile {
    PlaceId place;
    std::vector<PlaceId> named;
  };
  std::vector<Profile> profiles;
};
// Where others reach the daemon of this session, by its signed profile.
struct Reached {
  SessionId session;
  std::string address;
};
// The content of these places left the disk, durably. Not done: all is as before.
struct Released {
  JobId job;
  bool done;
  std::vector<PlaceId> places;  // of the action, those of which nothing is held now
};
struct Tick {};

using Input = std::variant<SessionOpened, SessionClosed, FrameReceived, FrameSent, Published, Persisted, PackAppended,
                           Ingested, Purged, PackOpened, PackChunk, WantAside, Partners, Neighbours, Follow, Reached,
                           Released, Tick>;

// ---- what to do

struct Send {
  SessionId session;
  SharedBytes frame;
};
struct Close {  // after what was sent before has left; a BYE went out when we refused something
  SessionId session;
};
struct Persist {  // one synced batch; answer Persisted
  JobId job;
  std::vector<Candidate> heads;
  std::vector<Fork> forks;
};
struct AppendPack {  // to the quarantine of that job; answer PackAppended
  JobId job;
  Bytes bytes;
};
struct IngestPack {  // check and commit what was appended; answer Ingested
  struct Place {
    Candidate head;
    ObjectId base;
    bool aside = false;  // a place of ours: seen and kept, but `held` stays as it is
  };
  JobId job;
  std::vector<Place> places;
};
struct DropPack { JobId job; };  // forget the quarantine of that job
struct OpenPack {  // build a pack; answer PackOpened
  JobId job;
  std::vector<PackedPlace> places;
};
struct ReadPack {  // its next chunk; answer PackChunk
  JobId job;
  std::size_t bytes_max;
};
struct ClosePack { JobId job; };
struct AcceptPlace {  // whoever was invited came: a partner from now on; one synced write, answer Persisted
  JobId job;
  PlaceId place;
  InvitationId invitation;
};
struct Release {  // let go of the content of these places, which nobody here follows; answer Released
  JobId job;
  std::vector<PlaceId> places;
};
struct KeepReceipt {  // the items concern places of ours; one synced write for all
  PlaceId replica;
  UnixTime time;
  std::vector<Receipt::Item> items;
};

struct Forget {  // these are not admitted any more: all that is kept of them, content too
  std::vector<PlaceId> places;
  std::vector<std::pair<PlaceId, PlaceId>> vouched = {};  // those that stay, with who introduces each from now on
};

// What people are told: logs, metrics, status.
enum class Event {
  kPeerOpen,         // authenticated
  kPeerClosed,
  kRefused,          // we ended the session, or refused a part of what came; `error` says why
  kByeReceived,      // the peer ended it; `error` is its reason
  kReconciled,       // `count` places differed
  kSeen,             // a new head
  kHeld,             // its content is here
  kForked,           // evidence of a fork
  kOwnHeadElsewhere, // a head of our own place that we did not sign, greater than ours; `head`
  kOwnHeadBehind,    // an older head of our own place, in the epoch that we sign in: ours, or not; `head`
  kHeldAside,        // the content of `head` is here, beside what is held
  kNotAdmitted,      // a place over the introducer's quota, or that nobody may let in: it waits, or is passed over
  kLetIn,            // one that waited
  kTwoCharters,      // another chain of this place's charters, signed by its roots: `charters`
  kOwnMoved,         // a place of ours has a charter that names another daemon's key: we sign for it no more
  kNotInvited,       // an invitation that the peer showed does not hold; `error`
  kWelcomed,         // the peer's answer to ours: `error`, or partners from now on
  kReleased,         // the content of `count` places left, as nobody here follows them
  kScopeTold,        // the peer keeps something else from now on
  kHolderNamed,      // `place` is a daemon that holds content we lack, says the peer; its address in `error`'s context, perhaps empty
};
struct Report {
  Event event;
  SessionId session = 0;
  PlaceId place;  // the peer's, or the place concerned
  std::uint64_t count = 0;
  std::optional<Error> error;
  std::optional<SignedHead> head = std::nullopt;
  std::optional<CharterFork> charters = std::nullopt;
};

using Action = std::variant<Send, Close, Persist, AppendPack, IngestPack, DropPack, OpenPack, ReadPack, ClosePack,
                            AcceptPlace, Release, KeepReceipt, Forget, Report>;

// Receipts whose passing on is remembered, so that none goes in circles.
inline constexpr std::size_t kForwardedKept = 1024;
// TWO_CHARTERS behind heads that are being written.
inline constexpr std::size_t kTwoChartersWaitingMax = 1'024;
// Frames of others' receipts that wait for a session; of more, the oldest go.
inline constexpr std::size_t kReceiptsWaitingBytesMax = 1024 * 1024;

// Places whose content goes in one write.
inline constexpr std::size_t kReleasePlacesMax = 1'024;
// Between two writes that let go of places which moved away. Rationale: each rewrites files; whoever moves in and out at every
// head is fetched and let go once a minute.
inline constexpr std::chrono::minutes kReleaseGap{1};
// Sessions that are looked at to answer who holds what.
inline constexpr std::size_t kHolderSessionsMax = 64;

// Peers whose quota is kept: those that introduced something lately. More get none.
inline constexpr std::size_t kIntroducersMax = 16'384;

class Node {
 public:
  Node(NodeSettings settings, Random& random);

  // A place from disk, before the first input.
  void restore(PlaceState state);

  std::vector<Action> on(const Input& input, Now now);

  // The daemon key that the latest charters name: given before the heads that it signed (Published).
  void set_key(const KeyPair& key) { settings_.identity.key = key; }
  // For places introduced from now on.
  void set_open_admission(bool open) { settings_.open_admission = open; }

  // Before the first frame of a session that we dial: who answers there, as an invitation says or a profile. Whoever else does is
  // refused, with kWrongPlace.
  void expect(SessionId session, const PlaceId& place);
  // As well: no person here named that address.
  void found_by_itself(SessionId session);

  // When `Tick` is due at the latest.
  Instant deadline() const;

  const PlaceTable& places() const { return table_; }
  const WaitingRoom& waiting() const { return waiting_; }
  // Whether one reconciliation since the start is complete: what a peer knew of our own places, we were told.
  bool caught_up() const { return caught_up_; }
  // Whether the content of a known place is kept here.
  bool follows(const PlaceState& state) const;
  const Scope& scope() const { return settings_.follow.scope; }
  // Authenticated sessions: id, peer, role, whether the first reconciliation is complete.
  struct PeerView {
    SessionId session;
    PlaceId place;
    std::string agent;
    Role role;
    bool reconciled;
    UnixTime since;
    std::int64_t clock_offset_ms;  // peer's clock minus ours at HELLO
    Scope scope;                   // what it keeps
  };
  std::vector<PeerView> peers() const;
  std::size_t open_sessions() const { return open_sessions_; }
  std::size_t sessions() const { return sessions_.size(); }

  // Aborts when an invariant of the class comment does not hold; for tests.
  void sanity_check() const;

 private:
  using Session = NodeSession;
  struct Job {  // a pack on its way into the store
    std::vector<IngestPack::Place> places;
    SessionId session = 0;
    PlaceId peer;            // whose session it is, or was
    bool live = false;       // pushed with its head
    SharedBytes pushed;      // the frame it came in, to relay; null when it is too large for that
    bool alone = false;      // one place only: a refusal is that place's
    std::size_t bytes = 0, appended = 0;
  };

  struct WaitingReceipt {
    SharedBytes frame;
    PlaceId replica;
    std::vector<PlaceId> places;  // of its own, those that it has not been handed on for
  };

  void handle(const SessionOpened&);
  void handle(const SessionClosed&);
  void handle(const FrameReceived&);
  void handle(const FrameSent&);
  void handle(const Published&);
  void handle(const Persisted&);
  void handle(const PackAppended&);
  void handle(const Ingested&);
  void handle(const Purged&);
  void handle(const PackOpened&);
  void handle(const PackChunk&);
  void handle(const WantAside&);
  void handle(const Partners&);
  void handle(const Follow&);
  void handle(const Reached&);
  void handle(const Released&);
  void handle(const Neighbours&);
  void handle(const Tick&);

  Result<void> on_frame(Session&, const Hello&, ByteView frame);
  Result<void> on_frame(Session&, const Auth&, ByteView frame);
  Result<void> on_frame(Session&, const Sketch&, ByteView frame);
  Result<void> on_frame(Session&, const Heads&, ByteView frame);
  Result<void> on_frame(Session&, const Want&, ByteView frame);
  Result<void> on_frame(Session&, const Pack&, ByteView frame);
  Result<void> on_frame(Session&, const Credit&, ByteView frame);
  Result<void> on_frame(Session&, const Evidence&, ByteView frame);
  Result<void> on_frame(Session&, const Receipt&, ByteView frame);
  Result<void> on_frame(Session&, const Bye&, ByteView frame);
  Result<void> on_frame(Session&, const Invited&, ByteView frame);
  Result<void> on_frame(Session&, const Welcome&, ByteView frame);
  Result<void> on_frame(Session&, const TwoCharters&, ByteView frame);
  Result<void> on_frame(Session&, const Unknown&, ByteView frame);
  Result<void> on_frame(Session&, const ScopeNow&, ByteView frame);
  Result<void> on_frame(Session&, const Where&, ByteView frame);
  Result<void> on_frame(Session&, const Holders&, ByteView frame);
  Result<void> on_frame(Session&, const Charters&, ByteView frame);

  // Partners (node_partners.cpp)
  void show_invitation(Session& session);
  void welcome(Session& session);
  void answer_invitation(Session& session, std::string_view code);
  Result<void> check_invitation(const Session& session) const;
  void accepted(const AcceptPlace& what, bool written);

  // Admission (node_admission.cpp)
  struct Introduction {
    PlaceId by;
    bool counts;  // towards the quota of who serves it
  };
  std::optional<Introduction> introduction_of(const PlaceId& place, const PlaceId& peer, bool peer_accepted);
  bool has_quota(const PlaceId& peer, bool peer_accepted);
  void charge_quota(const PlaceId& peer, bool peer_accepted);
  static TokenBucket daily_bucket(std::uint64_t places);
  TokenBucket* quota_of(const PlaceId& peer, bool peer_accepted);
  Result<void> keep_waiting(Session& session, const SignedHead& head, std::span<const SignedCharter> charters);
  void note_refused(Session& session, const Head& head, bool forked);
  void look_who_may_enter();
  void let_in(const PlaceId& place, const Introduction& introduction);
  void hide(const Admitted& now);
  void forget(const PlaceId& place);
  void ask_again();

  // Charters that are asked for, and two with one parent (node_charters.cpp)
  Result<void> lack_charters(Session& session, const PlaceId& place);
  void ask_for_charters(Session& session);
  void note_two_charters(Session& session, const PlaceState& known, std::span<const SignedCharter> charters);
  static void owe_two_charters(Session& session, const PlaceId& place);
  void take_waiting_charters();

  // Sessions (node_sessions.cpp)
  Session* find(SessionId id);
  bool has_room(Role role) const;
  void open(Session& session, CharterChain chain, const SignedHead& head);
  void tell_successor(Session& session, const PlaceState& known);
  bool settle_duplicates(Session& session);
  void refuse(Session& session, const Error& error);   // says so here, too
  void dismiss(Session& session, const Error& error);  // a BYE, and its end
  void drop(Session& session);
  void pump(Session& session);
  void pump_all();
  void tend(Session& session);
  bool request_is_late(Session& session);
  bool is_offered_elsewhere(const Session& asked) const;
  void shun(const PlaceId& peer);
  void send(Session& session, SharedBytes frame);
  void control(Session& session, Bytes frame) { control(session, std::make_shared<const Bytes>(std::move(frame))); }
  void control(Session& session, SharedBytes frame);
  // How heads are told: each with its charters; without those that a peer asks for where it lacks them; or as they come up.
  enum class Telling { kWhole, kBare, kLive };
  std::size_t send_heads(Session& session, std::span<const PlaceId> places, Telling telling);
  bool pump_cells(Session& session);
  bool pump_replay(Session& session);
  HeadBundle own_bundle() const;
  static std::size_t charter_bytes(const CharterChain& chain);

  // Heads (node_heads.cpp)
  Result<void> take_head(Session& session, const SignedHead& head, std::span<const SignedCharter> charters);
  void look_behind(Session& session, const SignedHead& head);
  const Candidate* pending(const PlaceId& place) const;
  const CharterChain* pending_chain(const PlaceId& place) const;
  Result<bool> waits_already(Session& session, const SignedHead& head);
  Result<void> charge_signatures(Session& session, std::span<const SignedCharter> charters, std::size_t heads);
  void arrive(Candidate candidate, SessionId from);
  void note_fork(const Fork& fork);
  void persist_arrivals();
  void offer_to(const Arrival& arrival);
  void adopt(const Candidate& candidate, std::span<const SessionId> from, const SharedBytes& pushed);
  void adopt(const Fork& fork);
  static Evidence evidence_of(const PlaceState& state);
  bool still_proves(const Fork& fork) const;
  bool hold(const SignedHead& head);
  void flood(const PlaceId& place, std::span<const SessionId> except, const SharedBytes& pushed,
             Outbox::Urgency urgency, bool with_charters);
  Result<void> useless(Session& session, std::string_view what, std::uint64_t cost = 1);
  void resketch(const PlaceId& place, const std::optional<Hash>& before);

  // Reconciliation (node_reconcile.cpp)
  void begin_reconcile(Session& session);
  Result<void> advance_reconcile(Session& session, const SketchCells& cells);
  void finish_reconcile(Session& session);
  Result<void> serve_sketch(Session& session, const Sketch& part);
  std::vector<SketchSymbol> own_symbols(const Session& session, const SketchKey& key) const;
  std::size_t own_count(const Session& session) const;
  bool told_in_vain(const Session& session, const PlaceId& place, const Hash& element) const;
  void note_told(Session& session);
  Result<void> answer_symbols(Session& session, const SketchDone& done);
  void replay_symbols(Session& session, const SketchKey& key, const std::vector<SketchSymbol>& symbols);
  void replay_all(Session& session);
  void settle_reconciled(Session& session);
  void renew_sketch_key();

  // Content (node_content.cpp)
  void offer(Session& session, const PlaceId& place);
  void request_content(Session& session);
  Result<void> take_pushed_pack(Session& session, const Pack& pack, ByteView frame);
  Result<void> take_pack_part(Session& session, const Pack& pack);
  Result<void> start_pack(Session& session, const Pack& pack);
  void abandon_request(Session& session);
  void free_content(const PlaceId& place);
  void settle(const Job& job, const Ingested::Outcome& outcome);
  void start_stream(Session& session);
  void stop_serving(const PlaceId& place, std::optional<std::uint64_t> but_epoch);
  void cut(Session& session, Session::Stream& stream);
  bool pump_stream(Session& session);
  std::optional<Bytes> next_part(Session& session, Bytes& read);
  void on_part_taken(Session& session);
  Session::Stream* find_stream(JobId job, Session*& session);
  bool wants_content(const PlaceState& state) const;

  // Receipts (node_receipts.cpp)
  static Hash kept_of(const PlaceState& state);
  void owe_receipt(Session& session, const Receipt::Item& item);
  void offer_owed_receipts();
  void send_receipts();
  std::vector<SharedBytes> signed_receipts(std::span<const Receipt::Item> items) const;
  void forward(const Receipt& receipt, Session& from, ByteView bytes);
  Session* open_session_of(const PlaceState& place);
  void follow_key(const PlaceId& place, const PublicKey& before, const PublicKey& now);
  bool hand_on(Session& next, const SharedBytes& frame);
  void hand_on_waiting(Session& session);

  // Scope (node_scope.cpp)
  bool may_hold(const Session& session, const PlaceState& state) const;
  void know_own(const PlaceId& place);
  void look_whether_lacking(const PlaceId& place);
  const std::unordered_set<PlaceId>& lacking();
  void tell_scope(Session& session);
  void follow_again();
  void offer_all(Session& session);
  void look_whether_followed(const PlaceId& place);
  void release_fallen();
  void ask_where(Session& session);
  std::vector<const Session*> holder_sessions() const;
  void tell_holders(Session& session, std::span<const PlaceId> places, bool ourselves);

  void report(Report what) { actions_.push_back(std::move(what)); }

  NodeSettings settings_;
  Partners partners_;
  Neighbourhood neighbourhood_;
  WaitingRoom waiting_;
  std::map<JobId, AcceptPlace> accepting_;           // being written
  Random& random_;
  Now now_{};
  std::vector<Action> actions_;
  PlaceTable table_;
  SketchHost sketch_;
  std::map<SessionId, std::unique_ptr<Session>> sessions_;
  std::map<PublicKey, SessionId> at_key_;            // the open session with the daemon of that key
  std::map<PlaceId, TokenBucket> introductions_;     // of each peer; forgotten when full again
  TokenBucket open_introductions_;
  Arrivals arrivals_;
  std::vector<Fork> new_forks_;
  std::optional<JobId> persisting_;
  std::vector<Arrival> persisting_heads_;
  std::vector<Fork> persisting_forks_;
  std::map<JobId, Job> ingesting_;
  std::set<PlaceId> in_flight_;                      // asked for, or being ingested
  std::map<JobId, SessionId> streams_;
  std::unordered_map<PlaceId, PlaceId> source_;      // the peer that a held head's content came from
  std::map<PlaceId, SessionId> unpurged_;            // places whose receipt waits for a purge, and whose it is
  std::set<PlaceId> owed_;                           // purged or let go, and nobody was there to take the receipt
  std::deque<Hash> forwarded_;                       // receipts passed on lately
  std::deque<WaitingReceipt> receipts_waiting_;      // others', while nobody is here who leads to whom they are for
  std::size_t receipts_waiting_bytes_ = 0;
  Instant next_owed_{};
  std::map<PlaceId, std::pair<SessionId, TwoCharters>> two_charters_waiting_;  // told behind heads that are still being written
  bool receipts_due_ = false;                        // some session has receipts to be signed
  JobId next_job_ = 1;
  Instant last_tick_{};
  Instant next_sketch_key_{};
  std::set<PlaceId> aside_;  // places of ours whose content is wanted beside what is held
  bool caught_up_ = false;
  bool pump_wanted_ = false;
  std::size_t open_sessions_ = 0;
  std::map<PlaceId, Instant> shunned_;  // until when
  std::set<std::uint64_t> own_masks_;   // bits of `addressed` that speak to a place of ours
  std::unordered_set<PlaceId> lacking_;  // places whose content is wanted, as far as it is not stale
  bool lacking_stale_ = true;
  std::set<PlaceId> fallen_;            // held, and followed by nobody here: to be let go
  bool releases_ = false;
  std::optional<Release> releasing_;
  Instant next_release_{};
  bool content_freed_ = false;  // something may be asked from somebody else now
};

}  // namespace maillage::protocol
