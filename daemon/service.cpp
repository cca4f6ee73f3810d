#include "daemon/service.h"

#include <algorithm>
#include <csignal>
#include <future>
#include <mutex>

#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/api.h"
#include "daemon/clock.h"
#include "daemon/config_standing.h"
#include "daemon/control.h"
#include "daemon/endpoint_choice.h"
#include "daemon/git_push_routes.h"
#include "daemon/git_routes.h"
#include "daemon/http_server.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/operations.h"
#include "daemon/recovery_routes.h"
#include "daemon/sealed_routes.h"
#include "daemon/service_notice.h"
#include "daemon/sync_shell.h"
#include "daemon/told_scope.h"
#include "daemon/tls_context.h"
#include "daemon/version.h"
#include "protocol/crypto.h"
#include "registry/file.h"

namespace maillage::daemon {
namespace {

using boost::system::error_code;

constexpr std::chrono::seconds kDrainLimit{10};        // what service managers grant without complaint
constexpr std::chrono::milliseconds kDrainLook{20};
// What waits for thirty days may wait an hour more.
constexpr std::chrono::hours kInboxLook{1};
constexpr unsigned kQueryThreads = 2;
constexpr unsigned kGitThreads = 2;                    // a large clone being listed leaves one for the small ones
constexpr std::size_t kGitWaitingMax = 512;
constexpr std::size_t kPushesWaitingMax = 512;         // pieces of the pushes that come at once
constexpr std::size_t kJudgesWaitingMax = 64;          // whole pushes: all that may be under way, and some that were given up
constexpr std::size_t kQueriesWaitingMax = 512;        // above it "busy" is a better answer than a late one

// Written beside and renamed, so that who reads it reads a whole address.
Result<void> write_address(const std::filesystem::path& file, const std::string& address) {
  std::string line = address + "\n";
  if (auto done = registry::replace_file(file, protocol::as_bytes(line)); !done) return done;
  return registry::sync_directory(file.parent_path());
}

double bytes_below(const std::filesystem::path& folder) {
  double bytes = 0;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code gone;  // packs come and go meanwhile
    auto size = at->is_regular_file(gone) ? at->file_size(gone) : 0;
    if (!gone) bytes += static_cast<double>(size);
  }
  return bytes;
}

// A daemon whose own place is damaged has nothing to say to anybody: it does not start.
Result<std::vector<protocol::PlaceState>> places_of(const registry::Registry& registry) {
  Result<std::vector<protocol::PlaceState>> places = registry.load();
  if (!places) return places;
  const protocol::PlaceId& own = registry.identity().place;
  bool held = std::any_of(places->begin(), places->end(), [&](const protocol::PlaceState& state) {
    return state.chain.place() == own && state.held_head() != nullptr;
  });
  if (!held) return protocol::fail(ErrorCode::kCorrupt, "place " + own.hex());
  return places;
}

// Whether the profile of a place that is not ours says where to call it.
bool finds_somebody(const registry::Registry& registry, const Discovery& discovery) {
  auto told = registry.whereabouts();
  if (!discovery.profiles || !told) return false;
  auto own = registry.own_places();
  return std::ranges::any_of(*told, [&](const registry::Whereabouts& each) {
    auto reachable = [&](const std::string& url) { return dialable_endpoint(url, discovery.private_addresses).has_value(); };
    return std::ranges::find(own, each.place) == own.end() && std::ranges::any_of(each.endpoints, reachable);
  });
}

}  // namespace

struct Service::State {
  State(std::filesystem::path folder, ConfigOverrides given, Config read, std::unique_ptr<registry::Registry> opened,
        std::vector<protocol::PlaceState> places)
      : dir(std::move(folder)), overrides(std::move(given)), config(std::move(read)), git(kGitThreads, kGitWaitingMax),
        pushes(1, kPushesWaitingMax), judges(1, kJudgesWaitingMax),
        registry(std::move(opened)),
        boot(random.fixed<protocol::Nonce>().hex()), queries(kQueryThreads, kQueriesWaitingMax),
        sync(node, *registry, std::move(places), config.peers, random, metrics), metrics_access(config.http.metrics),
        http(node, queries, routes(), config.http),
        control(node, dir / "control.sock", [this](ControlMessage request, ControlServer::Reply reply) { answer(std::move(request), std::move(reply)); }),
        signals(node, SIGTERM, SIGINT, SIGHUP), drain_timer(node), watchdog(node), inbox_timer(node) {}

  std::filesystem::path dir;
  ConfigOverrides overrides;
  Config config;
  protocol::SystemRandom random;
  Metrics metrics;
  WorkerPool git;  // outlives the io_context, in which a fetch may still be
  WorkerPool pushes, judges;  // as well
  asio::io_context node{1};
  std::unique_ptr<registry::Registry> registry;
  registry::PushNonces nonces{random};
  protocol::SketchKey sender_key = random.fixed<protocol::SketchKey>();  // of this run: addresses are never on the disk
  // How others reach us, as configured: replaced whole by a reload, read by the push worker.
  struct Reached {
    std::string public_url, base_path;
    bool tls;
  };
  std::atomic<std::shared_ptr<const Reached>> reached{reached_by(config)};
  static std::shared_ptr<const Reached> reached_by(const Config& from) {
    return std::make_shared<const Reached>(Reached{from.http.public_url, from.http.base_path, from.tls.enabled()});
  }
  std::string boot;  // makes ETags of one start differ from those of the next
  WorkerPool queries;
  SyncShell sync;
  std::atomic<MetricsAccess> metrics_access;
  ConfigStanding standing;
  HttpServer http;
  ControlServer control;
  asio::signal_set signals;
  asio::steady_timer drain_timer;
  asio::steady_timer watchdog;
  asio::steady_timer inbox_timer;
  struct WaitingPublication {
    std::shared_ptr<const ControlMessage> request;
    ControlServer::Reply reply;
  };
  std::mutex publications_mutex;  // guards the list: the writer takes all of it when it comes to the first
  std::vector<WaitingPublication> publications;
  Address address;
  std::atomic<bool> listening = false;
  std::chrono::steady_clock::time_point drain_deadline;

  ApiSource source();
  PushSource push_source();
  tl::expected<registry::PushOutcome, registry::Problems> finish_push(registry::Inbox::Arrival& arrival, const registry::Push& push);
  std::string url_of(const HttpRequest& request) const;
  RecoverySource recovery_source();
  SealedSource sealed_source();
  RouteTable routes();
  boost::json::object status() const;
  void measure();
  Result<void> listen();
  void answer(ControlMessage request, ControlServer::Reply reply);
  Operations operations();
  void publish_soon(const std::shared_ptr<const ControlMessage>& request, ControlServer::Reply reply);
  std::vector<WaitingPublication> take_publications();
  void publish_waiting();
  void await_signal();
  void reload();
  bool keeps_listening(Config& fresh) const;
  void drain();
  void await_impatience();
  void look_whether_drained();
  void feed_watchdog();
  LanAnnouncement on_lan() const;
  void tend_inbox();
};

boost::json::object Service::State::status() const {
  boost::json::object shown = registry->status();
  for (const char* key : {"sheetConfirmed", "contributions"}) shown.erase(key);  // the operator's business
  shown["version"] = std::string(kVersion);
  shown["sessions"] = sync.open_sessions();
  tell_following(*sync.following(), *registry, shown);
  standing.tell_public(shown);
  return shown;
}

ApiSource Service::State::source() {
  ApiSource given;
  given.query = [this](const registry::Query& query) {
    auto page = registry->query(query);
    if (page) tell_keepers(*sync.following(), *page);
    return page;
  };
  given.place = [this](std::string_view id_or_slug) { return registry->place(id_or_slug); };
  given.revision = [this] {
    auto known = registry->known_places();
    // Answers that lack nothing do not say who keeps what.
    std::string lacking = known.held < known.known ? "-" + std::to_string(sync.following()->version) : "";
    return boot + std::to_string(registry->revision()) + lacking;
  };
  given.status = [this] { return status(); };
  given.ready = [this] { return listening.load(); };
  given.metrics = [this] { return metrics.text(); };
  return given;
}

PushSource Service::State::push_source() {
  PushSource given;
  given.advertise = [this](std::string_view repository) { return registry->advertise_push(repository, nonces, now().wall); };
  given.place = [this](std::string_view repository) { return registry->place_for_push(repository); };
  given.begin = [this] { return registry->begin_push(); };
  given.certify = [this](registry::Push& pushed, const registry::PushCertificate& certificate) {
    return registry->certify(pushed, certificate, nonces, now().wall);
  };
  given.finish = [this](registry::Inbox::Arrival& arrival, const registry::Push& push) { return finish_push(arrival, push); };
  given.name = [this](const protocol::PlaceId& place) { return registry->known_name(place); };
  given.contribution = [this](const registry::ContributionId& id) { return registry->contribution(id); };
  given.advertise_answer = [this](std::string_view repository, const registry::ContributionId& id) { return registry->advertise_answer(repository, id); };
  given.fetch_answer = [this](std::string_view repository, const registry::ContributionId& id, protocol::ByteView body) {
    return registry->fetch_answer(repository, id, body);
  };
  given.url = [this](const HttpRequest& request) { return url_of(request); };
  given.sender = [this](const HttpRequest& request) {
    std::string from = counted_address(request.remote);
    return from.empty() ? std::string() : std::to_string(protocol::siphash(sender_key, protocol::as_bytes(from)));
  };
  return given;
}

// Judged here, on a worker of its own, which then waits for the writer: no stranger's pack holds up what is published.
tl::expected<registry::PushOutcome, registry::Problems> Service::State::finish_push(registry::Inbox::Arrival& arrival, const registry::Push& push) {
  using Taken = tl::expected<registry::PushOutcome, registry::Problems>;
  auto refused = [](ErrorCode code) { return tl::unexpected(registry::Problems{{"", "", code, "git push", ""}}); };
  auto judged = registry->judge_push(arrival, push, now().wall);
  if (!judged) return tl::unexpected(judged.error());
  auto promise = std::make_shared<std::promise<Taken>>();
  std::future<Taken> taken = promise->get_future();
  bool accepted = sync.write([this, promise = std::move(promise), &arrival, &push, &judged] {
    Taken outcome = registry->take_push(arrival, push, *judged, now().wall);
    if (outcome && outcome->announcement && outcome->announcement->place) {
      protocol::Published published;
      published.places.push_back(*outcome->announcement->place);
      sync.announce(std::move(published));
    }
    promise->set_value(std::move(outcome));
  });
  if (!accepted) return refused(ErrorCode::kBusy);
  try {
    return taken.get();
  } catch (const std::future_error&) {  // the writer stopped, and dropped the job
    return refused(ErrorCode::kShuttingDown);
  }
}

// How a contributor reaches us, in her own words when nobody has told us ours.
std::string Service::State::url_of(const HttpRequest& request) const {
  auto where = reached.load();
  std::string origin = where->public_url;
  if (origin.empty()) origin = (where->tls ? "https://" : "http://") + std::string(request.header("Host"));
  return origin + where->base_path;
}

RecoverySource Service::State::recovery_source() {
  RecoverySource given;
  given.places = [this](const protocol::PublicKey& root) -> Result<boost::json::object> {
    auto places = registry->recoverable(root, now().instant);
    if (!places) return tl::unexpected(places.error());
    boost::json::array listed;
    for (const registry::Handover& place : *places) listed.emplace_back(protocol::to_hex(registry::encode(place)));
    return boost::json::object{{"daemon", registry->identity().place.hex()}, {"places", std::move(listed)}};
  };
  given.place = [this](const protocol::PublicKey& root, const protocol::PlaceId& place) { return registry->recoverable_place(root, place); };
  return given;
}

SealedSource Service::State::sealed_source() {
  SealedSource given;
  given.names = [this](const registry::SealedRequest& request) { return registry->sealed_files(request, now().wall); };
  given.file = [this](const registry::SealedRequest& request, std::string_view name) { return registry->sealed_file(request, name, now().wall); };
  return given;
}

RouteTable Service::State::routes() {
  RouteTable all = api_routes(source(), [this] { return metrics_access.load(); });
  GitSource given;
  given.advertise = [this](std::string_view repository) { return registry->advertise(repository, now().wall); };
  given.fetch = [this](std::string_view repository, protocol::ByteView request) { return registry->fetch(repository, request, now().wall); };
  PushSource push = push_source();
  given.advertise_push = [advertise = push.advertise](const HttpRequest& request) { return advertise_push(request, advertise(repository_of(request))); };
  auto load = std::make_shared<GitLoad>();
  add_git_routes(all, std::move(given), git, load);
  add_git_push_routes(all, std::move(push), pushes, judges, git, load);
  add_recovery_routes(all, recovery_source(), git, load);
  add_sealed_routes(all, sealed_source(), git, load);
  return all;
}

// What the registry holds, asked for at each scrape.
void Service::State::measure() {
  using registry::What;
  for (What what : {What::kPlaces, What::kNetworks, What::kEvents, What::kResources, What::kNeeds, What::kOffers}) {
    std::string kind(registry::name(what));
    metrics.gauge("maillage_index_documents", "kind=\"" + kind + "\"", [this, what] { return static_cast<double>(registry->count_lately(what)); });
  }
  metrics.gauge("maillage_places", "state=\"known\"", [this] { return static_cast<double>(registry->known_places().known); });
  metrics.gauge("maillage_places", "state=\"held\"", [this] { return static_cast<double>(registry->known_places().held); });
  metrics.gauge("maillage_storage_bytes", "kind=\"git\"", [this] { return bytes_below(dir / "store.git" / "objects"); });
}

Result<void> Service::State::listen() {
  if (config.tls.enabled()) {
    auto tls = tls_server_context(config.tls);
    if (!tls) return tl::unexpected(tls.error());
    http.use_tls(*tls);
  }
  http.on_upgrade([this](ByteStream stream, HttpRequest request) { sync.accept(std::move(stream), request); });
  http.on_answer([this](std::string_view route, std::string_view method, int status_code, double seconds) {
    metrics.http_answered(route, method, status_code, seconds);
    log(LogLevel::kDebug, "http.answered", {{"route", std::string(route)}, {"method", std::string(method)}, {"status", std::to_string(status_code)}});
  });
  auto bound = http.listen();
  if (!bound) return tl::unexpected(bound.error());
  address = *bound;
  standing.taken(config_remarks(config, address));
  if (auto done = control.listen(); !done) return done;
  if (auto done = write_address(dir / "address", address.text()); !done) return done;
  listening = true;
  return {};
}

Operations Service::State::operations() {
  return {*registry, [this](protocol::Published published) { sync.announce(std::move(published)); },
          [this](std::vector<protocol::PlaceId> places) { sync.purged(std::move(places)); },
          [this] { asio::post(node, [this] { sync.settle_own(); }); }, [this](const protocol::KeyPair& key) { sync.rekey(key); },
          [this] { sync.partners_changed(); }, [this] { return sync.waiting(); },
          [this](registry::Page& page) { tell_keepers(*sync.following(), page); },
          [this](boost::json::object& shown) {
            tell_following(*sync.following(), *registry, shown);
            tell_untaken(*sync.following(), now().wall, [this](const protocol::PlaceId& place) { return registry->known_name(place).name; }, shown);
          },
          [this](boost::json::object& shown, Language language) { standing.tell(shown, language); }};
}

// What waits for the writer is published together, at the cost of one.
void Service::State::publish_soon(const std::shared_ptr<const ControlMessage>& request, ControlServer::Reply reply) {
  {
    std::scoped_lock guard(publications_mutex);
    publications.push_back({request, std::move(reply)});
    if (publications.size() > 1) return;
  }
  if (sync.write([this] { publish_waiting(); })) return;
  for (auto& [each, answer_to] : take_publications()) answer_to(refuse(*each, Error{ErrorCode::kBusy, "publish"}));
}

std::vector<Service::State::WaitingPublication> Service::State::take_publications() {
  std::scoped_lock guard(publications_mutex);
  return std::exchange(publications, {});
}

void Service::State::publish_waiting() {
  auto waiting = take_publications();
  std::vector<std::shared_ptr<const ControlMessage>> requests;
  for (const auto& each : waiting) requests.push_back(each.request);
  auto replies = perform_publications(operations(), requests, now().wall);
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    auto done = std::make_shared<ControlMessage>(std::move(replies[i]));
    asio::post(node, [reply = std::move(waiting[i].reply), done] { reply(std::move(*done)); });
  }
}

// Writers wait for their turn on the writer; the rest is answered by the query workers.
void Service::State::answer(ControlMessage request, ControlServer::Reply reply) {
  const boost::json::value* named = request.body.if_contains("verb");
  std::string verb = named != nullptr && named->is_string() ? std::string(named->get_string()) : "";
  if (verb == "peers") {
    ControlMessage peers;
    peers.body["result"] = {{"peers", sync.sessions()}, {"addresses", sync.addresses()}};
    return reply(std::move(peers));
  }
  auto shared = std::make_shared<const ControlMessage>(std::move(request));
  if (verb == "publish") return publish_soon(shared, std::move(reply));
  auto job = [this, shared, reply, refusals = verb == "status" ? sync.refusals() : boost::json::array()] {
    Operations all = operations();
    all.refusals = refusals;
    auto done = std::make_shared<ControlMessage>(perform(all, *shared, now().wall));
    asio::post(node, [reply, done] { reply(std::move(*done)); });
  };
  bool accepted = writes(verb) ? sync.write(job) : queries.post(job);
  if (!accepted) reply(refuse(*shared, Error{ErrorCode::kBusy, verb}));
}

// How whoever is on the same network reaches us; nobody when we listen for this machine alone.
LanAnnouncement Service::State::on_lan() const {
  std::string path = config.http.base_path + std::string(HttpServer::kPeerPath);
  return {registry->identity().place, is_here_only(address) ? std::uint16_t{0} : address.port, config.tls.enabled(), path};
}

void Service::State::await_signal() {
  signals.async_wait([this](error_code error, int number) {
    if (error) return;
    if (number != SIGHUP) return drain();
    reload();
    await_signal();
  });
}

// The socket stays: another address needs another start. Whether none is asked for.
bool Service::State::keeps_listening(Config& fresh) const { return std::exchange(fresh.http.listen, config.http.listen) == config.http.listen; }

void Service::State::reload() {
  notify_service("RELOADING=1");
  auto fresh = load_config(dir.string(), overrides);
  std::optional<Error> wrong;
  if (!fresh) wrong = fresh.error();
  std::shared_ptr<asio::ssl::context> tls;  // none: plain from now on
  if (!wrong && fresh->tls.enabled()) {
    auto made = tls_server_context(fresh->tls);
    if (made) tls = *made;
    else wrong = made.error();
  }
  if (wrong) {
    standing.refused(*wrong, now().wall);
  } else {
    bool listens = keeps_listening(*fresh);
    config = *fresh;
    open_log(config.log);
    auto remarks = config_remarks(config, address);
    if (!listens) remarks.push_back({ErrorCode::kConfigNeedsRestart, address.text()});
    standing.taken(std::move(remarks));
    http.use_tls(tls);
    http.reload(config.http);
    metrics_access = config.http.metrics;
    reached = reached_by(config);
    sync.reload(config.peers);
    log(LogLevel::kInfo, "config.reloaded");
  }
  notify_service("READY=1");
}

void Service::State::drain() {
  log(LogLevel::kInfo, "service.stopping");
  notify_service("STOPPING=1");
  listening = false;
  drain_deadline = std::chrono::steady_clock::now() + kDrainLimit;
  await_impatience();
  http.stop();
  control.stop();
  sync.stop();
  look_whether_drained();
}

// Asked twice: at once.
void Service::State::await_impatience() {
  signals.async_wait([this](error_code error, int number) {
    if (error) return;
    if (number != SIGHUP) return node.stop();
    await_impatience();
  });
}

void Service::State::look_whether_drained() {
  bool late = std::chrono::steady_clock::now() >= drain_deadline;
  bool drained = http.connections() == 0 && control.connections() == 0 && sync.idle();
  if (late || drained) return node.stop();
  drain_timer.expires_after(kDrainLook);
  drain_timer.async_wait([this](error_code error) {
    if (!error) look_whether_drained();
  });
}

void Service::State::feed_watchdog() {
  long interval = watchdog_interval_ms();
  if (interval <= 0) return;
  notify_service("WATCHDOG=1");
  watchdog.expires_after(std::chrono::milliseconds(interval));
  watchdog.async_wait([this](error_code error) {
    if (!error) feed_watchdog();
  });
}

// At the start, and then from time to time: what strangers sent is not kept longer because nobody looks.
void Service::State::tend_inbox() {
  // Too much waits for the writer: at the next look.
  (void)sync.write([this] {
    if (auto done = registry->expire_contributions(now().wall); !done)
      log(LogLevel::kWarning, "inbox.expire_failed", {{"code", std::string(protocol::slug(done.error().code))}, {"reason", done.error().context}});
  });
  inbox_timer.expires_after(kInboxLook);
  inbox_timer.async_wait([this](error_code error) {
    if (!error) tend_inbox();
  });
}

Service::Service(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Service>> Service::start(const std::filesystem::path& dir, const ConfigOverrides& overrides) {
  auto config = load_config(dir.string(), overrides);
  if (!config) return tl::unexpected(config.error());
  open_log(config->log);
  auto registry = registry::Registry::open(dir);
  if (!registry) return tl::unexpected(registry.error());
  // Who knows no peer waits for nobody: the first session hears of what was signed while no daemon ran.
  auto contacts = (*registry)->address_book().read();
  if (!contacts) return tl::unexpected(contacts.error());
  if (!config->peers.urls.empty() || !contacts->joined.empty() || finds_somebody(**registry, config->peers.discovery)) (*registry)->await_peers();
  auto places = places_of(**registry);
  if (!places) return tl::unexpected(places.error());
  auto state = std::make_unique<State>(dir, overrides, std::move(*config), std::move(*registry), std::move(*places));
  state->measure();
  if (auto done = state->listen(); !done) {
    state->queries.stop();
    state->git.stop();
    state->pushes.stop();
    state->judges.stop();
    state->sync.abort();
    return tl::unexpected(done.error());
  }
  return std::unique_ptr<Service>(new Service(std::move(state)));
}

Service::~Service() {
  if (!state_) return;
  // What still runs on the workers may use everything else: they end first.
  state_->queries.stop();
  state_->git.stop();
  state_->pushes.stop();
  state_->judges.stop();  // waits for the writer, which still runs
  state_->sync.abort();
  std::error_code ignored;
  std::filesystem::remove(state_->dir / "address", ignored);
}

const Address& Service::address() const { return state_->address; }

void Service::run() {
  state_->await_signal();
  state_->sync.start(state_->on_lan());
  state_->feed_watchdog();
  state_->tend_inbox();
  log(LogLevel::kInfo, "service.ready", {{"address", state_->address.text()}, {"version", std::string(kVersion)}});
  notify_service("READY=1");
  state_->node.run();
  log(LogLevel::kInfo, "service.stopped");
}

}  // namespace maillage::daemon
