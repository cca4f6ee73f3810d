// The tree of everything: the same for the same heads, a chain of commits that git follows, and its end after an erasure.
#include <catch2/catch.hpp>

#include "registry/git/fetch.h"
#include "registry/git/whole_chain.h"
#include "registry/registry.h"
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
  WholeChain::Tip build(WholeChain& chain, std::uint64_t revision, UnixTime now) {
    must(chain.build(list(), revision, {author, key}, now));
    return *chain.tip();
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
  must(second.build(two.list(true), 1, {two.author, two.key}, kNow));
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
  auto failed = chain.build(commons.list(), 2, {commons.author, commons.key}, after(60'000));
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
  auto second = commons.build(chain, 2, after(60'000));
  CHECK(must(read_links(*chain.source(), second.commit)).parents.empty());
  CHECK(!chain.source()->contains(first.commit));
  WriteBatch batch;
  {
    auto token = must(chain.stage_drop(batch));
    CHECK(chain.tip());
    must(commons.state.write(batch));
    chain.dropped(token);
  }
  CHECK(!chain.tip());
  std::size_t rows = 0;
  must(commons.state.scan(Column::kCommons, "", [&](std::string_view, std::string_view) { return ++rows > 0; }));
  CHECK(rows == 0);
  auto third = commons.build(chain, 2, after(60'000));
  CHECK(third.tree == second.tree);
  CHECK(must(read_links(*chain.source(), third.commit)).parents.empty());
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

TEST_CASE("a place that breaks its history takes the commits that showed it out of the tree of everything") {
  TemporaryDirectory directory;
  REQUIRE(Registry::create(directory.path(), {"Konk Ar Lab", false, "29039", {}, {}}, kNow));
  auto registry = must(Registry::open(directory.path()));
  protocol::KeyPair key(protocol::Seed{{5}});
  protocol::SignedCharter genesis;
  genesis.charter.roots = {key.public_key()};
  genesis.charter.daemon_key = key.public_key();
  auto chain = must(protocol::CharterChain::start(genesis));
  ObjectId base;
  auto take_in = [&](std::uint64_t epoch, const std::string& name, std::size_t new_charters) {
    MemoryContentStore nothing;
    TreeCache cache;
    std::string profile = R"({"kind": "profile", "name": ")" + name + "\"}";
    CommitPerson person{"x", place_email(chain.place()), 1'800'000'000, 0};
    auto staged = must(stage_commit(nothing, {std::nullopt, std::nullopt, {{"profile.json", bytes_of(profile)}}, person, person, "x\n"}, key, cache));
    protocol::Head head;
    head.place = chain.place();
    head.epoch = epoch;
    head.commit = staged.commit;
    head.state = staged.state;
    REQUIRE(registry->append_pack(epoch, must(staged.pack->bytes())));
    auto outcomes = registry->ingest(epoch, {{{protocol::sign(head, key), chain, new_charters}, {}}});
    REQUIRE(!outcomes.at(0).refused);
  };
  auto commit = [&] { return std::string(registry->status().at("commons").at("commit").as_string()); };
  take_in(0, "Secret", 1);
  (void)must(registry->advertise(kWholeRepository, kNow));
  std::string shown = commit();
  take_in(1, "Ouvert", 0);
  CHECK(!registry->status().contains("commons"));
  (void)must(registry->advertise(kWholeRepository, kNow));
  CHECK(commit() != shown);
  auto answer = [&](const std::string& want) {
    std::string request = "0032want " + want + "\n00000009done\n";
    return std::string(protocol::as_text(must(must(registry->fetch(kWholeRepository, protocol::as_bytes(request), kNow))->read())));
  };
  CHECK(answer(shown).find("ERR") == 4);
  CHECK(answer(commit()).find("NAK") == 4);
}
