#include "protocol/own_head.h"

#include <algorithm>
#include <limits>

namespace maillage::protocol {
namespace {

constexpr std::uint64_t kCounterMax = std::numeric_limits<std::uint64_t>::max();

// Two agree when the disk died: one alone may be slow, or lie by what it leaves out.
constexpr std::size_t kPeersThatAgree = 2;

// A clock that was set back must not open a second day: what lies ahead is recent too.
bool healed_lately(const OwnLedger& ledger, UnixTime now) {
  return ledger.healed && now.ms - ledger.healed->ms < std::chrono::milliseconds(kHealGap).count();
}

}  // namespace

// Up to here the heads of this place are known to be ours, or settled.
const SignedHead* OwnHead::floor() const {
  if (ledger_.told) return &*ledger_.told;
  return ledger_.mine ? &*ledger_.mine : nullptr;
}

bool OwnHead::signed_here(const Head& head) const {
  Hash hash = hash_of(head);
  return std::ranges::any_of(signed_, [&](const auto& entry) { return entry.second == hash; });
}

void OwnHead::note_fork(Instant now) {
  if (!fork_since_) fork_since_ = now;
}

void OwnHead::heard(const SignedHead& head, const PlaceId& peer, Instant now) {
  const SignedHead* known = floor();
  if (known != nullptr && order(head.head, known->head) <= 0) {
    // Late echoes of ours. But where we signed, nobody else may have.
    bool ours_to_sign = !ledger_.told && reign(head.head) == reign(known->head) && !signed_.empty() &&
                        head.head.sequence >= signed_.front().first;
    if (ours_to_sign && !(head.head == known->head) && !signed_here(head.head)) note_fork(now);
    return;
  }
  if (other_ && other_->head == head.head) agreed_.insert(peer);
  if (other_ && order(head.head, other_->head) <= 0) return;
  if (!other_) other_since_ = now;  // not renewed by greater ones: a thief must not keep us waiting for ever
  other_ = head;
  kinship_.reset();
  agreed_ = {peer};
}

void OwnHead::forked(const Fork& fork, Instant now) {
  if (ledger_.mine && reign(fork.first.head) == reign(ledger_.mine->head)) note_fork(now);
}

void OwnHead::compared(const SignedHead& theirs, Kinship kinship) {
  if (other_ && other_->head == theirs.head) kinship_ = kinship;
}

void OwnHead::answered(Answer answer) {
  if (!ledger_.question) return;
  answer_ = answer;
  const SignedHead& theirs = ledger_.question->theirs;
  if (!other_ || order(other_->head, theirs.head) < 0) other_ = theirs, kinship_.reset();
}

OwnStep OwnHead::next(Now now) const {
  if (ledger_.question && !answer_) return OwnRest{};
  if (other_) return settle(now);
  if (fork_since_ && !ledger_.told) return settle_fork(now);
  if (ledger_.told && caught_up_) return OwnTell{};
  return OwnRest{};
}

OwnStep OwnHead::settle(Now now) const {
  const SignedHead& theirs = *other_;
  bool kept = answer_ == Answer::kKeepOurs, taken = answer_ == Answer::kTakeTheirs;
  bool out_of_reach = ledger_.mine && !taken && now.instant - other_since_ >= kCompareWait;
  if (!kinship_ && !kept && !out_of_reach) return OwnCompare{theirs};
  if (!ledger_.mine) {
    bool enough = accept_alone_ || agreed_.size() >= kPeersThatAgree;
    return enough ? OwnStep(OwnTakeOver{theirs}) : OwnStep(OwnRest{});
  }
  // Nobody has what a later epoch holds: it may have erased what ours still has.
  bool may_erase = !kept && !kinship_ && theirs.head.epoch > ledger_.mine->head.epoch && theirs.head.epoch < kCounterMax;
  if (may_erase) return OwnAsk{{OwnDoubt::kHistoryBroken, theirs}};
  if (taken || kinship_ == Kinship::kSame || kinship_ == Kinship::kAhead) return OwnTakeOver{theirs};
  if (!kept && kinship_ == Kinship::kBroken) return OwnAsk{{OwnDoubt::kHistoryBroken, theirs}};
  if (!caught_up_) return OwnRest{};  // more may come: what is signed now would fork from that
  bool reapply = !kept && kinship_ == Kinship::kBeside;
  // Nobody was told ours: it moves on top of theirs, and there was no fork.
  if (ledger_.told && kinship_ && !kept && theirs.head.sequence < kCounterMax) {
    if (reapply) return OwnReapply{theirs, counters_on(theirs), false};
    return OwnRaise{counters_on(theirs), false};
  }
  return heal(theirs, reapply, now);
}

// Ours is the greater side, and the other one is not to be had: it goes on as it is, in a new epoch.
OwnStep OwnHead::settle_fork(Now now) const {
  if (!caught_up_ || now.instant - *fork_since_ < kForkPatience) return OwnRest{};
  return heal(*ledger_.mine, false, now);
}

OwnStep OwnHead::heal(const SignedHead& theirs, bool reapply, Now now) const {
  bool asked_for = answer_.has_value();
  if (!asked_for && healed_lately(ledger_, now.wall)) return OwnAsk{{OwnDoubt::kTwoDaemons, theirs}};
  if (std::max(theirs.head.epoch, ledger_.mine->head.epoch) == kCounterMax) return OwnAsk{{OwnDoubt::kExhausted, theirs}};
  if (reapply) return OwnReapply{theirs, healing_counters(theirs), !asked_for};
  return OwnRaise{healing_counters(theirs), !asked_for};
}

OwnCounters OwnHead::healing_counters(const SignedHead& theirs) const {
  const Head& mine = ledger_.mine->head;
  return {std::max(theirs.head.charter, mine.charter), std::max(theirs.head.epoch, mine.epoch) + 1, 0};
}

// Above what we signed and did not tell, too: our disk holds it.
OwnCounters OwnHead::counters_on(const SignedHead& theirs) const {
  const Head& mine = ledger_.mine->head;
  std::uint64_t sequence = theirs.head.sequence;
  if (reign(mine) == reign(theirs.head)) sequence = std::max(sequence, mine.sequence);
  return {theirs.head.charter, theirs.head.epoch, sequence + 1};
}

Instant OwnHead::deadline() const {
  if (ledger_.question && !answer_) return Instant::max();
  if (other_) return kinship_ || !ledger_.mine ? Instant::max() : other_since_ + kCompareWait;
  return fork_since_ ? *fork_since_ + kForkPatience : Instant::max();
}

Result<OwnCounters> OwnHead::may_sign() const {
  if (!ledger_.mine) return fail(ErrorCode::kNotFound, "own head");
  const Head& mine = ledger_.mine->head;
  if (ledger_.question) return fail(ErrorCode::kIdentityInQuestion, mine.place.hex());
  if (mine.sequence == kCounterMax) return fail(ErrorCode::kIdentityElsewhere, mine.place.hex());
  if (other_) return fail(ErrorCode::kIdentitySettling, mine.place.hex());
  return OwnCounters{mine.charter, mine.epoch, mine.sequence + 1};
}

OwnLedger OwnHead::after_publication(const SignedHead& head) const {
  OwnLedger ledger = ledger_;
  // A new charter settles what was asked, and is told at once: nobody can contradict it, and its key opens no session before.
  bool new_charter = ledger.mine && head.head.charter > ledger.mine->head.charter;
  if (new_charter) ledger.question.reset(), ledger.told.reset();
  else if (!may_tell() && !ledger.told) ledger.told = ledger.mine;
  ledger.mine = head;
  return ledger;
}

OwnLedger OwnHead::after(const OwnStep& step, const SignedHead& made, UnixTime now) const {
  OwnLedger ledger = ledger_;
  if (auto* ask = std::get_if<OwnAsk>(&step)) {
    ledger.question = ask->question;
    return ledger;
  }
  auto* reapplied = std::get_if<OwnReapply>(&step);
  auto* raised = std::get_if<OwnRaise>(&step);
  if ((reapplied != nullptr && reapplied->heals) || (raised != nullptr && raised->heals)) ledger.healed = now;
  ledger.mine = made;
  ledger.told.reset();
  if (answer_) ledger.question.reset();
  return ledger;
}

void OwnHead::commit(OwnLedger ledger) {
  bool moved = ledger.mine != ledger_.mine;
  bool taken = ledger.mine && other_ && ledger.mine->head == other_->head;
  if (ledger_.mine && ledger.mine && reign(ledger_.mine->head) != reign(ledger.mine->head)) {
    fork_since_.reset();
    signed_.clear();
  }
  if (!ledger.question) answer_.reset();
  ledger_ = std::move(ledger);
  if (moved) {
    kinship_.reset();
    if (taken) signed_.clear();
    else signed_.emplace_back(ledger_.mine->head.sequence, hash_of(ledger_.mine->head));
    if (signed_.size() > kSignedKept) signed_.pop_front();
  }
  // Even where `mine` stayed: what we had told nobody, a peer may have told us.
  if (other_ && floor() != nullptr && order(other_->head, floor()->head) <= 0) other_.reset(), kinship_.reset();
}

}  // namespace maillage::protocol
