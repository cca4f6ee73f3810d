// The node's charters: those that a peer or we lack, asked for; two with one parent, noticed, told to people here, handed on to everybody.
#include <algorithm>

#include "protocol/node.h"

namespace maillage::protocol {

// ---- asked for

// Nothing is kept of the head: it comes again with the answer, or with the next reconciliation. Heads that we asked for cost their sender
// nothing.
Result<void> Node::lack_charters(Session& session, const PlaceId& place) {
  if (session.asks_for_charters) session.charters_lacking.insert(place);
  if (session.heads_asked == 0) return useless(session, "heads of unknown places");
  --session.heads_asked;
  return {};
}

// Behind each frame, in which a head is 224 bytes and a question 32: so no list of what is lacking grows. When the line out is so much
// slower that questions pile up, the rest is left to another reconciliation.
void Node::ask_for_charters(Session& session) {
  if (session.charters_lacking.empty()) return;
  auto lacking = std::exchange(session.charters_lacking, {});
  bool piled_up = session.outbox.control_bytes() > kOutboxControlBytesMax / 2;
  if (!piled_up) control(session, encode(Charters{{lacking.begin(), lacking.end()}}));
  else if (session.role == Role::kDialling) session.next_reconcile = std::min(session.next_reconcile, session.reconcile_began + kReconcileGapMin);
  else control(session, encode(Sketch(SketchDue{})));
}

// In their turn in the outbox, where they can be dropped. What comes with a head when all is told comes with it here.
Result<void> Node::on_frame(Session& session, const Charters& asked, ByteView) {
  if (!session.open()) return fail(ErrorCode::kUnexpectedFrame, "CHARTERS");
  for (const PlaceId& place : asked.places) {
    const PlaceState* state = table_.find(place);
    if (session.bare_told > 0) --session.bare_told;
    else if (auto taken = useless(session, "CHARTERS", state != nullptr ? state->chain.size() : 1); !taken) return taken;
    if (state == nullptr) continue;
    session.charters_due.insert(place);
    if (state->fork != nullptr) session.evidence_due.insert(place);
    if (state->two_charters != nullptr) session.two_charters_due.insert(place);
    session.outbox.push_head(place);
  }
  return {};
}

// ---- two with one parent

// Rationale: the rule tells another chain from the names of its signers, which anybody can write. People are told only of what was
// signed, once until the chain goes on.
void Node::note_two_charters(Session& session, const PlaceState& known, std::span<const SignedCharter> charters) {
  if (known.two_charters != nullptr) return;
  bool leaves = std::ranges::any_of(charters, [&](const SignedCharter& each) {
    return each.charter.number < known.chain.size() && !(each.charter == known.chain.at(each.charter.number).charter);
  });
  if (!leaves) return;
  if (!session.signatures.take(kRootKeysMax * std::size_t{known.chain.size()}, now_.instant)) return;
  auto fork = charter_fork(known.chain, charters);
  if (!fork || !table_.record_two_charters(*fork)) return;
  const PlaceId& place = fork->kept.charter.place;
  for (const auto& [id, other] : sessions_)
    if (other->open()) owe_two_charters(*other, place);
  pump_wanted_ = true;
  report({Event::kTwoCharters, session.id, place, 0, {}, {}, std::move(fork)});
}

// Behind the place's head, in its turn in the outbox, where it can be dropped. With its charters: a peer may follow the other chain.
void Node::owe_two_charters(Session& session, const PlaceId& place) {
  session.charters_due.insert(place);
  session.two_charters_due.insert(place);
  session.outbox.push_head(place, Outbox::Urgency::kUrgent);
}

Result<void> Node::on_frame(Session& session, const TwoCharters& told, ByteView) {
  if (!session.open()) return fail(ErrorCode::kUnexpectedFrame, "TWO_CHARTERS");
  const PlaceId& place = told.first.charter.place;
  const PlaceState* known = table_.find(place);
  auto names_it = [&](const CharterChain& chain) { return chain.size() > told.first.charter.number; };
  const CharterChain* written = pending_chain(place);
  bool early = written != nullptr && names_it(*written) && (known == nullptr || !names_it(known->chain));
  bool room = two_charters_waiting_.size() < kTwoChartersWaitingMax;
  if (early && room && two_charters_waiting_.try_emplace(place, session.id, told).second) return {};  // it came right behind the head
  if (known == nullptr || known->two_charters != nullptr) return useless(session, "two charters that are known, or of unknown places");
  const SignedCharter both[] = {told.first, told.second};
  note_two_charters(session, *known, both);
  session.two_charters_due.erase(told.first.charter.place);  // it knows
  return known->two_charters != nullptr ? Result<void>() : useless(session, "two charters that are none");
}

// The places are written now, or nothing of them waits any more.
void Node::take_waiting_charters() {
  for (auto at = two_charters_waiting_.begin(); at != two_charters_waiting_.end();) {
    if (pending(at->first) != nullptr) {
      ++at;
      continue;
    }
    auto [session, told] = std::move(at->second);
    at = two_charters_waiting_.erase(at);
    // What is wrong with it is known of who told it, if that one is still there.
    if (Session* still = find(session); still != nullptr && still->open())
      if (auto taken = on_frame(*still, told, {}); !taken) refuse(*still, taken.error());
  }
}

}  // namespace maillage::protocol
