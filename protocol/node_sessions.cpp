// The node's sessions: opening, authenticating, sending in the right order, ending.
#include <algorithm>

#include "protocol/node.h"

namespace maillage::protocol {

Node::Session* Node::find(SessionId id) {
  auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second.get();
}

bool Node::has_room(Role role) const {
  std::size_t kept = role == Role::kDialled ? std::min(kSessionsKeptForDialled, settings_.sessions_max / 2) : 0;
  return sessions_.size() < settings_.sessions_max - kept;
}

void Node::handle(const SessionOpened& input) {
  Hello hello;
  hello.nonce = random_.fixed<Nonce>();
  hello.place = settings_.identity.place;
  hello.time = now_.wall;
  hello.agent = settings_.agent;
  hello.scope = settings_.follow.scope.texts();
  hello.abilities = kAsksForCharters;
  if (input.role == Role::kDialled) hello.estimate = sketch_.estimate();
  auto session = std::make_unique<Session>(input.session, input.role, hello);
  session->accepted = input.accepted;
  session->scope_told = settings_.follow.scope;
  session->opened_at = now_.instant;
  session->since = now_.wall;
  // Not reported: whoever dials without end must not fill a log at that pace.
  if (!has_room(input.role)) return dismiss(*session, {ErrorCode::kBusy, "sessions"});
  Session& opened = *sessions_.insert_or_assign(input.session, std::move(session)).first->second;
  if (sessions_.size() == 1) last_tick_ = now_.instant;
  send(opened, opened.handshake.hello());
}

void Node::handle(const SessionClosed& input) {
  Session* session = find(input.session);
  if (session == nullptr) return;
  if (session->handshake.open()) report({Event::kPeerClosed, session->id, session->handshake.peer(), 0, {}});
  drop(*session);
}

void Node::handle(const FrameSent& input) {
  Session* session = find(input.session);
  if (session == nullptr) return;
  session->in_flight_bytes -= std::min(input.bytes, session->in_flight_bytes);
  if (session->part_handed && session->in_flight_bytes < kPackPartBytesLeast) on_part_taken(*session);
  pump(*session);
}

HeadBundle Node::own_bundle() const {
  const PlaceState* own = table_.find(settings_.identity.place);
  check(own != nullptr && own->held_head() != nullptr, "a daemon holds its own place");
  return {own->chain.charters(), {*own->held_head()}};
}

Result<void> Node::on_frame(Session& session, const Hello& hello, ByteView frame) {
  if (session.expected && hello.place != *session.expected) return fail(ErrorCode::kWrongPlace, hello.place.hex());
  auto auth = session.handshake.on_hello(hello, frame, settings_.identity, own_bundle());
  if (!auth) return tl::unexpected(auth.error());
  session.scope = Scope::heard(hello.scope);
  session.estimate = hello.estimate;
  session.asks_for_charters = (hello.abilities & kAsksForCharters) != 0;
  // As unsigned: a liar's time must not overflow.
  session.clock_offset_ms = static_cast<std::int64_t>(static_cast<std::uint64_t>(hello.time.ms) - static_cast<std::uint64_t>(now_.wall.ms));
  show_invitation(session);
  control(session, std::move(*auth));
  return {};
}

Result<void> Node::on_frame(Session& session, const Auth& auth, ByteView) {
  if (!session.handshake.greeted()) return fail(ErrorCode::kUnexpectedFrame, "AUTH before HELLO");
  const PlaceState* known = table_.find(session.handshake.peer());
  auto chain = session.handshake.on_auth(auth, known != nullptr ? &known->chain : nullptr);
  if (!chain) {
    if (known != nullptr && auth.own.heads.front().head.charter < known->seen.head.charter) tell_successor(session, *known);
    return tl::unexpected(chain.error());
  }
  ++open_sessions_;
  if (partners_.blocked.contains(session.handshake.peer())) return fail(ErrorCode::kBlocked, session.handshake.peer().hex());
  if (auto shunned = shunned_.find(session.handshake.peer()); shunned != shunned_.end() && now_.instant < shunned->second)
    return fail(ErrorCode::kRateLimited, "broken packs");
  welcome(session);  // before its first head, which may introduce it
  if (!settle_duplicates(session)) return fail(ErrorCode::kDuplicateSession, session.handshake.peer().hex());
  at_key_.insert_or_assign(chain->latest().daemon_key, session.id);
  tell_scope(session);
  if (session.accepted) partners_.named.insert(session.handshake.peer());
  look_whether_lacking(session.handshake.peer());  // whom a person names is followed
  report({Event::kPeerOpen, session.id, session.handshake.peer(), 0, {}});
  if (auto taken = take_head(session, auth.own.heads.front(), auth.own.charters); !taken) return taken;
  if (session.role == Role::kDialling) begin_reconcile(session);
  return {};
}

// A machine that was believed lost learns from what its roots signed, and from nobody's word, that another one took over.
void Node::tell_successor(Session& session, const PlaceState& known) {
  HeadBundle bundle{known.chain.charters(), {known.seen}};
  send(session, std::make_shared<const Bytes>(encode(Heads{std::move(bundle)})));
}

// Of two sessions in the same direction the newer stays: the older is a connection that died unnoticed. Of two in
// opposite directions the one dialled by the smaller place id stays, so that both ends keep the same one.
bool Node::settle_duplicates(Session& session) {
  const PlaceId& own = settings_.identity.place;
  std::vector<SessionId> stale;
  for (const auto& [id, other] : sessions_) {
    if (id == session.id || !other->open() || other->handshake.peer() != session.handshake.peer()) continue;
    bool we_dial = session.role == Role::kDialling;
    bool stays = other->role == session.role || (we_dial == (own < session.handshake.peer()));
    // Who named the peer, named it whichever connection stays.
    bool accepted = session.accepted || other->accepted;
    session.accepted = other->accepted = accepted;
    if (!stays) return false;
    stale.push_back(id);
  }
  for (SessionId id : stale)
    if (Session* other = find(id)) refuse(*other, {ErrorCode::kDuplicateSession, session.handshake.peer().hex()});
  return true;
}

Result<void> Node::on_frame(Session& session, const Bye& bye, ByteView) {
  PlaceId peer = session.handshake.greeted() ? session.handshake.peer() : PlaceId{};
  report({Event::kByeReceived, session.id, peer, 0, Error{code_of_slug(bye.code), bye.text}});
  actions_.push_back(Close{session.id});
  drop(session);
  return {};
}

void Node::refuse(Session& session, const Error& error) {
  PlaceId peer = session.handshake.greeted() ? session.handshake.peer() : PlaceId{};
  report({Event::kRefused, session.id, peer, 0, error});
  dismiss(session, error);
}

void Node::dismiss(Session& session, const Error& error) {
  send(session, std::make_shared<const Bytes>(encode(Bye{std::string(slug(error.code)), error.context})));
  actions_.push_back(Close{session.id});
  drop(session);
}

void Node::shun(const PlaceId& peer) {
  if (shunned_.size() >= kShunnedMax) std::erase_if(shunned_, [&](const auto& entry) { return entry.second <= now_.instant; });
  if (shunned_.size() >= kShunnedMax && !shunned_.contains(peer))
    shunned_.erase(std::ranges::min_element(shunned_, {}, [](const auto& entry) { return entry.second; }));
  shunned_[peer] = now_.instant + kShunTime;
}

void Node::drop(Session& session) {
  abandon_request(session);
  for (const Session::Stream& stream : session.serving)
    if (stream.job != 0 && streams_.erase(stream.job) > 0) actions_.push_back(ClosePack{stream.job});
  if (session.open()) --open_sessions_;
  std::erase_if(at_key_, [&session](const auto& entry) { return entry.second == session.id; });
  sessions_.erase(session.id);
}

void Node::send(Session& session, SharedBytes frame) {
  session.in_flight_bytes += frame->size();
  actions_.push_back(Send{session.id, std::move(frame)});
}

// An answer that may not be dropped. A peer that asks and never reads is ended by the next tick or frame of its own.
void Node::control(Session& session, SharedBytes frame) {
  auto queued = session.outbox.push_control(std::move(frame));
  if (!queued) session.overflow = queued.error();
}

void Node::pump(Session& session) {
  if (session.overflow) return refuse(session, *session.overflow);
  while (session.in_flight_bytes < kSendWindowBytes) {
    Outbox::Next next = session.outbox.next();
    if (auto* frame = std::get_if<Outbox::Control>(&next)) {
      send(session, std::move(frame->frame));
    } else if (auto* heads = std::get_if<Outbox::Heads>(&next)) {
      std::span<const PlaceId> places = heads->places;
      for (const PlaceId& place : places.subspan(send_heads(session, places, Telling::kLive)))
        session.outbox.push_head(place);
    } else if (auto* pack = std::get_if<Outbox::Pack>(&next)) {
      send(session, std::move(pack->frame));
    } else if (!pump_cells(session) && !pump_replay(session) && !pump_stream(session)) {
      return;
    }
  }
}

// One frame of the first of `places`, as many as fit with their charters, and the evidence of a fork right behind it.
// Gives how many places it took. Rationale for one: a chain may fill a frame, and the window is looked at in between.
std::size_t Node::send_heads(Session& session, std::span<const PlaceId> places, Telling telling) {
  HeadBundle bundle;
  std::size_t bytes = 0, taken = 0;
  const PlaceState* forked = nullptr;
  const PlaceState* twice = nullptr;
  for (const PlaceId& place : places) {
    const PlaceState* state = table_.find(place);
    if (state != nullptr) {
      // A peer that has reconciled knows the charters of every place, but for those that came since. When it does not
      // after all, it passes the head over, and the next reconciliation brings both.
      bool all = telling != Telling::kLive || !session.reconciled;
      // What a place's id proves is its genesis: a head under it can be judged by whoever knows the place, and asked about by whoever
      // does not. A later charter goes along, since the peer may have another one of that number; so does what evidence follows.
      bool plain = state->seen.head.charter == 0 && state->fork == nullptr;
      bool bare = plain && telling != Telling::kWhole && session.asks_for_charters;
      bool with_charters = (all && !bare) || session.charters_due.contains(place);
      if (!with_charters) ++session.bare_told;
      std::size_t needed = SignedHead::kBytes + (with_charters ? charter_bytes(state->chain) : 0);
      if (!bundle.heads.empty() && bytes + needed > kFrameBytesMax - kKiB) break;
      const auto& chain = state->chain.charters();
      if (with_charters) bundle.charters.insert(bundle.charters.end(), chain.begin(), chain.end());
      bundle.heads.push_back(state->seen);
      bytes += needed;
      bool evidence_due = session.evidence_due.erase(place) > 0;
      session.charters_due.erase(place);
      if (state->fork && (all || evidence_due)) forked = state;
      // Not while a head is being written whose charters may settle it.
      bool two_due = session.two_charters_due.erase(place) > 0 && state->two_charters != nullptr;
      if (two_due && pending_chain(place) == nullptr) twice = state;
    }
    ++taken;
    if (forked != nullptr || twice != nullptr) break;
  }
  if (!bundle.heads.empty()) send(session, std::make_shared<const Bytes>(encode(Heads{bundle})));
  if (forked != nullptr) send(session, std::make_shared<const Bytes>(encode(evidence_of(*forked))));
  if (twice != nullptr) send(session, std::make_shared<const Bytes>(encode(TwoCharters{twice->two_charters->kept, twice->two_charters->other})));
  return taken;
}

std::size_t Node::charter_bytes(const CharterChain& chain) {
  Writer out;
  for (const SignedCharter& charter : chain.charters()) write(out, charter);
  return out.size();
}

bool Node::pump_cells(Session& session) {
  if (!session.sketch_stream) return false;
  auto cells = session.sketch_stream->next(sketch_);
  if (cells) send(session, std::make_shared<const Bytes>(encode(Sketch(std::move(*cells)))));
  return cells.has_value();
}

bool Node::pump_replay(Session& session) {
  Session::Replay& replay = session.replay;
  if (replay.empty()) return false;
  if (replay.next == replay.places.size()) {
    send(session, std::make_shared<const Bytes>(encode(Sketch(SketchEnd{}))));
    replay = {};
    return true;
  }
  std::size_t count = std::min(kHeadsPerFrameMax, replay.places.size() - replay.next);
  std::vector<PlaceId> places(replay.places.begin() + static_cast<std::ptrdiff_t>(replay.next),
                              replay.places.begin() + static_cast<std::ptrdiff_t>(replay.next + count));
  replay.next += send_heads(session, places, replay.bare ? Telling::kBare : Telling::kWhole);
  return true;
}

}  // namespace maillage::protocol
