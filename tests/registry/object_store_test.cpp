#include "tests/registry/git_fixture.h"

#include "registry/refs.h"
#include "registry/verify_objects.h"

using namespace maillage::tests;

namespace {

std::string git(const ObjectStore& store, const std::string& arguments) {
  return output_of("GIT_CONFIG_NOSYSTEM=1 HOME=/nonexistent git -C " + store.git_directory().string() + " " + arguments);
}

std::vector<std::filesystem::path> files_below(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory))
    if (entry.is_regular_file()) files.push_back(entry.path());
  return files;
}

void flip(const std::filesystem::path& file, std::size_t at) {
  std::fstream raw(file, std::ios::in | std::ios::out | std::ios::binary);
  raw.seekg(static_cast<std::streamoff>(at));
  char byte = static_cast<char>(raw.get() ^ 0x10);
  raw.seekp(static_cast<std::streamoff>(at));
  raw.put(byte);
}

}  // namespace

TEST_CASE("what a place publishes is read back, by us after a restart and by stock git") {
  TemporaryDirectory directory;
  Place place(1);
  {
    auto store = must(ObjectStore::open(directory.path()));
    publish_files(*store, place, {{"profile.json", bytes_of("{\"kind\":\"profile\"}")}, {"events/2026-12/x.json", bytes_of("{}")}});
    publish_files(*store, place, {{"events/2026-12/x.json", std::nullopt}, {"needs/visors.json", bytes_of("{\"n\":1}")}});
  }
  auto store = must(ObjectStore::open(directory.path()));
  auto blob = must(find_path(*store, *place.tree, "needs/visors.json"));
  REQUIRE(blob);
  CHECK(must(store->read_as(ObjectKind::kBlob, *blob)) == bytes_of("{\"n\":1}"));
  CHECK_FALSE(must(find_path(*store, *place.tree, "events/2026-12/x.json")));

  must(write_refs(store->git_directory().string(), {{"refs/heads/main", *place.commit}}));
  CHECK(git(*store, "fsck --full --strict") == "");
  CHECK(git(*store, "ls-tree -r --name-only main") == "needs/visors.json\nprofile.json\n");
  CHECK(git(*store, "rev-list --count main") == "2\n");
}

TEST_CASE("a store without refs has only dangling commits for git fsck") {
  TemporaryDirectory directory;
  auto store = must(ObjectStore::open(directory.path()));
  Place place(1);
  publish_files(*store, place, {{"profile.json", bytes_of("{}")}});
  std::string printed = git(*store, "fsck --full --strict 2>/dev/null");
  CHECK(printed == "dangling commit " + place.commit->hex() + "\n");
}

TEST_CASE("a pack is readable once adopted, gone once discarded, and stays once released") {
  TemporaryDirectory directory;
  auto store = must(ObjectStore::open(directory.path()));
  RawObject blob{ObjectKind::kBlob, bytes_of("hello")};
  auto staged = stage_bytes(*store, pack_of_objects({blob}));
  CHECK_FALSE(store->contains(blob.id()));
  PackTable table = must(PackTable::read(must(staged->bytes()), *store));
  PackName name = must(store->adopt(*staged, table));
  CHECK(store->contains(blob.id()));
  CHECK(store->holds(name, blob.id()));
  CHECK(must(store->kept()) == std::vector{name});
  SECTION("discarded") {
    must(store->discard(name));
    CHECK_FALSE(store->contains(blob.id()));
    CHECK(must(store->kept()).empty());
    staged.reset();
    CHECK(files_below(directory.path() / "store.git" / "objects").empty());
  }
  SECTION("released") {
    must(store->release(name));
    must(store->discard(name));
    CHECK(store->contains(blob.id()));
    CHECK(must(store->kept()).empty());
  }
  SECTION("withheld") {
    store->withhold(name);
    CHECK_FALSE(store->contains(blob.id()));
    staged = stage_bytes(*store, pack_of_objects({blob}));
    CHECK(must(store->adopt(*staged, must(PackTable::read(must(staged->bytes()), *store)))) == name);
    CHECK(store->contains(blob.id()));
  }
  SECTION("released, then withheld by a batch that failed on the same pack") {
    must(store->release(name));
    store->withhold(name);
    CHECK(store->contains(blob.id()));
  }
  SECTION("marked still after a restart") {
    store = must(ObjectStore::open(directory.path()));
    CHECK(must(store->kept()) == std::vector{name});
    CHECK(store->contains(blob.id()));
  }
}

TEST_CASE("quarantine is emptied by the destructor and at start, and its cap refuses") {
  TemporaryDirectory directory;
  auto store = must(ObjectStore::open(directory.path()));
  auto staged = must(store->stage(4));
  must(staged->append(bytes_of("PACK")));
  CHECK(staged->append(bytes_of("!")).error().code == ErrorCode::kTooLarge);
  staged.reset();
  CHECK(files_below(directory.path() / "quarantine").empty());
  std::ofstream(directory.path() / "quarantine" / "left-by-a-crash") << "x";
  store = must(ObjectStore::open(directory.path()));
  CHECK(files_below(directory.path() / "quarantine").empty());
}

TEST_CASE("a crash at any point of an adoption leaves a store that opens") {
  TemporaryDirectory directory;
  RawObject blob{ObjectKind::kBlob, bytes_of("hello")};
  PackName name;
  {
    auto store = must(ObjectStore::open(directory.path()));
    auto staged = stage_bytes(*store, pack_of_objects({blob}));
    name = must(store->adopt(*staged, must(PackTable::read(must(staged->bytes()), *store))));
  }
  auto packs = directory.path() / "store.git" / "objects" / "pack";
  auto path = [&](const char* extension) { return packs / ("pack-" + name.checksum.hex() + extension); };
  SECTION("only the mark") {
    std::filesystem::remove(path(".pack"));
    std::filesystem::remove(path(".idx"));
    auto store = must(ObjectStore::open(directory.path()));
    CHECK(files_below(packs).empty());
  }
  SECTION("mark and pack") {
    std::filesystem::remove(path(".idx"));
    auto store = must(ObjectStore::open(directory.path()));
    CHECK(files_below(packs).empty());
  }
  SECTION("an unmarked pack without index, as consolidation may leave it, is indexed again") {
    std::filesystem::remove(path(".idx"));
    std::filesystem::remove(path(".keep"));
    auto store = must(ObjectStore::open(directory.path()));
    CHECK(store->contains(blob.id()));
    CHECK(store->verify().empty());
  }
  SECTION("a temporary file") {
    std::ofstream(packs / "tmp_pack_x") << "x";
    auto store = must(ObjectStore::open(directory.path()));
    CHECK_FALSE(std::filesystem::exists(packs / "tmp_pack_x"));
  }
}

TEST_CASE("verify notices a flipped byte anywhere in a pack or its index") {
  TemporaryDirectory directory;
  Place place(1);
  auto store = must(ObjectStore::open(directory.path()));
  publish_files(*store, place, {{"profile.json", bytes_of("{\"kind\":\"profile\"}")}});
  CHECK(verify_objects(*store, std::span(&place.head, 1)).empty());
  for (const auto& file : files_below(directory.path() / "store.git" / "objects")) {
    auto size = std::filesystem::file_size(file);
    std::size_t noticed = 0;
    for (std::size_t at = 0; at < size; ++at) {
      flip(file, at);  // the store sees it through its mapping
      noticed += !verify_objects(*store, std::span(&place.head, 1)).empty();
      flip(file, at);
    }
    CHECK(noticed == size);
  }
}

TEST_CASE("a store with a flipped byte in an index opens or refuses, and never crashes when it is read") {
  TemporaryDirectory directory;
  Place place(1);
  publish_files(*must(ObjectStore::open(directory.path())), place, {{"profile.json", bytes_of("{}")}});
  for (const auto& file : files_below(directory.path() / "store.git" / "objects")) {
    if (file.extension() != ".idx") continue;
    auto size = std::filesystem::file_size(file);
    for (std::size_t at = 0; at < size; at += at < 1032 ? 97 : 5) {
      flip(file, at);
      if (auto store = ObjectStore::open(directory.path())) CHECK_FALSE(verify_objects(**store, std::span(&place.head, 1)).empty());
      flip(file, at);
    }
  }
}

TEST_CASE("verify notices a head whose content is missing or another") {
  TemporaryDirectory directory;
  auto store = must(ObjectStore::open(directory.path()));
  Place place(1);
  publish_files(*store, place, {{"profile.json", bytes_of("{}")}});
  auto head = place.head;
  head.head.state.bytes[0] ^= 1;
  auto found = verify_objects(*store, std::span(&head, 1));
  REQUIRE(found.size() == 1);
  CHECK(found[0].code == ErrorCode::kWrongState);
  head = place.head;
  head.head.commit.bytes[0] ^= 1;
  CHECK(verify_objects(*store, std::span(&head, 1)).size() == 1);
}

TEST_CASE("small packs merge into larger ones, nothing is lost, and marked packs stay") {
  TemporaryDirectory directory;
  auto store = must(ObjectStore::open(directory.path()));
  Place place(1);
  for (int i = 0; i < 12; ++i) publish_files(*store, place, {{"profile.json", bytes_of("{\"n\":" + std::to_string(i) + "}")}});
  RawObject blob{ObjectKind::kBlob, bytes_of("hello")};
  auto staged = stage_bytes(*store, pack_of_objects({blob}));
  PackName marked = must(store->adopt(*staged, must(PackTable::read(must(staged->bytes()), *store))));
  CHECK(store->packs().size() == 13);
  CHECK(must(store->consolidate(1 << 20)) == 12);
  CHECK(must(store->consolidate(1 << 20)) == 0);
  CHECK(store->packs().size() == 2);
  CHECK(must(store->kept()) == std::vector{marked});
  CHECK(verify_objects(*store, std::span(&place.head, 1)).empty());
  store = must(ObjectStore::open(directory.path()));
  CHECK(verify_objects(*store, std::span(&place.head, 1)).empty());
  CHECK(git(*store, "rev-list --objects " + place.commit->hex() + " | wc -l") == "36\n");
  CHECK(files_below(directory.path() / "quarantine").size() <= 1);  // what is still staged
}

TEST_CASE("a damaged pack is not merged into a healthy-looking one, and the size cap holds") {
  TemporaryDirectory directory;
  auto store = must(ObjectStore::open(directory.path()));
  Place place(1);
  for (int i = 0; i < 4; ++i) publish_files(*store, place, {{"profile.json", bytes_of("{\"n\":" + std::to_string(i) + "}")}});
  CHECK(must(store->consolidate(100)) == 0);
  for (const auto& file : files_below(directory.path() / "store.git" / "objects"))
    if (file.extension() == ".pack") {
      flip(file, 100);
      break;
    }
  auto merged = store->consolidate(1 << 20);
  REQUIRE_FALSE(merged.has_value());
  CHECK(merged.error().code == ErrorCode::kCorrupt);
  CHECK(store->packs().size() == 4);
}
