#include "daemon/sync_shell.h"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/asio/post.hpp>

#include "daemon/clock.h"
#include "daemon/lan_discovery.h"
#include "daemon/log.h"
#include "daemon/refused_job.h"
#include "registry/territory.h"

namespace maillage::daemon {
namespace {

using protocol::Event;
using protocol::Input;

// The node bounds what it asks for by its own windows; this only stops a bug from eating the memory.
constexpr std::size_t kJobsMax = 100'000;
// A peer that never finishes a reconciliation does not keep what we publish from the others for longer than this.
constexpr std::chrono::seconds kCatchUpMax{30};
// The deadlines of own heads are minutes; one that has passed and waits for something else is not asked again at once.
constexpr std::chrono::seconds kOwnGap{1};
// After a full disk, or whatever kept an own head from being settled.
constexpr std::chrono::seconds kOwnRetry{60};
// Small packs are merged after so many commits: often enough that a look-up never meets hundreds of them.
constexpr std::uint64_t kTendEvery = 64;
// A purge that took a second is followed by nine without one: what is erased meanwhile goes with the next.
constexpr int kPurgeRest = 9;
// After one that failed: space may be back.
constexpr std::chrono::seconds kPurgeAgain{10};
// What is kept for three days goes without anything happening.
constexpr std::chrono::hours kPurgeEvery{1};

std::string shown(const protocol::PlaceId& place) { return place.is_zero() ? "" : place.hex().substr(0, 12); }

protocol::NodeSettings settings_of(const registry::Registry& registry, const PeerConfig& config) {
  protocol::NodeSettings settings{registry.identity()};
  settings.open_admission = config.admission == Admission::kOpen;
  auto ours = registry.own_places();
  settings.follow = {config.scope, {ours.begin(), ours.end()}};
  settings.areas_of = registry::areas_of;
  return settings;
}

asio::steady_timer::time_point steady(protocol::Instant instant) {
  using Steady = std::chrono::steady_clock;
  return Steady::time_point(std::chrono::duration_cast<Steady::duration>(instant.time_since_epoch()));
}

std::string_view event_name(Event event) {
  switch (event) {
    case Event::kPeerOpen: return "peer.open";
    case Event::kPeerClosed: return "peer.closed";
    case Event::kRefused: return "peer.refused";
    case Event::kByeReceived: return "peer.bye";
    case Event::kReconciled: return "sync.reconciled";
    case Event::kSeen: return "sync.head_seen";
    case Event::kHeld: return "sync.head_held";
    case Event::kForked: return "sync.forked";
    case Event::kOwnHeadElsewhere: return "sync.own_head_elsewhere";
    case Event::kOwnMoved: return "sync.own_place_moved";
    case Event::kTwoCharters: return "sync.two_charters";
    case Event::kOwnHeadBehind: return "sync.own_head_behind";
    case Event::kHeldAside: return "sync.own_content_aside";
    case Event::kNotAdmitted: return "sync.not_admitted";
    case Event::kLetIn: return "sync.let_in";
    case Event::kNotInvited: return "peer.not_invited";
    case Event::kWelcomed: return "peer.welcomed";
    case Event::kReleased: return "sync.released";
    case Event::kScopeTold: return "peer.scope";
    case Event::kHolderNamed: return "peer.holder_named";
  }
  return "sync.event";
}

LogLevel level_of(const protocol::Report& report) {
  // Of two daemons that dial each other one session goes, and one between new partners begins again: all is well.
  if (report.error && (report.error->code == protocol::ErrorCode::kDuplicateSession || report.error->code == protocol::ErrorCode::kStandingChanged))
    return LogLevel::kInfo;
  switch (report.event) {
    case Event::kSeen:
    case Event::kOwnHeadBehind:
    case Event::kHeld: return LogLevel::kDebug;
    case Event::kRefused:
    case Event::kForked:
    case Event::kNotInvited:
    case Event::kNotAdmitted: return LogLevel::kWarning;
    case Event::kTwoCharters:
    case Event::kOwnHeadElsewhere: return LogLevel::kError;
    default: return LogLevel::kInfo;
  }
}

}  // namespace

SyncShell::SyncShell(asio::io_context& node, registry::Registry& registry, std::vector<protocol::PlaceState> places, const PeerConfig& config,
                     protocol::Random& random, Metrics& metrics)
    : context_(node), registry_(registry), metrics_(metrics), config_(config), own_(registry.own_places()), node_(settings_of(registry, config), random),
      random_(random), dialer_(random), choice_(random), transport_(node, events()), tick_(node), redial_(node), choice_tick_(node),
      purge_(node), own_tick_(node), following_tick_(node), caught_up_(!registry.awaits_peers()),
      intake_(registry, receiver_, writer_), writer_(1, kJobsMax), receiver_(1, kJobsMax), reader_(1, kJobsMax) {
  for (protocol::PlaceState& state : places) {
    const protocol::SignedHead* held = state.held_head();
    if (state.own && held != nullptr && protocol::order(held->head, state.seen.head) < 0)
      registry_.own_heard(state.seen, registry_.identity().place, now().instant);
    if (state.own && state.fork) registry_.own_forked(*state.fork, now().instant);
    node_.restore(std::move(state));
  }
  metrics_.gauge("maillage_peers", "state=\"open\"", [this] { return static_cast<double>(open_sessions_.load()); });
}

PeerTransport::Events SyncShell::events() {
  PeerTransport::Events events;
  events.opened = [this](SessionId session, protocol::Role role) {
    // A peer that we dial is one that a person here named.
    feed(protocol::SessionOpened{session, role, role == protocol::Role::kDialling});
  };
  events.frame = [this](SessionId session, protocol::ByteView frame) {
    metrics_.count("maillage_sync_bytes_total", "direction=\"in\"", frame.size());
    feed(protocol::FrameReceived{session, frame});
  };
  events.sent = [this](SessionId session, std::size_t bytes) {
    metrics_.count("maillage_sync_bytes_total", "direction=\"out\"", bytes);
    feed(protocol::FrameSent{session, bytes});
  };
  events.closed = [this](SessionId session, const std::string& reason) {
    log(LogLevel::kInfo, "session.closed", {{"session", std::to_string(session)}, {"reason", reason}});
    feed(protocol::SessionClosed{session});
    authenticated_.erase(session);
    named_holders_.forget(session);
    look_who_follows_soon();
    choice_.unreachable(dialer_.url_of(session));
    dialer_.closed(session, now().instant);
    dial();
  };
  return events;
}

SyncShell::~SyncShell() = default;

void SyncShell::start(const LanAnnouncement& own) {
  own_announcement_ = own;
  if (auto told = registry_.whereabouts()) hear_of(*told);
  else log(LogLevel::kError, "registry.whereabouts_unread", {{"reason", told.error().context}});
  take_partners(registry_.address_book().read());
  keep_named();
  tend_lan();
  keep_urls();
  tend_choice();
  // What nobody here follows any more is let go when those that we dial had their turn to be here.
  if (caught_up_) follow();
  look_who_follows();
  arm();
  purge_soon();
  settle_own();
}

void SyncShell::reload(const PeerConfig& config) {
  config_ = config;
  node_.set_open_admission(config_.admission == Admission::kOpen);
  tend_lan();
  for (const auto& [place, refusal] : std::exchange(refusing_, {})) try_again(place);
  keep_urls();
  keep_named();
  follow();
  partners_changed();  // who waits may enter now
}

void SyncShell::rekey(const protocol::KeyPair& key) {
  asio::post(context_, [this, key] { node_.set_key(key); });
}

void SyncShell::announce(protocol::Published published) {
  std::erase_if(published.places, [this](const auto& place) { return registry_.keeps_back(place.head.head.head.place); });
  if (published.places.empty()) return;
  auto shared = std::make_shared<const Input>(std::move(published));
  asio::post(context_, [this, shared] {
    feed(*shared);
    tend();
  });
}

void SyncShell::feed(const Input& input) {
  protocol::check(!feeding_, "the node is given one input at a time");
  feeding_ = true;
  std::vector<protocol::Action> actions = node_.on(input, now());
  feeding_ = false;
  for (protocol::Action& action : actions)
    std::visit([this](auto& one) { carry_out(std::move(one)); }, action);
  open_sessions_ = node_.open_sessions();
  if (!caught_up_) look_whether_caught_up();
  if (node_.waiting().revision() != waiting_shown_) show_waiting();
  arm();
}

// ---- own heads

void SyncShell::look_whether_caught_up() {
  bool waited = first_peer_ && now().instant - *first_peer_ >= kCatchUpMax;
  if (!node_.caught_up() && !waited) return;
  caught_up_ = true;
  registry_.own_caught_up();
  settle_own();
  asio::post(context_, [this] { follow(); });
}

void SyncShell::note_own(const protocol::Report& report) {
  const protocol::PlaceState* place = node_.places().find(report.place);
  if (place == nullptr || !place->own) return;
  bool elsewhere = report.event == Event::kOwnHeadElsewhere || report.event == Event::kOwnHeadBehind;
  if (elsewhere && report.head) {
    protocol::PlaceId peer;
    for (const protocol::Node::PeerView& view : node_.peers())
      if (view.session == report.session) peer = view.place;
    registry_.own_heard(*report.head, peer, now().instant);
  }
  if (report.event == Event::kForked && place->fork) registry_.own_forked(*place->fork, now().instant);
  bool news = elsewhere || report.event == Event::kForked || report.event == Event::kHeldAside || report.event == Event::kSeen;
  if (news) settle_own();
}

void SyncShell::settle_own() {
  settle_again_ = settling_;
  if (settling_ || stopping_) return;
  settling_ = write([this] {
    auto moves = std::make_shared<const registry::OwnMoves>(registry_.settle_own(now()));
    asio::post(context_, [this, moves, purge = registry_.purge_waits()] {
      settled(*moves);
      if (purge) purge_soon();
    });
  });
}

void SyncShell::settled(const registry::OwnMoves& moves) {
  settling_ = false;
  using Outcome = registry::OwnMoves::Note::Outcome;
  bool failed = false;
  for (const registry::OwnMoves::Note& note : moves.notes) {
    static constexpr std::array<std::string_view, 5> kEvents{"own.taken_over", "own.healed", "own.moved_on", "own.question", "own.settle_failed"};
    bool bad = note.outcome == Outcome::kFailed || note.outcome == Outcome::kAsked;
    log(bad ? LogLevel::kError : LogLevel::kWarning, std::string(kEvents.at(static_cast<std::size_t>(note.outcome))),
        {{"place", shown(note.place)}, {"code", note.error ? std::string(protocol::slug(note.error->code)) : ""},
         {"context", note.error ? note.error->context : ""}});
    failed = failed || note.outcome == Outcome::kFailed;
  }
  for (const protocol::WantAside& want : moves.aside) feed(want);
  if (!moves.published.empty()) feed(protocol::Published{moves.published});
  if (settle_again_) settle_own();
  if (!failed) return arm_own();
  own_tick_.expires_after(kOwnRetry);
  own_tick_.async_wait([this](boost::system::error_code error) {
    if (!error) settle_own();
  });
}

void SyncShell::arm_own() {
  auto due = registry_.own_deadline();
  if (stopping_ || due == protocol::Instant::max()) return;
  own_tick_.expires_at(std::max(steady(due), std::chrono::steady_clock::now() + kOwnGap));
  own_tick_.async_wait([this](boost::system::error_code error) {
    if (!error) settle_own();
  });
}

void SyncShell::arm() {
  if (stopping_) return;
  auto due = steady(deadline());
  // Setting a timer costs a look at the timer queue: an earlier wake-up that finds nothing to do is cheaper.
  if (tick_.expiry() <= due && tick_.expiry() > std::chrono::steady_clock::now()) return;
  tick_.expires_at(due);
  tick_.async_wait([this](boost::system::error_code error) {
    if (error || stopping_) return;
    if (deadline() <= now().instant) feed(protocol::Tick{});
    else arm();
  });
}

// A node whose peers say nothing has nothing due; what we published meanwhile has.
protocol::Instant SyncShell::deadline() const {
  protocol::Instant due = node_.deadline();
  return caught_up_ || !first_peer_ ? due : std::min(due, *first_peer_ + kCatchUpMax);
}

// What a job that is under way from here on is answered with. Any thread.
std::function<void(Input)> SyncShell::answer() {
  ++jobs_;
  return [this](Input given) {
    auto input = std::make_shared<const Input>(std::move(given));
    asio::post(context_, [this, input] {
      --jobs_;
      feed(*input);
    });
  };
}

void SyncShell::work(WorkerPool& pool, std::function<Input()> job, Input refused) {
  auto answered = answer();
  if (pool.post([answered, job = std::move(job)] { answered(job()); })) return;
  log(LogLevel::kError, "workers.full");
  answered(std::move(refused));
}

bool SyncShell::write(std::function<void()> job) {
  bool accepted = writer_.post([this, job = std::move(job)] {
    job();
    look_around();
    asio::post(context_, [this] { --jobs_; });
  });
  if (accepted) ++jobs_;
  return accepted;
}

// ---- dialling

void SyncShell::dial() {
  if (stopping_) return;
  for (auto& [url, parts] : dialer_.due(now().instant)) {
    log(LogLevel::kDebug, "peer.dial", {{"url", url}});
    transport_.dial(parts, config_.tls_verify, [this, address = url](protocol::Result<SessionId> outcome) { dialled(address, std::move(outcome)); },
                    must_be_public(url));
  }
  auto next = dialer_.next_due();
  if (!next) return;
  redial_.expires_at(steady(*next));
  redial_.async_wait([this](boost::system::error_code error) {
    if (!error) dial();
  });
}

void SyncShell::dialled(const std::string& url, protocol::Result<SessionId> outcome) {
  if (outcome) {
    dialer_.opened(url, *outcome);
    if (auto joined = joined_.find(url); joined != joined_.end()) {
      node_.expect(*outcome, joined->second.place);
    } else if (auto found = found_at(url)) {
      node_.expect(*outcome, *found);
      node_.found_by_itself(*outcome);
    }
    if (!dialer_.knows(*outcome)) transport_.close(*outcome);  // taken out of the configuration meanwhile
  } else {
    log(LogLevel::kInfo, "peer.unreachable", {{"url", url}, {"code", std::string(protocol::slug(outcome.error().code))}, {"reason", outcome.error().context}});
    note_trouble(url, outcome.error());
    dialer_.failed(url, now().instant);
    choice_.unreachable(url);
  }
  dial();
}

// ---- the node's actions

void SyncShell::carry_out(protocol::Send&& action) { transport_.send(action.session, std::move(action.frame)); }
void SyncShell::carry_out(protocol::Close&& action) { transport_.close(action.session); }

void SyncShell::carry_out(protocol::Persist&& action) {
  auto asked = std::make_shared<const protocol::Persist>(std::move(action));
  work(writer_, [this, asked]() -> Input {
    auto done = registry_.persist(asked->heads, asked->forks);
    if (!done) log(LogLevel::kError, "registry.persist_failed", {{"reason", done.error().context}});
    look_around();
    return protocol::Persisted{asked->job, done.has_value()};
  }, refused_job(*asked));
}

void SyncShell::carry_out(protocol::AppendPack&& action) { intake_.append(std::move(action), answer()); }

void SyncShell::carry_out(protocol::IngestPack&& action) {
  intake_.ingest(std::move(action), [this](const protocol::IngestPack& asked) { return ingest(asked); }, answer());
  tend();
}

// On the writer.
protocol::Ingested SyncShell::ingest(const protocol::IngestPack& asked) {
  protocol::Ingested done{asked.job, registry_.ingest(asked.job, asked.places)};
  for (const auto& outcome : done.places) {
    metrics_.count("maillage_registry_commits_total", outcome.refused ? "result=\"refused\"" : "result=\"done\"");
    if (outcome.refused)
      log(LogLevel::kWarning, "registry.refused",
          {{"place", shown(outcome.place)}, {"code", std::string(protocol::slug(outcome.refused->code))}, {"context", outcome.refused->context}});
  }
  look_around();
  (void)registry_.answer_for_moved(now().wall);  // on a full disk: with the next look at the inbox
  // Which records they are says `place list`.
  for (const protocol::PlaceId& place : registry_.take_left_without())
    log(LogLevel::kWarning, "place.left_without", {{"place", shown(place)}, {"count", std::to_string(registry_.lost_when_moved(place).size())}});
  if (std::ranges::any_of(done.places, &protocol::Ingested::Outcome::purging)) asio::post(context_, [this] { purge_soon(); });
  return done;
}

// Every commit of content is a pack of its own: merged when there have been some.
void SyncShell::tend() {
  if (++since_tend_ % kTendEvery != 0) return;
  if (std::exchange(named_unkept_, false)) keep_named();
  writer_.post([this] {
    if (auto done = registry_.tend(); !done) log(LogLevel::kWarning, "registry.tend_failed", {{"reason", done.error().context}});
  });
}

void SyncShell::purged(std::vector<protocol::PlaceId> places) {
  auto shared = std::make_shared<const Input>(protocol::Purged{std::move(places)});
  asio::post(context_, [this, shared] {
    feed(*shared);
    purge_soon();
  });
}

// What waits is purged together, at once or when the last purge has had its rest.
void SyncShell::purge_soon() {
  if (purge_due_ || stopping_) return;
  purge_due_ = true;
  purge_.expires_at(purge_after_);
  purge_.async_wait([this](boost::system::error_code error) {
    if (!error && !stopping_) purge();
  });
}

void SyncShell::purge_later() {
  if (purge_due_ || stopping_) return;
  purge_.expires_after(kPurgeEvery);
  purge_.async_wait([this](boost::system::error_code error) {
    if (!error && !stopping_ && !purge_due_) purge();
  });
}

void SyncShell::purge() {
  using Steady = std::chrono::steady_clock;
  purge_due_ = false;
  purge_after_ = Steady::now() + kPurgeAgain;
  work(writer_, [this]() -> Input {
    auto began = Steady::now();
    auto places = registry_.purge(now().wall);
    if (!places)
      log(LogLevel::kWarning, "registry.purge_failed",
          {{"code", std::string(protocol::slug(places.error().code))}, {"reason", places.error().context}});
    else if (!places->empty()) log(LogLevel::kInfo, "registry.purged", {{"places", std::to_string(places->size())}});
    auto rest = places ? (Steady::now() - began) * kPurgeRest : Steady::duration(kPurgeAgain);
    bool again = !places;
    asio::post(context_, [this, again, after = Steady::now() + rest] {
      purge_after_ = after;
      // What came meanwhile waits for the rest that is due, not for as long as after a failure.
      bool waits = std::exchange(purge_due_, false);
      waits || again ? purge_soon() : purge_later();
    });
    return protocol::Purged{places.value_or(std::vector<protocol::PlaceId>())};
  }, protocol::Purged{});
}

void SyncShell::carry_out(protocol::DropPack&& action) { intake_.drop(action.job); }

void SyncShell::carry_out(protocol::OpenPack&& action) {
  auto asked = std::make_shared<const protocol::OpenPack>(std::move(action));
  work(reader_, [this, asked]() -> Input {
    return protocol::PackOpened{asked->job, registry_.open_pack(asked->job, asked->places)};
  }, refused_job(*asked));
}

void SyncShell::carry_out(protocol::ReadPack&& action) {
  work(reader_, [this, action]() -> Input {
    auto chunk = registry_.read_pack(action.job, action.bytes_max);
    if (chunk) return std::move(*chunk);
    log(LogLevel::kWarning, "registry.read_failed", {{"reason", chunk.error().context}});
    return refused_job(action);
  }, refused_job(action));
}

void SyncShell::carry_out(protocol::ClosePack&& action) {
  reader_.post_giving_back([this, job = action.job] { registry_.close_pack(job); });
}

void SyncShell::carry_out(protocol::KeepReceipt&& action) {
  if (receipts_.add(std::move(action)) > 1) return;
  bool accepted = writer_.post([this] {
    auto done = registry_.keep_receipts(receipts_.take());
    if (!done) log(LogLevel::kWarning, "registry.receipt_failed", {{"reason", done.error().context}});
  });
  if (!accepted) (void)receipts_.take();
}

void SyncShell::carry_out(protocol::Report&& action) { note(action); }

void SyncShell::note(const protocol::Report& report) {
  std::string code = report.error ? std::string(protocol::slug(report.error->code)) : "";
  std::string context = report.error ? report.error->context : "";
  log(level_of(report), event_name(report.event),
      {{"session", std::to_string(report.session)},
       {"place", shown(report.place)},
       {"count", std::to_string(report.count)},
       {"code", code},
       {"context", context}});
  note_own(report);
  if (report.charters)
    write([this, fork = *report.charters] {
      auto kept = registry_.keep_two_charters(fork);
      if (!kept) log(LogLevel::kWarning, "sync.two_charters_not_kept", {{"code", std::string(protocol::slug(kept.error().code))}});
    });
  note_partner(report);
  note_refusal(report);
  note_named(report);
  note_scope(report);
  note_found(report);
  protocol::Instant instant = now().instant;
  if (report.event == Event::kPeerOpen && !first_peer_) first_peer_ = instant;
  if (report.event == Event::kPeerOpen) {
    authenticated_.insert(report.session);
    dialer_.authenticated(report.session, report.place, instant);
  }
  bool ended = report.event == Event::kRefused || report.event == Event::kByeReceived;
  using protocol::ErrorCode;
  constexpr std::array kRests{ErrorCode::kDuplicateSession, ErrorCode::kSamePlace, ErrorCode::kBlocked};
  if (ended && report.error && std::ranges::find(kRests, report.error->code) != kRests.end()) dialer_.superfluous(report.session);
  if (report.event == Event::kRefused && report.error && report.error->code == protocol::ErrorCode::kBlocked) dialer_.met(report.session, report.place);
  if (report.event == Event::kPeerClosed) {
    dialer_.place_gone(report.place, instant);
    dial();
  }
  // What was published here came from nobody.
  bool received = std::find(own_.begin(), own_.end(), report.place) == own_.end();
  if (received && report.event == Event::kSeen) metrics_.count("maillage_sync_objects_total", "direction=\"in\",kind=\"head\"");
  if (received && report.event == Event::kHeld) metrics_.count("maillage_sync_objects_total", "direction=\"in\",kind=\"content\"");
  if (report.event == Event::kForked) metrics_.count("maillage_sync_conflicts_total", "");
}

void SyncShell::stop() {
  stopping_ = true;
  tick_.cancel();
  redial_.cancel();
  choice_tick_.cancel();
  lan_discovery_.reset();
  purge_.cancel();
  own_tick_.cancel();
  following_tick_.cancel();
  transport_.close_all();
}

void SyncShell::abort() {
  stop();
  transport_.abort();
  receiver_.stop();
  writer_.stop();
  reader_.stop();
}

}  // namespace maillage::daemon
