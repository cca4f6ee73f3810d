#include "tests/registry/drill.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <memory>
#include <stdexcept>

#include <sys/wait.h>
#include <unistd.h>

#include "registry/commit.h"
#include "registry/object_store.h"
#include "registry/pack_writer.h"

namespace maillage::tests {
namespace {

namespace fs = std::filesystem;
using namespace protocol;
using namespace registry;

constexpr UnixTime kNow{1'800'000'000'000};

std::string sentence_of(const Error& error) { return std::string(slug(error.code)) + " " + error.context; }

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(sentence_of(result.error()));
  return std::move(*result);
}

void must(const Result<void>& result) {
  if (!result) throw std::runtime_error(sentence_of(result.error()));
}

FileEdit resource(const std::string& name) {
  std::string json = R"({"kind": "resource", "name": ")" + name + R"(", "type": "equipment", "licence": "CC-BY-SA-4.0"})";
  return {"resources/" + name + ".json", Bytes(json.begin(), json.end())};
}

Result<void> outcome(const tl::expected<Announcement, Problems>& publication) {
  if (publication) return {};
  return tl::unexpected(Error{publication.error().front().code, publication.error().front().context});
}

Result<void> publish(Registry& registry, const std::vector<FileEdit>& edits) {
  return outcome(registry.publish(registry.identity().place, edits, kNow));
}

std::string create(const fs::path& dir) { return must(Registry::create(dir, {"Atelier", false, "29039", 47.87, -3.92}, kNow)).recovery_sheet; }

std::size_t count(const Registry& registry, const std::string& name) {
  auto query = must(parse_query(What::kResources, {{"q", name}}));
  return must(registry.query(query)).number_matched;
}

// A place with one record, opened, in the state that most drills start from.
void prepare_place(const fs::path& dir) {
  create(dir);
  must(publish(*must(Registry::open(dir)), {resource("perceuse")}));
}

// What a peer sends: a whole place, then what was published since, as a thin pack.
struct Delivery {
  Candidate head;
  ObjectId base;
  Bytes pack;
};

Delivery take_delivery(Registry& from, const ObjectId& base) {
  auto places = must(from.load());
  Delivery delivery{{places.front().seen, places.front().chain, places.front().chain.size()}, base, {}};
  auto packed = from.open_pack(1, {{delivery.head.head.head.place, delivery.head.head, base}});
  for (bool last = false; !last;) {
    auto chunk = must(from.read_pack(1, 1 << 20));
    delivery.pack.insert(delivery.pack.end(), chunk.bytes.begin(), chunk.bytes.end());
    last = chunk.last;
  }
  from.close_pack(1);
  return delivery;
}

std::vector<Delivery> make_deliveries() {
  TemporaryDirectory elsewhere;
  create(elsewhere.path() / "peer");
  auto peer = must(Registry::open(elsewhere.path() / "peer"));
  std::vector<Delivery> deliveries{take_delivery(*peer, {})};
  must(publish(*peer, {resource("tour")}));
  deliveries.push_back(take_delivery(*peer, deliveries.front().head.head.head.commit));
  return deliveries;
}

const std::vector<Delivery>& deliveries() {
  static const std::vector<Delivery> made = make_deliveries();
  return made;
}

Result<void> receive(Registry& registry, const Delivery& delivery) {
  ByteView bytes = delivery.pack;
  if (auto done = registry.append_pack(7, bytes.first(bytes.size() / 2)); !done) {
    registry.drop_pack(7);
    return done;
  }
  if (auto done = registry.append_pack(7, bytes.subspan(bytes.size() / 2)); !done) {
    registry.drop_pack(7);
    return done;
  }
  auto outcomes = registry.ingest(7, {{delivery.head, delivery.base}});
  if (outcomes.front().refused) return tl::unexpected(*outcomes.front().refused);
  return {};
}

// What stock git would push: the place of `prepare_place` with one file more.
struct Pushed {
  Push push;
  Bytes pack;
};

Pushed make_push(const Registry& registry) {
  std::vector<std::pair<ObjectId, Object>> objects;
  auto add = [&](ObjectKind kind, Bytes bytes) {
    ObjectId id = object_id(kind, bytes);
    objects.emplace_back(id, Object{kind, std::move(bytes)});
    return id;
  };
  PlaceId place = registry.identity().place;
  auto blob = [&](const std::string& path) { return object_id(ObjectKind::kBlob, must(registry.file(place, path))); };
  ObjectId fresh = add(ObjectKind::kBlob, *resource("varlope").bytes);
  ObjectId resources = add(ObjectKind::kTree, write_tree({{"perceuse.json", false, blob("resources/perceuse.json")}, {"varlope.json", false, fresh}}));
  ObjectId identity = object_id(ObjectKind::kTree, write_tree({{"allowed_signers", false, blob("identity/allowed_signers")},
                                                               {"charters", false, blob("identity/charters")}}));
  ObjectId root = add(ObjectKind::kTree, write_tree({{"identity", true, identity}, {"profile.json", false, blob("profile.json")},
                                                     {"resources", true, resources}}));
  ObjectId parent = must(ObjectId::parse(std::string(must(registry.place(place.hex())).at("head").at("commit").as_string())));
  CommitPerson jeanne{"Jeanne", "jeanne@x.invalid", 1'700'000'000, 0};
  Pushed made;
  made.push.place = place;
  made.push.tip = add(ObjectKind::kCommit, write_commit({root, {parent}, jeanne, jeanne, {}, "varlope\n"}));
  PackWriter writer(static_cast<std::uint32_t>(objects.size()), [&](ByteView bytes) -> Result<void> {
    made.pack.insert(made.pack.end(), bytes.begin(), bytes.end());
    return {};
  });
  for (const auto& [id, object] : objects) must(writer.add(id, object.kind, object.bytes));
  must(writer.finish());
  return made;
}

Pushed& pushed() {
  static Pushed made;
  return made;
}

Result<void> contribute(Registry& registry) {
  auto arrival = registry.begin_push();
  if (!arrival) return tl::unexpected(arrival.error());
  if (auto done = (*arrival)->append(pushed().pack); !done) return done;
  auto failed = [](const Problems& problems) { return tl::unexpected(Error{problems.front().code, problems.front().context}); };
  auto judged = registry.judge_push(**arrival, pushed().push, kNow);
  if (!judged) return failed(judged.error());
  auto outcome = registry.take_push(**arrival, pushed().push, *judged, kNow);
  return outcome ? Result<void>() : failed(outcome.error());
}

// As `maillage erase` does it; what was erased before it was cut short is not there any more.
Result<void> erase(Registry& registry) {
  auto erased = registry.erase(registry.identity().place, {{"resources/scie.json"}, false}, kNow);
  bool done = erased || erased.error().front().code == ErrorCode::kNotFound;
  if (!done) return tl::unexpected(Error{erased.error().front().code, erased.error().front().context});
  auto purged = registry.purge(kNow);
  return purged ? Result<void>() : tl::unexpected(purged.error());
}

void prepare_push(const fs::path& dir) {
  prepare_place(dir);
  pushed() = make_push(*must(Registry::open(dir)));
}

void prepare_contribution(const fs::path& dir) {
  prepare_push(dir);
  must(contribute(*must(Registry::open(dir))));
}

// Answers the only contribution, unless that was done.
Result<void> answer(Registry& registry, ContributionState state) {
  Contribution contribution = registry.contributions().items.at(0);
  if (!is_open(contribution.state)) return {};
  if (state == ContributionState::kApproved) return outcome(registry.approve(contribution.id, kNow));
  return registry.answer(contribution.id, state, "no", kNow);
}

FileEdit profile(const std::string& name) {
  std::string json = R"({"kind": "profile", "name": ")" + name + "\"}";
  return {"profile.json", Bytes(json.begin(), json.end())};
}

Result<void> rotate(Registry& registry, const std::string& sheet) {
  auto renewed = registry.renew({sheet}, kNow);
  return renewed ? Result<void>() : tl::unexpected(renewed.error());
}

// Every place follows the one key that is on the disk, and none names another.
bool rotated(const Registry& registry) {
  auto places = must(registry.load());
  return std::ranges::all_of(places, [&](const PlaceState& place) {
    return place.own && place.holds_seen && place.chain.size() > 1 && place.seen.head.charter + 1 == place.chain.size();
  });
}

std::size_t step_before(const std::vector<DiskStep>& steps, const std::string& text) {
  auto found = std::ranges::find_if(steps, [&](const DiskStep& step) { return step.text().starts_with(text); });
  return static_cast<std::size_t>(found - steps.begin());
}

// A folder as kill -9 left it in a publication, before the first step that begins with `text`.
void prepare_cut(const fs::path& dir, const std::string& text) {
  prepare_place(dir);
  const Drill& interrupted = drill("publish");
  std::size_t number = step_before(steps_of(interrupted, dir, Disk::Scope::kRegistry), text);
  Disk disk(dir);
  Outcome cut = in_child([&] {
    disk.kill_at(number);
    (void)act(interrupted, dir, [&] { disk.begin(); });
    return "";
  });
  fs::remove(dir.string() + ".killed");
  if (!cut.killed) throw std::runtime_error("nothing is cut before " + text);
}

// What nobody follows any more: all but our own.
Result<void> let_go(Registry& registry) {
  std::vector<PlaceId> others;
  for (const PlaceState& place : must(registry.load()))
    if (!place.own) others.push_back(place.chain.place());
  auto released = registry.release(others);
  if (!released) return tl::unexpected(released.error());
  auto purged = registry.purge(kNow);
  return purged ? Result<void>() : tl::unexpected(purged.error());
}

Result<void> restart(const fs::path& dir) {
  auto registry = Registry::open(dir);
  if (!registry) return tl::unexpected(registry.error());
  return {};
}

Drill restart_before(const std::string& name, const std::string& text, Disk::Scope scope = Disk::Scope::kRegistry) {
  return {name, scope, [text](const fs::path& dir) { prepare_cut(dir, text); }, nullptr, restart,
          [](const Registry& registry) { return count(registry, "perceuse") == 1; }};
}

std::vector<Drill> make_drills() {
  using Scope = Disk::Scope;
  auto holds = [](const std::string& name, std::size_t times) {
    return [=](const Registry& registry) { return count(registry, name) == times; };
  };
  static std::string sheet;
  auto init = [](const fs::path& dir) -> Result<void> {
    auto created = Registry::create(dir, {"Atelier", false, "29039", 47.87, -3.92}, kNow);
    if (created || created.error().code == ErrorCode::kExists) return {};
    return tl::unexpected(created.error());
  };
  auto prepare_packs = [](const fs::path& dir) {
    prepare_place(dir);
    auto registry = must(Registry::open(dir));
    for (const char* name : {"scie", "fraiseuse", "ponceuse"}) must(publish(*registry, {resource(name)}));
  };
  auto nothing = [](const fs::path&) {};
  auto prepare_sheet = [](const fs::path& dir) { sheet = create(dir); };
  auto prepare_hosting = [](const fs::path& dir) {
    sheet = create(dir);
    must(outcome(must(Registry::open(dir))->publish_all({{std::nullopt, {profile("Moulin")}}}, kNow).front()));
  };
  return {
      {"init", Scope::kRegistry, nothing, nullptr, init, [](const Registry& registry) { return registry.own_places().size() == 1; }},
      {"publish", Scope::kRegistry, prepare_place, [](Registry& registry) { return publish(registry, {resource("scie")}); }, nullptr, holds("scie", 1)},
      {"unpublish", Scope::kRegistry, prepare_place,
       [](Registry& registry) -> Result<void> {
         auto done = publish(registry, {{"resources/perceuse.json", std::nullopt}});
         return done || done.error().code == ErrorCode::kNotFound ? Result<void>() : done;
       }, nullptr,
       holds("perceuse", 0)},
      {"confirm", Scope::kRegistry, prepare_place,
       [](Registry& registry) {
         return outcome(registry.confirm(registry.identity().place, {"resources/perceuse.json"}, kNow));
       }, nullptr,
       [](const Registry& registry) {
         return as_text(must(registry.file(registry.identity().place, "resources/perceuse.json"))).find("confirmed") != std::string_view::npos;
       }},
      {"ingest", Scope::kRegistry, [](const fs::path& dir) { prepare_place(dir), deliveries(); },
       [](Registry& registry) { return receive(registry, deliveries()[0]); }, nullptr,
       [](const Registry& registry) { return must(registry.load()).size() == 2; }},
      {"ingest-thin", Scope::kRegistry,
       [](const fs::path& dir) { prepare_place(dir), must(receive(*must(Registry::open(dir)), deliveries()[0])); },
       [](Registry& registry) { return receive(registry, deliveries()[1]); }, nullptr, holds("tour", 1)},
      {"persist", Scope::kRegistry, [](const fs::path& dir) { prepare_place(dir), deliveries(); },
       [](Registry& registry) { return registry.persist({deliveries()[1].head}, {}); }, nullptr,
       [](const Registry& registry) { return must(registry.load()).size() == 2; }},
      {"sheet", Scope::kRegistry, prepare_sheet,
       [](Registry& registry) -> Result<void> {
         auto right = registry.confirm_sheet(sheet);
         return right ? Result<void>() : tl::unexpected(right.error());
       }, nullptr,
       [](const Registry& registry) { return registry.sheet_confirmed(); }},
      {"rotate", Scope::kRegistry, prepare_hosting, [](Registry& registry) { return rotate(registry, sheet); }, nullptr,
       [](const Registry& registry) { return rotated(registry); }},
      {"refs", Scope::kRegistry, prepare_place,
       [](Registry& registry) -> Result<void> {
         auto written = registry.write_refs();
         return written ? Result<void>() : tl::unexpected(written.error());
       }, nullptr,
       holds("perceuse", 1)},
      {"reindex", Scope::kRegistry, prepare_packs,
       [](Registry& registry) -> Result<void> {
         auto made = registry.reindex();
         return made ? Result<void>() : tl::unexpected(made.error());
       }, nullptr,
       holds("ponceuse", 1)},
      {"contribute", Scope::kRegistry, prepare_push, contribute, nullptr,
       [](const Registry& registry) { return registry.contributions(false).items.size() == 1 && registry.contributions().items.size() == 1; }},
      {"approve", Scope::kRegistry, prepare_contribution,
       [](Registry& registry) { return answer(registry, ContributionState::kApproved); }, nullptr,
       [](const Registry& registry) { return count(registry, "varlope") == 1 && registry.contributions().items.at(0).state == ContributionState::kApproved; }},
      {"refuse", Scope::kRegistry, prepare_contribution,
       [](Registry& registry) { return answer(registry, ContributionState::kRefused); }, nullptr,
       [](const Registry& registry) { return count(registry, "varlope") == 0 && registry.contributions().items.at(0).state == ContributionState::kRefused; }},
      // In a process of its own: RocksDB's threads, which a purge waits for, do not come along into the children of this one.
      {"erase", Scope::kRegistry,
       [prepare_packs](const fs::path& dir) { in_child([&] { return prepare_packs(dir), std::string(); }); }, erase, nullptr,
       [](const Registry& registry) { return count(registry, "scie") == 0 && count(registry, "ponceuse") == 1 && !registry.purge_waits(); }},
      {"let-go", Scope::kRegistry,
       [prepare_packs](const fs::path& dir) {
         in_child([&] {
           prepare_packs(dir);
           auto registry = must(Registry::open(dir));
           for (const Delivery& delivery : deliveries()) must(receive(*registry, delivery));
           return std::string();
         });
       },
       let_go, nullptr,
       [](const Registry& registry) {
         auto known = registry.known_places();
         bool gone = count(registry, "tour") == 0 && known.known == 2 && known.held == 1;
         return gone && count(registry, "ponceuse") == 1 && !registry.purge_waits();
       }},
      {"tend", Scope::kRegistry, prepare_packs, [](Registry& registry) { return registry.tend(); }, nullptr, holds("ponceuse", 1)},
      restart_before("restart-uncommitted", "half of state/", Scope::kAll),
      restart_before("restart-committed", "remove store.git/objects/pack/"),
      restart_before("restart-quarantine", "rename quarantine/"),
  };
}

std::string leftovers(const fs::path& dir) {
  std::string found;
  for (const auto& entry : fs::recursive_directory_iterator(dir)) {
    std::string name = entry.path().filename().string();
    bool temporary = name.ends_with(".keep") || name.ends_with(".new") || name.ends_with(".part") || name.ends_with("tmp") || name.starts_with("tmp_");
    bool quarantined = entry.path().parent_path() == dir / "quarantine";
    if (temporary || quarantined || name == "unfinished" || name == "renewal") found += entry.path().string() + " is left\n";
  }
  return found;
}

std::string complaints_of_git(const fs::path& dir) {
  std::string command = "LC_ALL=C git -C " + (dir / "store.git").string() + " fsck --full 2>&1", printed;
  std::unique_ptr<FILE, int (*)(FILE*)> out(popen(command.c_str(), "r"), pclose);
  std::array<char, 1024> line;
  while (fgets(line.data(), line.size(), out.get()) != nullptr)
    if (std::string_view said = line.data(); !said.starts_with("dangling ") && !said.starts_with("notice: ")) printed += "fsck: " + std::string(said);
  return printed;
}

std::string findings(const Registry& registry) {
  std::string found;
  for (const Finding& finding : must(registry.verify())) found += "verify: " + finding.where + " " + sentence_of(finding.error) + "\n";
  return found;
}

constexpr std::string_view kSteps = "steps\n";

// Out of a child.
std::string written(const std::vector<DiskStep>& steps) {
  Writer out;
  auto text = [&](const std::string& value) { out.varint(value.size()).text(value); };
  out.text(kSteps);
  for (const DiskStep& step : steps) {
    out.u8(static_cast<std::uint8_t>(step.change)).u64(step.offset);
    for (const std::string* value : {&step.path, &step.target, &step.bytes}) text(*value);
  }
  return std::string(as_text(out.bytes()));
}

std::vector<DiskStep> read_steps(std::string_view said) {
  Reader in(as_bytes(said.substr(kSteps.size())));
  std::vector<DiskStep> steps;
  while (in.left() > 0 && !in.failed()) {
    DiskStep& step = steps.emplace_back();
    step.change = static_cast<Change>(in.u8());
    step.offset = in.u64();
    for (std::string* value : {&step.path, &step.target, &step.bytes}) *value = std::string(as_text(in.take(in.varint())));
  }
  return steps;
}

// In a registry that opened after the interruption.
std::string look_inside(const Drill& drill, const fs::path& dir, bool acknowledged) {
  auto registry = Registry::open(dir);
  if (!registry) return "open: " + sentence_of(registry.error());
  std::string wrong = findings(**registry) + leftovers(dir);
  if (acknowledged && !drill.kept(**registry)) wrong += "what was acknowledged is gone\n";
  if (!wrong.empty() || !drill.work) return wrong;
  if (auto again = drill.work(**registry); !again) return "again: " + sentence_of(again.error());
  if (!drill.kept(**registry)) wrong += "what was done again is not there\n";
  return wrong + findings(**registry);
}

// An init that was cut short has left nothing that opens.
bool is_unmade(const fs::path& dir) {
  auto registry = Registry::open(dir);
  return !registry && (registry.error().code == ErrorCode::kNoPlace || registry.error().code == ErrorCode::kInitCut);
}

std::string look(const Drill& drill, const fs::path& dir, bool acknowledged) {
  if (drill.name == "init" && is_unmade(dir)) {
    if (acknowledged) return "what was acknowledged is gone";
    if (auto again = drill.whole(dir); !again) return "again: " + sentence_of(again.error());
  }
  std::string wrong = look_inside(drill, dir, acknowledged);
  return wrong.empty() ? leftovers(dir) + complaints_of_git(dir) : wrong;
}

}  // namespace

const std::vector<Drill>& drills() {
  static const std::vector<Drill> all = make_drills();
  return all;
}

const Drill& drill(std::string_view name) { return *std::ranges::find(drills(), name, &Drill::name); }

Result<void> act(const Drill& drill, const fs::path& dir, const std::function<void()>& begin) {
  if (!drill.work) {
    begin();
    return drill.whole(dir);
  }
  auto registry = Registry::open(dir);
  if (!registry) return tl::unexpected(registry.error());
  begin();
  return drill.work(**registry);
}

fs::path scratch() {
  fs::path memory = "/dev/shm";
  return ::access(memory.c_str(), W_OK) == 0 ? memory : fs::temp_directory_path();
}

Outcome in_child(const std::function<std::string()>& work) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) throw std::runtime_error("pipe");
  pid_t child = fork();
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);  // not Catch's
    std::string said;
    try {
      said = work();
    } catch (const std::exception& error) {
      said = error.what();
    }
    bool told = ::write(ends[1], said.data(), said.size()) == static_cast<ssize_t>(said.size());
    _exit(told ? 0 : 1);
  }
  close(ends[1]);
  Outcome outcome;
  std::array<char, 4096> buffer;
  for (ssize_t size; (size = ::read(ends[0], buffer.data(), buffer.size())) > 0;) outcome.said.append(buffer.data(), static_cast<std::size_t>(size));
  close(ends[0]);
  int status = 0;
  if (waitpid(child, &status, 0) != child) throw std::runtime_error("waitpid");
  outcome.killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  if (!outcome.killed && (!WIFEXITED(status) || WEXITSTATUS(status) != 0)) outcome.said += "ended with status " + std::to_string(status);
  return outcome;
}

std::optional<std::string> done_elsewhere(const std::string& test) {
  auto threads = fs::directory_iterator("/proc/self/task");
  if (std::distance(begin(threads), end(threads)) == 1) return std::nullopt;
  Outcome run = in_child([&]() -> std::string {
    std::string command = "'" + fs::read_symlink("/proc/self/exe").string() + "' '" + test + "' 2>&1", printed;
    FILE* out = popen(command.c_str(), "r");
    std::array<char, 1024> line;
    while (out != nullptr && fgets(line.data(), line.size(), out) != nullptr) printed += line.data();
    return out != nullptr && pclose(out) == 0 ? "" : "failed: " + printed;
  });
  return run.said;
}

std::vector<DiskStep> steps_of(const Drill& drill, const fs::path& prepared, Disk::Scope scope) {
  fs::path copy = prepared.string() + ".steps";
  if (fs::exists(prepared)) fs::copy(prepared, copy, fs::copy_options::recursive);
  // Rationale for a child: once RocksDB's threads run in this process, its children are told that they run, and wait for them.
  Outcome made = in_child([&] {
    Disk disk(copy, scope);
    if (scope == Disk::Scope::kAll) disk.begin();
    must(act(drill, copy, [&] { disk.begin(), disk.said(); }));
    disk.said();
    auto steps = disk.steps();
    while (!steps.empty() && steps.back().change != Change::kSaid) steps.pop_back();
    return written(steps);
  });
  fs::remove_all(copy);
  if (made.killed || !made.said.starts_with(kSteps)) throw std::runtime_error("steps of " + drill.name + ": " + made.said.substr(0, 1000));
  return read_steps(made.said);
}

std::string unsound_after(const Drill& drill, const fs::path& dir, bool acknowledged) {
  Outcome seen = in_child([&] { return look(drill, dir, acknowledged); });
  return seen.killed ? "killed" : seen.said;
}

}  // namespace maillage::tests
