// What grows with the number of places, and what does not: two nodes with 5,000, 50,000 and 500,000 places each, in memory, with real
// charters, heads and signatures; no disk and no network (these are measured by maillage-bench). Times are the processor's. `--json` for programs.
//   cmake --preset bench && cmake --build --preset bench --target growth_bench && build/bench/tests/growth_bench [PLACES…]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "protocol/node.h"

using namespace maillage::protocol;

namespace {

constexpr std::size_t kChanged = 100;
constexpr std::size_t kUpdates = 200;
constexpr std::int64_t kStart = 1'800'000'000'000;
constexpr std::size_t kPackBytes = 1'500;  // what a changed place's commit, folders and record take

// Processor time: there is one thread, which waits for nothing.
double ms_since(std::clock_t start) { return 1e3 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC; }

double median(std::vector<double> figures) {
  std::ranges::sort(figures);
  return figures.empty() ? 0 : figures[figures.size() / 2];
}

std::uint64_t resident_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (std::uint64_t kilobytes = 0; word == "VmRSS:" && status >> kilobytes) return kilobytes * 1024;
  return 0;
}

Seed seed_of(std::uint64_t number) {
  Seed seed;
  std::memcpy(seed.bytes.data(), &number, sizeof number);
  return seed;
}

struct Known {
  CharterChain chain;
  SignedHead head;
};

Known make_place(std::uint64_t number) {
  KeyPair key(seed_of(number));
  Charter genesis;
  genesis.roots = {key.public_key()};
  genesis.daemon_key = key.public_key();
  genesis.time = {kStart + static_cast<std::int64_t>(number)};
  auto chain = CharterChain::start({genesis, {}});
  check(chain.has_value(), "the genesis of a benchmark is valid");
  Head head;
  head.place = chain->place();
  head.time = genesis.time;
  std::memcpy(head.commit.bytes.data(), &number, sizeof number);
  head.commit.bytes.back() = 1;
  return {*chain, sign(head, key)};
}

SignedHead next_head(const SignedHead& before, std::uint64_t number) {
  Head head = before.head;
  ++head.sequence;
  head.previous = hash_of(before.head);
  head.commit.bytes.back() ^= static_cast<std::uint8_t>(2 + head.sequence % 100);
  return sign(head, KeyPair(seed_of(number)));
}

// One node and what its shell would do: everything is durable at once, and what it sends waits in `out`.
class End {
 public:
  End(std::uint64_t number, SystemRandom& random) : own_(make_place(number)), node_({{own_.chain.place(), KeyPair(seed_of(number))}}, random) {
    node_.restore({own_.chain, own_.head, nullptr, true, true, nullptr});
  }
  void know(const Known& place) { node_.restore({place.chain, place.head, nullptr, true, false, nullptr}); }
  const Known& own() const { return own_; }

  void on(const Input& input) {
    std::deque<Input> waiting{input};
    while (!waiting.empty()) {
      Input next = std::move(waiting.front());
      waiting.pop_front();
      auto actions = node_.on(next, now());
      for (Action& action : actions) std::visit([&](auto& what) { carry_out(what, waiting); }, action);
    }
  }
  std::deque<SharedBytes> out;
  std::size_t held_new = 0;
  bool reconciled = false;

 private:
  static Now now() {
    static const auto start = std::chrono::steady_clock::now();
    auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
    return {Instant(std::chrono::duration_cast<Duration>(passed) + std::chrono::hours(1)), UnixTime{kStart + 86'400'000 + passed.count()}};
  }
  void carry_out(const Send& send, std::deque<Input>& later) {
    out.push_back(send.frame);
    later.emplace_back(FrameSent{send.session, send.frame->size()});
  }
  void carry_out(const Persist& persist, std::deque<Input>& later) { later.emplace_back(Persisted{persist.job, true}); }
  void carry_out(const AppendPack& append, std::deque<Input>& later) { later.emplace_back(PackAppended{append.job, append.bytes.size()}); }
  void carry_out(const IngestPack& ingest, std::deque<Input>& later) {
    Ingested done{ingest.job, {}};
    for (const auto& place : ingest.places) done.places.push_back({place.head.head.head.place, std::nullopt});
    held_new += ingest.places.size();
    later.emplace_back(std::move(done));
  }
  void carry_out(const OpenPack& open, std::deque<Input>& later) {
    packed_[open.job] = open.places.size();
    later.emplace_back(PackOpened{open.job, open.places});
  }
  void carry_out(const ReadPack& read, std::deque<Input>& later) {
    later.emplace_back(PackChunk{read.job, Bytes(std::max<std::size_t>(kPackPartBytesMin, kPackBytes * packed_[read.job])), true, false});
  }
  void carry_out(const Report& report, std::deque<Input>&) {
    reconciled = reconciled || report.event == Event::kReconciled;
    if (report.error) std::fprintf(stderr, "%s %s\n", std::string(slug(report.error->code)).c_str(), report.error->context.c_str());
  }
  template <class Other>
  void carry_out(const Other&, std::deque<Input>&) {}

  Known own_;
  Node node_;
  std::map<JobId, std::size_t> packed_;
};

// Until neither has anything to say. Bytes of both ways.
std::uint64_t exchange(End& one, End& other, SessionId session) {
  std::uint64_t bytes = 0;
  while (!one.out.empty() || !other.out.empty())
    for (auto [from, to] : {std::pair(&one, &other), std::pair(&other, &one)})
      while (!from->out.empty()) {
        SharedBytes frame = std::move(from->out.front());
        from->out.pop_front();
        bytes += frame->size();
        to->on(FrameReceived{session, *frame});
      }
  return bytes;
}

struct Grown {
  std::size_t places = 0;
  double bytes_each = 0;               // memory of a node
  double restore_ms = 0;
  double update_ms = 0;                // a live head, from the frame to what is relayed
  double nothing_bytes = 0, nothing_ms = 0;
  double some_bytes = 0, some_ms = 0;  // kChanged places
};

// A session of its own: of those after the first, all but the handshake.
std::uint64_t meet(End& dialled, End& dialling, SessionId session) {
  dialled.on(SessionOpened{session, Role::kDialled, true});
  dialling.on(SessionOpened{session, Role::kDialling, true});
  return exchange(dialled, dialling, session);
}

void part(End& dialled, End& dialling, SessionId session) {
  dialled.on(SessionClosed{session});
  dialling.on(SessionClosed{session});
  dialled.out.clear(), dialling.out.clear();
}

Grown measure(std::size_t count) {
  SystemRandom random;
  std::vector<Known> places;
  places.reserve(count);
  for (std::size_t i = 0; i < count; ++i) places.push_back(make_place(1'000 + i));
  End hub(1, random), peer(2, random);
  Grown grown{count};
  hub.know(peer.own()), peer.know(hub.own());
  std::uint64_t before = resident_bytes();
  std::clock_t start = std::clock();
  for (const Known& place : places) hub.know(place);
  grown.restore_ms = ms_since(start);
  grown.bytes_each = static_cast<double>(resident_bytes() - std::min(before, resident_bytes())) / static_cast<double>(count);
  for (const Known& place : places) peer.know(place);

  SessionId session = 1;
  meet(hub, peer, session);  // what is made once: symbols, cells
  part(hub, peer, session++);
  start = std::clock();
  grown.nothing_bytes = static_cast<double>(meet(hub, peer, session));
  grown.nothing_ms = ms_since(start);

  // Live: of a place that the hub publishes, to the peer and back to rest.
  std::vector<double> updates;
  SignedHead live = hub.own().head;
  for (std::size_t i = 0; i < kUpdates; ++i) {
    live = next_head(live, 1);
    start = std::clock();
    hub.on(Published{{{Candidate{live, hub.own().chain, 0}, {}, nullptr}}});
    exchange(hub, peer, session);
    updates.push_back(ms_since(start));
  }
  grown.update_ms = median(std::move(updates));
  part(hub, peer, session++);

  // Away, while the hub learns other heads.
  for (std::size_t i = 0; i < kChanged; ++i) {
    std::size_t which = i * (count / kChanged);
    SignedHead newer = next_head(places[which].head, 1'000 + which);
    hub.on(Published{{{Candidate{newer, places[which].chain, 0}, {}, nullptr}}});
  }
  start = std::clock();
  grown.some_bytes = static_cast<double>(meet(hub, peer, session));
  grown.some_ms = ms_since(start);
  check(peer.held_new >= kChanged, "what changed arrives");
  return grown;
}

}  // namespace

int main(int argc, char** argv) {
  bool json = false;
  std::vector<std::size_t> counts;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--json") == 0) json = true;
    else counts.push_back(std::strtoul(argv[i], nullptr, 10));
  }
  if (counts.empty()) counts = {5'000, 50'000, 500'000};
  if (!json)
    std::printf("%8s | %9s %10s | %9s | %13s %10s | %13s %10s\n", "places", "B a place", "restore ms", "update ms", "nothing, B", "ms", "100 changed, B", "ms");
  for (std::size_t count : counts) {
    Grown grown = measure(count);
    if (json)
      std::printf("{\"places\":%zu,\"bytes_a_place\":%.0f,\"restore_ms\":%.1f,\"update_ms\":%.3f,\"nothing_bytes\":%.0f,\"nothing_ms\":%.2f,"
                  "\"changed\":%zu,\"changed_bytes\":%.0f,\"changed_ms\":%.1f}\n",
                  grown.places, grown.bytes_each, grown.restore_ms, grown.update_ms, grown.nothing_bytes, grown.nothing_ms, kChanged,
                  grown.some_bytes, grown.some_ms);
    else
      std::printf("%8zu | %9.0f %10.1f | %9.3f | %13.0f %10.2f | %13.0f %10.1f\n", grown.places, grown.bytes_each, grown.restore_ms, grown.update_ms,
                  grown.nothing_bytes, grown.nothing_ms, grown.some_bytes, grown.some_ms);
  }
}
