// The node and the people behind it: who is accepted, who invited whom. PROTOCOL.md §7 "Invitations".
#include <algorithm>

#include "protocol/node.h"

namespace maillage::protocol {
namespace {

const InvitationSecret* shown_to(const Partners& partners, const PlaceId& peer) {
  auto found = partners.invited_by.find(peer);
  return found == partners.invited_by.end() ? nullptr : &found->second;
}

// Whether a session with that peer would begin in the same way.
bool same_standing(const Partners& one, const Partners& other, const PlaceId& peer) {
  const InvitationSecret *first = shown_to(one, peer), *second = shown_to(other, peer);
  bool same_secret = first == nullptr || second == nullptr ? first == second : *first == *second;
  return same_secret && one.accepted.contains(peer) == other.accepted.contains(peer);
}

}  // namespace

// An invitation is shown, and standing decided, when a session begins: those that would begin otherwise begin again.
void Node::handle(const Partners& told) {
  Partners before = std::exchange(partners_, told);
  for (const auto& [job, accept] : accepting_) {  // what was told was read before it is written
    auto given = partners_.invitations.find(accept.invitation);
    if (partners_.accepted.insert(accept.place).second && given != partners_.invitations.end() && given->second.uses > 0) --given->second.uses;
  }
  for (const auto& [place, state] : table_.all())
    if (state.own) partners_.blocked.erase(place);
  std::vector<SessionId> changed;
  for (const auto& [id, session] : sessions_) {
    if (!session->handshake.greeted()) continue;
    const PlaceId& peer = session->handshake.peer();
    bool ends = session->open() && partners_.blocked.contains(peer);
    if (ends || !same_standing(before, partners_, peer)) changed.push_back(id);
  }
  for (SessionId id : changed)
    if (Session* session = find(id)) {
      const PlaceId& peer = session->handshake.peer();
      refuse(*session, {partners_.blocked.contains(peer) ? ErrorCode::kBlocked : ErrorCode::kStandingChanged, peer.hex()});
    }
  for (const PlaceId& place : partners_.blocked) {
    (void)waiting_.take(place);
    if (table_.find(place) == nullptr) arrivals_.forget(place);
  }
  std::vector<PlaceId> brought;  // by whom people block now
  for (const auto& [place, guest] : waiting_.all())
    if (partners_.blocked.contains(guest.introducer)) brought.push_back(place);
  for (const PlaceId& place : brought) (void)waiting_.take(place);
  if (!std::ranges::includes(before.blocked, partners_.blocked)) hide(admitted(table_, partners_, neighbourhood_));
  bool fewer_blocked = !std::ranges::includes(partners_.blocked, before.blocked);
  if (fewer_blocked || !std::ranges::includes(before.let_in, partners_.let_in)) ask_again();
  look_who_may_enter();
  follow_again();
}

void Node::expect(SessionId id, const PlaceId& place) {
  if (Session* session = find(id)) session->expected = place;
}

void Node::found_by_itself(SessionId id) {
  if (Session* session = find(id)) session->accepted = false;
}

// Whichever side dialled. What is shown is good for this session only, so that it may be shown to whoever claims to be
// the inviter.
void Node::show_invitation(Session& session) {
  const InvitationSecret* secret = shown_to(partners_, session.handshake.peer());
  if (secret == nullptr) return;
  auto [dialling, dialled] = session.handshake.hellos();
  control(session, encode(Invited{id_of(*secret), invitation_proof(*secret, dialling, dialled)}));
}

Result<void> Node::on_frame(Session& session, const Invited& invited, ByteView) {
  bool in_place = session.handshake.greeted() && !session.open() && !session.invited;
  if (!in_place) return fail(ErrorCode::kUnexpectedFrame, "INVITED");
  session.invited = invited;
  return {};
}

// The peer is who it says: whether a person here accepts it, or does now by an invitation. It is a partner at once, and is told so
// once that is on the disk.
void Node::welcome(Session& session) {
  const PlaceId& peer = session.handshake.peer();
  if (session.invited && !partners_.accepted.contains(peer)) {
    if (auto holds = check_invitation(session); !holds) {
      answer_invitation(session, slug(holds.error().code));
      return report({Event::kNotInvited, session.id, peer, 0, holds.error()});
    }
    --partners_.invitations.at(session.invited->invitation).uses;
    partners_.accepted.insert(peer);
    look_whether_lacking(peer);
    introductions_.erase(peer);  // what a stranger may introduce
    AcceptPlace accept{next_job_++, peer, session.invited->invitation};
    accepting_.emplace(accept.job, accept);
    actions_.push_back(accept);
  }
  bool being_written = std::ranges::any_of(accepting_, [&](const auto& entry) { return entry.second.place == peer; });
  if (session.invited && being_written) session.answer_due = true;
  else if (session.invited) answer_invitation(session, "");
  session.accepted = session.accepted || partners_.accepted.contains(peer);
}

// Of two sessions between the same places the one with the invitation may have ended meanwhile: the other one tells it.
void Node::accepted(const AcceptPlace& what, bool written) {
  std::vector<SessionId> with_it, asked;
  for (const auto& [id, session] : sessions_) {
    if (!session->open() || session->handshake.peer() != what.place) continue;
    with_it.push_back(id);
    if (std::exchange(session->answer_due, false)) asked.push_back(id);
  }
  if (written) {
    for (SessionId id : asked.empty() ? with_it : asked) answer_invitation(*find(id), "");
    return;
  }
  // Nobody was told. It is no partner, and shows its invitation again when it comes again.
  if (auto given = partners_.invitations.find(what.invitation); given != partners_.invitations.end()) ++given->second.uses;
  partners_.accepted.erase(what.place);
  look_whether_lacking(what.place);
  for (SessionId id : with_it)
    if (Session* session = find(id)) refuse(*session, {ErrorCode::kDiskFull, what.place.hex()});
}

void Node::answer_invitation(Session& session, std::string_view code) {
  send(session, std::make_shared<const Bytes>(encode(Welcome{std::string(code)})));
}

Result<void> Node::check_invitation(const Session& session) const {
  auto [dialling, dialled] = session.handshake.hellos();
  const InvitationId& id = session.invited->invitation;
  auto found = partners_.invitations.find(id);
  if (found == partners_.invitations.end() || invitation_proof(found->second.secret, dialling, dialled) != session.invited->proof)
    return fail(ErrorCode::kUnknownInvitation, id.hex());
  if (found->second.uses == 0) return fail(ErrorCode::kUsedInvitation, id.hex());
  if (found->second.expires <= now_.wall) return fail(ErrorCode::kExpiredInvitation, id.hex());
  return {};
}

Result<void> Node::on_frame(Session& session, const Welcome& answer, ByteView) {
  const InvitationSecret* secret = session.open() ? shown_to(partners_, session.handshake.peer()) : nullptr;
  if (secret == nullptr || std::exchange(session.welcomed, true)) return useless(session, "WELCOME");
  std::optional<Error> refused;
  if (!answer.code.empty()) refused = Error{code_of_slug(answer.code), id_of(*secret).hex()};
  report({Event::kWelcomed, session.id, session.handshake.peer(), 0, refused});
  return {};
}

}  // namespace maillage::protocol
