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
#include "tests/bench/lone_place.h"
#include "tests/bench/synthetic_places.h"

namespace maillage::bench {
namespace {

namespace asio = boost::asio;
using namespace protocol;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{25};
constexpr std::chrono::milliseconds kTickEvery{100};

// One peer: its place, its node, and what it has received.
class Member {
 public:
  Member(std::size_t number, daemon::PeerTransport& transport, SystemRandom& random)
      : transport_(transport), key_(random.fixed<Seed>()),
        place_(make_lone_place(SyntheticPlaces(static_cast<unsigned>(number)).profile(static_cast<std::uint32_t>(number)), key_, daemon::now().wall)),
        node_({{place_.chain.place(), key_}}, random) {
    node_.restore({place_.chain, place_.head, nullptr, true, true, nullptr});
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
  bool holds(std::size_t places) const {
    auto held = [](const auto& known) { return known.second.holds_seen; };
    return node_.places().size() == places && std::ranges::all_of(node_.places().all(), held);
  }
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
      arrived_.emplace(std::pair(head.place, head.sequence), Clock::now());
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
  void carry_out(const Report& report) {
    if (report.error) trouble_ = std::string(slug(report.error->code)) + " " + report.error->context;
  }

  daemon::PeerTransport& transport_;
  KeyPair key_;
  LonePlace place_;
  Node node_;
  std::deque<Input> later_;
  std::string trouble_;
  std::map<std::pair<PlaceId, std::uint64_t>, Clock::time_point> arrived_;
};

}  // namespace

struct Crowd::State {
  State() : transport(context, events()), timer(context) {}
  ~State() {
    asio::post(context, [this] {
      timer.cancel();
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
      by_session.at(session)->on(FrameReceived{session, frame});
      changed.notify_all();
    };
    events.sent = [this](SessionId session, std::size_t bytes) { by_session.at(session)->on(FrameSent{session, bytes}); };
    events.closed = [this](SessionId session, const std::string&) { by_session.at(session)->on(SessionClosed{session}); };
    return events;
  }

  // One after the other, so that an opened session is the latest member's.
  void dial(std::size_t left, const daemon::PeerUrl& url) {
    if (left == 0) return;
    members.push_back(std::make_unique<Member>(members.size(), transport, random));
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

  asio::io_context context;
  SystemRandom random;
  std::mutex mutex;
  std::condition_variable changed;
  std::atomic<std::uint64_t> received = 0;
  std::vector<std::unique_ptr<Member>> members;
  std::string trouble;  // of a dial
  std::map<SessionId, Member*> by_session;
  daemon::PeerTransport transport;
  asio::steady_timer timer;
  std::thread thread;
};

Crowd::Crowd(std::size_t size, const std::string& address) : state_(std::make_unique<State>()) {
  auto url = daemon::parse_peer_url("ws://" + address + "/peer");
  if (!url) throw std::runtime_error(url.error().context);
  state_->dial(size, *url);
  state_->tick();
  state_->thread = std::thread([this] { state_->context.run(); });
  auto all_hold = [this, size] {
    bool here = state_->members.size() == size;
    return here && std::ranges::all_of(state_->members, [&](const auto& member) { return member->holds(size + 1); });
  };
  state_->wait_until(all_hold, "the peers do not come to hold the same: ");
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
