// A whole network of nodes in one process under virtual time: deterministic for a seed.
//
// Each simulated daemon carries out its node's actions against a disk that knows what is durable and a network that
// delays, loses, duplicates, reorders and partitions. What content is, is reduced to its names: a pack is the list of
// commits between two, so that the node's own decisions are all that is under test.
// A failing run prints its last events and the line that replays it.
#pragma once

#include <deque>
#include <functional>
#include <queue>
#include <random>
#include <string>

#include "protocol/node.h"

namespace maillage::simulation {

using namespace maillage::protocol;

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(engine_());
  }
  bool chance(double probability) { return static_cast<double>(u64() >> 11) * 0x1p-53 < probability; }
  Duration between(Duration low, Duration high) {
    return low + Duration(static_cast<std::int64_t>(below(static_cast<std::uint64_t>((high - low).count()) + 1)));
  }

 private:
  std::mt19937_64 engine_;
};

struct Faults {
  double loss = 0, duplication = 0, reordering = 0;
  Duration latency_min = std::chrono::milliseconds(1), latency_max = std::chrono::milliseconds(80);
};

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed);
  ~Simulation();

  // A daemon with a place of its own.
  std::size_t add_node();
  // `from` keeps a session to `to`, dialling again with back-off whenever it has none.
  void connect(std::size_t from, std::size_t to);
  void publish(std::size_t node);
  // Everything that was not durable is lost; it starts again at once.
  void crash(std::size_t node);
  void set_faults(const Faults& faults) { faults_ = faults; }
  // Nodes of different groups cannot talk; an empty partition heals.
  void partition(std::vector<unsigned> group_of_node);
  // `node`'s key signs two heads with equal counters, and each of the two others holds one.
  void equivocate(std::size_t node, std::size_t first, std::size_t second);

  // What a hostile node does with what its own, honest node would send. It and its place are left out of agreement.
  enum class Habit { kHonest, kFloods, kCorruptsPacks, kForgesSignatures, kNeverReads };
  void misbehave(std::size_t node, Habit habit);
  void set_clock(std::size_t node, std::chrono::milliseconds ahead);

  void run_for(Duration time);
  // Runs until all nodes agree, at most `time`. Gives whether they do.
  bool run_until_agreed(Duration time);
  bool agreed() const;
  std::string disagreements() const;

  std::size_t nodes() const { return daemons_.size(); }
  const Node& node(std::size_t index) const;
  const PlaceId& place_of(std::size_t index) const;
  std::uint64_t bytes_sent() const { return bytes_sent_; }
  std::uint64_t refusals() const { return refusals_; }
  // How often a head of this node's place was told by others.
  std::uint64_t relayed(std::size_t index) const;
  SeededRandom& random() { return random_; }

  // The last events, one a line, and how to replay them.
  std::string story() const;

 private:
  struct Daemon;
  struct Link {
    std::size_t a, b;  // a dialled
    SessionId at_a, at_b;
    Instant clear_a{}, clear_b{};  // when the last frame to that end arrives: order is kept unless a fault reorders
    unsigned frames_a = 0, frames_b = 0;  // how many were on their way to that end
  };
  struct Event {
    Instant at;
    std::uint64_t order;
    std::function<void()> happen;
    bool operator>(const Event& other) const { return std::pair(at, order) > std::pair(other.at, other.order); }
  };

  void schedule(Duration in, std::function<void()> happen);
  // A result of work on disk: it comes later, and not at all when the daemon died meanwhile.
  void work(Daemon& daemon, std::function<void()> done);
  Now now() const;
  Bytes tampered(const Daemon& from, ByteView frame) const;
  void flood(Daemon& daemon);
  bool honest(const PlaceId& place) const;
  void input(Daemon& daemon, const Input& what);
  void start(Daemon& daemon);
  void tick(Daemon& daemon, std::uint64_t life);
  void dial(std::size_t from, std::size_t to);
  void cut(std::uint64_t link);
  bool can_talk(std::size_t a, std::size_t b) const;
  void check_sent(const Daemon& from, ByteView frame);
  void note(std::string line);
  std::vector<ObjectId> history(ObjectId commit, const ObjectId& until) const;

  void carry_out(Daemon& daemon, const Send& action);
  void carry_out(Daemon& daemon, const Close& action);
  void carry_out(Daemon& daemon, const Persist& action);
  void carry_out(Daemon& daemon, const AppendPack& action);
  void carry_out(Daemon& daemon, const IngestPack& action);
  void carry_out(Daemon& daemon, const DropPack& action);
  void carry_out(Daemon& daemon, const OpenPack& action);
  void carry_out(Daemon& daemon, const ReadPack& action);
  void carry_out(Daemon& daemon, const ClosePack& action);
  void carry_out(Daemon& daemon, const KeepReceipt& action);
  void carry_out(Daemon& daemon, const Report& action);

  std::uint64_t seed_;
  SeededRandom random_;
  Faults faults_;
  Instant now_{};
  std::uint64_t next_order_ = 0;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::vector<std::unique_ptr<Daemon>> daemons_;
  std::map<std::uint64_t, Link> links_;
  std::uint64_t next_session_ = 1;
  std::vector<unsigned> groups_;
  std::map<ObjectId, ObjectId> parents_;  // of every commit ever made
  std::deque<std::string> story_;
  std::uint64_t bytes_sent_ = 0, refusals_ = 0;
  std::map<PlaceId, std::uint64_t> relayed_;
};

}  // namespace maillage::simulation
