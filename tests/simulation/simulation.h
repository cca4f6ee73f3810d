// A whole network of daemons in one process under virtual time: deterministic for a seed.
//
// Each simulated daemon is a Node, an OwnHead for each of its places, and a Keeper: the registry's rules over the twin stores, whose
// disk knows what is durable. The network delays, loses, duplicates, reorders and partitions. An Oracle looks at everything
// from outside, after every event; what it finds is thrown as a Violation. README.md says which rule is looked at where.
// A failing run prints its last events as a sequence diagram, and the line that replays it.
#pragma once

#include <deque>
#include <functional>
#include <queue>
#include <random>
#include <stdexcept>
#include <string>

#include "tests/simulation/keeper.h"

namespace maillage::simulation {

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

// What must never be, was.
struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Daemon;
struct OwnPlace;
class Oracle;

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed);
  ~Simulation();

  // ---- who is there
  // A daemon with a place of its own, and so many hosted ones.
  std::size_t add_node(std::size_t hosted = 0);
  // `from` keeps a session to `to`, dialling again with back-off whenever it has none; or not any more.
  void connect(std::size_t from, std::size_t to);
  void disconnect(std::size_t from, std::size_t to);
  // Another machine with the same disk: the same identity twice.
  std::size_t clone(std::size_t node);

  // ---- what its people do; it happens as soon as the daemon may sign
  void publish(std::size_t node, std::size_t place = 0);
  // Takes one record out of all history: epoch + 1 without parents.
  void erase(std::size_t node, std::size_t place = 0);
  // A charter more for each of its places, with its head; with a new daemon key, or only signed anew.
  void rotate(std::size_t node, bool new_key);
  // The answer to a question about two heads, when there is one.
  void answer(std::size_t node, OwnHead::Answer answer);

  // ---- what happens to its machine
  // Everything that was not durable is lost; it starts again at once. Or before so many more steps on its disk.
  void crash(std::size_t node);
  void crash_before_step(std::size_t node, std::size_t steps);
  void keep_snapshot(std::size_t node);
  // Starts from the snapshot. False when there is none, or another key has come since.
  bool restore_snapshot(std::size_t node);
  void set_clock(std::size_t node, std::chrono::milliseconds ahead);

  // Its disk dies. Its people bring its places back from their sheet, with a new key, out of what the daemons tell that it had sessions
  // with: false, and nothing has happened, when no two of them tell the same. It holds no more than they did.
  bool lose_disk(std::size_t node);
  // A thief has its disk and its sheet: another daemon, and both sign charters of their own. Not agreed upon from now on: what both sign,
  // and what they know; every other daemon that meets one of the other opinion must say so.
  std::size_t rob(std::size_t node);

  // ---- what happens to the network
  void set_faults(const Faults& faults) { faults_ = faults; }
  // Nodes of different groups cannot talk; an empty partition heals.
  void partition(std::vector<unsigned> group_of_node);
  void slow_down(std::size_t node, Duration latency);

  // ---- who does not play by the rules
  // What a hostile node does with what its own, honest node would send. It and its places are left out of agreement.
  enum class Habit { kHonest, kFloods, kCorruptsPacks, kForgesSignatures, kNeverReads, kWithholdsContent };
  void misbehave(std::size_t node, Habit habit);
  // `node`'s key signs two heads with equal counters, and each of the two others holds one. From then on it heals nothing, and does not look
  // at what others sign for it. False: not now, the two do not both hold what it would sign on.
  bool equivocate(std::size_t node, std::size_t first, std::size_t second);

  // ---- time
  void run_for(Duration time);
  // Runs until all nodes agree, at most `time`. Gives whether they do.
  bool run_until_agreed(Duration time);
  bool agreed() const { return disagreements().empty(); }
  std::string disagreements() const;
  // That nothing erased is left where it was erased.
  void check_at_rest(std::size_t node) const;
  Now now() const;

  // ---- looked at
  std::size_t nodes() const { return daemons_.size(); }
  const Node& node(std::size_t index) const;
  std::size_t places(std::size_t index) const;
  const PlaceId& place_of(std::size_t index, std::size_t place = 0) const;
  const OwnHead& own_head(std::size_t index, std::size_t place = 0) const;
  bool knows_question(std::size_t index) const;
  bool anybody_robbed() const;
  // Whether it says that there are two chains of charters.
  bool knows_two_charters(std::size_t index, const PlaceId& place) const;
  // The names of the records that a node holds of a place.
  std::set<std::string> records(std::size_t index, const PlaceId& place) const;
  std::uint64_t bytes_sent() const { return bytes_sent_; }
  std::uint64_t refusals() const { return refusals_; }
  // How often it has started.
  std::uint64_t lives(std::size_t index) const;
  // How often a head of this node's place was told by others.
  std::uint64_t relayed(std::size_t index) const;
  const Oracle& oracle() const { return *oracle_; }
  // How often each alternative of OwnStep was taken, by all.
  const std::array<std::uint64_t, std::variant_size_v<OwnStep>>& own_steps() const { return own_steps_; }
  SeededRandom& random() { return random_; }
  std::uint64_t seed() const { return seed_; }

  // The last events as a sequence diagram (PlantUML), and what the nodes differ in.
  std::string story() const;
  // Keeps no story: a fifth of the time. The same seed tells it when it is run again.
  void be_silent() { tells_ = false; }

 private:
  struct Link {
    std::size_t a = 0, b = 0;  // a dialled
    SessionId at_a = 0, at_b = 0;
    Instant opened{};
    Instant clear_a{}, clear_b{};  // when the last frame to that end arrives: order is kept unless a fault reorders
    bool lossy = false;  // a frame did not arrive, or not in its turn
    unsigned frames_a = 0, frames_b = 0;  // how many were on their way to that end
    std::map<PlaceId, Head> known_to_a, known_to_b;  // of the other end's own places, when it opened
  };
  struct Event {
    Instant at;
    std::uint64_t order;
    std::function<void()> happen;
    bool operator>(const Event& other) const { return std::pair(at, order) > std::pair(other.at, other.order); }
  };
  using Pair = std::pair<std::size_t, std::size_t>;

  // The network (simulation.cpp)
  void schedule(Duration in, std::function<void()> happen);
  Bytes tampered(const Daemon& from, ByteView frame) const;
  void flood(Daemon& daemon);
  bool honest(const PlaceId& place) const;
  bool robbed(const PlaceId& place) const;
  std::string contradictions() const;
  bool take_in(Daemon& daemon, const OwnPlace& own, const CharterChain& chain, const SignedHead& head, const Daemon& from);
  std::map<PlaceId, Head> known_to(const Daemon& daemon, const Daemon& other) const;
  void tick(Daemon& daemon, std::uint64_t life);
  void dial(std::size_t from, std::size_t to);
  void cut(std::uint64_t link);
  void sever(std::size_t node);
  bool can_talk(std::size_t a, std::size_t b) const;
  void note(std::string line);

  // One daemon (daemon.cpp, identity.cpp)
  Now moment(const Daemon& daemon) const;
  void settle_key(Daemon& daemon);
  void start(Daemon& daemon);
  void stop(Daemon& daemon);
  void input(Daemon& daemon, const Input& what);
  void carry_out_all(Daemon& daemon, const Input& what);
  // A result of work on disk: it comes later, and not at all when the daemon died meanwhile.
  void work(Daemon& daemon, std::function<void()> done);
  void enqueue(Daemon& daemon, Keeper::Steps steps);
  void purge(Daemon& daemon, protocol::Purged places);
  void next_step(Daemon& daemon);
  void tend(Daemon& daemon);
  void tend(Daemon& daemon, std::size_t place);
  void catch_up(Daemon& daemon);
  void take_step(Daemon& daemon, std::size_t place, const OwnStep& step);
  void sign(Daemon& daemon, std::size_t place, Keeper::Plan plan, const OwnStep* step);
  bool fulfil(Daemon& daemon, std::size_t place);
  void renew_charters(Daemon& daemon, bool new_key);

  void carry_out(Daemon& daemon, const Send& action);
  void carry_out(Daemon& daemon, const Close& action);
  void carry_out(Daemon& daemon, const Persist& action);
  void carry_out(Daemon& daemon, const AppendPack& action);
  void carry_out(Daemon& daemon, const IngestPack& action);
  void carry_out(Daemon& daemon, const DropPack& action);
  void carry_out(Daemon& daemon, const OpenPack& action);
  void carry_out(Daemon& daemon, const ReadPack& action);
  void carry_out(Daemon& daemon, const ClosePack& action);
  void carry_out(Daemon& daemon, const AcceptPlace& action);
  void carry_out(Daemon& daemon, const Release& action);
  void carry_out(Daemon& daemon, const KeepReceipt& action);
  void carry_out(Daemon& daemon, const Forget& action);
  void carry_out(Daemon& daemon, const Report& action);

  std::uint64_t seed_;
  SeededRandom random_;
  Faults faults_;
  Instant now_{};
  std::uint64_t next_order_ = 0;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::vector<std::unique_ptr<Daemon>> daemons_;
  std::map<std::uint64_t, Link> links_;
  std::map<Pair, Duration> back_off_;
  std::uint64_t next_session_ = 1;
  std::size_t next_lineage_ = 1'000'000;  // of disks that begin anew
  std::uint64_t next_record_ = 1;
  std::vector<unsigned> groups_;
  std::deque<std::string> story_;
  bool tells_ = true;
  std::uint64_t bytes_sent_ = 0, refusals_ = 0;
  std::map<PlaceId, std::uint64_t> relayed_;
  std::unique_ptr<Oracle> oracle_;
  std::array<std::uint64_t, std::variant_size_v<OwnStep>> own_steps_{};
};

}  // namespace maillage::simulation
