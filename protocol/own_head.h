// OwnHead: what a daemon does about the heads of one place of its own: when it tells the world what it signed, and what
// becomes of a head that this disk did not sign: a restored copy's, a second copy's, or a thief's. PROTOCOL.md §8 "Own heads".
//
// `next(now)` answers "what should we do next?" from all that happened; it changes nothing. Whoever drives it carries the
// step out and says so: with a ledger, durable in the batch that moves the marks (`commit`), or with `compared`. Invariants:
//   - a head signed before anybody was heard is told to nobody, so that it can still move: no copy equivocates for want of asking;
//   - nothing of ours is replaced or left out on the word of a head that does not descend from it, unless a person said so;
//   - at most one heal a day without a person; the second time, and when history is broken, nothing is signed until one answers.
// Pure; node thread. One for each place that this daemon signs for; dropped when a charter names another daemon.
#pragma once

#include <deque>
#include <set>
#include <variant>

#include "protocol/place_table.h"

namespace maillage::protocol {

// Between two heals that nobody asked for. Rationale: two daemons with one identity would outbid each other for ever.
inline constexpr std::chrono::hours kHealGap{24};
// How long the content of somebody's head is looked for before we go on without it: a thief can sign what nobody has.
inline constexpr std::chrono::minutes kCompareWait{10};
// How long the winner of a fork leaves it to the loser, who can see both sides, to heal it.
inline constexpr std::chrono::minutes kForkPatience{1};
// Hashes of what we signed lately, to know our own heads when they come back late: 32 B each.
inline constexpr std::size_t kSignedKept = 4'096;

// How the history of a head lies beside ours; the store says, once its content is there (registry/kinship.h).
enum class Kinship {
  kSame,    // the same commit
  kBehind,  // ours descends from it
  kAhead,   // it descends from ours
  kBeside,  // both descend from one beginning, neither from the other
  kBroken,  // another beginning: something was erased there, or put back
};

// Why a person has to say which one counts.
enum class OwnDoubt {
  kTwoDaemons,     // a second fork within a day: two daemons use this identity, or a thief does
  kHistoryBroken,  // somebody erased with our key, or may have: a copy of ours that was ahead of this one, or a thief
  kExhausted,      // the epoch is at its greatest, which nobody honest reaches: only a new charter goes on
};

struct OwnQuestion {
  OwnDoubt doubt;
  SignedHead theirs;
  bool operator==(const OwnQuestion&) const = default;
};

// What is kept on disk of a place of ours beside its marks. `mine` is its `held` mark. While `told` is set, `seen` stays what
// others know (else it would hide what they tell meanwhile), and the node is restored with `told` as what is held.
struct OwnLedger {
  std::optional<SignedHead> mine;       // what publications build on; nothing: the disk died
  std::optional<SignedHead> told;       // while nobody was told `mine`: the last head that anybody was told
  std::optional<UnixTime> healed;       // when we last healed without a person
  std::optional<OwnQuestion> question;  // nothing is signed until it is answered
};

struct OwnCounters {
  std::uint16_t charter = 0;
  std::uint64_t epoch = 0, sequence = 0;
  bool operator==(const OwnCounters&) const = default;
};

// ---- steps

// Nothing: wait for what happens, or for `deadline()`.
struct OwnRest {};
// Bring the content of this head into the store beside ours, not over it (Node: WantAside), and say how it is related.
struct OwnCompare { SignedHead theirs; };
// Hold this head, whose content is here: it descends from ours, or a person said so.
struct OwnTakeOver { SignedHead theirs; };
// What we changed since the two parted, again, as one commit on top of theirs; sign it with these counters and tell it.
struct OwnReapply {
  SignedHead theirs;
  OwnCounters counters;
  bool heals = false;  // counts for the day
};
// Sign the content that we hold with these counters, as a commit on top of ours, and tell it.
struct OwnRaise {
  OwnCounters counters;
  bool heals = false;
};
// What was signed before we had caught up may be told now, as it is.
struct OwnTell {};
// Keep the question, then show it.
struct OwnAsk { OwnQuestion question; };

using OwnStep = std::variant<OwnRest, OwnCompare, OwnTakeOver, OwnReapply, OwnRaise, OwnTell, OwnAsk>;

class OwnHead {
 public:
  explicit OwnHead(OwnLedger ledger) : ledger_(std::move(ledger)) {}

  // ---- what happened

  // One reconciliation since the start is complete (Node::caught_up).
  void caught_up() { caught_up_ = true; }
  // A valid head of this place that a peer told, whatever it is beside ours: our own echo, too.
  void heard(const SignedHead& head, const PlaceId& peer, Instant now);
  // Evidence about this place.
  void forked(const Fork& fork, Instant now);
  // The answer to OwnCompare.
  void compared(const SignedHead& theirs, Kinship kinship);
  // A person's answer to the question.
  enum class Answer { kTakeTheirs, kKeepOurs };
  void answered(Answer answer);
  // A person says that one peer's word is enough to begin with (`--accept-alone`).
  void accept_alone() { accept_alone_ = true; }

  // ---- what to do

  OwnStep next(Now now) const;
  // When `next` may say something else although nothing happened.
  Instant deadline() const;

  // The counters of the next publication. kIdentitySettling while something above is being settled, kIdentityInQuestion until
  // a question is answered, kIdentityElsewhere when the sequence is at its greatest, kNotFound without a head to build on.
  Result<OwnCounters> may_sign() const;
  // Whether a publication may be told to the node (Published) as soon as it is durable; else OwnTell comes.
  bool may_tell() const { return caught_up_ && !ledger_.told && !other_; }

  // Whether nothing but `mine` is to be remembered: made anew from the disk it would decide the same.
  bool idle() const { return !other_ && !answer_ && !fork_since_ && !ledger_.told && !ledger_.question && signed_.size() <= 1; }

  // ---- the ledger

  const OwnLedger& ledger() const { return ledger_; }
  // What to write with a publication, and with what a step made: the head signed or taken over. Asked once, and `commit` gets
  // what was written: what is heard in between comes after it. A publication is told (Published) if its ledger has no `told`.
  OwnLedger after_publication(const SignedHead& head) const;
  OwnLedger after(const OwnStep& step, const SignedHead& made, UnixTime now) const;
  // It is durable.
  void commit(OwnLedger ledger);

 private:
  const SignedHead* floor() const;
  OwnStep settle(Now now) const;
  OwnStep settle_fork(Now now) const;
  OwnStep heal(const SignedHead& theirs, bool reapply, Now now) const;
  OwnCounters counters_on(const SignedHead& theirs) const;
  OwnCounters healing_counters(const SignedHead& theirs) const;
  bool signed_here(const Head& head) const;
  void note_fork(Instant now);

  OwnLedger ledger_;
  bool caught_up_ = false, accept_alone_ = false;
  std::optional<SignedHead> other_;  // the greatest head that we did not sign and that is not settled
  Instant other_since_{};
  std::optional<Kinship> kinship_;   // of other_
  std::set<PlaceId> agreed_;         // peers that told other_; looked at while we hold nothing
  std::optional<Answer> answer_;
  std::optional<Instant> fork_since_;               // evidence in the reign of `mine`
  std::deque<std::pair<std::uint64_t, Hash>> signed_;  // sequence and hash of what we signed in that reign since the start
};

}  // namespace maillage::protocol
