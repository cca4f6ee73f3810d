// What becomes of the places that we sign for when a head of theirs comes that this disk did not sign (own_heads.h decides).
#include "registry/history.h"
#include "registry/kinship.h"
#include "registry/registry_parts.h"

namespace maillage::registry {
namespace {

using namespace protocol;

// One step leads to the next: compared, then taken over, then told. More than these wait for the next turn of the writer.
constexpr int kStepsMax = 4;

}  // namespace

void Registry::await_peers() { parts_->own_heads->await_peers(); }
bool Registry::awaits_peers() const { return parts_->own_heads->awaits_peers(); }
void Registry::own_caught_up() { parts_->own_heads->caught_up(); }
Instant Registry::own_deadline() const { return parts_->own_heads->deadline(); }

void Registry::own_heard(const SignedHead& head, const PlaceId& peer, Instant now) {
  if (parts_->own.contains(head.head.place) && !parts_->own.moved(head.head.place)) parts_->own_heads->heard(head, peer, now);
}

void Registry::own_forked(const Fork& fork, Instant now) {
  const PlaceId& place = fork.first.head.place;
  if (parts_->own.contains(place) && !parts_->own.moved(place)) parts_->own_heads->forked(fork, now);
}

bool Registry::keeps_back(const PlaceId& place) const {
  auto ledger = parts_->own_heads->ledger(place);
  return ledger && ledger->told;
}

Result<void> Registry::answer_own(const PlaceId& place, OwnHead::Answer answer) { return parts_->own_heads->answered(place, answer); }

OwnMoves Registry::settle_own(Now now) {
  OwnMoves moves;
  for (int step = 0; step < kStepsMax; ++step) {
    std::size_t done_now = 0;
    for (const auto& [place, what] : parts_->own_heads->due(now)) {
      std::size_t waiting = moves.aside.size();
      auto done = parts_->carry_out(place, what, now, moves);
      if (!done) moves.notes.push_back({place, OwnMoves::Note::Outcome::kFailed, done.error()});
      if (done && moves.aside.size() == waiting) ++done_now;
    }
    if (done_now == 0) break;
  }
  parts_->indexing->finish();
  return moves;
}

Result<void> Registry::Parts::carry_out(const PlaceId& place, const OwnStep& step, Now now, OwnMoves& moves) {
  using Outcome = OwnMoves::Note::Outcome;
  auto chain = chain_of(place);
  if (!chain) return tl::unexpected(chain.error());
  if (!signs_for(*chain)) {  // it moved away
    moves.aside.push_back({place, false});
    own_heads->drop(place);
    return {};
  }
  if (auto* compare = std::get_if<OwnCompare>(&step)) return compare_own(compare->theirs, moves);
  if (auto* taken = std::get_if<OwnTakeOver>(&step)) return take_over(*taken, now.wall, moves);
  auto mine = held(place);
  if (!mine) return tl::unexpected(mine.error());
  if (std::holds_alternative<OwnTell>(step)) {
    auto before = own_heads->ledger(place);
    if (auto kept = keep_ledger(place, own_heads->after(step, place, *mine, now.wall)); !kept) return kept;
    moves.published.push_back({{*mine, *chain, 0}, before && before->told ? before->told->head.commit : ObjectId{}, nullptr});
    return {};
  }
  if (std::holds_alternative<OwnAsk>(step)) {
    auto kept = keep_ledger(place, own_heads->after(step, place, *mine, now.wall));
    if (kept) moves.notes.push_back({place, Outcome::kAsked});
    return kept;
  }
  if (auto* raise = std::get_if<OwnRaise>(&step)) {
    auto done = sign_own(place, *mine, step, {}, "go on after a fork", now.wall, moves);
    if (done) moves.notes.push_back({place, raise->heals ? Outcome::kHealed : Outcome::kMovedOn});
    return done;
  }
  const auto& reapply = std::get<OwnReapply>(step);
  auto draft = reapplied(*objects, mine->head.commit, reapply.theirs.head.commit);
  if (!draft) return tl::unexpected(draft.error());
  auto done = sign_own(place, reapply.theirs, step, std::move(draft->files), "again on top of what was published elsewhere", now.wall, moves);
  if (done) moves.notes.push_back({place, reapply.heals ? Outcome::kHealed : Outcome::kMovedOn});
  return done;
}

Result<void> Registry::Parts::compare_own(const SignedHead& theirs, OwnMoves& moves) {
  const PlaceId& place = theirs.head.place;
  auto mine = held(place);
  if (!mine) return tl::unexpected(mine.error());
  auto kin = objects->contains(theirs.head.commit) ? kinship(*objects, mine->head.commit, theirs.head.commit)
                                                   : Result<Kinship>(fail(ErrorCode::kNotFound, theirs.head.commit.hex()));
  if (kin) own_heads->compared(theirs, *kin);
  else moves.aside.push_back({place, true});
  return {};
}

Result<void> Registry::Parts::take_over(const OwnTakeOver& step, UnixTime now, OwnMoves& moves) {
  const SignedHead& theirs = step.theirs;
  const PlaceId& place = theirs.head.place;
  auto mine = held(place);
  if (!mine) return tl::unexpected(mine.error());
  if (!objects->contains(theirs.head.commit)) {
    moves.aside.push_back({place, true});
    return {};
  }
  auto chain = chain_of(place);
  if (!chain) return tl::unexpected(chain.error());
  // Below what we signed and told nobody: marks never go back, so theirs goes out again above it.
  if (order(theirs.head, mine->head) < 0) {
    OwnCounters above{mine->head.charter, mine->head.epoch, mine->head.sequence + 1};
    return sign_own(place, theirs, OwnReapply{theirs, above, false}, {}, "as published elsewhere", now, moves);
  }
  auto changes = changes_between(*objects, place, mine->head.commit, theirs.head.commit);
  if (!changes) return tl::unexpected(changes.error());
  Candidate candidate{theirs, *chain, 0};
  OwnLedger ledger = own_heads->after(OwnStep(step), place, theirs, now);
  auto breaks = hold_beside(candidate, ledger, std::move(*changes));
  if (!breaks) return tl::unexpected(breaks.error());
  own_heads->commit(place, std::move(ledger));
  if (*breaks) advertised.forget(place), (void)purge_commons();
  moves.notes.push_back({place, OwnMoves::Note::Outcome::kTakenOver});
  moves.published.push_back({std::move(candidate), mine->head.commit, nullptr});
  return {};
}

Result<bool> Registry::Parts::hold_beside(const Candidate& candidate, const OwnLedger& ledger, PlaceChanges changes) {
  WriteBatch batch;
  WholeChain::Turn turn(*whole_chain);
  bool breaks = false;
  put_ledger(batch, changes.place, ledger);
  std::vector<IndexChange> changed;
  auto holds = stage_held(batch, candidate, turn, changes, breaks);
  if (!holds) return holds;
  if (*holds) changed.push_back({std::move(changes), signer_of(candidate.chain, candidate.head.head)});
  for (IndexChange& change : changed)
    if (auto staged = stage_index(batch, change); !staged) return tl::unexpected(staged.error());
  if (auto staged = turn.stage(batch); !staged) return tl::unexpected(staged.error());
  if (auto committed = commit(batch, std::move(changed)); !committed) return tl::unexpected(committed.error());
  turn.written();
  if (breaks) end_fetches({candidate.chain.place()});
  return breaks;
}

Result<void> Registry::Parts::sign_own(const PlaceId& place, const SignedHead& on, const OwnStep& step, FileChanges files,
                                       const std::string& message, UnixTime now, OwnMoves& moves) {
  auto chain = chain_of(place);
  if (!chain) return tl::unexpected(chain.error());
  if (auto room = need_room(kReserveBytes); !room) return room;
  Revision next{std::move(*chain), on, std::move(files), 0, index->name_of(place).name, message};
  next.step = step;
  auto published = publish({next}, now);
  if (!published.front()) return tl::unexpected(published.front().error());
  moves.published.push_back(std::move(*published.front()));
  return {};
}

Result<void> Registry::Parts::keep_ledger(const PlaceId& place, const OwnLedger& ledger) {
  WriteBatch batch;
  put_ledger(batch, place, ledger);
  if (auto written = state->write(batch); !written) return written;  // nothing that is shown changes
  own_heads->commit(place, ledger);
  return {};
}

// A row that cannot be read is `verify`'s to tell.
void Registry::Parts::look_whether_forked(const PlaceId& place) {
  auto seen = get_head(*state, Mark::kSeen, place);
  if (!seen || !*seen) return;
  if (auto found = has_fork(*state, (*seen)->head); found) forked.set(place, *found);
}

void Registry::Parts::tell_forks(std::vector<boost::json::object>& items) const {
  if (forked.none() && two_charters.none()) return;
  for (boost::json::object& item : items) {
    auto* of = item.if_contains("place");
    boost::json::object& place = of != nullptr && of->is_object() ? of->get_object() : item;
    auto* id = place.if_contains("id");
    auto parsed = id != nullptr && id->is_string() ? PlaceId::parse(id->get_string()) : fail(ErrorCode::kNotFound, "");
    if (parsed && forked.contains(*parsed)) place["forked"] = true;
    if (parsed && two_charters.contains(*parsed)) place["twoCharters"] = true;
  }
}

void Registry::Parts::hide_untold(PlaceState& place) const {
  if (!own_heads->awaits_peers()) return;
  auto ledger = own_heads->ledger(place.chain.place());
  const SignedHead* mine = place.held_head();
  if (!ledger || !ledger->told || mine == nullptr) return;
  bool nothing_greater = place.seen == *mine;
  place.holds_seen = nothing_greater;
  place.held = nothing_greater ? nullptr : std::make_unique<SignedHead>(*ledger->told);
  if (nothing_greater) place.seen = *ledger->told;
}

}  // namespace maillage::registry
