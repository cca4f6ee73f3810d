#include "tests/registry/raw_pack.h"

using namespace maillage::tests;

namespace {

// One place and the objects of its first publication, to be spoilt one at a time.
struct Attack {
  TemporaryDirectory directory;
  std::unique_ptr<ObjectStore> store = must(ObjectStore::open(directory.path()));
  Place place{1};
  RawObject profile{ObjectKind::kBlob, bytes_of("{\"kind\":\"profile\"}")};
  TreeCache cache;

  Hash state() const { return maillage::protocol::sha256(as_bytes("profile.json " + maillage::protocol::sha256(profile.bytes).hex() + "\n")); }
  static ByteView as_bytes(std::string_view text) { return maillage::protocol::as_bytes(text); }

  static Bytes tree_bytes(std::string_view mode_and_name, const ObjectId& id) {
    maillage::protocol::Writer out;
    out.text(mode_and_name).u8(0).fixed(id);
    return std::move(out).take();
  }
  RawObject tree(std::string_view mode_and_name = "100644 profile.json") const {
    return {ObjectKind::kTree, tree_bytes(mode_and_name, profile.id())};
  }
  RawObject commit(const RawObject& root, std::vector<ObjectId> parents = {}) {
    Commit made{root.id(), std::move(parents), place.person(), place.person(), {}, "m\n"};
    return {ObjectKind::kCommit, write_commit(sign(made, place.key))};
  }

  Result<CheckedPack> check(ByteView pack, const ObjectId& commit_id, const ObjectId& base = {}) {
    auto staged = stage_bytes(*store, pack);
    ExpectedPlace expected{place.head_of(commit_id, state()), base};
    auto checked = check_pack(*store, *staged, std::span(&expected, 1), cache);
    staged_ = std::move(staged);
    return checked;
  }

  // Why a pack of these objects is refused for the last one, which is its commit.
  ErrorCode refusal(const std::vector<RawObject>& objects, const ObjectId& base = {}) {
    auto checked = check(pack_of_objects(objects), objects.back().id(), base);
    if (!checked) return checked.error().code;
    REQUIRE_FALSE(checked->accepted());
    return checked->places.at(0).error().code;
  }

  // Of a pack whose one tree holds this.
  ErrorCode refusal_of_tree(Bytes bytes) {
    RawObject root{ObjectKind::kTree, std::move(bytes)};
    return refusal({profile, root, commit(root)});
  }

  std::unique_ptr<StagedPack> staged_;
};

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace

TEST_CASE("an honest pack is accepted, with what it changes") {
  Attack attack;
  RawObject root = attack.tree(), commit = attack.commit(root);
  CheckedPack checked = must(attack.check(pack_of_objects({attack.profile, root, commit}), commit.id()));
  REQUIRE(checked.accepted());
  const PlaceChanges& changes = *checked.places[0];
  CHECK(changes.replaces_all);
  REQUIRE(changes.records.size() == 1);
  CHECK(changes.records[0].path == "profile.json");
  CHECK(changes.records[0].json == attack.profile.bytes);
  CHECK(changes.records[0].sha256 == maillage::protocol::sha256(attack.profile.bytes));
}

TEST_CASE("a pack is refused in quarantine for each entry that no place may have") {
  Attack attack;
  ObjectId blob = attack.profile.id();
  auto tree = [&](std::string_view entry) { return Attack::tree_bytes(entry, blob); };
  CHECK(attack.refusal_of_tree(tree("120000 profile.json")) == ErrorCode::kBadObject);  // a symlink
  CHECK(attack.refusal_of_tree(tree("160000 profile.json")) == ErrorCode::kBadObject);  // a submodule
  CHECK(attack.refusal_of_tree(tree("100755 profile.json")) == ErrorCode::kBadObject);
  CHECK(attack.refusal_of_tree(tree("100644 .git")) == ErrorCode::kBadObject);
  CHECK(attack.refusal_of_tree(tree("40000 .git")) == ErrorCode::kBadObject);
  CHECK(attack.refusal_of_tree(tree("100644 Profile.json")) == ErrorCode::kBadObject);
  CHECK(attack.refusal_of_tree(tree("100644 profile.json") + tree("100644 profile.json")) == ErrorCode::kBadObject);
  CHECK(attack.refusal_of_tree(tree("100644 profile.json") + tree("100644 a.json")) == ErrorCode::kBadObject);
  CHECK(attack.refusal_of_tree(tree("40000 profile.json")) == ErrorCode::kBadObject);  // a file said to be a folder
  CHECK(must(attack.store->kept()).empty());
}

TEST_CASE("a commit that is not canonical or not signed refuses its pack") {
  Attack attack;
  RawObject root = attack.tree();
  Bytes canonical = attack.commit(root).bytes;
  CHECK(attack.refusal({attack.profile, root, {ObjectKind::kCommit, canonical + bytes_of(std::string_view("\0", 1))}}) == ErrorCode::kBadObject);
  std::string text(canonical.begin(), canonical.end());
  text.replace(text.find("author "), 0, "encoding latin1\n");
  CHECK(attack.refusal({attack.profile, root, {ObjectKind::kCommit, bytes_of(text)}}) == ErrorCode::kBadObject);
  Commit unsigned_commit = must(read_commit(canonical));
  unsigned_commit.signature.reset();
  CHECK(attack.refusal({attack.profile, root, {ObjectKind::kCommit, write_commit(unsigned_commit)}}) == ErrorCode::kBadObject);
}

TEST_CASE("content that is not what the head signs is refused") {
  Attack attack;
  RawObject root = attack.tree("100644 other.json");
  CHECK(attack.refusal({attack.profile, root, attack.commit(root)}) == ErrorCode::kWrongState);
}

TEST_CASE("a peer's pack of deltas that lean on one another in a ring, by way of what is held, is refused") {
  Attack attack;
  publish_files(*attack.store, attack.place, {{"profile.json", attack.profile.bytes}});
  ObjectId base = *attack.place.commit;
  RawObject longer{ObjectKind::kBlob, attack.profile.bytes + bytes_of("!")};
  RawObject root{ObjectKind::kTree, Attack::tree_bytes("100644 a.json", longer.id()) + attack.tree().bytes}, commit = attack.commit(root, {base});
  RawPack ring = ring_of_deltas(attack.profile);
  ring.entry(2, root.bytes.size(), root.bytes).entry(1, commit.bytes.size(), commit.bytes);
  auto checked = attack.check(ring.finish(), commit.id(), base);
  REQUIRE_FALSE(checked);
  CHECK(checked.error().code == ErrorCode::kBadPack);
}

TEST_CASE("an object that no head reaches refuses the pack") {
  Attack attack;
  RawObject root = attack.tree(), commit = attack.commit(root);
  RawObject stowaway{ObjectKind::kBlob, bytes_of("stowaway")}, other = attack.commit(root);
  CHECK(attack.refusal({stowaway, attack.profile, root, commit}) == ErrorCode::kStowaway);
  CHECK(attack.refusal({other, attack.profile, root, commit}) == ErrorCode::kStowaway);
}

TEST_CASE("a pack that lacks a blob, a folder, a parent or its base is refused") {
  Attack attack;
  RawObject root = attack.tree(), commit = attack.commit(root);
  CHECK(attack.refusal({root, commit}) == ErrorCode::kMissingObject);
  CHECK(attack.refusal({attack.profile, commit}) == ErrorCode::kMissingObject);
  CHECK(attack.refusal({attack.profile, root, attack.commit(root, {commit.id()})}) == ErrorCode::kMissingObject);
  CHECK(attack.refusal({attack.profile, root, commit}, commit.id()) == ErrorCode::kMissingObject);
  // Known summaries are no proof that the objects are here.
  REQUIRE(must(attack.check(pack_of_objects({attack.profile, root, commit}), commit.id())).accepted());
  CHECK(attack.refusal({root, commit}) == ErrorCode::kMissingObject);
  CHECK(attack.refusal({commit}) == ErrorCode::kMissingObject);
}

TEST_CASE("a history with two beginnings is refused, also when one of them is in the store") {
  Attack attack;
  RawObject root = attack.tree(), one = attack.commit(root), two = attack.commit(root);
  RawObject merge = attack.commit(root, {one.id(), two.id()});
  CHECK(attack.refusal({attack.profile, root, one, two, merge}) == ErrorCode::kManyRoots);
  publish_files(*attack.store, attack.place, {{"profile.json", attack.profile.bytes}});
  RawObject over = attack.commit(root, {*attack.place.commit, one.id()});
  CHECK(attack.refusal({one, over}, *attack.place.commit) == ErrorCode::kManyRoots);
}

TEST_CASE("a merge that leads around its base to the same beginning is accepted") {
  Attack attack;
  publish_files(*attack.store, attack.place, {{"profile.json", bytes_of("{}")}});
  ObjectId first = *attack.place.commit;
  publish_files(*attack.store, attack.place, {{"profile.json", attack.profile.bytes}});
  ObjectId second = *attack.place.commit;
  RawObject merge = attack.commit(attack.tree(), {second, first});
  CHECK(must(attack.check(pack_of_objects({merge}), merge.id(), second)).accepted());
}

TEST_CASE("a head over the commit that is held already needs an empty pack") {
  Attack attack;
  publish_files(*attack.store, attack.place, {{"profile.json", attack.profile.bytes}});
  CheckedPack checked = must(attack.check(pack_of_objects({}), *attack.place.commit, *attack.place.commit));
  REQUIRE(checked.accepted());
  CHECK(checked.places[0]->records.empty());
  CHECK_FALSE(checked.places[0]->replaces_all);
}

TEST_CASE("one bad place among good ones is named, and the pack is not accepted") {
  Attack attack;
  RawObject root = attack.tree(), good = attack.commit(root), bad = attack.commit(root);
  Place other(2);
  Hash wrong;
  std::vector<ExpectedPlace> places{{attack.place.head_of(good.id(), attack.state()), {}}, {other.head_of(bad.id(), wrong), {}}};
  auto staged = stage_bytes(*attack.store, pack_of_objects({attack.profile, root, good, bad}));
  CheckedPack checked = must(check_pack(*attack.store, *staged, places, attack.cache));
  CHECK_FALSE(checked.accepted());
  CHECK(checked.places[0].has_value());
  CHECK(checked.places[1].error().code == ErrorCode::kWrongState);
}

TEST_CASE("a place with more files than allowed is refused, folders shared or not") {
  Attack attack;
  std::vector<TreeEntry> entries;
  std::vector<std::string> names;
  for (int i = 0; i < 150; ++i) names.push_back("f" + std::to_string(i));
  for (const std::string& name : names) entries.push_back({name, false, attack.profile.id()});
  RawObject files{ObjectKind::kTree, write_tree(entries)};
  for (TreeEntry& entry : entries) entry = {entry.name, true, files.id()};
  RawObject folders{ObjectKind::kTree, write_tree(entries)};  // 22,500 files in three objects
  CHECK(attack.refusal({attack.profile, files, folders, attack.commit(folders)}) == ErrorCode::kTooMany);
  for (TreeEntry& entry : entries) entry.id = folders.id();
  RawObject deeper{ObjectKind::kTree, write_tree(entries)};
  CHECK(attack.refusal({attack.profile, files, folders, deeper, attack.commit(deeper)}) == ErrorCode::kTooMany);
}

TEST_CASE("an empty folder and a path too deep are refused in any commit of the history") {
  Attack attack;
  RawObject empty{ObjectKind::kTree, {}}, holder{ObjectKind::kTree, Attack::tree_bytes("40000 a", empty.id())};
  RawObject root = attack.tree(), old = attack.commit(holder);
  CHECK(attack.refusal({attack.profile, empty, holder, old, root, attack.commit(root, {old.id()})}) == ErrorCode::kBadObject);
  std::vector<RawObject> objects{attack.profile, root};
  for (int i = 0; i < 4; ++i) objects.push_back({ObjectKind::kTree, Attack::tree_bytes("40000 a", objects.back().id())});
  old = attack.commit(objects.back());
  objects.push_back(old);
  objects.push_back(attack.commit(root, {old.id()}));
  CHECK(attack.refusal(objects) == ErrorCode::kBadObject);
}

TEST_CASE("many places travel in one outgoing pack, whole or from what the receiver holds") {
  TemporaryDirectory here, there;
  auto sender = must(ObjectStore::open(here.path())), receiver = must(ObjectStore::open(there.path()));
  std::vector<Place> places;
  for (std::uint8_t i = 1; i <= 20; ++i) places.emplace_back(i);
  for (Place& place : places) publish_files(*sender, place, {{"profile.json", bytes_of("{}")}, {"events/2026-12/x.json", bytes_of(place.id.hex())}});

  auto travel = [&](const std::vector<ObjectId>& bases) {
    std::vector<PackWish> wishes;
    std::vector<ExpectedPlace> expected;
    for (std::size_t i = 0; i < places.size(); ++i) {
      wishes.push_back({*places[i].commit, bases[i]});
      expected.push_back({places[i].head, bases[i]});
    }
    OutgoingPack outgoing = must(OutgoingPack::open(*sender, wishes));
    std::size_t objects = outgoing.objects();
    auto staged = stage_bytes(*receiver, read_all(outgoing));
    TreeCache cache;
    CheckedPack checked = must(check_pack(*receiver, *staged, expected, cache));
    for (const auto& place : checked.places) must(Result<PlaceChanges>(place));
    must(receiver->release(must(receiver->adopt(*staged, checked.table))));
    return objects;
  };
  CHECK(travel(std::vector<ObjectId>(20)) == 20 * 5 + 1);  // commit, three folders, one file each; one file shared
  std::vector<ObjectId> bases;
  for (Place& place : places) {
    bases.push_back(*place.commit);
    if (place.id.bytes[0] <= 3) publish_files(*sender, place, {{"needs/visors.json", bytes_of("{}")}});
  }
  CHECK(travel(bases) == 3 * 2 + 1);  // commit and root each, one folder shared; its file is known as `profile.json`
  for (Place& place : places) CHECK(receiver->contains(*place.commit));
  CHECK(output_of("git -C " + receiver->git_directory().string() + " fsck --full --strict 2>/dev/null").find("error") == std::string::npos);
}

TEST_CASE("an outgoing pack takes no further place once it has enough, and one place at least") {
  TemporaryDirectory directory;
  auto store = must(ObjectStore::open(directory.path()));
  std::vector<PackWish> wishes;
  for (std::uint8_t i = 1; i <= 4; ++i) {
    Place place(i);
    publish_files(*store, place, {{"profile.json", bytes_of(place.id.hex())}});  // commit, folder, file
    wishes.push_back({*place.commit, {}});
  }
  auto first = [&](const PackEnough& enough) { return must(OutgoingPack::open_first(*store, wishes, enough)); };
  CHECK(first({}).wishes() == 4);
  CHECK(first({}).objects() == 12);
  CHECK(first({1, 1'000}).wishes() == 1);
  CHECK(first({1'000'000, 4}).wishes() == 2);
  CHECK(first({1'000'000, 4}).objects() == 6);
  std::uint64_t one = 0;
  for (OutgoingPack pack = first({1, 1'000}); !pack.done();) one += must(pack.read(100'000)).size();
  CHECK(first({2 * one, 1'000}).wishes() == 3);  // the header and trailer of a pack do not count
}

TEST_CASE("an outgoing pack says when what is wanted is not here, and ignores a base that is not") {
  TemporaryDirectory directory;
  auto store = must(ObjectStore::open(directory.path()));
  Place place(1);
  publish_files(*store, place, {{"profile.json", bytes_of("{}")}});
  ObjectId nowhere;
  nowhere.bytes.fill(5);
  PackWish absent{nowhere, {}}, whole{*place.commit, nowhere}, nothing{*place.commit, *place.commit};
  CHECK(OutgoingPack::open(*store, std::span(&absent, 1)).error().code == ErrorCode::kNotFound);
  CHECK(must(OutgoingPack::open(*store, std::span(&whole, 1))).objects() == 3);
  CHECK(must(OutgoingPack::open(*store, std::span(&nothing, 1))).objects() == 0);
}
