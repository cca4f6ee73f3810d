#include "daemon/sync_shell.h"

#include <algorithm>

#include <boost/asio/post.hpp>

#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/refused_job.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;
using protocol::Event;
using protocol::Input;

// The node bounds what it asks for by its own windows; this only stops a bug from eating the memory.
constexpr std::size_t kJobsMax = 100'000;
// Small packs are merged after so many commits: often enough that a look-up never meets hundreds of them.
constexpr std::uint64_t kTendEvery = 64;

std::string shown(const protocol::PlaceId& place) { return place.is_zero() ? "" : place.hex().substr(0, 12); }

protocol::NodeSettings settings_of(const registry::Registry& registry, const PeerConfig& config) {
  protocol::NodeSettings settings{registry.identity()};
  settings.open_admission = config.admission == Admission::kOpen;
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
    case Event::kOwnHeadBehind: return "sync.own_head_behind";
    case Event::kHeldAside: return "sync.own_content_aside";
    case Event::kNotAdmitted: return "sync.not_admitted";
  }
  return "sync.event";
}

LogLevel level_of(Event event) {
  switch (event) {
    case Event::kSeen:
    case Event::kOwnHeadBehind:
    case Event::kHeld: return LogLevel::kDebug;
    case Event::kRefused:
    case Event::kForked:
    case Event::kNotAdmitted: return LogLevel::kWarning;
    case Event::kOwnHeadElsewhere: return LogLevel::kError;
    default: return LogLevel::kInfo;
  }
}

}  // namespace

SyncShell::SyncShell(asio::io_context& node, registry::Registry& registry, std::vector<protocol::PlaceState> places, const PeerConfig& config,
                     protocol::Random& random, Metrics& metrics)
    : context_(node), registry_(registry), metrics_(metrics), config_(config), own_(registry.own_places()), node_(settings_of(registry, config), random),
      dialer_(random), transport_(node, events()), tick_(node), redial_(node), writer_(1, kJobsMax), receiver_(1, kJobsMax), reader_(1, kJobsMax) {
  for (protocol::PlaceState& state : places) node_.restore(std::move(state));
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
    dialer_.closed(session, now().instant);
    dial();
  };
  return events;
}

void SyncShell::start() {
  reload(config_);
  arm();
}

void SyncShell::reload(const PeerConfig& config) {
  config_ = config;
  node_.set_open_admission(config_.admission == Admission::kOpen);
  for (SessionId unwanted : dialer_.set_urls(config_.urls, now().instant)) transport_.close(unwanted);
  dial();
}

void SyncShell::announce(protocol::Published published) {
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
  arm();
}

void SyncShell::arm() {
  if (stopping_) return;
  auto due = steady(node_.deadline());
  // Setting a timer costs a look at the timer queue: an earlier wake-up that finds nothing to do is cheaper.
  if (tick_.expiry() <= due && tick_.expiry() > std::chrono::steady_clock::now()) return;
  tick_.expires_at(due);
  tick_.async_wait([this](boost::system::error_code error) {
    if (error || stopping_) return;
    if (node_.deadline() <= now().instant) feed(protocol::Tick{});
    else arm();
  });
}

void SyncShell::work(WorkerPool& pool, std::function<Input()> job, Input refused) {
  ++jobs_;
  auto answer = [this](Input given) {
    auto input = std::make_shared<const Input>(std::move(given));
    asio::post(context_, [this, input] {
      --jobs_;
      feed(*input);
    });
  };
  if (pool.post([answer, job = std::move(job)] { answer(job()); })) return;
  log(LogLevel::kError, "workers.full");
  answer(std::move(refused));
}

bool SyncShell::write(std::function<void()> job) {
  bool accepted = writer_.post([this, job = std::move(job)] {
    job();
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
    transport_.dial(parts, config_.tls_verify, [this, address = url](protocol::Result<SessionId> outcome) { dialled(address, std::move(outcome)); });
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
    if (!dialer_.knows(*outcome)) transport_.close(*outcome);  // taken out of the configuration meanwhile
  } else {
    log(LogLevel::kInfo, "peer.unreachable", {{"url", url}, {"code", std::string(protocol::slug(outcome.error().code))}, {"reason", outcome.error().context}});
    dialer_.failed(url, now().instant);
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
    return protocol::Persisted{asked->job, done.has_value()};
  }, refused_job(*asked));
}

void SyncShell::carry_out(protocol::AppendPack&& action) {
  auto asked = std::make_shared<const protocol::AppendPack>(std::move(action));
  work(receiver_, [this, asked]() -> Input {
    // A part that could not be written is missed when the pack is checked.
    auto done = registry_.append_pack(asked->job, asked->bytes);
    if (!done) log(LogLevel::kWarning, "registry.append_failed", {{"reason", done.error().context}});
    return protocol::PackAppended{asked->job, asked->bytes.size()};
  }, refused_job(*asked));
}

// After the last of its parts, which the receiver appends.
void SyncShell::carry_out(protocol::IngestPack&& action) {
  auto asked = std::make_shared<const protocol::IngestPack>(std::move(action));
  ++jobs_;
  auto next = [this, asked] {
    --jobs_;
    ingest(asked);
  };
  if (receiver_.post([this, next] { asio::post(context_, next); })) return;
  asio::post(context_, [this, asked] {
    --jobs_;
    feed(refused_job(*asked));
  });
}

void SyncShell::ingest(const std::shared_ptr<const protocol::IngestPack>& asked) {
  work(writer_, [this, asked]() -> Input {
    protocol::Ingested done{asked->job, registry_.ingest(asked->job, asked->places)};
    for (const auto& outcome : done.places) {
      metrics_.count("maillage_registry_commits_total", outcome.refused ? "result=\"refused\"" : "result=\"done\"");
      if (outcome.refused)
        log(LogLevel::kWarning, "registry.refused",
            {{"place", shown(outcome.place)}, {"code", std::string(protocol::slug(outcome.refused->code))}, {"context", outcome.refused->context}});
    }
    return done;
  }, refused_job(*asked));
  tend();
}

// Every commit of content is a pack of its own: merged when there have been some.
void SyncShell::tend() {
  if (++since_tend_ % kTendEvery != 0) return;
  writer_.post([this] {
    if (auto done = registry_.tend(); !done) log(LogLevel::kWarning, "registry.tend_failed", {{"reason", done.error().context}});
  });
}

void SyncShell::carry_out(protocol::DropPack&& action) {
  receiver_.post([this, job = action.job] { registry_.drop_pack(job); });
}

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
  reader_.post([this, job = action.job] { registry_.close_pack(job); });
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
  log(level_of(report.event), event_name(report.event),
      {{"session", std::to_string(report.session)},
       {"place", shown(report.place)},
       {"count", std::to_string(report.count)},
       {"code", code},
       {"context", context}});
  protocol::Instant instant = now().instant;
  if (report.event == Event::kPeerOpen) dialer_.authenticated(report.session, report.place, instant);
  bool ended = report.event == Event::kRefused || report.event == Event::kByeReceived;
  if (ended && report.error && (report.error->code == protocol::ErrorCode::kDuplicateSession || report.error->code == protocol::ErrorCode::kSamePlace))
    dialer_.superfluous(report.session);
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

// ---- what people see

json::array SyncShell::sessions() const {
  json::array listed;
  for (const protocol::Node::PeerView& peer : node_.peers())
    listed.push_back({{"place", peer.place.hex()},
                      {"name", registry_.name_of(peer.place).name},
                      {"agent", peer.agent},
                      {"role", peer.role == protocol::Role::kDialling ? "dialling" : "dialled"},
                      {"reconciled", peer.reconciled},
                      {"since_ms", peer.since.ms},
                      {"clock_offset_ms", peer.clock_offset_ms}});
  return listed;
}

json::array SyncShell::addresses() const {
  json::array listed;
  for (const Dialer::View& address : dialer_.view())
    listed.push_back({{"url", address.url}, {"connected", address.connected}, {"failures", address.failures}});
  return listed;
}

void SyncShell::stop() {
  stopping_ = true;
  tick_.cancel();
  redial_.cancel();
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
