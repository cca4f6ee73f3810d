#include "tests/registry/git_fixture.h"

#include "protocol/state.h"

using namespace maillage::tests;

namespace {

ObjectId some_id(std::uint8_t number) {
  ObjectId id;
  id.bytes.fill(number);
  return id;
}

Bytes entry(std::string_view mode_and_name, std::uint8_t number = 7) {
  maillage::protocol::Writer out;
  out.text(mode_and_name).u8(0).fixed(some_id(number));
  return std::move(out).take();
}

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// Objects in memory.
class Objects final : public ObjectSource {
 public:
  ObjectId add(ObjectKind kind, Bytes bytes) {
    ObjectId id = object_id(kind, bytes);
    all_[id] = Object{kind, std::move(bytes)};
    return id;
  }
  ObjectId blob(std::string_view text) { return add(ObjectKind::kBlob, bytes_of(text)); }
  ObjectId edit(std::optional<ObjectId> root, const std::map<std::string, std::optional<ObjectId>>& files) {
    EditedTree edited = must(edit_tree(*this, root, files));
    for (auto& [id, bytes] : edited.trees) add(ObjectKind::kTree, bytes);
    return edited.root;
  }
  bool contains(const ObjectId& id) const override { return all_.contains(id); }
  Result<Object> read(const ObjectId& id) const override {
    auto found = all_.find(id);
    if (found == all_.end()) return maillage::protocol::fail(ErrorCode::kNotFound, id.hex());
    return found->second;
  }

 private:
  std::map<ObjectId, Object> all_;
};

}  // namespace

TEST_CASE("a tree survives writing and reading, in git's order") {
  std::vector<TreeEntry> entries{{"a", true, some_id(1)}, {"a.b", false, some_id(2)}, {"a0", false, some_id(3)}};
  Bytes bytes = write_tree({entries[2], entries[0], entries[1]});
  CHECK(bytes == entry("100644 a.b", 2) + entry("40000 a", 1) + entry("100644 a0", 3));
  auto read = must(read_tree(bytes));
  REQUIRE(read.size() == 3);
  CHECK(read[1].name == "a");
  CHECK(read[1].is_folder);
}

TEST_CASE("a tree that holds anything but files and folders with names of the grammar is refused") {
  CHECK(read_tree(entry("100644 a")));
  CHECK_FALSE(read_tree(entry("120000 a")));   // a symlink
  CHECK_FALSE(read_tree(entry("160000 a")));   // a submodule
  CHECK_FALSE(read_tree(entry("100755 a")));
  CHECK_FALSE(read_tree(entry("040000 a")));   // a second spelling of 40000
  CHECK_FALSE(read_tree(entry("100644 .git")));
  CHECK_FALSE(read_tree(entry("40000 .git")));
  CHECK_FALSE(read_tree(entry("40000 git~1")));
  CHECK_FALSE(read_tree(entry("100644 Readme.md")));
  CHECK_FALSE(read_tree(entry("100644 a/b")));
  CHECK_FALSE(read_tree(entry("100644 ..")));
  CHECK_FALSE(read_tree(entry("100644 con")));
  CHECK_FALSE(read_tree(entry("100644 ")));
  CHECK_FALSE(read_tree(entry("100644 \xc3\xa9")));
  CHECK_FALSE(read_tree(entry("100644 a", 0)));  // the null id
}

TEST_CASE("a tree with an entry twice, or out of order, is refused") {
  CHECK_FALSE(read_tree(entry("100644 a") + entry("100644 a")));
  CHECK_FALSE(read_tree(entry("100644 b") + entry("100644 a")));
  CHECK_FALSE(read_tree(entry("40000 a") + entry("100644 a.b")));
  CHECK(read_tree(entry("100644 a") + entry("100644 a.b")));
  CHECK_FALSE(read_tree(entry("100644 a") + entry("100644 a.b") + entry("40000 a")));
}

TEST_CASE("every truncation of a tree is refused") {
  Bytes bytes = entry("100644 a") + entry("40000 b");
  std::size_t first = entry("100644 a").size();
  for (std::size_t size = 1; size < bytes.size(); ++size)
    if (size != first) CHECK_FALSE(read_tree(ByteView(bytes).first(size)));
}

TEST_CASE("editing a tree gives the tree of the edited files, and its state") {
  Objects objects;
  ObjectId one = objects.blob("one"), two = objects.blob("two");
  ObjectId root = objects.edit({}, {{"profile.json", one}, {"a/b/c.json", two}, {"a.json", one}});
  root = objects.edit(root, {{"a/b/d.json", one}, {"a/x.json", two}, {"a.json", std::nullopt}});
  CHECK(root == objects.edit({}, {{"a/x.json", two}, {"profile.json", one}, {"a/b/c.json", two}, {"a/b/d.json", one}}));
  TreeCache cache;
  TreeSummary summary = must(summarise(objects, root, cache));
  Hash h1 = maillage::protocol::sha256(bytes_of("one")), h2 = maillage::protocol::sha256(bytes_of("two"));
  CHECK(summary.state == maillage::protocol::state_of({{"a/x.json", h2}, {"profile.json", h1}, {"a/b/c.json", h2}, {"a/b/d.json", h1}}));
  CHECK(summary.files == 4);
  CHECK(summary.bytes == 12);
  CHECK(summary.height == 3);
  root = objects.edit(root, {{"a/b/c.json", std::nullopt}, {"a/b/d.json", std::nullopt}});
  CHECK(root == objects.edit({}, {{"a/x.json", two}, {"profile.json", one}}));
  root = objects.edit(root, {{"a/x.json", std::nullopt}, {"profile.json", std::nullopt}});
  CHECK(must(summarise(objects, root, cache)).state == maillage::protocol::state_of({}));
}

TEST_CASE("an edit cannot withdraw what is not there, nor make one name both file and folder") {
  Objects objects;
  ObjectId one = objects.blob("one");
  ObjectId root = objects.edit({}, {{"a/b.json", one}, {"c", one}});
  CHECK(edit_tree(objects, root, {{"a/c.json", std::nullopt}}).error().code == ErrorCode::kNotFound);
  CHECK(edit_tree(objects, root, {{"a", one}}).error().code == ErrorCode::kBadObject);
  CHECK(edit_tree(objects, root, {{"c/d.json", one}}).error().code == ErrorCode::kBadObject);
}

TEST_CASE("a tree deeper than a path may be is refused, wherever its folders were seen before") {
  Objects objects;
  ObjectId blob = objects.blob("x");
  ObjectId tree = objects.add(ObjectKind::kTree, write_tree({{"x", false, blob}}));
  TreeCache cache;
  for (int height = 1; height <= 5; ++height) {
    CHECK(summarise(objects, tree, cache).has_value() == (height <= 4));
    tree = objects.add(ObjectKind::kTree, write_tree({{"d", true, tree}}));
  }
}

TEST_CASE("an empty folder, a missing object and a folder in place of a file are refused") {
  Objects objects;
  TreeCache cache;
  ObjectId empty = objects.add(ObjectKind::kTree, {});
  CHECK(summarise(objects, empty, cache));
  CHECK_FALSE(summarise(objects, objects.add(ObjectKind::kTree, write_tree({{"a", true, empty}})), cache));
  CHECK_FALSE(summarise(objects, objects.add(ObjectKind::kTree, write_tree({{"a", false, empty}})), cache));
  CHECK_FALSE(summarise(objects, objects.add(ObjectKind::kTree, write_tree({{"a", false, some_id(9)}})), cache));
}

TEST_CASE("a difference between trees lists each file that changed, folders that became files included") {
  Objects objects;
  ObjectId one = objects.blob("one"), two = objects.blob("two");
  ObjectId before = objects.edit({}, {{"a/b", one}, {"c", one}, {"same/x", one}});
  ObjectId after = objects.edit({}, {{"a", two}, {"c", two}, {"d/e", one}, {"same/x", one}});
  auto changes = must(diff_trees(objects, before, after));
  REQUIRE(changes.size() == 4);
  CHECK(changes[0].path == "a");
  CHECK_FALSE(changes[0].before);
  CHECK(changes[1].path == "a/b");
  CHECK_FALSE(changes[1].after);
  CHECK(changes[2].path == "c");
  CHECK(changes[2].before == one);
  CHECK(changes[2].after == two);
  CHECK(changes[3].path == "d/e");
  CHECK(must(diff_trees(objects, std::nullopt, after)).size() == 4);
}

TEST_CASE("a full cache of summaries forgets the older half and still answers") {
  TreeCache cache(10);
  for (std::uint8_t i = 1; i < 100; ++i) cache.put(some_id(i), {{}, i, 1, 1});
  CHECK(cache.find(some_id(99))->bytes == 99);
  CHECK_FALSE(cache.find(some_id(1)));
}
