// NodeSession: what the node keeps of one live connection, and nothing that outlives it. Node thread.
#pragma once

#include <list>
#include <set>

#include "protocol/outbox.h"
#include "protocol/rate_limit.h"
#include "protocol/reconcile.h"
#include "protocol/session.h"

namespace maillage::protocol {

using SessionId = std::uint64_t;
using JobId = std::uint64_t;

// Bytes handed to the transport and not yet taken: enough to keep a line busy, little enough that a new head never
// waits long behind bulk.
inline constexpr std::size_t kSendWindowBytes = 256 * kKiB;
// A part of a pack is handed to the transport when the one before is gone, and is as large as the line takes in about so
// much time: kPackPartBytesLeast … kPackChunkBytes.
inline constexpr std::size_t kPackPartBytesLeast = 8 * kKiB;
inline constexpr std::chrono::milliseconds kPackPartTime{500};
// Bytes of packs under way before a CREDIT must come back.
inline constexpr std::size_t kPackWindowBytes = 1 * kMiB;
// Packs of one session that came whole and wait to be ingested, the one under way included: the next one comes while one
// is ingested. With kPackBytesMax, the disk that a liar can make us fill.
inline constexpr std::size_t kPacksWaitingMax = 2;
// WANTs of one peer that wait for their answer here.
inline constexpr std::size_t kServedRequestsMax = 4;
// Places whose content a peer asked for before we had it: it is told when it comes.
inline constexpr std::size_t kInterestsMax = 4 * kWantPlacesMax;
// Daemons that one peer may name to us as holders of what we lack, and places that one is said to hold.
inline constexpr std::size_t kNamedMax = 64;
inline constexpr std::size_t kClaimedMax = 4 * kWantPlacesMax;
// Packs pushed with live heads on their way into the store; of more, only the heads are taken.
inline constexpr std::size_t kPushedPacksMax = 256;
// Heads that tell us nothing new, and frames that ask for little: a burst, then so many a second.
inline constexpr std::uint64_t kUselessBurst = 20'000;
inline constexpr std::uint64_t kUselessPerSecond = 200;
// What costs more than a look into a table counts as so many of them: an ASK; all heads; content that was not what its
// head signs.
inline constexpr std::uint64_t kAskCost = 100;
inline constexpr std::uint64_t kAllHeadsCost = 1'000;
inline constexpr std::uint64_t kWhereCost = 100;  // also a HOLDERS
inline constexpr std::uint64_t kScopeCost = 1'000;  // a pass over all places
inline constexpr std::uint64_t kBadContentCost = 2'000;
// Signatures that a peer makes us verify, 0.1 ms each: a whole registry at once, then a fifth of a core.
inline constexpr std::uint64_t kSignaturesBurst = 400'000;
inline constexpr std::uint64_t kSignaturesPerSecond = 2'000;
// How long a peer that sent a broken pack is not heard again.
inline constexpr std::chrono::minutes kShunTime{5};
inline constexpr std::size_t kShunnedMax = 1'024;
// Receipts of a peer that are verified; of more, none is missed: "unknown" is a state of theirs.
inline constexpr std::uint64_t kReceiptsBurst = 16'384;
inline constexpr std::uint64_t kReceiptsPerSecond = 200;
// Bytes of a peer's receipts that are handed on, each copy counted: what a newcomer says of a whole registry.
inline constexpr std::uint64_t kHandedOnBurst = 16 * 1024 * 1024;
inline constexpr std::uint64_t kHandedOnPerSecond = 64 * 1024;
// How long a peer that dialled us and reconciled has to say what it knows of our own places: its heads come after ours,
// and nothing marks their end.
inline constexpr std::chrono::seconds kAnswerGrace{10};

// Heads that count as common when reconciling with a peer that we dial, one side or the other having refused them. More are told again
// each time.
inline constexpr std::size_t kRefusedKeptMax = 16'384;
// A head that a peer left out of its set after it was told this often is told again no sooner than after that time: its disk may have
// been full, or its day's quota used up.
inline constexpr unsigned kToldInVain = 2;
inline constexpr std::chrono::hours kToldAgain{1};

// Queues are lists: a deque keeps 600 bytes when it is empty, and most sessions are idle.
struct NodeSession {
  NodeSession(SessionId session_id, Role session_role, const Hello& hello) : id(session_id), role(session_role), handshake(session_role, hello) {}

  // Heads that this node still has to send in answer to a reconciliation, by place; never more than it has places.
  struct Replay {
    std::vector<PlaceId> places;
    std::size_t next = 0;
    bool bare = false;      // to a peer that asks for charters: without those of a genesis
    bool then_end = false;  // SketchEnd follows
    bool empty() const { return next == places.size() && !then_end; }
  };

  // Our WANT under way.
  struct Request {
    std::uint32_t number = 0;
    std::map<PlaceId, ObjectId> places;
    JobId job = 0;  // 0 until the first part came
    Instant asked, progress;
    bool alone = false;
  };

  // A WANT of the peer that we answer.
  struct Stream {
    std::uint32_t request = 0;
    JobId job = 0;  // 0: nothing to pack
    std::vector<PackedPlace> places;
    bool first = true;
    std::optional<std::pair<Bytes, bool>> chunk;  // read, not yet sent; whether it is the last
    bool failed = false;
    bool cut = false;  // a place in it broke its history: no more of it may be served
  };

  SessionId id;
  Role role;
  bool accepted = false;
  std::optional<PlaceId> expected;  // who answers there, as an invitation says
  Scope scope, scope_told;         // what the peer keeps, as it said last; what we said of us
  std::string address;             // where others reach it, when its profile says so
  std::set<PlaceId> claimed;       // places that it is said to hold although its scope does not cover them
  bool where_due = false;          // it is asked who holds what nobody here keeps
  bool receipts_wait = false;      // it may lead to whom receipts that wait are for
  std::set<PlaceId> named;         // daemons that it named as holders
  std::optional<Invited> invited;  // what it says who invited it, until AUTH shows who it is
  bool answer_due = false;          // WELCOME, once the acceptance is on the disk
  bool welcomed = false;            // our invitation was answered
  Handshake handshake;
  Instant opened_at;
  UnixTime since;
  std::int64_t clock_offset_ms = 0;

  Outbox outbox;
  std::size_t in_flight_bytes = 0;
  std::optional<Error> overflow;  // the peer asks and does not read: the next pump ends the session
  TokenBucket useless{kUselessBurst, kUselessPerSecond};
  TokenBucket holder_answers{kUselessBurst / kWhereCost, kUselessPerSecond / kWhereCost};  // HOLDERS beside the answer to a WANT
  TokenBucket signatures{kSignaturesBurst, kSignaturesPerSecond};
  bool asks_for_charters = false;   // the peer, as its HELLO says
  std::uint64_t bare_told = 0;      // heads without charters: as often it may ask for them
  std::set<PlaceId> charters_lacking;  // of heads in the frame that is being read
  std::set<PlaceId> charters_due, evidence_due, two_charters_due;  // places whose next live head takes them along

  Estimate estimate;                             // dialling side: what the peer told of its set, until the first reconciliation
  std::uint64_t heads_asked = 0;                 // dialling side: as many may come without charters that we lack
  std::uint64_t asker_places = 0;                // dialled side: how many the peer has, as its ASK says
  std::optional<Reconciliation> reconciliation;  // dialling side, while it runs
  std::optional<SketchStream> sketch_stream;     // dialled side, while it streams
  std::optional<std::set<PlaceId>> heard;        // while all heads are being sent to us: whose came, of those we know
  std::set<PlaceId> to_tell;                     // dialling side: what the peer's set lacks, until its heads came
  std::map<PlaceId, Hash> refused;               // dialling side: elements of the peer's set whose places we do not let in
  struct Told {
    Hash element;
    unsigned times = 0;
    Instant last{};
  };
  std::map<PlaceId, Told> told;                  // dialling side: in the last reconciliation, and in vain before
  Instant reconcile_began{}, reconcile_progress{};
  bool reconciled = false;
  Instant reconciled_at{};  // the last time
  std::uint64_t differences = 0;
  Instant next_reconcile = Instant::max();
  Replay replay;

  std::list<PlaceId> offers;       // content the peer may have and we lack
  std::set<PlaceId> offered;
  std::map<PlaceId, Hash> refused_content;  // the latest head whose content from this peer did not hold
  std::list<PlaceId> alone;        // to be asked one by one, after a pack of many was refused
  std::optional<Request> request;
  std::uint32_t last_request = 0;
  std::size_t pack_bytes_waiting = 0;  // of what the peer sent for WANTs, not yet in the quarantine
  std::size_t packs_waiting = 0;       // that came whole and are not ingested

  std::list<Stream> serving;
  std::set<PlaceId> interests;
  std::size_t pack_credit = kPackWindowBytes;
  Instant serve_progress{};
  std::size_t part_bytes = 2 * kPackPartBytesLeast;
  std::optional<Instant> part_handed;  // to the transport, which has not taken it

  std::vector<Receipt::Item> receipts;
  TokenBucket receipts_taken{kReceiptsBurst, kReceiptsPerSecond};
  TokenBucket handed_on{kHandedOnBurst, kHandedOnPerSecond};

  bool open() const { return handshake.open(); }
};

}  // namespace maillage::protocol
