// The tree of everything: the same for the same heads, a chain of commits that git follows, and its end after an erasure.
#include <atomic>
#include <future>

#include <catch2/catch.hpp>

#include "registry/git/fetch.h"
#include "registry/git/whole_chain.h"
#include "registry/registry.h"
#include "registry/rocks_store.h"
#include "registry/slug.h"
#include "tests/registry/git_fixture.h"
#include "tests/twins/memory_content_store.h"
#include "tests/twins/memory_state_store.h"

using namespace maillage::tests;
namespace protocol = maillage::protocol;
using protocol::UnixTime;

namespace {

constexpr UnixTime kNow{1'800'000'000'000};
constexpr UnixTime after(std::int64_t ms) { return {kNow.ms + ms}; }

// A few places in one store, and the chain above them.
struct Commons {
  TemporaryDirectory directory;
  std::unique_ptr<ObjectStore> store = must(ObjectStore::open(directory.path()));
  MemoryStateStore state;
  std::map<protocol::PlaceId, protocol::SignedHead> heads;
  protocol::PlaceId author;
  protocol::KeyPair key{protocol::Seed{{7}}};

  void publish(Place& place, const std::string& name, const std::string& commune, const std::string& more = "", const std::string& country = "FR") {
    std::string json = R"({"kind": "profile", "name": ")" + name + "\"" + more + "}";
    publish_files(*store, place, {{"profile.json", bytes_of(json)}, {"notes.md", bytes_of(name)}});
    protocol::Head head = place.head.head;
    head.cell = protocol::TerritoryCell::of(country, commune);
    place.head = protocol::sign(head, place.key);
    heads[place.id] = place.head;
  }
  std::vector<protocol::SignedHead> list(bool backwards = false) const {
    std::vector<protocol::SignedHead> all;
    for (const auto& [id, head] : heads) all.push_back(head);
    if (backwards) std::ranges::reverse(all);
    return all;
  }
  Result<bool> try_build(WholeChain& chain, std::uint64_t revision, UnixTime now, bool backwards = false) {
    auto read = [this, revision, backwards]() -> Result<WholeChain::Shown> { return WholeChain::Shown{list(backwards), revision}; };
    return chain.build(revision, read, {author, key}, now);
  }
  WholeChain::Tip build(WholeChain& chain, std::uint64_t revision, UnixTime now) {
    must(try_build(chain, revision, now));
    return *chain.tip();
  }
  void write(WholeChain::Turn& turn) {
    WriteBatch batch;
    must(turn.stage(batch));
    must(state.write(batch));
    turn.written();
  }
  std::size_t rows() const {
    std::size_t count = 0;
    must(state.scan(Column::kCommons, "", [&](std::string_view, std::string_view) { return ++count > 0; }));
    return count;
  }
};

std::vector<std::string> paths(const ObjectSource& source, const ObjectId& tree, const std::string& prefix = "") {
  std::vector<std::string> all;
  Bytes bytes = must(source.read_as(ObjectKind::kTree, tree));
  for (const TreeEntry& entry : must(read_tree(bytes))) {
    std::string path = prefix + std::string(entry.name);
    if (!entry.is_folder) all.push_back(path);
    else for (std::string& below : paths(source, entry.id, path + "/")) all.push_back(std::move(below));
  }
  return all;
}

}  // namespace

TEST_CASE("places stand by region and slug, networks beside them, and those without commune are not lost") {
  Commons commons;
  Place konk(1), lille(2), far(3), nowhere(4), network(5);
  commons.publish(konk, "Konk Ar Lab", "29039");
  commons.publish(lille, std::string(60, 'a') + " " + std::string(60, 'b'), "59350");
  commons.publish(far, "Ailleurs", "", "", "BE");
  commons.publish(nowhere, "", "");
  commons.publish(network, "Collectif", "59350", R"(, "type": "network")");
  WholeChain chain(commons.state, *commons.store);
  auto tip = commons.build(chain, 1, kNow);
  auto listed = paths(*chain.source(), tip.tree);
  std::string zeros(14, '0');
  std::string cut(47, 'a');
  CHECK(listed == std::vector<std::string>{
    "networks/hauts-de-france-32/collectif-05" + zeros + "/notes.md", "networks/hauts-de-france-32/collectif-05" + zeros + "/profile.json",
    "places/bretagne-53/konk-ar-lab-01" + zeros + "/notes.md", "places/bretagne-53/konk-ar-lab-01" + zeros + "/profile.json",
    "places/elsewhere/ailleurs-03" + zeros + "/notes.md", "places/elsewhere/ailleurs-03" + zeros + "/profile.json",
    "places/hauts-de-france-32/" + cut + "-02" + zeros + "/notes.md", "places/hauts-de-france-32/" + cut + "-02" + zeros + "/profile.json",
    "places/unknown/04" + zeros + "/notes.md", "places/unknown/04" + zeros + "/profile.json"});
}

TEST_CASE("two stores that were fed in another order have the same tree, and different commits") {
  Commons one, two;
  for (std::uint8_t number : {1, 2, 3, 4, 5}) {
    Place place(number);
    one.publish(place, "Lieu " + std::to_string(number), "59350");
  }
  for (std::uint8_t number : {4, 2, 5, 1, 3}) {
    Place place(number);
    two.publish(place, "Lieu " + std::to_string(number), "59350");
  }
  two.author.bytes[0] = 9;
  WholeChain first(one.state, *one.store), second(two.state, *two.store);
  auto tip = one.build(first, 1, kNow);
  must(two.try_build(second, 1, kNow, true));
  CHECK(tip.tree == second.tip()->tree);
  CHECK(tip.commit != second.tip()->commit);
}

TEST_CASE("two places whose names and first digits are the same both stand there") {
  std::map<protocol::PlaceId, WholePlace> places;
  for (std::uint8_t last : {1, 2}) {
    protocol::PlaceId id;
    id.bytes[31] = last;
    places[id] = {false, "unknown", "lieu", object_id(ObjectKind::kTree, {})};
  }
  WholeTree tree = build_whole_tree(places);
  CHECK(tree.places == 2);
  bool found = false;
  for (const auto& [id, bytes] : tree.trees) found = found || must(read_tree(bytes)).size() == 2;
  CHECK(found);
}

TEST_CASE("a commit follows only when a minute has passed and the tree is another, with the last one as parent") {
  Commons commons;
  Place place(1), other(2);
  commons.publish(place, "Un", "59350");
  WholeChain chain(commons.state, *commons.store);
  CHECK(chain.is_due(1, kNow));
  auto first = commons.build(chain, 1, kNow);
  CHECK(!chain.is_due(1, after(1'000'000)));
  CHECK(!chain.is_due(2, after(59'999)));
  CHECK(chain.is_due(2, after(60'000)));
  commons.publish(other, "Deux", "29039");
  CHECK(commons.build(chain, 2, after(1'000)) == first);
  auto second = commons.build(chain, 2, after(60'000));
  CHECK(must(read_links(*chain.source(), second.commit)).parents == std::vector<ObjectId>{first.commit});
  CHECK(commons.build(chain, 3, after(120'000)) == second);
}

TEST_CASE("the chain goes on after a restart, and what a client lacks is the change alone") {
  Commons commons;
  Place place(1), other(2);
  commons.publish(place, "Un", "59350");
  commons.publish(other, "Deux", "29039");
  WholeChain::Tip first;
  {
    WholeChain chain(commons.state, *commons.store);
    first = commons.build(chain, 1, kNow);
  }
  commons.state.crash();
  WholeChain chain(commons.state, *commons.store);
  must(chain.load());
  CHECK(*chain.tip() == first);
  CHECK(commons.build(chain, 1, kNow) == first);
  commons.publish(place, "Un nouveau", "59350");
  auto second = commons.build(chain, 2, after(60'000));
  auto source = chain.source();
  CHECK(must(read_links(*source, second.commit)).parents == std::vector<ObjectId>{first.commit});
  auto ids = must(list_objects(*source, {{second.commit}, {first.commit}, {}}, Compare::kParents));
  CHECK(ids.size() == 7);  // commit, root, places, region, place, its profile and its note
  auto whole = must(list_objects(*source, {{second.commit}, {}, {}}, Compare::kParents));
  CHECK(whole.size() == 2 + 2 + 2 + 3 + 3 + 6);  // commits, roots, folders of places, regions, places, files
}

TEST_CASE("a failed write leaves the chain as it was") {
  Commons commons;
  Place place(1);
  commons.publish(place, "Un", "59350");
  WholeChain chain(commons.state, *commons.store);
  auto first = commons.build(chain, 1, kNow);
  commons.publish(place, "Deux", "59350");
  commons.state.fail_next(ErrorCode::kDiskFull);
  auto failed = commons.try_build(chain, 2, after(60'000));
  REQUIRE(!failed);
  CHECK(*chain.tip() == first);
  CHECK(commons.build(chain, 2, after(60'000)) != first);
}

TEST_CASE("a chain that was dropped, or grew over its bound, starts again without a parent and leaves nothing behind") {
  Commons commons;
  Place place(1);
  commons.publish(place, "Un", "59350");
  WholeChain chain(commons.state, *commons.store, 1);
  auto first = commons.build(chain, 1, kNow);
  commons.publish(place, "Deux", "59350");
  CHECK(must(commons.try_build(chain, 2, after(60'000))));  // told, so that nobody comes back for what was
  auto second = *chain.tip();
  CHECK(must(read_links(*chain.source(), second.commit)).parents.empty());
  CHECK(!must(chain.has(first.commit)));
  CHECK(must(commons.state.get(Column::kMeta, kPurgeCommonsKey)));
  {
    WholeChain::Turn turn(chain);
    turn.drop();
    CHECK(chain.tip());
    commons.write(turn);
  }
  CHECK(!chain.tip());
  CHECK(commons.rows() == 0);
  auto third = commons.build(chain, 2, after(60'000));
  CHECK(third.tree == second.tree);
  CHECK(must(read_links(*chain.source(), third.commit)).parents.empty());
}

TEST_CASE("the heads of a commit are read when nobody can take one of them out any more") {
  Commons commons;
  Place place(1);
  commons.publish(place, "Un", "59350");
  WholeChain chain(commons.state, *commons.store);
  commons.build(chain, 1, kNow);
  WholeChain::Turn turn(chain);
  turn.drop();
  // Somebody asks, waits for the end of the turn, and must then be shown what it left.
  std::atomic<bool> gone = false, early = false;
  auto read = [&]() -> Result<WholeChain::Shown> {
    early = !gone;
    return WholeChain::Shown{commons.list(), 2};
  };
  WriteBatch batch;
  must(turn.stage(batch));
  must(commons.state.write(batch));
  turn.written();  // no tip: who asks must wait
  auto asked = std::async(std::launch::async, [&] { return chain.build(2, read, {commons.author, commons.key}, after(60'000)); });
  commons.publish(place, "Deux", "59350");
  gone = true;
  { WholeChain::Turn ended = std::move(turn); }
  must(asked.get());
  CHECK(!early);
}

TEST_CASE("while a place may have broken its history nothing of the chain is served, and it goes on when it had not") {
  Commons commons;
  Place place(1), other(2);
  commons.publish(place, "Un", "59350");
  commons.publish(other, "Deux", "29039");
  auto chain = std::make_unique<WholeChain>(commons.state, *commons.store);
  auto first = commons.build(*chain, 1, kNow);
  {
    WholeChain::Turn turn(*chain);
    turn.withdraw(place.id);
    commons.write(turn);
  }
  CHECK(!chain->tip());
  CHECK(chain->withholds());
  chain = std::make_unique<WholeChain>(commons.state, *commons.store);  // a restart
  must(chain->load());
  CHECK(!chain->tip());
  SECTION("its content comes, and goes on from what was") {
    WholeChain::Turn turn(*chain);
    turn.restore(place.id);
    commons.write(turn);
    CHECK(chain->tip() == first);
  }
  SECTION("somebody asks before it has come") {
    commons.heads.erase(place.id);
    CHECK(must(commons.try_build(*chain, 2, after(1'000))));
    CHECK(!must(chain->has(first.commit)));
    CHECK(!chain->withholds());
    CHECK(must(read_links(*chain->source(), chain->tip()->commit)).parents.empty());
  }
}

TEST_CASE("a registry tells the tree of everything once it was asked for, and only its own commits may be wanted") {
  TemporaryDirectory directory;
  REQUIRE(Registry::create(directory.path(), {"Konk Ar Lab", false, "29039", {}, {}}, kNow));
  auto registry = must(Registry::open(directory.path()));
  CHECK(!registry->status().contains("commons"));
  std::string told(protocol::as_text(must(registry->advertise(kWholeRepository, kNow))));
  CHECK(told.size() < 1024);
  std::string commit(registry->status().at("commons").at("commit").as_string());
  CHECK(told.find(commit + " refs/heads/main") != std::string::npos);
  auto fetch = [&](const std::string& id) {
    std::string request = "0032want " + id + "\n00000009done\n";
    auto opened = must(registry->fetch(kWholeRepository, protocol::as_bytes(request), kNow));
    return std::string(protocol::as_text(must(opened->read())));
  };
  CHECK(fetch(commit).starts_with("0008NAK\n"));
  std::string refused = fetch(std::string(40, '1'));
  CHECK(refused.find("ERR") == 4);
  CHECK(fetch(std::string(registry->status().at("commons").at("tree").as_string())) == refused);
  CHECK(fetch(std::string(registry->place("konk-ar-lab")->at("head").at("commit").as_string())) == refused);
  CHECK(registry->verify()->empty());
}

namespace {

// A registry that holds a stranger's place, whose daemon says what it likes.
struct Visited {
  TemporaryDirectory directory;
  std::unique_ptr<Registry> registry;
  protocol::KeyPair key{protocol::Seed{{5}}};
  std::optional<protocol::CharterChain> chain;
  std::uint64_t job = 0;

  Visited() {
    REQUIRE(Registry::create(directory.path(), {"Konk Ar Lab", false, "29039", {}, {}}, kNow));
    registry = must(Registry::open(directory.path()));
    protocol::SignedCharter genesis;
    genesis.charter.roots = {key.public_key()};
    genesis.charter.daemon_key = key.public_key();
    chain = must(protocol::CharterChain::start(genesis));
  }
  void reopen() {
    registry.reset();
    registry = must(Registry::open(directory.path()));
  }

  // A commit of the place, and the head that signs it.
  struct State {
    Bytes pack;
    protocol::SignedHead head;
    ObjectId tree;
  };
  State state(std::uint64_t epoch, const std::string& name, const State* parent = nullptr) {
    MemoryContentStore before;
    TreeCache cache;
    std::string profile = R"({"kind": "profile", "name": ")" + name + "\"}";
    CommitPerson person{"x", place_email(chain->place()), 1'800'000'000, 0};
    std::optional<ObjectId> parent_commit, parent_tree;
    if (parent != nullptr) {
      auto held = stage_bytes(before, parent->pack);
      auto table = must(PackTable::read(must(held->bytes()), before, {}));
      must(before.adopt(*held, table));
      parent_commit = parent->head.head.commit;
      parent_tree = parent->tree;
    }
    auto staged = must(stage_commit(before, {parent_commit, parent_tree, {{"profile.json", bytes_of(profile)}}, person, person, "x\n"}, key, cache));
    protocol::Head head;
    head.place = chain->place();
    head.epoch = epoch;
    head.commit = staged.commit;
    head.state = staged.state;
    ByteView bytes = must(staged.pack->bytes());
    return {Bytes(bytes.begin(), bytes.end()), protocol::sign(head, key), staged.tree};
  }
  protocol::Candidate candidate(const State& it) { return {it.head, *chain, std::size_t(it.head.head.epoch == 0 ? 1 : 0)}; }
  void see(const State& it) { must(registry->persist({candidate(it)}, {})); }
  void take_in(const State& it, const ObjectId& base = {}) {
    must(registry->append_pack(++job, it.pack));
    auto outcomes = registry->ingest(job, {{candidate(it), base}});
    if (outcomes.at(0).refused) FAIL(outcomes[0].refused->context);
  }

  // The bytes that the state store has of a commit of the tree of everything.
  std::string row_of(const std::string& commit) {
    registry.reset();
    std::string value;
    {
      auto state = must(RocksStore::open(directory.path() / "state"));
      value = must(state->get(Column::kCommons, protocol::as_text(must(ObjectId::parse(commit)).bytes))).value();
    }
    registry = must(Registry::open(directory.path()));
    return value;
  }

  std::string id() const { return chain->place().hex(); }
  std::string commons() {
    (void)must(registry->advertise(kWholeRepository, kNow));
    return shown();
  }
  std::string shown() const { return std::string(registry->status().at("commons").at("commit").as_string()); }
  bool answers(std::string_view repository, const std::string& want) {
    std::string request = "0032want " + want + "\n00000009done\n";
    auto fetch = registry->fetch(repository, protocol::as_bytes(request), kNow);
    if (!fetch) return false;
    std::string told(protocol::as_text(must((*fetch)->read())));
    return told.find("ERR") == std::string::npos;
  }
  std::unique_ptr<Fetch> fetch(std::string_view repository, const std::string& want) {
    std::string request = "0040want " + want + " side-band-64k\n00000009done\n";
    return must(registry->fetch(repository, protocol::as_bytes(request), kNow));
  }
  std::size_t listed() const { return must(registry->query(must(parse_query(What::kPlaces, {{"q", "secret"}})))).number_matched; }
  std::vector<std::string> refs() const {
    must(registry->write_refs());
    std::ifstream in(directory.path() / "store.git/packed-refs");
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }
};

// Whether any file of the state store has these bytes.
bool is_on_disk(const std::filesystem::path& directory, std::string_view bytes) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    std::string content((std::istreambuf_iterator<char>(in)), {});
    if (content.find(bytes) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a place that breaks its history takes the commits that showed it out of the tree of everything, and off the disk") {
  Visited here;
  here.take_in(here.state(0, "Secret"));
  std::string shown = here.commons();
  std::string row = here.row_of(shown);
  CHECK(is_on_disk(here.directory.path() / "state", row));
  here.take_in(here.state(1, "Ouvert"));
  CHECK(!here.registry->status().contains("commons"));
  CHECK(!is_on_disk(here.directory.path() / "state", row));
  CHECK(here.commons() != shown);
  CHECK(!here.answers(kWholeRepository, shown));
  CHECK(here.answers(kWholeRepository, here.shown()));
}

TEST_CASE("a head of another epoch takes what is held out of service before its content is here") {
  Visited here;
  auto first = here.state(0, "Secret");
  here.take_in(first);
  std::string commit = first.head.head.commit.hex();
  std::string commons = here.commons(), row = here.row_of(commons);
  REQUIRE(must(here.registry->advertise(here.id(), kNow)).size() > 0);
  CHECK(here.answers(here.id(), commit));
  CHECK(here.listed() == 1);
  CHECK(here.refs().size() == 4);
  auto healed = here.state(1, "Secret deux", &first);
  here.see(healed);
  auto out_of_service = [&] {
    CHECK(!here.registry->advertise(here.id(), kNow));
    CHECK(!here.answers(here.id(), commit));
    CHECK(!here.answers(kWholeRepository, commons));
    CHECK(!here.registry->place(here.id()));
    CHECK(!here.registry->file(here.chain->place(), "profile.json"));
    CHECK(!here.registry->export_place(here.chain->place(), std::nullopt, {}, kNow));
    CHECK(here.listed() == 0);
    CHECK(here.refs().size() == 3);
    CHECK(here.registry->verify()->empty());
  };
  out_of_service();
  here.reopen();
  out_of_service();
  must(here.registry->reindex());
  out_of_service();

  SECTION("it had not broken its history: all of it is back, and the tree of everything goes on") {
    here.take_in(healed, first.head.head.commit);
    CHECK(here.listed() == 1);
    CHECK(here.answers(here.id(), healed.head.head.commit.hex()));
    CHECK(here.shown() == commons);
    CHECK(here.answers(kWholeRepository, commons));
  }
  SECTION("it had: the tree of everything starts again") {
    auto broken = here.state(2, "Secret trois");
    here.take_in(broken);
    CHECK(here.listed() == 1);
    CHECK(here.commons() != commons);
    CHECK(!here.answers(kWholeRepository, commons));
  }
  SECTION("less than what was seen comes: it stays away") {
    auto more = here.state(0, "Secret quatre", &first);
    more.head.head.sequence = 7;
    more.head = protocol::sign(more.head.head, here.key);
    here.take_in(more, first.head.head.commit);
    out_of_service();
  }
  SECTION("who clones everything meanwhile gets it without the place") {
    CHECK(here.commons() != commons);
    CHECK(!is_on_disk(here.directory.path() / "state", row));
  }
  CHECK(here.registry->verify()->empty());
}

TEST_CASE("a fetch that is under way sends no object more once what it reads is out of service, and others go on") {
  Visited here;
  auto first = here.state(0, "Secret");
  here.take_in(first);
  std::string own(must(here.registry->place("konk-ar-lab")).at("head").at("commit").as_string());
  auto of_place = here.fetch(here.id(), first.head.head.commit.hex());
  auto of_all = here.fetch(kWholeRepository, here.commons());
  auto of_other = here.fetch("konk-ar-lab", own);
  auto after = here.state(1, "Ouvert");
  SECTION("by a head alone") { here.see(after); }
  SECTION("by a history that is broken") { here.take_in(after); }
  for (Fetch* each : {of_place.get(), of_all.get()}) {
    std::string said(protocol::as_text(must(each->read())));
    CHECK(said.find("PACK") == std::string::npos);
    CHECK(said.find("\3this place was erased or changed meanwhile") != std::string::npos);
    CHECK(must(each->read()).empty());
  }
  CHECK(protocol::as_text(must(of_other->read())).find("PACK") != std::string::npos);
  here.take_in(after);
  auto again = here.fetch(here.id(), after.head.head.commit.hex());
  CHECK(protocol::as_text(must(again->read())).find("PACK") != std::string::npos);
}

TEST_CASE("a foreign head of another epoch takes nothing of ours out of service") {
  Visited here;
  auto own = here.registry->identity();
  auto states = must(here.registry->load());
  protocol::Head head = states.at(0).seen.head;
  head.epoch += 5;
  must(here.registry->persist({{protocol::sign(head, own.key), states.at(0).chain, 0}}, {}));
  CHECK(here.registry->advertise("konk-ar-lab", kNow));
  CHECK(here.registry->place("konk-ar-lab"));
}
