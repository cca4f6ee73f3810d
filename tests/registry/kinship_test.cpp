#include "registry/kinship.h"

#include "tests/registry/git_fixture.h"

using namespace maillage::tests;
using maillage::protocol::Kinship;

namespace {

// A place whose history parts: two copies of it go on.
struct Parting {
  TemporaryDirectory directory;
  std::unique_ptr<ObjectStore> store = must(ObjectStore::open(directory.path()));
  Place ours{1};
  Place theirs{1};

  Parting() {
    publish(ours, {{"profile.json", bytes_of("{}")}, {"needs/old.json", bytes_of("{\"n\":1}")}});
    theirs = ours;
    theirs.seconds += 7;
  }
  void publish(Place& place, Files files) { publish_files(*store, place, std::move(files)); }
  Kinship now() const { return must(kinship(*store, *ours.commit, *theirs.commit)); }
  std::string file(const ObjectId& tree, std::string_view path) const {
    auto blob = must(find_path(*store, tree, path));
    if (!blob) return "";
    Bytes bytes = must(store->read_as(ObjectKind::kBlob, *blob));
    return {bytes.begin(), bytes.end()};
  }
};

}  // namespace

TEST_CASE("a head beside ours is the same, ahead, behind, beside, or of a broken history") {
  Parting parting;
  CHECK(parting.now() == Kinship::kSame);
  parting.publish(parting.theirs, {{"needs/new.json", bytes_of("{}")}});
  CHECK(parting.now() == Kinship::kAhead);
  CHECK(must(kinship(*parting.store, *parting.theirs.commit, *parting.ours.commit)) == Kinship::kBehind);
  parting.publish(parting.ours, {{"needs/other.json", bytes_of("{}")}});
  CHECK(parting.now() == Kinship::kBeside);
  parting.theirs.commit.reset();
  parting.theirs.tree.reset();
  parting.publish(parting.theirs, {{"profile.json", bytes_of("{}")}});
  CHECK(parting.now() == Kinship::kBroken);
}

TEST_CASE("what we changed since the two parted goes on top of theirs, and ours counts where both changed a file") {
  Parting parting;
  parting.publish(parting.ours, {{"needs/old.json", std::nullopt}, {"needs/ours.json", bytes_of("{}")}, {"profile.json", bytes_of("{\"o\":1}")}});
  parting.publish(parting.theirs, {{"needs/theirs.json", bytes_of("{}")}, {"profile.json", bytes_of("{\"t\":1}")}});
  Draft draft = must(reapplied(*parting.store, *parting.ours.commit, *parting.theirs.commit));
  CHECK(draft.parent == parting.theirs.commit);
  Place& next = parting.theirs;
  parting.publish(next, draft.files);
  CHECK(must(kinship(*parting.store, *parting.ours.commit, *next.commit)) == Kinship::kBeside);
  CHECK(parting.file(*next.tree, "profile.json") == "{\"o\":1}");
  CHECK(parting.file(*next.tree, "needs/ours.json") == "{}");
  CHECK(parting.file(*next.tree, "needs/theirs.json") == "{}");
  CHECK(parting.file(*next.tree, "needs/old.json").empty());
}

TEST_CASE("a file that both withdrew stays withdrawn, and histories with two beginnings are not put together") {
  Parting parting;
  parting.publish(parting.ours, {{"needs/old.json", std::nullopt}});
  parting.publish(parting.theirs, {{"needs/old.json", std::nullopt}});
  CHECK(must(reapplied(*parting.store, *parting.ours.commit, *parting.theirs.commit)).files.empty());
  parting.theirs.commit.reset();
  parting.theirs.tree.reset();
  parting.publish(parting.theirs, {{"profile.json", bytes_of("{}")}});
  CHECK(reapplied(*parting.store, *parting.ours.commit, *parting.theirs.commit).error().code == ErrorCode::kNotFound);
}
