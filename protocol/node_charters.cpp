// The node's two charters with one parent: noticed, told to people here, handed on to everybody.
#include <algorithm>

#include "protocol/node.h"

namespace maillage::protocol {

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
  const PlaceState* known = table_.find(told.first.charter.place);
  if (known == nullptr || known->two_charters != nullptr) return useless(session, "two charters that are known, or of unknown places");
  const SignedCharter both[] = {told.first, told.second};
  note_two_charters(session, *known, both);
  session.two_charters_due.erase(told.first.charter.place);  // it knows
  return known->two_charters != nullptr ? Result<void>() : useless(session, "two charters that are none");
}

}  // namespace maillage::protocol
