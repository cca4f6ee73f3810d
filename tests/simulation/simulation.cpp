// The network: who is connected to whom, what becomes of a frame, and when things happen.
#include "tests/simulation/simulation.h"

#include <algorithm>

#include "tests/simulation/oracle.h"

namespace maillage::simulation {
namespace {

constexpr std::size_t kStoryLines = 1'000;
// A session that lived so long was a success: the next one is dialled at once.
constexpr auto kSessionThatLasts = std::chrono::minutes(1);
constexpr Duration kBackOffFirst = std::chrono::seconds(10);

std::string name_of(const Frame& frame) {
  static constexpr const char* kNames[] = {"HELLO",   "AUTH", "SKETCH",  "HEADS",   "WANT",         "PACK",  "CREDIT", "EVIDENCE",
                                           "RECEIPT", "BYE",  "INVITED", "WELCOME", "TWO_CHARTERS", "SCOPE", "WHERE",  "HOLDERS",
                                           "CHARTERS", "UNKNOWN"};
  static_assert(std::size(kNames) == std::variant_size_v<Frame>);
  return kNames[frame.index()];
}

std::string node_name(std::size_t index) { return "n" + std::to_string(index); }

std::string shown(const Head& head) {
  return head.place.hex().substr(0, 4) + " " + std::to_string(head.charter) + "." + std::to_string(head.epoch) + "." + std::to_string(head.sequence);
}

// What a frame says, in a few words.
std::string shown(const Frame& frame) {
  std::string text = name_of(frame);
  auto add = [&](const SignedHead& head) {
    if (text.size() < 100) text += "  " + shown(head.head);
  };
  if (auto* heads = std::get_if<Heads>(&frame)) std::ranges::for_each(heads->bundle.heads, add);
  if (auto* auth = std::get_if<Auth>(&frame)) std::ranges::for_each(auth->own.heads, add);
  if (auto* want = std::get_if<Want>(&frame))
    for (const WantedPlace& place : want->places) text += "  " + place.place.hex().substr(0, 4);
  if (auto* bye = std::get_if<Bye>(&frame)) text += "  " + bye->code;
  if (auto* pack = std::get_if<Pack>(&frame))
    for (const PackedPlace& place : pack->places) {
      if (place.head) add(*place.head);
      else text += "  no " + place.place.hex().substr(0, 4);
    }
  return text;
}

}  // namespace

Simulation::Simulation(std::uint64_t seed) : seed_(seed), random_(seed), oracle_(std::make_unique<Oracle>()) {}
Simulation::~Simulation() = default;

Now Simulation::now() const {
  auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch()).count();
  return {now_, UnixTime{1'800'000'000'000 + elapsed}};
}

const Node& Simulation::node(std::size_t index) const { return *daemons_[index]->node; }
std::size_t Simulation::places(std::size_t index) const { return daemons_[index]->own.size(); }
const PlaceId& Simulation::place_of(std::size_t index, std::size_t place) const { return daemons_[index]->own.at(place).place; }
const OwnHead& Simulation::own_head(std::size_t index, std::size_t place) const { return daemons_[index]->heads.at(place_of(index, place)); }
std::uint64_t Simulation::lives(std::size_t index) const { return daemons_[index]->life; }

std::set<std::string> Simulation::records(std::size_t index, const PlaceId& place) const {
  std::set<std::string> names;
  const PlaceState* state = daemons_[index]->node->places().find(place);
  const SignedHead* held = state != nullptr ? state->held_head() : nullptr;
  if (held != nullptr)
    for (const auto& [path, blob] : daemons_[index]->keeper.files(held->head.commit)) names.insert(path);
  return names;
}

void Simulation::schedule(Duration in, std::function<void()> happen) {
  events_.push({now_ + in, next_order_++, std::move(happen)});
}

void Simulation::note(std::string line) {
  if (!tells_) return;
  auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch()).count();
  std::size_t colon = line.find(": ");
  line.insert(colon == std::string::npos ? 0 : colon + 2, std::to_string(elapsed) + " ms  ");
  story_.push_back(std::move(line));
  if (story_.size() > kStoryLines) story_.pop_front();
}

std::string Simulation::story() const {
  std::string text = "@startuml\n";
  for (const auto& daemon : daemons_) text += "participant " + node_name(daemon->index) + "\n";
  for (const std::string& line : story_) text += line + "\n";
  return text + "@enduml\n" + disagreements();
}

// ---- connections

void Simulation::connect(std::size_t from, std::size_t to) {
  if (daemons_[from]->dials.insert(to).second) dial(from, to);
}

void Simulation::disconnect(std::size_t from, std::size_t to) {
  daemons_[from]->dials.erase(to);
  std::vector<std::uint64_t> severed;
  for (const auto& [id, link] : links_)
    if (link.a == from && link.b == to) severed.push_back(id);
  for (std::uint64_t id : severed) cut(id);
}

bool Simulation::can_talk(std::size_t a, std::size_t b) const { return groups_.empty() || groups_[a] == groups_[b]; }

void Simulation::dial(std::size_t from, std::size_t to) {
  Duration most = back_off_.try_emplace({from, to}, kBackOffFirst).first->second;
  schedule(random_.between(std::chrono::milliseconds(10), most), [this, from, to, life = daemons_[from]->life] {
    Daemon& daemon = *daemons_[from];
    bool connected = std::ranges::any_of(links_, [&](const auto& entry) { return entry.second.a == from && entry.second.b == to; });
    if (daemon.life != life || !daemon.dials.contains(to) || connected) return;
    if (!can_talk(from, to) || daemon.locked_out) return dial(from, to);
    std::uint64_t id = next_session_++;
    Link link;
    link.a = from, link.b = to, link.at_a = id * 2, link.at_b = id * 2 + 1, link.opened = now_;
    link.known_to_a = known_to(daemon, *daemons_[to]);
    link.known_to_b = known_to(*daemons_[to], daemon);
    links_.emplace(id, std::move(link));
    note(node_name(from) + " -> " + node_name(to) + " : dials");
    input(daemon, SessionOpened{id * 2, Role::kDialling, true});
    input(*daemons_[to], SessionOpened{id * 2 + 1, Role::kDialled, false});
  });
}

// What an honest daemon would tell another of its own places.
std::map<PlaceId, Head> Simulation::known_to(const Daemon& daemon, const Daemon& other) const {
  std::map<PlaceId, Head> known;
  for (const OwnPlace& own : other.own)
    if (const PlaceState* state = daemon.node->places().find(own.place); state != nullptr && daemon.habit == Habit::kHonest)
      known.emplace(own.place, state->seen.head);
  return known;
}

void Simulation::cut(std::uint64_t id) {
  auto found = links_.extract(id);
  if (found.empty()) return;
  Link link = found.mapped();
  Duration& back_off = back_off_.try_emplace({link.a, link.b}, kBackOffFirst).first->second;
  bool lasted = now_ - link.opened >= kSessionThatLasts;
  back_off = lasted ? kBackOffFirst : std::min<Duration>(2 * back_off, kDialBackoffMax);
  input(*daemons_[link.a], SessionClosed{link.at_a});
  input(*daemons_[link.b], SessionClosed{link.at_b});
  dial(link.a, link.b);
}

void Simulation::sever(std::size_t node) {
  std::vector<std::uint64_t> severed;
  for (const auto& [id, link] : links_)
    if (link.a == node || link.b == node) severed.push_back(id);
  for (std::uint64_t id : severed) cut(id);
}

void Simulation::partition(std::vector<unsigned> group_of_node) {
  groups_ = std::move(group_of_node);
  note(groups_.empty() ? "== : the partition heals ==" : "== : partition ==");
  if (groups_.empty()) back_off_.clear();
  for (const auto& [id, link] : links_) {
    if (can_talk(link.a, link.b)) continue;
    // Both ends notice after a while, as TCP does.
    schedule(random_.between(Duration(0), std::chrono::seconds(30)), [this, severed = id] { cut(severed); });
  }
}

void Simulation::slow_down(std::size_t node, Duration latency) { daemons_[node]->latency = latency; }

// ---- frames

void Simulation::carry_out(Daemon& from, const Send& send) {
  std::uint64_t id = send.session / 2;
  bytes_sent_ += send.frame->size();
  auto frame = decode_frame(*send.frame);
  check(frame.has_value(), "a node sends only what can be decoded");
  oracle_->sent(from, send.session, *frame);
  if (auto* heads = std::get_if<Heads>(&*frame))
    for (const SignedHead& head : heads->bundle.heads) relayed_[head.head.place] += head.head.place != from.own[0].place;
  if (auto* pack = std::get_if<Pack>(&*frame); pack != nullptr && pack->request == 0)
    relayed_[pack->places.at(0).place] += pack->places.at(0).place != from.own[0].place;
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
  bool lost = !can_talk(from.index, to) || random_.chance(faults_.loss);
  if (tells_) note(node_name(from.index) + (lost ? " ->x " : " -> ") + node_name(to) + " : " + shown(*frame));
  link.lossy = link.lossy || lost;
  if (lost) return;
  Instant& clear = to_b ? link.clear_b : link.clear_a;
  unsigned copies = random_.chance(faults_.duplication) ? 2 : 1;
  Duration slow = std::max(from.latency, daemons_[to]->latency);
  for (unsigned copy = 0; copy < copies; ++copy) {
    Instant arrives = now_ + slow + random_.between(faults_.latency_min, faults_.latency_max);
    if (random_.chance(faults_.reordering)) link.lossy = true;
    else clear = arrives = std::max(arrives, clear);
    auto bytes = std::make_shared<const Bytes>(tampered(from, *send.frame));
    schedule(arrives - now_, [this, id, to, to_b, bytes] {
      auto still = links_.find(id);
      if (still == links_.end()) return;
      SessionId session = to_b ? still->second.at_b : still->second.at_a;
      input(*daemons_[to], FrameReceived{session, *bytes});
    });
  }
}

void Simulation::carry_out(Daemon&, const Close& close) {
  schedule(faults_.latency_max * 2, [this, id = close.session / 2] { cut(id); });
}

std::uint64_t Simulation::relayed(std::size_t index) const {
  auto found = relayed_.find(place_of(index));
  return found == relayed_.end() ? 0 : found->second;
}

// ---- habits

void Simulation::misbehave(std::size_t node, Habit habit) { daemons_[node]->habit = habit; }

Bytes Simulation::tampered(const Daemon& from, ByteView bytes) const {
  Bytes frame(bytes.begin(), bytes.end());
  bool pack = frame[0] == static_cast<std::uint8_t>(FrameType::kPack);
  bool heads = frame[0] == static_cast<std::uint8_t>(FrameType::kHeads);
  if (pack && from.habit == Habit::kWithholdsContent) {
    // It says that it holds nothing of what it told.
    Pack said = std::get<Pack>(*decode_frame(bytes));
    if (said.request == 0) return frame;
    for (PackedPlace& place : said.places) place = {place.place, {}, {}};
    said.bytes = {};
    said.flags = Pack::kFirst | Pack::kLast;
    return encode(said);
  }
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
    Daemon& victim = *daemons_[is_a ? link.b : link.a];
    for (int i = 0; i < kFramesATick && links_.contains(id); ++i) carry_out_all(victim, FrameReceived{is_a ? link.at_b : link.at_a, junk});
    input(victim, Tick{});
  }
}

bool Simulation::honest(const PlaceId& place) const {
  return std::ranges::none_of(daemons_, [&](const auto& daemon) {
    return daemon->habit != Habit::kHonest && std::ranges::count(daemon->own, place, &OwnPlace::place) > 0;
  });
}

// ---- time

void Simulation::run_for(Duration time) {
  Instant end = now_ + time;
  while (!events_.empty() && events_.top().at <= end) {
    Event event = events_.top();
    events_.pop();
    now_ = event.at;
    event.happen();
  }
  now_ = end;
}

bool Simulation::run_until_agreed(Duration time) {
  for (Instant end = now_ + time; now_ < end;) {
    run_for(std::chrono::seconds(10));
    if (agreed()) return true;
  }
  return false;
}

bool Simulation::knows_question(std::size_t index) const {
  if (daemons_[index]->habit != Habit::kHonest) return false;
  return std::ranges::any_of(daemons_[index]->heads, [](const auto& entry) { return entry.second.ledger().question.has_value(); });
}

void Simulation::check_at_rest(std::size_t node) const {
  const Daemon& daemon = *daemons_[node];
  if (daemon.habit != Habit::kHonest || daemon.locked_out || daemon.robbed || daemon.neglects) return;
  oracle_->at_rest(daemon, [this](const PlaceId& place) { return honest(place); });
}

// One line for each place on which a node differs from the first, or whose content it lacks.
std::string Simulation::disagreements() const {
  std::string text;
  auto counts = [](const Daemon& daemon) { return daemon.habit == Habit::kHonest && !daemon.locked_out && !daemon.robbed; };
  auto first_honest = std::ranges::find_if(daemons_, [&](const auto& daemon) { return counts(*daemon); });
  if (first_honest == daemons_.end()) return text;
  const PlaceTable& first = (*first_honest)->node->places();
  for (const auto& daemon : daemons_) {
    if (!counts(*daemon)) continue;
    const PlaceTable& table = daemon->node->places();
    for (const auto& other : daemons_)
      for (const OwnPlace& own : other->own)
        if (honest(own.place) && !robbed(own.place) && table.find(own.place) == nullptr)
          text += node_name(daemon->index) + " does not know a place of " + node_name(other->index) + "\n";
    for (const auto& [place, state] : table.all()) {
      if (!honest(place) || robbed(place)) continue;
      const PlaceState* other = first.find(place);
      auto own = daemon->heads.find(place);
      bool asks = own != daemon->heads.end() && (own->second.ledger().question.has_value() || daemon->neglects);
      bool same = other != nullptr && other->seen.head == state.seen.head && (other->fork != nullptr) == (state.fork != nullptr) &&
                  other->chain == state.chain;
      bool whole = state.holds_seen || asks;
      bool told = own == daemon->heads.end() || asks || !own->second.ledger().told;
      if (same && whole && told) continue;
      text += node_name(daemon->index) + " differs on " + shown(state.seen.head) + (state.fork ? " forked" : "") +
              (whole ? "" : ", not held") + (told ? "" : ", not told") + "\n";
    }
  }
  return text + contradictions();
}

}  // namespace maillage::simulation
