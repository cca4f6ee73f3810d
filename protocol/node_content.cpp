// The node's content: asking for packs, taking them in, serving them.
#include <algorithm>
#include <ranges>

#include "protocol/node.h"

namespace maillage::protocol {

namespace {

bool packs(const std::vector<IngestPack::Place>& places, const PlaceId& place) {
  return std::ranges::any_of(places, [&](const IngestPack::Place& packed) { return packed.head.head.head.place == place; });
}

// A refusal that says nothing about the peer.
bool is_ours(ErrorCode code) {
  return code == ErrorCode::kDiskFull || code == ErrorCode::kIo || code == ErrorCode::kBusy;
}

// A session's first WANT asks for so many places, each next one for twice as many, up to kWantPlacesMax. Rationale: while
// one pack is ingested the next is on its way, of a small registry too.
constexpr std::size_t kWantPlacesFirst = 32;
constexpr std::uint32_t kWantDoublings = 4;
static_assert(kWantPlacesFirst << kWantDoublings == kWantPlacesMax);

// Whether this very head's content did not hold when its sender was asked for it alone.
bool is_refused(const std::map<PlaceId, Hash>& refused_content, const PlaceState& state) {
  auto refused = refused_content.find(state.seen.head.place);
  return refused != refused_content.end() && refused->second == hash_of(state.seen.head);
}

bool is_broken_pack(ErrorCode code) {
  return code == ErrorCode::kBadPack || code == ErrorCode::kTruncated || code == ErrorCode::kStowaway || code == ErrorCode::kTooLarge ||
         code == ErrorCode::kTooMany || code == ErrorCode::kTrailingBytes;
}

}  // namespace

bool Node::wants_content(const PlaceState& state) const {
  if (state.holds_seen) return false;
  return state.own ? aside_.contains(state.chain.place()) : follows(state);
}

// ---- asking

void Node::offer(Session& session, const PlaceId& place) {
  const PlaceState* state = table_.find(place);
  if (state == nullptr || !wants_content(*state)) return;
  if (is_refused(session.refused_content, *state) || (!state->own && !may_hold(session, *state))) return;
  if (session.offered.insert(place).second) session.offers.push_back(place);
  request_content(session);
}

void Node::request_content(Session& session) {
  if (session.request || !session.open() || session.packs_waiting >= kPacksWaitingMax) return;
  Session::Request request;
  request.alone = !session.alone.empty();
  std::list<PlaceId>& queue = request.alone ? session.alone : session.offers;
  std::size_t places_max = request.alone ? 1 : kWantPlacesFirst << std::min(session.last_request, kWantDoublings);
  for (std::size_t left = queue.size(); left > 0 && request.places.size() < places_max; --left) {
    PlaceId place = queue.front();
    queue.pop_front();
    const PlaceState* state = table_.find(place);
    // It may have been offered again while it was on its way, and been refused since.
    bool needed = state != nullptr && wants_content(*state) && !is_refused(session.refused_content, *state);
    if (needed && in_flight_.contains(place)) {
      queue.push_back(place);  // another peer is bringing it; if it fails, this one is asked
      continue;
    }
    if (!request.alone) session.offered.erase(place);  // one to be asked alone may have been offered again meanwhile
    if (!needed) continue;
    const SignedHead* held = state->held_head();
    request.places.emplace(place, held != nullptr ? held->head.commit : ObjectId{});
  }
  if (request.places.empty()) return;
  Want want;
  want.request = request.number = ++session.last_request;
  for (const auto& [place, have] : request.places) {
    in_flight_.insert(place);
    want.places.push_back({place, have});
  }
  request.progress = request.asked = now_.instant;
  session.request = std::move(request);
  control(session, encode(want));
  pump_wanted_ = true;
}

void Node::handle(const WantAside& input) {
  bool changed = input.wanted ? aside_.insert(input.place).second : aside_.erase(input.place) > 0;
  look_whether_lacking(input.place);
  if (!changed || !input.wanted) return;
  for (const auto& [id, session] : sessions_)
    if (session->open()) offer(*session, input.place);
  pump_wanted_ = true;
}

// Whoever else offered it is asked, at the end of this input.
void Node::free_content(const PlaceId& place) {
  if (in_flight_.erase(place) > 0) content_freed_ = true;
}

void Node::abandon_request(Session& session) {
  if (!session.request) return;
  for (const auto& [place, have] : session.request->places) free_content(place);
  if (session.request->job != 0) {
    actions_.push_back(DropPack{session.request->job});
    const Job& job = ingesting_.at(session.request->job);
    session.pack_bytes_waiting -= job.bytes - job.appended;
    ingesting_.erase(session.request->job);
  }
  session.request.reset();
}

// ---- taking in

Result<void> Node::on_frame(Session& session, const Pack& pack, ByteView frame) {
  if (!session.open()) return fail(ErrorCode::kUnexpectedFrame, "PACK");
  return pack.request == 0 ? take_pushed_pack(session, pack, frame) : take_pack_part(session, pack);
}

// A pack pushed with a live head goes straight in when it builds on exactly what we hold and nothing
// greater waits; otherwise its head counts
// as a head, and the content is asked for.
Result<void> Node::take_pushed_pack(Session& session, const Pack& pack, ByteView frame) {
  if (pack.flags != (Pack::kFirst | Pack::kLast) || pack.places.size() != 1 || !pack.places.front().head)
    return fail(ErrorCode::kMalformed, "pushed PACK");
  if (pack.bytes.size() > kPushedPackOriginBytesMax) return fail(ErrorCode::kTooLarge, "pushed PACK");
  const PackedPlace& entry = pack.places.front();
  const PlaceState* state = table_.find(entry.place);
  const SignedHead* held = state != nullptr ? state->held_head() : nullptr;
  bool fits = held != nullptr && !state->own && follows(*state) && held->head.commit == entry.base && !in_flight_.contains(entry.place) &&
              !arrivals_.contains(entry.place) && ingesting_.size() < kPushedPacksMax && arrivals_.may_take(entry.place, now_.instant);
  if (!fits) return take_head(session, *entry.head, {});
  if (auto allowed = charge_signatures(session, {}, 1); !allowed) return allowed;
  auto judged = table_.judge(*entry.head, {});
  if (!judged || judged->verdict != PlaceTable::Verdict::kNewer) return take_head(session, *entry.head, {});

  arrivals_.take(entry.place, now_.instant);
  JobId job = next_job_++;
  bool relayed = pack.bytes.size() <= kPushedPackRelayBytesMax;
  IngestPack ingest{job, {{std::move(*judged->candidate), entry.base}}};
  Job& started = ingesting_[job];
  started.places = ingest.places;
  started.session = session.id;
  started.peer = session.handshake.peer();
  started.live = true;
  if (relayed) started.pushed = std::make_shared<const Bytes>(frame.begin(), frame.end());
  in_flight_.insert(entry.place);
  actions_.push_back(AppendPack{job, Bytes(pack.bytes.begin(), pack.bytes.end())});
  actions_.push_back(std::move(ingest));
  return {};
}

Result<void> Node::take_pack_part(Session& session, const Pack& pack) {
  if (!session.request || session.request->number != pack.request) return fail(ErrorCode::kUnexpectedFrame, "PACK");
  Session::Request& request = *session.request;
  bool first = (pack.flags & Pack::kFirst) != 0;
  if (first == (request.job != 0)) return fail(ErrorCode::kUnexpectedFrame, "PACK part out of order");
  bool last = (pack.flags & Pack::kLast) != 0;
  if (!last && pack.bytes.size() < kPackPartBytesMin) return fail(ErrorCode::kMalformed, "PACK part too small");
  request.progress = now_.instant;
  if (first)
    if (auto started = start_pack(session, pack); !started) return started;
  if ((pack.flags & Pack::kFailed) != 0) {
    abandon_request(session);
    return useless(session, "packs that failed");
  }
  Job& job = ingesting_.at(request.job);
  job.bytes += pack.bytes.size();
  if (job.bytes > kPackBytesMax) return fail(ErrorCode::kTooLarge, "pack");
  session.pack_bytes_waiting += pack.bytes.size();
  if (session.pack_bytes_waiting > kPackWindowBytes) return fail(ErrorCode::kTooLarge, "PACK beyond the credit");
  if (!pack.bytes.empty()) actions_.push_back(AppendPack{request.job, Bytes(pack.bytes.begin(), pack.bytes.end())});
  if (!last) return {};

  if (job.places.empty()) {
    session.pack_bytes_waiting -= job.bytes - job.appended;
    actions_.push_back(DropPack{request.job});
    ingesting_.erase(request.job);
  } else {
    actions_.push_back(IngestPack{request.job, job.places});
    ++session.packs_waiting;
  }
  session.request.reset();
  request_content(session);
  return {};
}

Result<void> Node::start_pack(Session& session, const Pack& pack) {
  Session::Request& request = *session.request;
  Job job;
  job.session = session.id;
  job.peer = session.handshake.peer();
  job.alone = request.places.size() == 1;
  for (const PackedPlace& entry : pack.places) {
    auto asked = request.places.find(entry.place);
    const PlaceState* state = table_.find(entry.place);
    if (asked == request.places.end()) return fail(ErrorCode::kMalformed, "PACK of what was not asked");
    if (!entry.head || state == nullptr) continue;  // blocked since it was asked for
    if (packs(job.places, entry.place)) return fail(ErrorCode::kMalformed, "PACK of one place twice");
    if (!entry.base.is_zero() && entry.base != asked->second) return fail(ErrorCode::kMalformed, "PACK on another base");
    // What an erasure took away does not come back: an older reign is not even looked at.
    if (const SignedHead* held = state->held_head(); held != nullptr && reign(entry.head->head) < reign(held->head)) continue;
    bool known = entry.head->head == state->seen.head;  // under our own signature of it, which was looked at
    if (!known)
      if (auto verified = verify_under(*entry.head, state->chain); !verified) {
        // Its charter is being written here: the pack is refused as holding too much, and asked again.
        if (verified.error().code == ErrorCode::kMissingCharter) continue;
        if (state->two_charters == nullptr) return verified;
        // It follows the other chain: nothing that it has of this place counts here, and no other place is to suffer from that.
        session.refused_content[entry.place] = hash_of(state->seen.head);
        continue;
      }
    job.places.push_back({Candidate{known ? state->seen : *entry.head, state->chain, 0}, entry.base, state->own});
  }
  // What the peer does not hold may be asked from others, and from it when it says that it has it. What it left for
  // another pack is asked next.
  bool may_leave = !pack.places.empty() && (pack.flags & Pack::kFailed) == 0;
  for (const auto& [place, have] : std::views::reverse(request.places)) {
    if (packs(job.places, place)) continue;
    free_content(place);
    bool left = std::ranges::find(pack.places, place, &PackedPlace::place) == pack.places.end();
    if (may_leave && left && session.offered.insert(place).second) session.offers.push_front(place);
  }
  request.job = next_job_++;
  ingesting_.emplace(request.job, std::move(job));
  return {};
}

void Node::handle(const PackAppended& input) {
  auto job = ingesting_.find(input.job);
  if (job == ingesting_.end() || job->second.live) return;
  Session* session = find(job->second.session);
  if (session == nullptr || !session->open()) return;
  std::size_t appended = std::min(input.bytes, job->second.bytes - job->second.appended);
  job->second.appended += appended;
  if (session->request) session->request->progress = now_.instant;  // the wait was ours
  session->pack_bytes_waiting -= appended;
  control(*session, encode(Credit{static_cast<std::uint32_t>(input.bytes)}));
  pump(*session);
}

void Node::handle(const Ingested& input) {
  auto found = ingesting_.extract(input.job);
  if (found.empty()) return;
  const Job& job = found.mapped();
  if (Session* session = find(job.session); session != nullptr && !job.live) {
    session->pack_bytes_waiting -= job.bytes - job.appended;
    --session->packs_waiting;
  }
  for (const Ingested::Outcome& outcome : input.places) settle(job, outcome);
  if (Session* session = find(job.session)) {
    request_content(*session);
    pump(*session);
  }
}

void Node::settle(const Job& job, const Ingested::Outcome& outcome) {
  auto place = std::ranges::find(job.places, outcome.place, [](const IngestPack::Place& p) { return p.head.head.head.place; });
  if (place == job.places.end()) return;
  const Candidate& candidate = place->head;
  Session* session = find(job.session);
  if (table_.find(outcome.place) == nullptr) {  // blocked meanwhile, and it came after what was to take it away
    free_content(outcome.place);
    if (!outcome.refused) actions_.push_back(Forget{{outcome.place}});
    return;
  }
  if (!outcome.refused) {
    SessionId from[] = {job.session};
    const PlaceState& known = *table_.find(outcome.place);
    bool untold = place->aside && known.own && order(known.seen.head, candidate.head.head) < 0;
    if (untold) report({Event::kOwnHeadElsewhere, job.session, outcome.place, 0, {}, candidate.head});  // the pack was the first to tell it
    // Not offered again: a peer whose held head is older than what was seen has nothing more to give.
    adopt(candidate, from, job.pushed);
    if (place->aside) {
      free_content(outcome.place);
      const PlaceState* own = table_.find(outcome.place);
      if (own != nullptr && own->seen.head == candidate.head.head) aside_.erase(outcome.place);
      look_whether_lacking(outcome.place);
      report({Event::kHeldAside, job.session, outcome.place, 0, {}, candidate.head});
      return;
    }
    if (!hold(candidate.head)) return;
    source_[outcome.place] = job.peer;
    if (outcome.purging) unpurged_.insert_or_assign(outcome.place, job.session), owed_.erase(outcome.place);
    else if (session != nullptr) owe_receipt(*session, {outcome.place, hash_of(candidate.head.head)});
    else owed_.insert(outcome.place);
    return;
  }
  free_content(outcome.place);
  report({Event::kRefused, job.session, outcome.place, 0, outcome.refused});
  // Perhaps only the base differs: the head counts, and its content is asked for whole.
  if (job.live && table_.accepts(candidate)) arrive(candidate, job.session);
  if (session == nullptr || is_ours(outcome.refused->code)) return;
  if (!job.live && job.alone) session->refused_content[outcome.place] = hash_of(candidate.head.head);
  if (!job.live && !job.alone) session->alone.push_back(outcome.place);
  // A pack of one place that cannot even be read was made so on purpose, or by a broken program: goodbye for a while.
  bool broken = job.alone && is_broken_pack(outcome.refused->code);
  auto bearable = useless(*session, "packs that do not hold", kBadContentCost);
  if (!broken && bearable) return;
  shun(session->handshake.peer());
  refuse(*session, broken ? *outcome.refused : bearable.error());
}

void Node::handle(const Purged& input) {
  for (const PlaceId& place : input.places) {
    auto waiting = unpurged_.extract(place);
    const PlaceState* state = table_.find(place);
    if (state == nullptr || state->own) continue;
    Session* session = waiting.empty() ? nullptr : find(waiting.mapped());
    if (session == nullptr) owed_.insert(place);
    else owe_receipt(*session, {place, kept_of(*state)});
  }
}

void Node::handle(const Published& input) {
  for (const Published::Place& place : input.places) {
    const Head& head = place.head.head.head;
    SharedBytes pushed;
    // A peer can use the pack only when it knows the place's charters already.
    if (place.pack && place.pack->size() <= kPushedPackOriginBytesMax && place.head.new_charters == 0) {
      Pack pack{0, Pack::kFirst | Pack::kLast, {{head.place, place.head.head, place.base}}, *place.pack};
      pushed = std::make_shared<const Bytes>(encode(pack));
    }
    partners_.blocked.erase(head.place);  // it was, and people here took it over
    adopt(place.head, {}, pushed);
    // Unless a charter named another daemon while it was being written.
    if (table_.find(head.place)->chain.latest().daemon_key == settings_.identity.key.public_key()) table_.mark_own(head.place), know_own(head.place);
    look_whether_lacking(head.place);
    hold(place.head.head);
  }
}

// ---- serving

Result<void> Node::on_frame(Session& session, const Want& want, ByteView) {
  if (!session.open()) return fail(ErrorCode::kUnexpectedFrame, "WANT");
  if (session.serving.empty()) session.serve_progress = now_.instant;
  if (session.serving.size() >= kServedRequestsMax) return fail(ErrorCode::kTooMany, "WANTs at once");
  if (auto taken = useless(session, "WANTs"); !taken) return taken;
  Session::Stream stream;
  stream.request = want.request;
  bool any = false;
  std::vector<PlaceId> not_held;
  for (const WantedPlace& wanted : want.places) {
    const PlaceState* state = table_.find(wanted.place);
    const SignedHead* served = state != nullptr ? state->served_head() : nullptr;
    bool gives = served != nullptr && served->head.commit != wanted.have;
    if (gives) stream.places.push_back({wanted.place, *served, wanted.have});
    else stream.places.push_back({wanted.place, {}, {}});
    any = any || gives;
    if (state != nullptr && served == nullptr) not_held.push_back(wanted.place);
    // Told again when its content is here: also to who gets something older meanwhile, having been elsewhere.
    bool awaits = state != nullptr && (!gives || !(served->head == state->seen.head));
    if (awaits && session.interests.size() < kInterestsMax) session.interests.insert(wanted.place);
  }
  if (any) stream.job = next_job_++;
  // Each costs a look at many sessions; of more, none is told: WHERE asks again.
  if (!not_held.empty() && session.holder_answers.take(1, now_.instant)) tell_holders(session, not_held, false);
  session.serving.push_back(std::move(stream));
  start_stream(session);
  return {};
}

void Node::start_stream(Session& session) {
  if (session.serving.empty()) return;
  Session::Stream& stream = session.serving.front();
  if (stream.job == 0 || streams_.contains(stream.job)) return;
  streams_.emplace(stream.job, session.id);
  OpenPack open{stream.job, {}};
  for (const PackedPlace& entry : stream.places)
    if (entry.head) open.places.push_back(entry);
  actions_.push_back(std::move(open));
}

// A break of history is seen, or the place was blocked: packs of what was before it end where they are, whoever reads them.
void Node::stop_serving(const PlaceId& place, std::optional<std::uint64_t> but_epoch) {
  auto stale = [&](const PackedPlace& entry) { return entry.place == place && entry.head && entry.head->head.epoch != but_epoch; };
  for (const auto& [id, session] : sessions_) {
    for (Session::Stream& stream : session->serving) {
      auto entry = std::ranges::find_if(stream.places, stale);
      if (entry == stream.places.end()) continue;
      if (streams_.contains(stream.job)) {
        stream.cut = true;
        if (stream.chunk) cut(*session, stream);  // else once the store answers
        continue;
      }
      entry->head.reset();
      if (std::ranges::none_of(stream.places, [](const PackedPlace& other) { return other.head.has_value(); })) stream.job = 0;
    }
  }
}

void Node::cut(Session& session, Session::Stream& stream) {
  stream.failed = true;
  if (stream.first) std::ranges::for_each(stream.places, [](PackedPlace& entry) { entry.head.reset(), entry.base = {}; });
  stream.chunk.emplace(Bytes(), true);
  session.serve_progress = now_.instant;
  pump_wanted_ = true;
}

Node::Session::Stream* Node::find_stream(JobId job, Session*& session) {
  auto found = streams_.find(job);
  session = found == streams_.end() ? nullptr : find(found->second);
  if (session == nullptr || session->serving.empty() || session->serving.front().job != job) return nullptr;
  return &session->serving.front();
}

void Node::handle(const PackOpened& input) {
  Session* session = nullptr;
  Session::Stream* stream = find_stream(input.job, session);
  if (stream == nullptr) return;
  if (stream->cut) return cut(*session, *stream);
  std::erase_if(stream->places, [](const PackedPlace& entry) { return entry.head.has_value(); });
  stream->places.insert(stream->places.end(), input.places.begin(), input.places.end());
  actions_.push_back(ReadPack{input.job, kPackChunkBytes});
}

void Node::handle(const PackChunk& input) {
  Session* session = nullptr;
  Session::Stream* stream = find_stream(input.job, session);
  if (stream == nullptr) return;
  if (stream->cut) return cut(*session, *stream);
  stream->failed = input.failed;
  session->serve_progress = now_.instant;
  stream->chunk.emplace(input.bytes, input.last || input.failed);
  pump(*session);
}

// Of what was read, as much as the line takes in about kPackPartTime, and only when what was handed over before is gone.
// Rationale: what the transport has cannot be overtaken; 256 KiB keep a head waiting half a minute on a line of 64 kbit/s.
std::optional<Bytes> Node::next_part(Session& session, Bytes& read) {
  bool all = read.size() < session.part_bytes + kPackPartBytesLeast;
  std::size_t size = all ? read.size() : session.part_bytes;
  if (session.pack_credit < size || session.in_flight_bytes >= kPackPartBytesLeast) return std::nullopt;
  session.part_handed = session.serve_progress = now_.instant;
  if (all) return std::exchange(read, {});
  auto end = read.begin() + static_cast<std::ptrdiff_t>(size);
  Bytes part(read.begin(), end);
  read.erase(read.begin(), end);
  return part;
}

// The transport took a part of a pack: the next is twice as large on a fast line, half as large on a slow one.
void Node::on_part_taken(Session& session) {
  Duration took = now_.instant - *std::exchange(session.part_handed, std::nullopt);
  if (took > kPackPartTime) session.part_bytes = std::max(session.part_bytes / 2, kPackPartBytesLeast);
  else if (took < kPackPartTime / 4) session.part_bytes = std::min(session.part_bytes * 2, kPackChunkBytes);
}

bool Node::pump_stream(Session& session) {
  if (session.serving.empty() || !session.open()) return false;
  Session::Stream& stream = session.serving.front();
  if (stream.job != 0 && !stream.chunk) return false;
  Bytes bytes;
  bool last = true;
  if (stream.chunk) {
    auto part = next_part(session, stream.chunk->first);
    if (!part) return false;
    bytes = std::move(*part);
    last = stream.chunk->second && stream.chunk->first.empty();
    if (stream.chunk->first.empty()) stream.chunk.reset();
  }
  session.pack_credit -= bytes.size();
  Pack pack{stream.request, 0, {}, bytes};
  if (stream.first) {
    pack.flags |= Pack::kFirst;
    pack.places = stream.places;
  }
  if (last) pack.flags |= Pack::kLast;
  if (stream.failed) pack.flags |= Pack::kFailed;
  stream.first = false;
  send(session, std::make_shared<const Bytes>(encode(pack)));
  if (!last) {
    if (!stream.chunk) actions_.push_back(ReadPack{stream.job, kPackChunkBytes});
    return true;
  }
  if (stream.job != 0 && streams_.erase(stream.job) > 0) actions_.push_back(ClosePack{stream.job});
  session.serving.pop_front();
  start_stream(session);
  return true;
}

Result<void> Node::on_frame(Session& session, const Credit& credit, ByteView) {
  if (!session.open()) return fail(ErrorCode::kUnexpectedFrame, "CREDIT");
  session.pack_credit = std::min(kPackWindowBytes, session.pack_credit + credit.bytes);
  return {};
}

}  // namespace maillage::protocol
