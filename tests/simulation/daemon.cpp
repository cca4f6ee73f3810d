// One simulated daemon: carries its node's actions out on its keeper, and does for its own places what OwnHead says.
#include "tests/simulation/daemon.h"

#include <algorithm>

#include "tests/simulation/oracle.h"

namespace maillage::simulation {
namespace {

constexpr auto kReadTime = std::chrono::milliseconds(2);
constexpr auto kStepTime = std::chrono::milliseconds(1);

// In a big network a look at everything after each event would be most of the work.
constexpr std::size_t kNodesWatched = 16;
constexpr std::uint64_t kInputsBetweenLooks = 64;

// Few names: most publications change a record.
std::string record_path(std::uint64_t number) { return "needs/r" + std::to_string(number % 24) + ".json"; }

std::string node_name(const Daemon& daemon) { return "n" + std::to_string(daemon.index); }

CharterChain genesis_chain(const KeyPair& root, const KeyPair& key, UnixTime time) {
  Charter genesis;
  genesis.roots = {root.public_key()};
  genesis.daemon_key = key.public_key();
  genesis.time = time;
  return *CharterChain::start({genesis, {}});
}

}  // namespace

// ---- life and death

std::size_t Simulation::add_node(std::size_t hosted) {
  auto added = std::make_unique<Daemon>(daemons_.size(), KeyPair(random_.fixed<Seed>()), random_.u64());
  Daemon& daemon = *added;
  daemons_.push_back(std::move(added));
  for (std::size_t i = 0; i <= hosted; ++i) {
    KeyPair root(random_.fixed<Seed>());
    CharterChain chain = genesis_chain(root, daemon.key, UnixTime{static_cast<std::int64_t>(i)});
    PlaceId place = chain.place();
    daemon.own.push_back({place, root});
    Keeper::Plan plan{chain, 1, {}, daemon.keeper.draft({}, place, now().wall), {}};
    plan.draft.files["profile.json"] = Bytes{'{', '}'};
    auto ledger = [](const SignedHead& head) { return OwnLedger{head, {}, {}, {}}; };
    auto signed_now = [&](const std::vector<Published::Place>& made) { oracle_->signed_by(daemon, made.at(0), false, nullptr, now()); };
    // Before the node is there: its oracle looks at no table.
    for (auto& step : daemon.keeper.sign({plan}, daemon.key, now().wall, ledger, signed_now)) step();
  }
  start(daemon);
  oracle_->started(daemon, false);
  return daemon.index;
}

// The next key counts once the charters that name it do; else they were lost with it.
void Simulation::settle_key(Daemon& daemon) {
  auto next = std::exchange(daemon.next_key, std::nullopt);
  if (!next) return;
  auto places = daemon.keeper.load();
  auto own = std::ranges::find(places, daemon.own[0].place, [](const PlaceState& state) { return state.chain.place(); });
  if (own == places.end() || own->chain.latest().daemon_key != next->public_key()) return;
  daemon.key = *next;
  if (daemon.robbed) return;  // nobody knows which of the two counts
  for (const auto& other : daemons_)
    if (other.get() != &daemon && other->own[0].place == daemon.own[0].place && other->key.public_key() != next->public_key()) other->locked_out = true;
}

void Simulation::start(Daemon& daemon) {
  settle_key(daemon);
  ++daemon.life;
  daemon.jobs.clear();
  daemon.working = false;
  daemon.crash_in.reset();
  daemon.heads.clear();
  daemon.busy.clear();
  daemon.brought_aside.clear();
  daemon.wishes.clear();
  daemon.renewal.reset();
  daemon.was_caught_up = false;
  NodeSettings settings{{daemon.own[0].place, daemon.key}};
  daemon.node = std::make_unique<Node>(settings, daemon.random);
  auto ledgers = daemon.keeper.ledgers();
  for (PlaceState& state : daemon.keeper.load()) {
    PlaceId place = state.chain.place();
    auto ledger = ledgers.find(place);
    state.own = ledger != ledgers.end() && state.chain.latest().daemon_key == daemon.key.public_key();
    if (state.own) {
      OwnHead& own = daemon.heads.try_emplace(place, ledger->second).first->second;
      // What nobody was told stays untold.
      if (const auto& told = ledger->second.told) {
        state.holds_seen = state.seen.head == told->head;
        state.held = state.holds_seen ? nullptr : std::make_unique<SignedHead>(*told);
      }
      const SignedHead* held = state.held_head();
      if (held != nullptr && order(state.seen.head, held->head) > 0) own.heard(state.seen, place, now_);
      if (state.fork) own.forked(*state.fork, now_);
    }
    daemon.node->restore(std::move(state));
  }
  schedule(random_.between(Duration(0), std::chrono::seconds(1)), [this, &daemon, life = daemon.life] { tick(daemon, life); });
  purge(daemon, {daemon.keeper.unpurged()});
  for (std::size_t to : daemon.dials) dial(daemon.index, to);
}

void Simulation::stop(Daemon& daemon) {
  ++daemon.life;
  sever(daemon.index);
}

void Simulation::crash(std::size_t index) {
  Daemon& daemon = *daemons_[index];
  note("note over " + node_name(daemon) + " : crashes");
  stop(daemon);
  daemon.keeper.crash();
  start(daemon);
  oracle_->started(daemon, true);
}

void Simulation::crash_before_step(std::size_t node, std::size_t steps) { daemons_[node]->crash_in = steps; }

void Simulation::keep_snapshot(std::size_t node) {
  Daemon& daemon = *daemons_[node];
  note("note over " + node_name(daemon) + " : backup");
  daemon.snapshot.emplace(Daemon::Snapshot{daemon.keeper.snapshot(), daemon.key});
}

bool Simulation::restore_snapshot(std::size_t node) {
  Daemon& daemon = *daemons_[node];
  if (!daemon.snapshot || daemon.snapshot->key.public_key() != daemon.key.public_key() || daemon.locked_out) return false;
  note("note over " + node_name(daemon) + " : starts from the backup");
  oracle_->forgets(daemon, daemons_);
  stop(daemon);
  daemon.two_charters.clear();
  daemon.keeper = daemon.snapshot->keeper.snapshot();
  start(daemon);
  oracle_->started(daemon, false);
  return true;
}

std::size_t Simulation::clone(std::size_t node) {
  Daemon& original = *daemons_[node];
  auto added = std::make_unique<Daemon>(daemons_.size(), original.key, random_.u64());
  added->own = original.own;
  added->next_key = original.next_key;
  added->keeper = original.keeper.snapshot();
  added->locked_out = original.locked_out;
  added->robbed = original.robbed;
  daemons_.push_back(std::move(added));
  Daemon& daemon = *daemons_.back();
  if (!groups_.empty()) groups_.push_back(groups_[node]);
  note("note over " + node_name(daemon) + " : begins as a clone of " + node_name(original));
  for (const OwnPlace& own : daemon.own) oracle_->doubled(own.place);
  start(daemon);
  oracle_->started(daemon, false);
  return daemon.index;
}

void Simulation::tick(Daemon& daemon, std::uint64_t life) {
  if (daemon.life != life) return;
  input(daemon, Tick{});
  if (daemon.life != life) return;
  if (daemon.habit == Habit::kFloods) flood(daemon);
  schedule(std::chrono::seconds(1), [this, &daemon, life] { tick(daemon, life); });
}

void Simulation::set_clock(std::size_t node, std::chrono::milliseconds ahead) { daemons_[node]->clock_ahead = ahead; }

Now Simulation::moment(const Daemon& daemon) const {
  Now moment = now();
  moment.wall.ms += daemon.clock_ahead.count();
  return moment;
}

// ---- the node

void Simulation::carry_out_all(Daemon& daemon, const Input& what) {
  for (const Action& action : daemon.node->on(what, moment(daemon)))
    std::visit([&](const auto& part) { carry_out(daemon, part); }, action);
}

void Simulation::input(Daemon& daemon, const Input& what) {
  carry_out_all(daemon, what);
  if (daemons_.size() <= kNodesWatched || ++daemon.inputs % kInputsBetweenLooks == 0) {
    std::size_t links = 0;
    for (const auto& [id, link] : links_) links += (link.a == daemon.index) + (link.b == daemon.index);
    oracle_->look_at(daemon, links);
  }
  tend(daemon);
}

void Simulation::work(Daemon& daemon, std::function<void()> done) {
  schedule(kReadTime, [&daemon, life = daemon.life, done = std::move(done)] {
    if (daemon.life == life) done();
  });
}

// One writer: a job's steps follow each other, and a crash falls between any two.
void Simulation::enqueue(Daemon& daemon, Keeper::Steps steps) {
  for (auto& step : steps) daemon.jobs.push_back(std::move(step));
  if (!std::exchange(daemon.working, true)) next_step(daemon);
}

void Simulation::next_step(Daemon& daemon) {
  schedule(kStepTime, [this, &daemon, life = daemon.life] {
    if (daemon.life != life) return;
    if (daemon.crash_in && (*daemon.crash_in)-- == 0) return crash(daemon.index);
    auto step = std::move(daemon.jobs.front());
    daemon.jobs.pop_front();
    step();
    if (daemon.life != life) return;
    daemon.working = !daemon.jobs.empty();
    if (daemon.working) next_step(daemon);
  });
}

void Simulation::carry_out(Daemon& daemon, const Persist& persist) {
  enqueue(daemon, daemon.keeper.persist(persist, [this, &daemon, job = persist.job](bool done) { input(daemon, Persisted{job, done}); }));
}

void Simulation::carry_out(Daemon& daemon, const AppendPack& append) {
  daemon.keeper.append(append);
  work(daemon, [this, &daemon, done = PackAppended{append.job, append.bytes.size()}] { input(daemon, done); });
}

void Simulation::carry_out(Daemon& daemon, const IngestPack& ingest) {
  enqueue(daemon, daemon.keeper.ingest(ingest, [this, &daemon](const Ingested& done) {
    Purged purged;
    for (const Ingested::Outcome& outcome : done.places)
      if (outcome.purging) purged.places.push_back(outcome.place);
    purge(daemon, std::move(purged));
    input(daemon, done);
  }));
}

void Simulation::purge(Daemon& daemon, Purged places) {
  if (places.places.empty()) return;
  enqueue(daemon, daemon.keeper.purge(places.places, [this, &daemon, places] { input(daemon, places); }));
}

void Simulation::carry_out(Daemon& daemon, const DropPack& drop) { daemon.keeper.drop(drop.job); }

void Simulation::carry_out(Daemon& daemon, const OpenPack& open) {
  work(daemon, [this, &daemon, open] { input(daemon, daemon.keeper.open(open)); });
}

void Simulation::carry_out(Daemon& daemon, const ReadPack& read) {
  work(daemon, [this, &daemon, read] { input(daemon, daemon.keeper.read(read)); });
}

void Simulation::carry_out(Daemon& daemon, const ClosePack& close) { daemon.keeper.close(close.job); }
void Simulation::carry_out(Daemon&, const AcceptPlace&) {}
void Simulation::carry_out(Daemon&, const Release&) {}  // every daemon keeps everything
void Simulation::carry_out(Daemon&, const KeepReceipt&) {}
void Simulation::carry_out(Daemon&, const Forget&) {}

void Simulation::carry_out(Daemon& daemon, const Report& report) {
  using protocol::Event;
  if (report.event == Event::kRefused) ++refusals_;
  if (report.error) note("note over " + node_name(daemon) + " : " + sentence(*report.error, Language::kEnglish));
  if (report.event == Event::kTwoCharters) daemon.two_charters.insert(report.place);
  auto own = daemon.heads.find(report.place);
  if (own == daemon.heads.end()) return;
  const PlaceState* state = daemon.node->places().find(report.place);
  switch (report.event) {
    case Event::kOwnHeadElsewhere:
    case Event::kOwnHeadBehind: {
      PlaceId peer;
      for (const Node::PeerView& view : daemon.node->peers())
        if (view.session == report.session) peer = view.place;
      own->second.heard(*report.head, peer, now_);
      break;
    }
    case Event::kForked:
      own->second.forked(*state->fork, now_);
      break;
    case Event::kHeldAside:
      work(daemon, [this, &daemon, theirs = *report.head] {
        auto compared = daemon.heads.find(theirs.head.place);
        if (compared == daemon.heads.end()) return;
        const auto& mine = compared->second.ledger().mine;
        if (auto kin = daemon.keeper.kinship_of(*mine, theirs)) compared->second.compared(theirs, *kin);
        tend(daemon);
      });
      break;
    default:
      break;
  }
}

// ---- its own places

void Simulation::tend(Daemon& daemon) {
  // Another key is named: it is not ours any more.
  std::erase_if(daemon.heads, [&](const auto& entry) {
    return daemon.node->places().find(entry.first)->chain.latest().daemon_key != daemon.key.public_key();
  });
  if (daemon.node->caught_up() && !std::exchange(daemon.was_caught_up, true)) {
    catch_up(daemon);
  }
  if (daemon.neglects) return;
  if (daemon.renewal && daemon.busy.empty()) {
    bool ready = std::ranges::all_of(daemon.heads, [](const auto& entry) { return entry.second.may_tell() && entry.second.may_sign().has_value(); });
    if (ready && daemon.heads.size() == daemon.own.size()) return renew_charters(daemon, *daemon.renewal);
  }
  for (std::size_t place = 0; place < daemon.own.size(); ++place) tend(daemon, place);
}

void Simulation::catch_up(Daemon& daemon) {
  for (auto& [place, own] : daemon.heads) own.caught_up();
  auto peers = daemon.node->peers();
  for (const Node::PeerView& view : peers) {
    auto link = links_.find(view.session / 2);
    // One that dialled us may not have come to its answer; the only one has, unless the line is slower than our patience, or lost it.
    if (link == links_.end() || !view.reconciled || link->second.lossy) continue;
    bool quiet = link->second.clear_a <= now_ && link->second.clear_b <= now_;
    if (view.role != Role::kDialling && (peers.size() > 1 || !quiet)) continue;
    for (const auto& [place, head] : link->second.at_a == view.session ? link->second.known_to_b : link->second.known_to_a)
      oracle_->informed(daemon, place, head);
  }
}

void Simulation::tend(Daemon& daemon, std::size_t number) {
  const PlaceId& place = daemon.own[number].place;
  auto own = daemon.heads.find(place);
  if (own == daemon.heads.end() || daemon.busy.contains(place)) return;
  OwnStep step = own->second.next(moment(daemon));
  if (!std::holds_alternative<OwnRest>(step)) return take_step(daemon, number, step);
  while (!daemon.wishes[place].empty() && !daemon.busy.contains(place) && fulfil(daemon, number)) daemon.wishes[place].pop_front();
}

void Simulation::take_step(Daemon& daemon, std::size_t number, const OwnStep& step) {
  const PlaceId place = daemon.own[number].place;
  OwnHead& own = daemon.heads.at(place);
  auto settled = [this, &daemon, place](const OwnLedger& ledger) {
    daemon.busy.erase(place);
    if (auto still = daemon.heads.find(place); still != daemon.heads.end()) still->second.commit(ledger);
  };
  auto tell = [this, &daemon](const SignedHead& head) {
    input(daemon, Published{{{Candidate{head, daemon.node->places().find(head.head.place)->chain, 0}, {}, nullptr}}});
  };
  if (auto* compare = std::get_if<OwnCompare>(&step)) {
    auto [asked, fresh] = daemon.brought_aside.try_emplace(place, compare->theirs.head);
    if (!fresh && asked->second == compare->theirs.head) return;
    asked->second = compare->theirs.head;
    note("note over " + node_name(daemon) + " : looks at a head that it did not sign");
    work(daemon, [this, &daemon, place] { input(daemon, WantAside{place, true}); });
    return;
  }
  static constexpr const char* kSteps[] = {"rests", "compares", "takes over", "re-applies", "raises", "tells", "asks"};
  note("note over " + node_name(daemon) + " : " + kSteps[step.index()] + " (own head " + place.hex().substr(0, 4) + ")");
  ++own_steps_[step.index()];
  oracle_->took_step(daemon, place, now());
  daemon.busy.insert(place);
  if (auto* taken = std::get_if<OwnTakeOver>(&step)) {
    OwnLedger ledger = own.after(step, taken->theirs, moment(daemon).wall);
    return enqueue(daemon, daemon.keeper.take_over(ledger, [settled, tell, ledger] { settled(ledger), tell(*ledger.mine); }));
  }
  if (std::holds_alternative<OwnTell>(step) || std::holds_alternative<OwnAsk>(step)) {
    OwnLedger ledger = own.after(step, *own.ledger().mine, moment(daemon).wall);
    bool told = std::holds_alternative<OwnTell>(step);
    return enqueue(daemon, daemon.keeper.write_ledger(place, ledger, [settled, tell, ledger, told] {
      settled(ledger);
      if (told) tell(*ledger.mine);
    }));
  }
  const PlaceState& state = *daemon.node->places().find(place);
  Keeper::Plan plan{state.chain, 0, own.ledger().mine, {}, {}};
  if (auto* reapply = std::get_if<OwnReapply>(&step)) {
    plan.counters = reapply->counters;
    plan.draft = daemon.keeper.reapplied(*own.ledger().mine, reapply->theirs, moment(daemon).wall);
  } else {
    plan.counters = std::get<OwnRaise>(step).counters;
    plan.draft = daemon.keeper.draft(own.ledger().mine, place, moment(daemon).wall);
  }
  sign(daemon, number, std::move(plan), &step);
}

// A publication, or what a step made.
void Simulation::sign(Daemon& daemon, std::size_t number, Keeper::Plan plan, const OwnStep* step) {
  const PlaceId place = daemon.own[number].place;
  daemon.busy.insert(place);
  std::optional<OwnStep> made_by = step != nullptr ? std::optional(*step) : std::nullopt;
  UnixTime wall = moment(daemon).wall;
  auto written = std::make_shared<OwnLedger>();  // what the batch says counts, whatever is heard before it is durable
  auto ledger = [&daemon, place, made_by, wall, written](const SignedHead& made) {
    auto own = daemon.heads.find(place);
    if (own == daemon.heads.end()) return *written = OwnLedger{made, {}, {}, {}};  // another key was named meanwhile
    return *written = made_by ? own->second.after(*made_by, made, wall) : own->second.after_publication(made);
  };
  bool erases = plan.before && !plan.draft.parent;
  auto files_before = erases ? daemon.keeper.files(plan.before->head.commit) : std::map<std::string, ObjectId>();
  auto done = [this, &daemon, place, written, made_by, erases, files_before](const std::vector<Published::Place>& made) {
    const SignedHead& head = made.at(0).head.head;
    const OwnLedger& now_kept = *written;
    daemon.busy.erase(place);
    if (auto own = daemon.heads.find(place); own != daemon.heads.end()) own->second.commit(now_kept);
    if (erases) oracle_->erased(daemon, files_before, head);
    auto* reapplied = made_by ? std::get_if<OwnReapply>(&*made_by) : nullptr;
    auto* raised = made_by ? std::get_if<OwnRaise>(&*made_by) : nullptr;
    oracle_->signed_by(daemon, made.at(0), (reapplied && reapplied->heals) || (raised && raised->heals),
                       reapplied != nullptr ? &reapplied->theirs : nullptr, now());
    note("note over " + node_name(daemon) + " : signs " + std::to_string(head.head.charter) + "." + std::to_string(head.head.epoch) + "." +
         std::to_string(head.head.sequence) + (now_kept.told ? ", tells it later" : ""));
    if (!now_kept.told) input(daemon, Published{made});
    else tend(daemon);
  };
  enqueue(daemon, daemon.keeper.sign({std::move(plan)}, daemon.key, wall, ledger, done));
}

// Whether it is done, or cannot be.
bool Simulation::fulfil(Daemon& daemon, std::size_t number) {
  const PlaceId& place = daemon.own[number].place;
  const Wish wish = daemon.wishes[place].front();
  OwnHead& own = daemon.heads.at(place);
  auto counters = own.may_sign();
  if (!counters) return counters.error().code == ErrorCode::kIdentityInQuestion;  // refused: somebody must answer first
  const SignedHead& mine = *own.ledger().mine;
  Keeper::Plan plan{daemon.node->places().find(place)->chain, 0, mine, daemon.keeper.draft(mine, place, moment(daemon).wall), *counters};
  if (wish.kind == Wish::Kind::kPublish) {
    std::string text = "{\"name\":\"" + std::to_string(wish.number) + "\"}";
    plan.draft.files[record_path(wish.number)] = Bytes(text.begin(), text.end());
  } else {
    if (!own.may_tell()) return false;  // an erasure is told at once, on top of what others know
    auto files = daemon.keeper.files(mine.head.commit);
    auto record = std::ranges::find_if(files, [](const auto& file) { return file.first != "profile.json"; });
    if (record == files.end()) return true;
    plan.draft.files[record->first] = std::nullopt;
    plan.draft.parent.reset();
    plan.counters = {counters->charter, counters->epoch + 1, 0};
  }
  sign(daemon, number, std::move(plan), nullptr);
  return true;
}

void Simulation::publish(std::size_t node, std::size_t place) {
  Daemon& daemon = *daemons_[node];
  const PlaceId& id = daemon.own.at(place).place;
  daemon.wishes[id].push_back({Wish::Kind::kPublish, next_record_++});
  note("note over " + node_name(daemon) + " : publishes");
  tend(daemon);
}

void Simulation::erase(std::size_t node, std::size_t place) {
  Daemon& daemon = *daemons_[node];
  daemon.wishes[daemon.own.at(place).place].push_back({Wish::Kind::kErase, 0});
  note("note over " + node_name(daemon) + " : erases");
  tend(daemon);
}

void Simulation::rotate(std::size_t node, bool new_key) {
  Daemon& daemon = *daemons_[node];
  note("note over " + node_name(daemon) + " : wants new charters");
  daemon.renewal = new_key;
  tend(daemon);
}

// A charter more for every place, and its head, in one batch; with a new key the daemon starts anew.
void Simulation::renew_charters(Daemon& daemon, bool new_key) {
  daemon.renewal.reset();
  KeyPair key = new_key ? KeyPair(random_.fixed<Seed>()) : daemon.key;
  if (new_key) daemon.next_key = key;
  std::vector<Keeper::Plan> plans;
  for (const OwnPlace& own : daemon.own) {
    const OwnHead& head = daemon.heads.at(own.place);
    CharterChain chain = daemon.node->places().find(own.place)->chain;
    if (chain.size() >= kChartersMax) return;
    Charter next = chain.latest();
    next.place = own.place;
    next.number = chain.size();
    next.previous = hash_of(chain.latest());
    next.daemon_key = key.public_key();
    next.time = now().wall;
    check(chain.extend(protocol::sign(next, std::vector{own.root})).has_value(), "a rotation is valid");
    const SignedHead& mine = *head.ledger().mine;
    OwnCounters counters = *head.may_sign();
    counters.charter = next.number;
    plans.push_back({chain, 1, mine, daemon.keeper.draft(mine, own.place, now().wall), counters});
    daemon.busy.insert(own.place);
  }
  auto written = std::make_shared<std::map<PlaceId, OwnLedger>>();
  auto ledger = [&daemon, written](const SignedHead& made) {
    auto own = daemon.heads.find(made.head.place);
    return (*written)[made.head.place] = own == daemon.heads.end() ? OwnLedger{made, {}, {}, {}} : own->second.after_publication(made);
  };
  auto done = [this, &daemon, key, new_key, written](const std::vector<Published::Place>& made) {
    note("note over " + node_name(daemon) + " : has new charters");
    for (const Published::Place& place : made) {
      oracle_->signed_by(daemon, place, false, nullptr, now());
      if (auto own = daemon.heads.find(place.head.head.head.place); own != daemon.heads.end()) own->second.commit(written->at(own->first));
      daemon.busy.erase(place.head.head.head.place);
    }
    if (!new_key) return input(daemon, Published{made});
    stop(daemon);
    daemon.keeper.reopen();
    start(daemon);
    oracle_->started(daemon, true);
  };
  enqueue(daemon, daemon.keeper.sign(std::move(plans), key, moment(daemon).wall, ledger, done));
}

void Simulation::answer(std::size_t node, OwnHead::Answer answer) {
  Daemon& daemon = *daemons_[node];
  note("note over " + node_name(daemon) + " : somebody answers");
  for (auto& [place, own] : daemon.heads) {
    if (own.ledger().question && answer == OwnHead::Answer::kKeepOurs) oracle_->overruled(place);
    own.answered(answer);
  }
  tend(daemon);
}

// Two heads that one disk would not sign, each kept by somebody as if its daemon had told it.
bool Simulation::equivocate(std::size_t index, std::size_t first, std::size_t second) {
  Daemon& daemon = *daemons_[index];
  const OwnHead& own = daemon.heads.at(daemon.own[0].place);
  if (!own.ledger().mine || !own.may_sign() || daemon.locked_out || daemon.habit != Habit::kHonest) return false;
  const SignedHead mine = *own.ledger().mine;
  auto level = [&](std::size_t victim) {
    const PlaceState* state = daemons_[victim]->node->places().find(mine.head.place);
    return daemons_[victim]->habit == Habit::kHonest && state != nullptr && state->holds_seen && state->seen.head == mine.head;
  };
  if (!level(first) || !level(second)) return false;
  daemon.neglects = true;
  for (std::size_t victim : {first, second}) {
    Daemon& to = *daemons_[victim];
    const PlaceState* state = to.node->places().find(mine.head.place);
    Keeper::Plan plan{state->chain, 0, mine, to.keeper.draft(mine, mine.head.place, now().wall), *own.may_sign()};
    std::string text = std::to_string(next_record_);
    plan.draft.files[record_path(next_record_++)] = Bytes(text.begin(), text.end());
    for (auto& step : to.keeper.sign({std::move(plan)}, daemon.key, now().wall, nullptr, [](const auto&) {})) step();
    crash(victim);
  }
  return true;
}

}  // namespace maillage::simulation
