#include "protocol/node.h"

namespace maillage::protocol {

Node::Node(NodeSettings settings, Random& random)
    : settings_(std::move(settings)),
      random_(random),
      sketch_(random.fixed<SketchKey>()),
      open_introductions_(daily_bucket(settings_.introductions_per_day_open)) {
  know_own(settings_.identity.place);
  for (const PlaceId& place : settings_.follow.always) know_own(place);
}

void Node::restore(PlaceState state) {
  PlaceId place = state.chain.place();
  if (state.own) know_own(place);
  table_.restore(std::move(state));
  resketch(place, std::nullopt);
  lacking_stale_ = true;
}

std::vector<Action> Node::on(const Input& input, Now now) {
  now_ = now;
  std::visit([this](const auto& what) { handle(what); }, input);
  persist_arrivals();
  send_receipts();
  release_fallen();
  if (std::exchange(content_freed_, false))
    for (const auto& [id, session] : sessions_) request_content(*session);
  if (std::exchange(pump_wanted_, false)) pump_all();
  return std::exchange(actions_, {});
}

// Every deadline here is seconds or minutes long: one tick a second serves them all, while there is any.
Instant Node::deadline() const {
  bool quiet = sessions_.empty() && !arrivals_.late() && (fallen_.empty() || releasing_ || !releases_);
  return quiet ? Instant::max() : last_tick_ + std::chrono::seconds(1);
}

std::vector<Node::PeerView> Node::peers() const {
  std::vector<PeerView> views;
  for (const auto& [id, session] : sessions_)
    if (session->open())
      views.push_back({id, session->handshake.peer(), session->handshake.peer_hello().agent, session->role,
                       session->reconciled, session->since, session->clock_offset_ms, session->scope});
  return views;
}

// Nothing that was kept for a session is left when it has ended, but what works for it on the disk; that is bounded.
static constexpr auto kOutlives = "nothing outlives its session";

void Node::sanity_check() const {
  check(sketch_.size() == table_.size(), "every place, and nothing else, is sketched");
  for (const auto& [place, state] : table_.all()) {
    const SignedHead* held = state.held_head();
    check(held == nullptr || order(held->head, state.seen.head) <= 0, "held is at most seen");
    check(state.chain.place() == place && state.seen.head.place == place, "a place's state is its own");
    check(lacking_stale_ || lacking_.contains(place) == wants_content(state), "whose content is lacking is known");
    check(table_.with_two_charters().contains(place) == (state.two_charters != nullptr), "who has two charters is known");
  }
  check(lacking_stale_ || lacking_.size() <= table_.size(), "of an unknown place nothing is lacking");
  check(open_sessions_ == peers().size() && at_key_.size() <= open_sessions_, "open sessions are counted");
  check(sessions_.size() <= settings_.sessions_max, "sessions are bounded");
  arrivals_.sanity_check(table_);
  waiting_.sanity_check();
  neighbourhood_.sanity_check();
  for (const PlaceId& place : partners_.blocked) check(table_.find(place) == nullptr, "nothing is known of a blocked place");
  for (const auto& [place, guest] : waiting_.all()) check(table_.find(place) == nullptr, "who is in does not wait");
  for (const auto& [id, session] : sessions_) {
    check(session->outbox.bytes() <= kOutboxBytesMax, "an outbox is bounded");
    check(session->replay.places.size() <= table_.size(), "an answer holds no more than all places");
    check(session->offers.size() == session->offered.size(), "a place is offered once");
  }
  for (const auto& [job, id] : streams_) {
    auto session = sessions_.find(id);
    check(session != sessions_.end() && std::ranges::count(session->second->serving, job, &Session::Stream::job) == 1, kOutlives);
  }
  std::set<PlaceId> brought;
  std::map<SessionId, std::size_t> whole;
  for (const auto& [id, job] : ingesting_) {
    for (const IngestPack::Place& place : job.places) brought.insert(place.head.head.head.place);
    whole[job.session] += !job.live;
  }
  for (const auto& [id, session] : sessions_) {
    const auto& request = session->request;
    if (request && request->job == 0)
      for (const auto& [place, have] : request->places) brought.insert(place);
    check(whole[id] == session->packs_waiting + (request && request->job != 0), "the packs of a session are counted");
  }
  check(std::ranges::includes(brought, in_flight_), kOutlives);
  check(source_.size() <= table_.size() && unpurged_.size() <= table_.size() && owed_.size() <= table_.size(), kOutlives);
  check(introductions_.size() <= kIntroducersMax && shunned_.size() <= kShunnedMax && forwarded_.size() <= kForwardedKept &&
            two_charters_waiting_.size() <= kTwoChartersWaitingMax && receipts_waiting_bytes_ <= kReceiptsWaitingBytesMax,
        "what is remembered of peers is bounded");
}

void Node::handle(const FrameReceived& input) {
  Session* session = find(input.session);
  if (session == nullptr) return;
  auto frame = decode_frame(input.frame);
  if (!frame) return refuse(*session, frame.error());
  auto taken = std::visit([&](const auto& part) { return on_frame(*session, part, input.frame); }, *frame);
  if (!taken) {
    if (Session* still = find(input.session)) refuse(*still, taken.error());
    return;
  }
  if (Session* still = find(input.session)) {
    ask_for_charters(*still);
    pump(*still);
  }
}

void Node::handle(const Tick&) {
  last_tick_ = now_.instant;
  if (now_.instant >= next_sketch_key_) renew_sketch_key();
  std::vector<SessionId> ids;
  for (const auto& [id, session] : sessions_) ids.push_back(id);
  for (SessionId id : ids)
    if (Session* session = find(id)) tend(*session);
}

void Node::tend(Session& session) {
  if (!session.handshake.open()) {
    if (now_.instant - session.opened_at > kHandshakeTimeout) refuse(session, {ErrorCode::kTimeout, "handshake"});
    return;
  }
  if (session.request && request_is_late(session)) return refuse(session, {ErrorCode::kTimeout, "WANT"});
  if (session.reconciliation && now_.instant - session.reconcile_progress > kWantTimeout)
    return refuse(session, {ErrorCode::kTimeout, "SKETCH"});
  // A pack that is open holds memory and a place in the queue: whoever takes none of it gives it back.
  bool stalled = !session.serving.empty() && session.serving.front().chunk.has_value();
  if (stalled && now_.instant - session.serve_progress > kWantTimeout)
    return refuse(session, {ErrorCode::kTimeout, "PACK"});
  bool drained = session.outbox.bytes() == 0 && session.replay.empty();
  bool dirty = drained && session.outbox.take_dirty();
  if (session.role == Role::kDialling) {
    if (dirty) session.next_reconcile = std::min(session.next_reconcile, session.reconcile_began + kReconcileGapMin);
    if (!session.reconciliation && now_.instant >= session.next_reconcile) begin_reconcile(session);
  } else if (dirty) {
    control(session, encode(Sketch(SketchDue{})));
  }
  bool answered = session.reconciled && now_.instant - session.reconciled_at >= kAnswerGrace;
  if (answered) caught_up_ = true;
  if (answered && std::exchange(session.receipts_wait, false)) hand_on_waiting(session);
  if (answered && std::exchange(session.where_due, false)) ask_where(session);
  if (Session* still = find(session.id)) pump(*still);
}

// Nothing came for a minute although nothing waits here, or it trickles and others have it. A slow line that is the only one is
// given time: a minute more each time that this is asked.
bool Node::request_is_late(Session& session) {
  Session::Request& request = *session.request;
  if (session.pack_bytes_waiting != 0) return false;
  if (now_.instant - request.progress > kWantTimeout) return true;
  std::size_t came = request.job != 0 ? ingesting_.at(request.job).bytes : 0;
  auto allowed = kWantTimeout + std::chrono::seconds(came / kPackBytesPerSecondMin);
  if (now_.instant - request.asked <= allowed) return false;
  if (is_offered_elsewhere(session)) return true;
  request.asked += kWantTimeout;
  return false;
}

bool Node::is_offered_elsewhere(const Session& asked) const {
  return std::ranges::any_of(sessions_, [&](const auto& entry) {
    const Session& other = *entry.second;
    if (&other == &asked || !other.open() || other.offered.empty()) return false;
    return std::ranges::any_of(asked.request->places, [&](const auto& wanted) { return other.offered.contains(wanted.first); });
  });
}

void Node::renew_sketch_key() {
  next_sketch_key_ = now_.instant + kSketchKeyLife;
  sketch_.renew(random_.fixed<SketchKey>());
}

Result<void> Node::on_frame(Session& session, const Unknown& frame, ByteView) {
  if (!session.useless.take(1, now_.instant))
    return fail(ErrorCode::kRateLimited, "frame type " + std::to_string(frame.type));
  return {};
}

}  // namespace maillage::protocol
