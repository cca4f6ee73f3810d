#include "tests/simulation/simulation.h"

#include <algorithm>
#include <sstream>

namespace maillage::simulation {
namespace {

constexpr std::size_t kStoryLines = 400;
constexpr auto kDiskTime = std::chrono::milliseconds(3);

std::string name_of(const Frame& frame) {
  static constexpr const char* kNames[] = {"HELLO", "AUTH", "SKETCH", "HEADS", "WANT", "PACK",
                                           "CREDIT", "EVIDENCE", "RECEIPT", "BYE", "UNKNOWN"};
  return kNames[frame.index()];
}

std::string node_name(std::size_t index) { return "n" + std::to_string(index); }

// What survives a crash: exactly what a synced write confirmed.
struct DurablePlace {
  CharterChain chain;
  SignedHead seen;
  std::optional<SignedHead> held;
  std::optional<Fork> fork;
};

}  // namespace

struct Simulation::Daemon {
  std::size_t index;
  KeyPair key;
  CharterChain chain;
  SeededRandom random;
  std::map<PlaceId, DurablePlace> disk;
  std::set<ObjectId> commits;
  std::vector<std::size_t> dials;
  Habit habit = Habit::kHonest;
  std::chrono::milliseconds clock_ahead{0};
  // Below: what a crash forgets.
  std::unique_ptr<Node> node;
  std::uint64_t life = 0;  // counts starts: results of an earlier life go nowhere
  std::map<JobId, Bytes> quarantine, streams;
  std::map<PlaceId, Head> last_seen;
};

Simulation::Simulation(std::uint64_t seed) : seed_(seed), random_(seed) {}
Simulation::~Simulation() = default;

Now Simulation::now() const {
  auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch()).count();
  return {now_, UnixTime{1'800'000'000'000 + elapsed}};
}

const Node& Simulation::node(std::size_t index) const { return *daemons_[index]->node; }
const PlaceId& Simulation::place_of(std::size_t index) const { return daemons_[index]->chain.place(); }

std::size_t Simulation::add_node() {
  KeyPair key(random_.fixed<Seed>());
  Charter genesis;
  genesis.roots = {KeyPair(random_.fixed<Seed>()).public_key()};
  genesis.daemon_key = key.public_key();
  CharterChain chain = *CharterChain::start({genesis, {}});
  Head head;
  head.place = chain.place();
  head.commit = random_.fixed<ObjectId>();
  head.time = now().wall;
  parents_[head.commit] = {};
  SignedHead signed_head = sign(head, key);
  daemons_.push_back(std::make_unique<Daemon>(
      Daemon{daemons_.size(), key, chain, SeededRandom(random_.u64()), {}, {head.commit}, {}, Habit::kHonest, {}, nullptr, 0, {}, {}, {}}));
  daemons_.back()->disk.emplace(chain.place(), DurablePlace{chain, signed_head, signed_head, {}});
  start(*daemons_.back());
  return daemons_.size() - 1;
}

void Simulation::start(Daemon& daemon) {
  ++daemon.life;
  daemon.quarantine.clear();
  daemon.streams.clear();
  daemon.last_seen.clear();
  NodeSettings settings{{daemon.chain.place(), daemon.key}};
  daemon.node = std::make_unique<Node>(settings, daemon.random);
  for (const auto& [place, kept] : daemon.disk) {
    PlaceState state{kept.chain, kept.seen, nullptr, kept.held && kept.held->head == kept.seen.head,
                     place == daemon.chain.place(), nullptr};
    if (kept.held && !state.holds_seen) state.held = std::make_unique<SignedHead>(*kept.held);
    if (kept.fork) state.fork = std::make_unique<Fork>(*kept.fork);
    daemon.node->restore(std::move(state));
  }
  schedule(random_.between(Duration(0), std::chrono::seconds(1)),
           [this, &daemon, life = daemon.life] { tick(daemon, life); });
  for (std::size_t to : daemon.dials) dial(daemon.index, to);
}

void Simulation::tick(Daemon& daemon, std::uint64_t life) {
  if (daemon.life != life) return;
  input(daemon, Tick{});
  if (daemon.habit == Habit::kFloods) flood(daemon);
  schedule(std::chrono::seconds(1), [this, &daemon, life] { tick(daemon, life); });
}

void Simulation::schedule(Duration in, std::function<void()> happen) {
  events_.push({now_ + in, next_order_++, std::move(happen)});
}

void Simulation::work(Daemon& daemon, std::function<void()> done) {
  schedule(kDiskTime, [&daemon, life = daemon.life, done = std::move(done)] {
    if (daemon.life == life) done();
  });
}

void Simulation::note(std::string line) {
  auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch()).count();
  story_.push_back(std::to_string(elapsed) + " ms  " + std::move(line));
  if (story_.size() > kStoryLines) story_.pop_front();
}

std::string Simulation::story() const {
  std::string text;
  for (const std::string& line : story_) text += line + "\n";
  return text + disagreements() + "replay: MAILLAGE_SEED=" + std::to_string(seed_) + " tests/run simulation\n";
}

void Simulation::connect(std::size_t from, std::size_t to) {
  daemons_[from]->dials.push_back(to);
  dial(from, to);
}

bool Simulation::can_talk(std::size_t a, std::size_t b) const { return groups_.empty() || groups_[a] == groups_[b]; }

void Simulation::dial(std::size_t from, std::size_t to) {
  auto back_off = random_.between(std::chrono::milliseconds(10), std::chrono::seconds(10));
  schedule(back_off, [this, from, to, life = daemons_[from]->life] {
    if (daemons_[from]->life != life) return;
    if (!can_talk(from, to)) return dial(from, to);
    std::uint64_t id = next_session_++;
    links_.emplace(id, Link{from, to, id * 2, id * 2 + 1});
    note(node_name(from) + " dials " + node_name(to));
    input(*daemons_[from], SessionOpened{id * 2, Role::kDialling, true});
    input(*daemons_[to], SessionOpened{id * 2 + 1, Role::kDialled, false});
  });
}

void Simulation::cut(std::uint64_t id) {
  auto found = links_.extract(id);
  if (found.empty()) return;
  Link link = found.mapped();
  input(*daemons_[link.a], SessionClosed{link.at_a});
  input(*daemons_[link.b], SessionClosed{link.at_b});
  dial(link.a, link.b);
}

void Simulation::partition(std::vector<unsigned> group_of_node) {
  groups_ = std::move(group_of_node);
  note(groups_.empty() ? "the partition heals" : "partition");
  for (const auto& [id, link] : links_) {
    if (can_talk(link.a, link.b)) continue;
    // Both ends notice after a while, as TCP does.
    schedule(random_.between(Duration(0), std::chrono::seconds(30)), [this, severed = id] { cut(severed); });
  }
}

void Simulation::crash(std::size_t index) {
  Daemon& daemon = *daemons_[index];
  note(node_name(index) + " crashes");
  ++daemon.life;
  std::vector<std::uint64_t> severed;
  for (const auto& [id, link] : links_)
    if (link.a == index || link.b == index) severed.push_back(id);
  for (std::uint64_t id : severed) cut(id);
  start(daemon);
}

void Simulation::publish(std::size_t index) {
  Daemon& daemon = *daemons_[index];
  DurablePlace& own = daemon.disk.at(daemon.chain.place());
  Head head = own.seen.head;
  ObjectId base = head.commit;
  head.previous = hash_of(head);
  head.sequence += 1;
  head.commit = random_.fixed<ObjectId>();
  head.time = now().wall;
  parents_[head.commit] = base;
  daemon.commits.insert(head.commit);
  own.seen = sign(head, daemon.key);
  own.held = own.seen;
  note(node_name(index) + " publishes " + std::to_string(head.sequence));
  auto pack = std::make_shared<const Bytes>(head.commit.bytes.begin(), head.commit.bytes.end());
  input(daemon, Published{{{Candidate{own.seen, daemon.chain, 0}, base, pack}}});
}

void Simulation::equivocate(std::size_t index, std::size_t first, std::size_t second) {
  Daemon& daemon = *daemons_[index];
  Head head = daemon.disk.at(daemon.chain.place()).seen.head;
  ObjectId base = head.commit;
  head.previous = hash_of(head);
  head.sequence += 1;
  for (std::size_t victim : {first, second}) {
    head.commit = random_.fixed<ObjectId>();
    parents_[head.commit] = base;
    Daemon& to = *daemons_[victim];
    DurablePlace& place = to.disk.at(daemon.chain.place());
    place.seen = sign(head, daemon.key);
    place.held = place.seen;
    for (const ObjectId& commit : history(head.commit, {})) to.commits.insert(commit);
    crash(victim);
  }
}

// From `commit` back to `until`, which is left out; the whole history when `until` is not in it.
std::vector<ObjectId> Simulation::history(ObjectId commit, const ObjectId& until) const {
  std::vector<ObjectId> commits;
  for (; !commit.is_zero() && commit != until; commit = parents_.at(commit)) commits.push_back(commit);
  return commits;
}

void Simulation::input(Daemon& daemon, const Input& what) {
  Now moment = now();
  moment.wall.ms += daemon.clock_ahead.count();
  for (const Action& action : daemon.node->on(what, moment))
    std::visit([&](const auto& part) { carry_out(daemon, part); }, action);
}

// No head leaves a node that a crash could make it forget.
void Simulation::check_sent(const Daemon& from, ByteView bytes) {
  auto frame = decode_frame(bytes);
  check(frame.has_value(), "a node sends only what can be decoded");
  std::vector<SignedHead> told;
  if (auto* heads = std::get_if<Heads>(&*frame)) told = heads->bundle.heads;
  if (auto* pack = std::get_if<Pack>(&*frame); pack != nullptr && pack->request == 0) told = {*pack->places.at(0).head};
  for (const SignedHead& head : told) {
    auto kept = from.disk.find(head.head.place);
    check(kept != from.disk.end() && order(head.head, kept->second.seen.head) <= 0,
          "a head was relayed before it was durable");
    if (head.head.place != from.chain.place()) ++relayed_[head.head.place];
  }
}

std::uint64_t Simulation::relayed(std::size_t index) const {
  auto found = relayed_.find(place_of(index));
  return found == relayed_.end() ? 0 : found->second;
}

void Simulation::carry_out(Daemon& from, const Send& send) {
  std::uint64_t id = send.session / 2;
  bytes_sent_ += send.frame->size();
  check_sent(from, *send.frame);
  auto found = links_.find(id);
  if (found == links_.end()) return;
  Link& link = found->second;
  bool to_b = link.at_a == send.session;
  std::size_t to = to_b ? link.b : link.a;
  // It opens the session and then reads nothing: the sender's transport takes no more either.
  if (++(to_b ? link.frames_b : link.frames_a) > 4 && daemons_[to]->habit == Habit::kNeverReads) return;
  schedule(std::chrono::microseconds(100), [this, &from, life = from.life, sent = FrameSent{send.session, send.frame->size()}] {
    if (from.life == life) input(from, sent);
  });
  std::string line = node_name(from.index) + " -> " + node_name(to) + "  " + name_of(*decode_frame(*send.frame));
  if (!can_talk(from.index, to) || random_.chance(faults_.loss)) return note(line + "  (lost)");
  note(line);
  Instant& clear = to_b ? link.clear_b : link.clear_a;
  unsigned copies = random_.chance(faults_.duplication) ? 2 : 1;
  for (unsigned copy = 0; copy < copies; ++copy) {
    Instant arrives = now_ + random_.between(faults_.latency_min, faults_.latency_max);
    if (!random_.chance(faults_.reordering)) clear = arrives = std::max(arrives, clear);
    auto frame = std::make_shared<const Bytes>(tampered(from, *send.frame));
    schedule(arrives - now_, [this, id, to, to_b, frame] {
      auto still = links_.find(id);
      if (still == links_.end()) return;
      SessionId session = to_b ? still->second.at_b : still->second.at_a;
      input(*daemons_[to], FrameReceived{session, *frame});
    });
  }
}

void Simulation::carry_out(Daemon&, const Close& close) {
  schedule(faults_.latency_max * 2, [this, id = close.session / 2] { cut(id); });
}

void Simulation::carry_out(Daemon& daemon, const Persist& persist) {
  work(daemon, [this, &daemon, batch = persist] {
    for (const Candidate& candidate : batch.heads) {
      DurablePlace fresh{candidate.chain, candidate.head, {}, {}};
      DurablePlace& place = daemon.disk.try_emplace(candidate.head.head.place, fresh).first->second;
      if (candidate.chain.size() > place.chain.size()) place.chain = candidate.chain;
      if (order(candidate.head.head, place.seen.head) > 0) place.seen = candidate.head;
    }
    for (const Fork& fork : batch.forks)
      if (auto kept = daemon.disk.find(fork.first.head.place); kept != daemon.disk.end()) kept->second.fork = fork;
    input(daemon, Persisted{batch.job, true});
  });
}

void Simulation::carry_out(Daemon& daemon, const AppendPack& append) {
  Bytes& pack = daemon.quarantine[append.job];
  pack.insert(pack.end(), append.bytes.begin(), append.bytes.end());
  work(daemon, [this, &daemon, done = PackAppended{append.job, append.bytes.size()}] { input(daemon, done); });
}

void Simulation::carry_out(Daemon& daemon, const IngestPack& ingest) {
  work(daemon, [this, &daemon, job = ingest] {
    auto pack = daemon.quarantine.extract(job.job);
    std::set<ObjectId> brought;
    if (!pack.empty())
      for (Reader in(pack.mapped()); in.left() > 0;) brought.insert(in.fixed<ObjectId>());
    Ingested result{job.job, {}};
    for (const IngestPack::Place& place : job.places) {
      const SignedHead& head = place.head.head;
      auto commits = history(head.head.commit, {});
      bool whole = std::ranges::all_of(commits, [&](const ObjectId& id) { return brought.contains(id) || daemon.commits.contains(id); });
      result.places.push_back({head.head.place, std::nullopt});
      if (!whole) result.places.back().refused = Error{ErrorCode::kNotFound, "commit"};
      if (!whole) continue;
      daemon.commits.insert(commits.begin(), commits.end());
      DurablePlace fresh{place.head.chain, head, {}, {}};
      DurablePlace& kept = daemon.disk.try_emplace(head.head.place, fresh).first->second;
      if (order(head.head, kept.seen.head) > 0) kept.seen = head;
      if (!kept.held || order(head.head, kept.held->head) > 0) kept.held = head;
    }
    input(daemon, result);
  });
}

void Simulation::carry_out(Daemon& daemon, const DropPack& drop) { daemon.quarantine.erase(drop.job); }

void Simulation::carry_out(Daemon& daemon, const OpenPack& open) {
  PackOpened opened{open.job, open.places};
  Bytes pack;
  for (PackedPlace& place : opened.places) {
    auto commits = history(place.head->head.commit, place.base);
    if (parents_.at(commits.back()).is_zero()) place.base = {};
    for (const ObjectId& id : commits) pack.insert(pack.end(), id.bytes.begin(), id.bytes.end());
  }
  daemon.streams[open.job] = std::move(pack);
  work(daemon, [this, &daemon, opened] { input(daemon, opened); });
}

void Simulation::carry_out(Daemon& daemon, const ReadPack& read) {
  work(daemon, [this, &daemon, read] {
    auto stream = daemon.streams.find(read.job);
    if (stream == daemon.streams.end()) return;
    Bytes& left = stream->second;
    auto end = left.begin() + static_cast<std::ptrdiff_t>(std::min(read.bytes_max, left.size()));
    PackChunk chunk{read.job, Bytes(left.begin(), end), end == left.end(), false};
    left.erase(left.begin(), end);
    input(daemon, chunk);
  });
}

void Simulation::carry_out(Daemon& daemon, const ClosePack& close) { daemon.streams.erase(close.job); }
void Simulation::carry_out(Daemon&, const KeepReceipt&) {}

void Simulation::carry_out(Daemon& daemon, const Report& report) {
  if (report.event == protocol::Event::kRefused) ++refusals_;
  if (report.error) note(node_name(daemon.index) + " says " + sentence(*report.error, Language::kEnglish));
  if (report.event != protocol::Event::kSeen) return;
  const Head& seen = daemon.node->places().find(report.place)->seen.head;
  auto [last, added] = daemon.last_seen.try_emplace(report.place, seen);
  check(added || order(last->second, seen) <= 0, "seen went back");
  last->second = seen;
}

void Simulation::misbehave(std::size_t node, Habit habit) { daemons_[node]->habit = habit; }

void Simulation::set_clock(std::size_t node, std::chrono::milliseconds ahead) { daemons_[node]->clock_ahead = ahead; }

Bytes Simulation::tampered(const Daemon& from, ByteView bytes) const {
  Bytes frame(bytes.begin(), bytes.end());
  bool pack = frame[0] == static_cast<std::uint8_t>(FrameType::kPack);
  bool heads = frame[0] == static_cast<std::uint8_t>(FrameType::kHeads);
  bool spoilt = (pack && from.habit == Habit::kCorruptsPacks) || (heads && from.habit == Habit::kForgesSignatures);
  if (spoilt) frame.back() ^= 1;
  return frame;
}

void Simulation::flood(Daemon& daemon) {
  static constexpr int kFramesATick = 2'000;
  Bytes junk{0x80, 0x00};
  for (const auto& [id, link] : std::map(links_)) {
    bool is_a = link.a == daemon.index;
    if (!is_a && link.b != daemon.index) continue;
    for (int i = 0; i < kFramesATick; ++i) input(*daemons_[is_a ? link.b : link.a], FrameReceived{is_a ? link.at_b : link.at_a, junk});
  }
}

bool Simulation::honest(const PlaceId& place) const {
  return std::ranges::none_of(daemons_, [&](const auto& daemon) {
    return daemon->habit != Habit::kHonest && daemon->chain.place() == place;
  });
}

void Simulation::run_for(Duration time) {
  Instant end = now_ + time;
  while (!events_.empty() && events_.top().at <= end) {
    Event event = events_.top();
    events_.pop();
    now_ = event.at;
    event.happen();
  }
  now_ = end;
  for (const auto& daemon : daemons_) daemon->node->sanity_check();
}

bool Simulation::run_until_agreed(Duration time) {
  for (Instant end = now_ + time; now_ < end;) {
    run_for(std::chrono::seconds(10));
    if (agreed()) return true;
  }
  return false;
}

bool Simulation::agreed() const { return disagreements().empty(); }

// One line for each place on which a node differs from the first, or whose content it lacks.
std::string Simulation::disagreements() const {
  std::string text;
  const PlaceTable& first = daemons_.front()->node->places();
  for (const auto& daemon : daemons_) {
    if (daemon->habit != Habit::kHonest) continue;
    const PlaceTable& table = daemon->node->places();
    for (const auto& other : daemons_)
      if (honest(other->chain.place()) && table.find(other->chain.place()) == nullptr)
        text += node_name(daemon->index) + " does not know " + node_name(other->index) + "\n";
    for (const auto& [place, state] : table.all()) {
      if (!honest(place)) continue;
      const PlaceState* other = first.find(place);
      bool same = other != nullptr && other->seen.head == state.seen.head && (other->fork != nullptr) == (state.fork != nullptr);
      bool whole = state.holds_seen || state.own;
      if (same && whole) continue;
      text += node_name(daemon->index) + " differs on " + place.hex().substr(0, 8) + ": seen " +
              std::to_string(state.seen.head.sequence) + (state.fork ? " forked" : "") + (whole ? "" : ", not held") + "\n";
    }
  }
  return text;
}

}  // namespace maillage::simulation
