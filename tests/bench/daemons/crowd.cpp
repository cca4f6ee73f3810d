#include "tests/bench/daemons/crowd.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/clock.h"
#include "protocol/node.h"
#include "registry/registry.h"
#include "tests/bench/synthetic_places.h"

namespace maillage::bench {
namespace {

namespace asio = boost::asio;
using namespace protocol;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{120};
// What was read is judged so much later: after the last of a thousand peers has read it.
constexpr std::chrono::milliseconds kJudgedAfter{80};
constexpr std::chrono::milliseconds kTickEvery{100};

// One peer: its place, its node, and what it has received.
class Member {
 public:
  Member(const CrowdPlace& place, const Crowd::Known& known, daemon::PeerTransport& transport, SystemRandom& random)
      : transport_(transport), key_(place.seed), place_(place.place), node_({{place_.chain.place(), key_}}, random) {
    for (const auto& [chain, head] : known) node_.restore({chain, head, nullptr, true, chain.place() == place_.chain.place(), nullptr});
  }

  void read(const FrameReceived& frame, Clock::time_point at) {
    read_at_ = at;
    on(frame);
  }

  void on(const Input& input) {
    auto actions = node_.on(input, daemon::now());
    for (Action& action : actions) std::visit([this](auto& what) { carry_out(what); }, action);
    while (!later_.empty()) {
      auto next = std::move(later_.front());
      later_.pop_front();
      on(next);
    }
  }
  bool reconciled() const { return reconciled_; }
  // What it knows and holds, and the last thing that was wrong.
  std::string story() const {
    auto held = std::ranges::count_if(node_.places().all(), [](const auto& known) { return known.second.holds_seen; });
    return std::to_string(node_.open_sessions()) + " sessions, " +
           std::to_string(held) + "/" + std::to_string(node_.places().size()) + " places held " + trouble_;
  }
  // When the head of that sequence was here with its content.
  std::optional<Clock::time_point> arrival(const PlaceId& place, std::uint64_t sequence) const {
    auto found = arrived_.find({place, sequence});
    return found == arrived_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  void carry_out(const Send& send) { transport_.send(send.session, send.frame); }
  void carry_out(const Close& close) { transport_.close(close.session); }
  void carry_out(const Persist& persist) { later_.emplace_back(Persisted{persist.job, true}); }
  void carry_out(const AppendPack& append) { later_.emplace_back(PackAppended{append.job, append.bytes.size()}); }
  void carry_out(const IngestPack& ingest) {
    Ingested done{ingest.job, {}};
    for (const auto& place : ingest.places) {
      const Head& head = place.head.head.head;
      done.places.push_back({head.place, std::nullopt});
      arrived_.emplace(std::pair(head.place, head.sequence), read_at_);
    }
    later_.emplace_back(std::move(done));
  }
  void carry_out(const OpenPack& open) { later_.emplace_back(PackOpened{open.job, open.places}); }
  void carry_out(const ReadPack& read) { later_.emplace_back(PackChunk{read.job, place_.pack, true, false}); }
  void carry_out(const DropPack&) {}
  void carry_out(const ClosePack&) {}
  void carry_out(const AcceptPlace&) {}
  void carry_out(const Release&) {}
  void carry_out(const KeepReceipt&) {}
  void carry_out(const Forget&) {}
  void carry_out(const Report& report) {
    reconciled_ = reconciled_ || report.event == Event::kReconciled;
    if (report.error) trouble_ = std::string(slug(report.error->code)) + " " + report.error->context;
  }

  daemon::PeerTransport& transport_;
  KeyPair key_;
  LonePlace place_;
  Node node_;
  std::deque<Input> later_;
  std::string trouble_;
  bool reconciled_ = false;
  Clock::time_point read_at_;  // of the frame that is judged
  std::map<std::pair<PlaceId, std::uint64_t>, Clock::time_point> arrived_;
};

}  // namespace

std::vector<CrowdPlace> make_crowd_places(std::size_t size) {
  SystemRandom random;
  std::vector<CrowdPlace> places;
  for (std::size_t i = 0; i < size; ++i) {
    Seed seed = random.fixed<Seed>();
    std::string profile = SyntheticPlaces(static_cast<unsigned>(i)).profile(static_cast<std::uint32_t>(i));
    places.push_back({seed, make_lone_place(profile, KeyPair(seed), daemon::now().wall)});
  }
  return places;
}

Crowd::Known settle_crowd(const std::filesystem::path& directory, const std::vector<CrowdPlace>& places) {
  auto registry = registry::Registry::open(directory);
  if (!registry) throw std::runtime_error(registry.error().context);
  JobId job = 1;
  for (const CrowdPlace& each : places) {
    const LonePlace& place = each.place;
    auto appended = (*registry)->append_pack(job, place.pack);
    auto outcomes = (*registry)->ingest(job++, {{Candidate{place.head, place.chain, place.chain.size()}, {}}});
    if (!appended || outcomes.front().refused) throw std::runtime_error("a place of the crowd is not taken in");
  }
  if (auto done = (*registry)->tend(); !done) throw std::runtime_error(done.error().context);
  auto states = (*registry)->load();
  if (!states) throw std::runtime_error(states.error().context);
  Crowd::Known known;
  for (const PlaceState& state : *states) known.emplace_back(state.chain, state.seen);
  return known;
}

struct Crowd::State {
  State(const std::vector<CrowdPlace>& given, const Known& all) : places(given), known(all), transport(context, events()), timer(context), judging(context) {}
  ~State() {
    asio::post(context, [this] {
      timer.cancel();
      judging.cancel();
      transport.abort();
    });
    if (thread.joinable()) thread.join();
  }

  daemon::PeerTransport::Events events() {
    daemon::PeerTransport::Events events;
    events.opened = [this](SessionId session, Role role) {
      by_session[session] = members.back().get();
      members.back()->on(SessionOpened{session, role, true});
    };
    events.frame = [this](SessionId session, ByteView frame) {
      received += frame.size();
      unread.push_back({session, Bytes(frame.begin(), frame.end()), Clock::now()});
      if (unread.size() == 1) judge_soon();
    };
    events.sent = [this](SessionId session, std::size_t bytes) { by_session.at(session)->on(FrameSent{session, bytes}); };
    events.closed = [this](SessionId session, const std::string&) { by_session.at(session)->on(SessionClosed{session}); };
    return events;
  }

  void judge_soon() {
    judging.expires_after(kJudgedAfter);
    judging.async_wait([this](boost::system::error_code error) {
      if (error) return;
      for (const Unread& each : std::exchange(unread, {})) by_session.at(each.session)->read(FrameReceived{each.session, each.frame}, each.at);
      changed.notify_all();
    });
  }

  // One after the other, so that an opened session is the latest member's.
  void dial(std::size_t left, const daemon::PeerUrl& url) {
    if (left == 0) return;
    members.push_back(std::make_unique<Member>(places[members.size()], known, transport, random));
    transport.dial(url, false, [this, left, url](Result<SessionId> outcome) {
      if (outcome) dial(left - 1, url);
      else trouble = std::string(slug(outcome.error().code)) + " " + outcome.error().context;
    });
  }
  void tick() {
    timer.expires_after(kTickEvery);
    timer.async_wait([this](boost::system::error_code error) {
      if (error) return;
      for (auto& member : members) member->on(Tick{});
      tick();
    });
  }
  // Asks on the crowd's own thread, which owns the members.
  template <class Function>
  auto ask(Function function) {
    std::packaged_task<decltype(function())()> task(std::move(function));
    auto answer = task.get_future();
    asio::post(context, std::move(task));
    return answer.get();
  }
  std::string story() {
    return ask([this] {
      std::string all = trouble;
      for (const auto& member : members) all += "\n  " + member->story();
      return all;
    });
  }

  template <class Condition>
  void wait_until(Condition holds, const std::string& what) {
    auto deadline = Clock::now() + kPatience;
    std::unique_lock lock(mutex);
    while (!ask(holds)) {
      if (Clock::now() > deadline) throw std::runtime_error(what + story());
      changed.wait_for(lock, std::chrono::milliseconds(5));
    }
  }

  struct Unread {
    SessionId session;
    Bytes frame;
    Clock::time_point at;
  };

  std::vector<CrowdPlace> places;
  Known known;
  asio::io_context context;
  SystemRandom random;
  std::mutex mutex;
  std::condition_variable changed;
  std::atomic<std::uint64_t> received = 0;
  std::vector<std::unique_ptr<Member>> members;
  std::string trouble;  // of a dial
  std::map<SessionId, Member*> by_session;
  daemon::PeerTransport transport;
  asio::steady_timer timer, judging;
  std::vector<Unread> unread;
  std::thread thread;
};

Crowd::Crowd(const std::vector<CrowdPlace>& places, const Known& known, const std::string& url) : state_(std::make_unique<State>(places, known)) {
  auto parsed = daemon::parse_peer_url(url);
  if (!parsed) throw std::runtime_error(parsed.error().context);
  state_->dial(places.size(), *parsed);
  state_->tick();
  state_->thread = std::thread([this] { state_->context.run(); });
  auto all_reconciled = [this] {
    bool here = state_->members.size() == state_->places.size();
    return here && std::ranges::all_of(state_->members, [&](const auto& member) { return member->reconciled(); });
  };
  state_->wait_until(all_reconciled, "the peers are not reconciled: ");
}

Crowd::~Crowd() = default;

std::vector<double> Crowd::arrivals(const PlaceId& place, std::uint64_t sequence, Clock::time_point since) {
  auto all_here = [&] {
    return std::ranges::all_of(state_->members, [&](const auto& member) { return member->arrival(place, sequence).has_value(); });
  };
  state_->wait_until(all_here, "a publication does not arrive everywhere: ");
  return state_->ask([&] {
    std::vector<double> ms;
    for (const auto& member : state_->members)
      ms.push_back(std::chrono::duration<double, std::milli>(*member->arrival(place, sequence) - since).count());
    return ms;
  });
}

std::uint64_t Crowd::received() const { return state_->received; }

}  // namespace maillage::bench
