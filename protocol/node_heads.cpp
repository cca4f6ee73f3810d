// The node's heads: judged, made durable, adopted, passed on.
#include <algorithm>

#include "protocol/node.h"

namespace maillage::protocol {

namespace {

// The charters of one place among those of a frame.
std::map<PlaceId, std::vector<SignedCharter>> by_place(const std::vector<SignedCharter>& charters) {
  std::map<PlaceId, std::vector<SignedCharter>> grouped;
  for (const SignedCharter& charter : charters) {
    bool genesis = charter.charter.number == 0;
    grouped[genesis ? place_of_genesis(charter.charter) : charter.charter.place].push_back(charter);
  }
  return grouped;
}

// A peer that does not know a place's charters yet, or knows another chain, is not at fault.
bool is_nobodys_fault(ErrorCode code) {
  return code == ErrorCode::kUnknownPlace || code == ErrorCode::kMissingCharter || code == ErrorCode::kOtherChain;
}

}  // namespace

Result<void> Node::on_frame(Session& session, const Heads& heads, ByteView) {
  if (!session.open()) return fail(ErrorCode::kUnexpectedFrame, "HEADS");
  auto charters = by_place(heads.bundle.charters);
  for (const SignedHead& head : heads.bundle.heads) {
    const PlaceId& place = head.head.place;
    if (auto taken = take_head(session, head, charters[place]); !taken) return taken;
    // Only what we know, or soon will: a liar's places must not fill the memory.
    if (session.heard && (table_.find(place) != nullptr || arrivals_.contains(place))) session.heard->insert(place);
  }
  session.reconcile_progress = now_.instant;
  return {};
}

Result<void> Node::useless(Session& session, std::string_view what, std::uint64_t cost) {
  if (session.useless.take(cost, now_.instant)) return {};
  return fail(ErrorCode::kRateLimited, std::string(what));
}

Result<void> Node::charge_signatures(Session& session, std::span<const SignedCharter> charters, std::size_t heads) {
  std::size_t signatures = heads;
  for (const SignedCharter& charter : charters) signatures += charter.signatures.size();
  if (session.signatures.take(signatures, now_.instant)) return {};
  return fail(ErrorCode::kRateLimited, "signatures");
}

// Beside the head of its place that waits to be written, before any signature is looked at: gives whether it adds nothing.
Result<bool> Node::waits_already(Session& session, const SignedHead& head) {
  const PlaceId& place = head.head.place;
  const Arrival* arrival = arrivals_.find(place);
  if (arrival == nullptr) return false;
  const SignedHead& waiting = arrival->candidate.head;
  Result<void> borne;
  bool adds_nothing = waiting == head;
  if (adds_nothing) {
    if (!arrivals_.told_by(place, session.id)) borne = useless(session, "heads known already");
  } else {
    if (arrivals_.hurries(place, session.id)) borne = useless(session, "heads of one place in quick succession");
    adds_nothing = order(head.head, waiting.head) < 0 && !conflicts(head.head, waiting.head);
  }
  if (!borne) return tl::unexpected(borne.error());
  return adds_nothing;
}

Result<void> Node::take_head(Session& session, const SignedHead& head, std::span<const SignedCharter> charters) {
  const PlaceId& place = head.head.place;
  auto waits = waits_already(session, head);
  if (!waits) return tl::unexpected(waits.error());
  if (*waits) return {};
  const PlaceState* before = table_.find(place);
  const CharterChain* pending = pending_chain(place);
  if (partners_.blocked.contains(place)) {
    note_refused(session, head.head, false);
    return useless(session, "places that people here blocked");
  }
  // Before any signature is looked at: who may not introduce a place costs us no more than reading.
  const WaitingRoom::Guest* guest = before == nullptr && pending == nullptr ? waiting_.find(place) : nullptr;
  if (guest != nullptr && charters.empty()) charters = guest->chain.charters();
  bool stranger = before == nullptr && pending == nullptr && !charters.empty();
  std::optional<Introduction> introduction;
  if (stranger) introduction = introduction_of(place, session.handshake.peer(), session.accepted);
  if (stranger && !introduction) return keep_waiting(session, head, charters);
  if (introduction && guest != nullptr && order(head.head, guest->head.head) <= 0) {
    if (introduction->counts) charge_quota(session.handshake.peer(), session.accepted);
    bool the_same = head == guest->head;
    let_in(place, *introduction);
    if (the_same) (void)arrivals_.told_by(place, session.id);
    return {};
  }
  std::size_t charters_there = (before != nullptr ? before->chain.size() : 0) + charters.size();
  // Its charters came with a head that is still being written: who tells the next one does not tell them again.
  if (head.head.charter >= charters_there && pending != nullptr && head.head.charter < pending->size()) {
    charters = std::span(pending->charters()).first(std::size_t{head.head.charter} + 1);
    charters_there = charters.size();
  }
  if (head.head.charter >= charters_there) return charters.empty() ? lack_charters(session, place) : useless(session, "heads of unknown places");
  if (auto allowed = charge_signatures(session, charters, 1); !allowed) return allowed;
  auto judged = table_.judge(head, charters);
  if (!judged) {
    // Of a place with two chains of charters, a head without them may be of the other one.
    bool other_side = judged.error().code == ErrorCode::kBadSignature && charters.empty() && before != nullptr && before->two_charters != nullptr;
    if (!other_side && !is_nobodys_fault(judged.error().code)) return tl::unexpected(judged.error());
    if (judged.error().code == ErrorCode::kOtherChain)
      report({Event::kRefused, session.id, place, 0, judged.error()});
    if (judged.error().code == ErrorCode::kOtherChain && before != nullptr) note_two_charters(session, *before, charters);
    return useless(session, "heads of unknown places");
  }
  // The peer has this place as we do, or will have: unless there is evidence of a fork to tell.
  bool forked = table_.find(place) != nullptr && table_.find(place)->fork != nullptr;
  if (judged->verdict != PlaceTable::Verdict::kConflicting && !forked) session.to_tell.erase(place);
  switch (judged->verdict) {
    case PlaceTable::Verdict::kSame:
      session.outbox.forget(place);
      offer(session, place);
      return useless(session, "heads known already");
    case PlaceTable::Verdict::kOlder:
      if (head.head.charter < table_.find(place)->seen.head.charter) session.charters_due.insert(place);
      look_behind(session, head);
      note_two_charters(session, *table_.find(place), charters);
      session.outbox.push_head(place);
      return useless(session, "old heads");
    case PlaceTable::Verdict::kConflicting:
      note_fork(*judged->fork);
      break;
    case PlaceTable::Verdict::kNewer:
      break;
  }
  if (!judged->candidate) return useless(session, "the smaller of two conflicting heads");
  const PlaceState* known = table_.find(place);
  if (introduction) {
    judged->candidate->introducer = introduction->by;
    if (introduction->counts) charge_quota(session.handshake.peer(), session.accepted);
    (void)waiting_.take(place);
  }
  bool moved = judged->candidate->chain.latest().daemon_key != settings_.identity.key.public_key();
  if (known != nullptr && known->own) report({moved ? Event::kOwnMoved : Event::kOwnHeadElsewhere, session.id, place, 0, {}, head});
  arrive(std::move(*judged->candidate), session.id);
  return {};
}

// An older head of a place of ours: nobody else may have signed in the epoch that we sign in.
void Node::look_behind(Session& session, const SignedHead& head) {
  const PlaceState* own = table_.find(head.head.place);
  const SignedHead* held = own->own ? own->held_head() : nullptr;
  if (held == nullptr || reign(held->head) != reign(head.head) || held->head == head.head) return;
  if (verify_under(head, own->chain)) report({Event::kOwnHeadBehind, session.id, head.head.place, 0, {}, head});
}

// Of a head that waits to be written or is being written; null: none is.
const Candidate* Node::pending(const PlaceId& place) const {
  if (const Arrival* arrival = arrivals_.find(place)) return &arrival->candidate;
  auto being_written = [&place](const Arrival& arrival) { return arrival.candidate.head.head.place == place; };
  auto found = std::ranges::find_if(persisting_heads_, being_written);
  return found == persisting_heads_.end() ? nullptr : &found->candidate;
}

const CharterChain* Node::pending_chain(const PlaceId& place) const {
  const Candidate* candidate = pending(place);
  return candidate != nullptr ? &candidate->chain : nullptr;
}

void Node::arrive(Candidate candidate, SessionId from) {
  // A later head of a place that is not written yet is let in by the same word.
  const Candidate* before = pending(candidate.head.head.place);
  if (before != nullptr && candidate.introducer.is_zero()) candidate.introducer = before->introducer;
  if (auto fork = arrivals_.put(std::move(candidate), from)) note_fork(*fork);
}

void Node::note_fork(const Fork& fork) {
  const PlaceId& place = fork.first.head.place;
  const PlaceState* state = table_.find(place);
  bool recorded = state != nullptr && state->fork != nullptr && reign(state->seen.head) == reign(fork.first.head);
  // Of an earlier reign: healed, and kept nowhere.
  if (state != nullptr && reign(fork.first.head) < reign(state->seen.head)) return;
  bool noted = std::ranges::any_of(new_forks_, [&](const Fork& known) { return known.first.head.place == place; });
  if (!recorded && !noted) new_forks_.push_back(fork);
}

bool Node::still_proves(const Fork& fork) const {
  const PlaceId& place = fork.first.head.place;
  const CharterChain* chain = pending_chain(place);
  if (const PlaceState* state = table_.find(place); chain == nullptr && state != nullptr) chain = &state->chain;
  return chain != nullptr && proves(fork, *chain);
}

void Node::persist_arrivals() {
  if (persisting_ || (!arrivals_.ready(now_.instant) && new_forks_.empty())) return;
  Persist batch{next_job_, {}, {}};
  std::size_t bytes = 0;
  while (batch.heads.size() < kBatchRecordsMax && bytes < kBatchBytesMax) {
    auto arrival = arrivals_.next(table_, now_.instant);
    if (!arrival) break;
    if (!table_.accepts(arrival->candidate)) {  // overtaken while an earlier write was under way
      offer_to(*arrival);
      continue;
    }
    bytes += SignedHead::kBytes + charter_bytes(arrival->candidate.chain);
    batch.heads.push_back(arrival->candidate);
    persisting_heads_.push_back(std::move(*arrival));
  }
  // What another chain has overtaken since proves nothing any more.
  std::erase_if(new_forks_, [&](const Fork& fork) { return !arrivals_.contains(fork.first.head.place) && !still_proves(fork); });
  // Evidence about a place that is not written yet goes with a later batch.
  auto later = std::ranges::partition(new_forks_, [&](const Fork& fork) { return !arrivals_.contains(fork.first.head.place); });
  batch.forks.assign(std::make_move_iterator(new_forks_.begin()), std::make_move_iterator(later.begin()));
  new_forks_.erase(new_forks_.begin(), later.begin());
  if (batch.heads.empty() && batch.forks.empty()) return;
  persisting_ = next_job_++;
  persisting_forks_ = batch.forks;
  actions_.push_back(std::move(batch));
}

// Who told us a head may have its content.
void Node::offer_to(const Arrival& arrival) {
  for (SessionId id : arrival.from)
    if (Session* session = find(id)) offer(*session, arrival.candidate.head.head.place);
}

void Node::handle(const Persisted& input) {
  if (auto done = accepting_.extract(input.job); !done.empty()) return accepted(done.mapped(), input.done);
  if (!persisting_ || *persisting_ != input.job) return;
  persisting_.reset();
  auto heads = std::exchange(persisting_heads_, {});
  auto forks = std::exchange(persisting_forks_, {});
  if (!input.done) {  // a full disk: nothing was taken; the next reconciliation brings it again
    report({Event::kRefused, 0, {}, heads.size(), Error{ErrorCode::kDiskFull, "heads"}});
    return take_waiting_charters();
  }
  for (const Arrival& arrival : heads) {
    adopt(arrival.candidate, arrival.from, nullptr);
    offer_to(arrival);
  }
  for (const Fork& fork : forks) adopt(fork);
  take_waiting_charters();
}

void Node::adopt(const Candidate& candidate, std::span<const SessionId> from, const SharedBytes& pushed) {
  const PlaceId& place = candidate.head.head.place;
  const PlaceState* known = table_.find(place);
  if (known == nullptr && (partners_.blocked.contains(place) || partners_.blocked.contains(candidate.introducer))) {
    actions_.push_back(Forget{{place}});  // blocked while it was being written
    return;
  }
  std::optional<Hash> before;
  bool breaks_history = false;
  bool new_charters = known == nullptr || candidate.chain.size() > known->chain.size();
  if (known != nullptr) {
    // Its twin was still being written when it was judged, or a pack brought it.
    bool one_signer = agree(known->chain, candidate.chain, known->seen.head.charter);
    if (one_signer && conflicts(candidate.head.head, known->seen.head)) note_fork({known->seen, candidate.head});
    before = PlaceTable::element(*known);
    breaks_history = known->seen.head.epoch != candidate.head.head.epoch;
  }
  if (new_charters && known != nullptr) follow_key(place, known->chain.latest().daemon_key, candidate.chain.latest().daemon_key);
  if (table_.adopt(candidate)) {
    resketch(place, before);
    look_whether_lacking(place);
    if (breaks_history) stop_serving(place, candidate.head.head.epoch);
    report({Event::kSeen, from.empty() ? 0 : from.front(), place, 0, {}});
    look_whether_followed(place);
    flood(place, from, pushed, breaks_history ? Outbox::Urgency::kUrgent : Outbox::Urgency::kNormal,
          new_charters);
  }
}

// The daemon that we are talking to signs with another key from now on.
void Node::follow_key(const PlaceId& place, const PublicKey& before, const PublicKey& now) {
  auto entry = at_key_.find(before);
  const Session* session = entry != at_key_.end() ? find(entry->second) : nullptr;
  if (session == nullptr || session->handshake.peer() != place) return;
  auto moved = at_key_.extract(entry);
  moved.key() = now;
  at_key_.insert(std::move(moved));
}

void Node::adopt(const Fork& fork) {
  const PlaceId& place = fork.first.head.place;
  const PlaceState* known = table_.find(place);
  if (known == nullptr) return;
  Hash before = PlaceTable::element(*known);
  if (!table_.record_fork(fork)) return;
  resketch(place, before);
  report({Event::kForked, 0, place, 0, {}});
  // Through the head's turn in the outbox, where it can be dropped: a hundred forks must not end a slow session.
  for (const auto& [id, session] : sessions_) {
    if (!session->open()) continue;
    session->evidence_due.insert(place);
    session->outbox.push_head(place, Outbox::Urgency::kUrgent);
  }
  pump_wanted_ = true;
}

Evidence Node::evidence_of(const PlaceState& state) {
  return {state.chain.charters(), state.fork->first, state.fork->second};
}

Result<void> Node::on_frame(Session& session, const Evidence& evidence, ByteView) {
  if (!session.open()) return fail(ErrorCode::kUnexpectedFrame, "EVIDENCE");
  const PlaceState* known = table_.find(evidence.first.head.place);
  if (known == nullptr) {
    const SignedHead& greater = order(evidence.first.head, evidence.second.head) < 0 ? evidence.second : evidence.first;
    note_refused(session, greater.head, true);
    return useless(session, "evidence of unknown places");
  }
  if (auto allowed = charge_signatures(session, evidence.charters, 2); !allowed) return allowed;
  auto chain = chain_of(evidence.first.head.place, evidence.charters, &known->chain);
  if (!chain) return useless(session, "evidence under other charters");
  for (const SignedHead* head : {&evidence.first, &evidence.second})
    if (auto verified = verify_under(*head, *chain); !verified) return verified;
  note_fork({evidence.first, evidence.second});
  for (const SignedHead* head : {&evidence.first, &evidence.second})
    if (auto taken = take_head(session, *head, evidence.charters); !taken) return taken;
  return {};
}

bool Node::hold(const SignedHead& head) {
  const PlaceId& place = head.head.place;
  free_content(place);
  if (!table_.hold(head)) return false;
  look_whether_lacking(place);
  report({Event::kHeld, 0, place, 0, {}});
  look_whether_followed(place);  // the scope may have changed while it was on its way
  for (const auto& [id, session] : sessions_)
    if (session->interests.erase(place) > 0) session->outbox.push_head(place);
  pump_wanted_ = true;
  return true;
}

void Node::flood(const PlaceId& place, std::span<const SessionId> except, const SharedBytes& pushed,
                 Outbox::Urgency urgency, bool with_charters) {
  for (const auto& [id, session] : sessions_) {
    if (!session->open() || std::ranges::find(except, id) != except.end()) continue;
    if (with_charters) session->charters_due.insert(place);
    // A pack carries no charters: those that a head before it still has to bring go first, with this head.
    bool takes = pushed && session->reconciled && may_hold(*session, *table_.find(place));
    if (takes && !session->charters_due.contains(place))
      session->outbox.push_pack(place, pushed);
    else
      session->outbox.push_head(place, urgency);
  }
  pump_wanted_ = true;
}

void Node::pump_all() {
  std::vector<SessionId> ids;
  for (const auto& [id, session] : sessions_)
    if (session->open()) ids.push_back(id);
  for (SessionId id : ids)
    if (Session* session = find(id)) pump(*session);
}

void Node::resketch(const PlaceId& place, const std::optional<Hash>& before) {
  if (before) sketch_.remove(*before);
  sketch_.add(place, PlaceTable::element(*table_.find(place)));
}

}  // namespace maillage::protocol
