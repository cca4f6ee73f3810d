#include <malloc.h>

#include "tests/registry/raw_pack.h"

using namespace maillage::tests;
using maillage::protocol::kMiB;

namespace {

ErrorCode refusal(ByteView pack, const PackLimits& limits = {}) {
  auto table = PackTable::read(pack, NoObjects(), limits);
  REQUIRE_FALSE(table.has_value());
  return table.error().code;
}

std::string git_in(const TemporaryDirectory& directory, const std::string& arguments) {
  return output_of("cd " + directory.path().string() + " && GIT_CONFIG_NOSYSTEM=1 HOME=/nonexistent git " + arguments);
}

Bytes file_bytes(const std::filesystem::path& path) { return must(read_file(path, 100 * kMiB)); }

}  // namespace

TEST_CASE("SHA-1 gives the published digests, however it is fed") {
  Sha1 whole;
  whole.update(bytes_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"));
  CHECK(whole.finish().hex() == "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  CHECK(Sha1().finish().hex() == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  Bytes long_text(1000, 'x');
  Sha1 once, pieces;
  once.update(long_text);
  for (std::size_t at = 0, size = 1; at < 1000; at += size++) pieces.update(ByteView(long_text).subspan(at, std::min(size, 1000 - at)));
  CHECK(once.finish() == pieces.finish());
}

TEST_CASE("a pack and its index are byte for byte what git makes of them") {
  TemporaryDirectory directory;
  std::vector<RawObject> objects;
  for (int i = 0; i < 300; ++i) objects.push_back({ObjectKind::kBlob, bytes_of("record " + std::to_string(i))});
  objects.push_back({ObjectKind::kBlob, Bytes(300'000, 'x')});
  objects.push_back({ObjectKind::kBlob, {}});
  Bytes pack = pack_of_objects(objects);
  PackTable table = must(PackTable::read(pack, NoObjects()));
  must(write_file(directory.path() / "ours.pack", pack));
  git_in(directory, "init -q .");
  git_in(directory, "index-pack --strict ours.pack");
  CHECK(file_bytes(directory.path() / "ours.idx") == encode_pack_index(index_entries(table), table.name()));
  for (const RawObject& object : objects) {
    auto index = table.find(object.id());
    REQUIRE(index);
    CHECK(must(table.inflate(table.entries()[*index])) == object.bytes);
    CHECK(table.entries()[*index].sha256 == maillage::protocol::sha256(object.bytes));
  }
}

TEST_CASE("packs that git makes, with deltas of both sorts, are read whole") {
  TemporaryDirectory directory;
  git_in(directory, "init -q .");
  std::string text;
  for (int i = 0; i < 40; ++i) {
    for (int line = 0; line < 20; ++line) text += "line " + std::to_string(i * line) + "\n";
    std::ofstream(directory.path() / "readme.md") << text;
    git_in(directory, "add readme.md");
    git_in(directory, "-c user.name=z -c user.email=z@x commit -q -m " + std::to_string(i));
  }
  bool offsets = GENERATE(true, false);
  git_in(directory, std::string("pack-objects -q --all --threads=1 --depth=30 ") + (offsets ? "--delta-base-offset" : "") + " out </dev/null");
  for (const auto& file : std::filesystem::directory_iterator(directory.path())) {
    if (file.path().extension() != ".pack") continue;
    Bytes pack = file_bytes(file.path());
    PackTable table = must(PackTable::read(pack, NoObjects()));
    CHECK(table.entries().size() == 120);
    CHECK(std::ranges::any_of(table.entries(), [](const PackEntry& entry) { return entry.delta_depth > 0; }));
    auto index_path = file.path();
    CHECK(file_bytes(index_path.replace_extension(".idx")) == encode_pack_index(index_entries(table), table.name()));
    for (const PackEntry& entry : table.entries()) CHECK(object_id(entry.kind, must(table.inflate(entry))) == entry.id);
  }
}

TEST_CASE("a thin pack is completed with its bases when it is adopted") {
  TemporaryDirectory directory;
  auto store = must(ObjectStore::open(directory.path()));
  RawObject base{ObjectKind::kBlob, bytes_of("hello, ")};
  auto first = stage_bytes(*store, pack_of_objects({base}));
  PackName base_pack = must(store->adopt(*first, must(PackTable::read(must(first->bytes()), *store))));
  auto thin = stage_bytes(*store, RawPack().named_delta(base.id(), delta_of(7, 12, 7, "world")).finish());
  PackTable table = must(PackTable::read(must(thin->bytes()), *store));
  CHECK(table.borrowed() == std::vector{base.id()});
  PackName name = must(store->adopt(*thin, table));
  must(store->discard(base_pack));  // the thin one stands alone now
  ObjectId made = object_id(ObjectKind::kBlob, bytes_of("hello, world"));
  CHECK(must(store->read_as(ObjectKind::kBlob, made)) == bytes_of("hello, world"));
  CHECK(must(store->read_deflated(made)).size == 12);
  CHECK(store->holds(name, base.id()));
  CHECK(store->verify().empty());
  CHECK(output_of("git -C " + store->git_directory().string() + " fsck --full 2>/dev/null").find("error") == std::string::npos);
  CHECK(refusal(RawPack().named_delta(base.id(), delta_of(7, 12, 7, "world")).finish()) == ErrorCode::kMissingObject);
}

TEST_CASE("every truncation and every flip of a pack is refused") {
  Bytes pack = RawPack().blob(bytes_of("hello, ")).offset_delta(delta_of(7, 12, 7, "world")).blob(bytes_of("x")).finish();
  REQUIRE(PackTable::read(pack, NoObjects()));
  for (std::size_t size = 0; size < pack.size(); ++size) refusal(ByteView(pack).first(size));
  for (std::size_t at = 0; at < pack.size(); ++at) {
    Bytes flipped = pack;
    flipped[at] ^= 4;
    refusal(flipped);
  }
}

TEST_CASE("every flip of a pack whose checksum was made right again is refused or another sound pack") {
  Bytes pack = RawPack().blob(bytes_of("hello, ")).offset_delta(delta_of(7, 12, 7, "world")).blob(bytes_of("x")).finish();
  for (std::size_t at = 0; at < pack.size() - 20; ++at)
    for (int bit = 0; bit < 8; ++bit) {
      Bytes flipped(pack.begin(), pack.end() - 20);
      flipped[at] ^= static_cast<std::uint8_t>(1 << bit);
      Sha1 sha1;
      sha1.update(flipped);
      auto trailer = sha1.finish();
      flipped.insert(flipped.end(), trailer.bytes.begin(), trailer.bytes.end());
      auto table = PackTable::read(flipped, NoObjects());
      if (!table) continue;
      for (const PackEntry& entry : table->entries()) CHECK(object_id(entry.kind, must(table->inflate(entry))) == entry.id);
    }
}

TEST_CASE("a pack with bytes after its last entry is refused") {
  CHECK(refusal(RawPack().blob(bytes_of("x")).raw(bytes_of("!")).finish()) == ErrorCode::kTrailingBytes);
  CHECK(refusal(RawPack().blob(bytes_of("x")).blob(bytes_of("y")).count(1).finish()) == ErrorCode::kTrailingBytes);
}

TEST_CASE("a pack with a tag, an unknown type or the same object twice is refused") {
  CHECK(refusal(RawPack().entry(4, 1, bytes_of("x")).finish()) == ErrorCode::kBadPack);
  CHECK(refusal(RawPack().entry(5, 1, bytes_of("x")).finish()) == ErrorCode::kBadPack);
  CHECK(refusal(RawPack().entry(0, 1, bytes_of("x")).finish()) == ErrorCode::kBadPack);
  CHECK(refusal(RawPack().blob(bytes_of("x")).blob(bytes_of("x")).finish()) == ErrorCode::kBadPack);
}

TEST_CASE("more objects than allowed, or than bytes for them, are refused before anything is read") {
  CHECK(refusal(RawPack().count(1'000'001).finish()) == ErrorCode::kTooMany);
  CHECK(refusal(RawPack().blob(bytes_of("x")).count(1'000'000).finish()) == ErrorCode::kTruncated);
  CHECK(refusal(RawPack().blob(bytes_of("x")).blob(bytes_of("y")).finish(), {.objects_max = 1}) == ErrorCode::kTooMany);
}

TEST_CASE("a declared size above the cap of its kind is refused before it is inflated") {
  CHECK(refusal(RawPack().entry(3, 4 * kMiB + 1, {}).finish()) == ErrorCode::kTooLarge);
  CHECK(refusal(RawPack().entry(1, 16 * 1024 + 1, {}).finish()) == ErrorCode::kTooLarge);
  CHECK(refusal(RawPack().entry(3, UINT64_MAX >> 4, {}).finish()) == ErrorCode::kTooLarge);
}

TEST_CASE("a zip bomb stops at the size that it declares, and many small ones at the budget") {
  CHECK(refusal(RawPack().entry(3, 10, Bytes(4 * kMiB, 0)).finish()) == ErrorCode::kBadPack);
  CHECK(refusal(RawPack().entry(3, 100, Bytes(10, 0)).finish()) == ErrorCode::kBadPack);
  RawPack bombs;
  for (std::uint8_t i = 0; i < 10; ++i) bombs.blob(Bytes(1 * kMiB, i));
  CHECK(refusal(bombs.finish(), {.inflated_bytes_max = 9 * kMiB}) == ErrorCode::kTooLarge);
}

TEST_CASE("a delta bomb is refused by the size that it declares") {
  Bytes bomb = delta_of(1, 4 * kMiB + 1, 0, "");
  for (int i = 0; i < 100; ++i) bomb.insert(bomb.end(), {0x90, 1});
  CHECK(refusal(RawPack().blob(bytes_of("x")).offset_delta(bomb).finish()) == ErrorCode::kTooLarge);
  // Doubling: each delta of a chain copies its whole base twice.
  RawPack doubling;
  doubling.blob(Bytes(64, 'x'));
  for (std::uint32_t size = 64; size <= 8 * kMiB; size *= 2) {
    maillage::protocol::Writer delta;
    delta.varint(size).varint(size * 2);
    for (int twice = 0; twice < 2; ++twice)
      for (std::uint32_t at = 0; at < size; at += std::min<std::uint32_t>(size, 0x10000)) {
        std::uint32_t piece = std::min<std::uint32_t>(size, 0x10000) & 0xffff;
        delta.u8(0xbf).u8(at & 255).u8(at >> 8 & 255).u8(at >> 16 & 255).u8(at >> 24).u8(piece & 255).u8(piece >> 8);
      }
    doubling.offset_delta(delta.bytes());
  }
  CHECK(refusal(doubling.finish()) == ErrorCode::kTooLarge);
}

TEST_CASE("a delta chain deeper than allowed is refused") {
  auto chain = [](int depth) {
    RawPack pack;
    pack.blob(bytes_of("x"));
    for (int i = 1; i <= depth; ++i) {
      auto size = static_cast<std::uint64_t>(i);
      pack.offset_delta(delta_of(size, size + 1, static_cast<std::uint8_t>(i), "y"));
    }
    return pack.finish();
  };
  CHECK(PackTable::read(chain(64), NoObjects()));
  CHECK(refusal(chain(65)) == ErrorCode::kBadPack);
}

TEST_CASE("deltas that lean on one another in a ring are refused, although each has its base outside") {
  RawObject known{ObjectKind::kBlob, bytes_of("hello, ")};
  OneObject bases(known);
  auto refusal_of = [&](const RawPack& pack) { return PackTable::read(pack.finish(), bases).error().code; };
  CHECK(refusal_of(ring_of_deltas(known)) == ErrorCode::kBadPack);
  CHECK(refusal_of(RawPack().named_delta(known.id(), delta_of(7, 7, 7, ""))) == ErrorCode::kBadPack);
  // Through an offset too, and from deep below.
  RawPack deep;
  deep.named_delta(known.id(), delta_of(7, 8, 7, "!"));
  for (std::uint8_t size = 8; size < 20; ++size) deep.offset_delta(delta_of(size, size + 1u, size, "!"));
  CHECK(PackTable::read(deep.finish(), bases));
  CHECK(refusal_of(deep.offset_delta(delta_of(20, 7, 7, ""))) == ErrorCode::kBadPack);
}

TEST_CASE("a base that is both outside and in the pack is the one in the pack, as it will be once stored") {
  TemporaryDirectory directory;
  auto store = must(ObjectStore::open(directory.path()));
  RawObject base{ObjectKind::kBlob, bytes_of("hello, ")}, middle{ObjectKind::kBlob, bytes_of("hello, world")};
  auto first = stage_bytes(*store, pack_of_objects({base, middle}));
  PackName first_pack = must(store->adopt(*first, must(PackTable::read(must(first->bytes()), *store))));
  RawPack pack;
  pack.named_delta(middle.id(), delta_of(12, 13, 12, "!")).named_delta(base.id(), delta_of(7, 12, 7, "world"));
  auto second = stage_bytes(*store, pack.finish());
  PackTable table = must(PackTable::read(must(second->bytes()), *store));
  CHECK(table.borrowed() == std::vector{base.id()});
  CHECK(table.entries()[0].delta_depth == 2);
  CHECK(table.entries()[1].delta_depth == 1);
  CHECK(must(table.inflate(table.entries()[0])) == bytes_of("hello, world!"));
  must(store->adopt(*second, table));
  must(store->discard(first_pack));
  CHECK(must(store->read_as(ObjectKind::kBlob, object_id(ObjectKind::kBlob, bytes_of("hello, world!")))) == bytes_of("hello, world!"));
  CHECK(store->verify().empty());
}

TEST_CASE("a delta on a delta by name is read also when neither is in memory any more") {
  RawObject first{ObjectKind::kBlob, bytes_of("hello, ")}, second{ObjectKind::kBlob, bytes_of("hello, world")};
  RawPack pack;
  pack.blob(first.bytes).named_delta(first.id(), delta_of(7, 12, 7, "world"));
  for (std::uint8_t i = 0; i < 6; ++i) pack.blob(Bytes(3 * kMiB, i)).offset_delta(delta_of(3 * kMiB, 8, 7, "x"));
  pack.named_delta(second.id(), delta_of(12, 13, 12, "!"));
  Bytes bytes = pack.finish();
  PackTable table = must(PackTable::read(bytes, NoObjects()));
  CHECK(must(table.inflate(table.entries().back())) == bytes_of("hello, world!"));
}

TEST_CASE("deltas that reach outside their base or lie about sizes are refused") {
  auto with = [](const Bytes& delta) { return refusal(RawPack().blob(bytes_of("hello")).offset_delta(delta).finish()); };
  CHECK(with(delta_of(5, 6, 6, "")) == ErrorCode::kBadPack);
  CHECK(with(delta_of(4, 4, 4, "")) == ErrorCode::kBadPack);
  CHECK(with(delta_of(5, 9, 5, "x")) == ErrorCode::kBadPack);
  CHECK(with(delta_of(5, 5, 5, "x")) == ErrorCode::kBadPack);
  CHECK(with({}) == ErrorCode::kBadPack);
  CHECK(with({5, 1, 0}) == ErrorCode::kBadPack);
  CHECK(with({5, 5, 5, 'x'}) == ErrorCode::kBadPack);
  Bytes before_all{0xff, 0x7f};
  CHECK(refusal(RawPack().blob(bytes_of("hello")).entry(6, 3, delta_of(5, 5, 5, ""), before_all).finish()) == ErrorCode::kBadPack);
}

namespace {

std::size_t bytes_allocated() {
  struct mallinfo2 now = mallinfo2();
  return now.uordblks + now.hblkhd;
}

Bytes noise(std::size_t size) {
  Bytes bytes(size);
  std::uint32_t state = 1;
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>((state = state * 1'664'525 + 1'013'904'223) >> 24);
  return bytes;
}

// Counts who holds what is stored.
class HeldStore final : public ObjectSource {
 public:
  explicit HeldStore(const ObjectSource& store) : store_(store) {}
  bool contains(const ObjectId& id) const override { return store_.contains(id); }
  Result<Object> read(const ObjectId& id) const override { return store_.read(id); }
  Result<DeflatedObject> read_deflated(const ObjectId& id) const override {
    auto object = store_.read_deflated(id);
    if (!object) return object;
    auto owner = std::make_shared<DeflatedObject>(*object);
    held = owner;
    object->owner = owner;
    return object;
  }
  mutable std::weak_ptr<const void> held;

 private:
  const ObjectSource& store_;
};

}  // namespace

TEST_CASE("a pack that waits inside a large file has a piece of it in memory, and holds no stored pack") {
  TemporaryDirectory directory;
  auto store = must(ObjectStore::open(directory.path()));
  RawObject large{ObjectKind::kBlob, noise(4 * kMiB)}, small{ObjectKind::kBlob, bytes_of("x")};
  auto staged = stage_bytes(*store, pack_of_objects({large, small}));
  must(store->adopt(*staged, must(PackTable::read(must(staged->bytes()), *store))));
  staged.reset();
  HeldStore held(*store);
  std::size_t before = bytes_allocated();
  OutgoingPack pack = OutgoingPack::of(held, {large.id(), small.id()});
  Bytes all = must(pack.read(128 * 1024));
  CHECK(held.held.expired());
  CHECK(bytes_allocated() < before + kMiB);
  while (!pack.done()) {
    Bytes piece = must(pack.read(100'000));
    all.insert(all.end(), piece.begin(), piece.end());
  }
  PackTable table = must(PackTable::read(all, NoObjects()));
  CHECK(must(table.inflate(table.entries()[0])) == large.bytes);
  CHECK(must(table.inflate(table.entries()[1])) == small.bytes);
}

TEST_CASE("an object that goes while it is sent ends the pack, and one that is a delta is sent whole") {
  TemporaryDirectory directory;
  auto store = must(ObjectStore::open(directory.path()));
  RawObject large{ObjectKind::kBlob, noise(2 * kMiB)};
  auto first = stage_bytes(*store, pack_of_objects({large}));
  PackName name = must(store->adopt(*first, must(PackTable::read(must(first->bytes()), *store))));
  OutgoingPack cut = OutgoingPack::of(*store, {large.id()});
  must(cut.read(1000));
  must(store->discard(name));
  Result<Bytes> piece = Bytes{};
  while (piece && !cut.done()) piece = cut.read(100'000);
  REQUIRE_FALSE(piece);
  CHECK(piece.error().code == ErrorCode::kNotFound);
  // Two mebibytes that are copied from a base, and one byte more.
  maillage::protocol::Writer delta;
  delta.varint(2 * kMiB).varint(2 * kMiB + 1);
  for (std::uint32_t at = 0; at < 2 * kMiB; at += 0x8000) delta.u8(0xb7).u8(at & 255).u8(at >> 8 & 255).u8(at >> 16).u8(0).u8(0x80);
  delta.u8(1).u8('!');
  auto second = stage_bytes(*store, RawPack().blob(large.bytes).offset_delta(delta.bytes()).finish());
  must(store->adopt(*second, must(PackTable::read(must(second->bytes()), *store))));
  Bytes longer = large.bytes;
  longer.push_back('!');
  OutgoingPack whole = OutgoingPack::of(*store, {object_id(ObjectKind::kBlob, longer)});
  Bytes all = read_all(whole);
  PackTable table = must(PackTable::read(all, NoObjects()));
  CHECK(table.entries()[0].delta_depth == 0);
  CHECK(must(table.inflate(table.entries()[0])) == longer);
}

TEST_CASE("an object that is written in pieces has the index that git would make") {
  RawObject large{ObjectKind::kBlob, noise(kMiB)}, small{ObjectKind::kBlob, bytes_of("x")};
  Bytes pack;
  PackWriter writer(2, [&](ByteView bytes) -> Result<void> {
    pack.insert(pack.end(), bytes.begin(), bytes.end());
    return {};
  });
  OneObject source(large);
  must(writer.add(large.id(), must(source.read_deflated(large.id()))));
  must(writer.add(small.id(), small.kind, small.bytes));
  PackName name = must(writer.finish());
  PackTable table = must(PackTable::read(pack, NoObjects()));
  CHECK(encode_pack_index(writer.entries(), name) == encode_pack_index(index_entries(table), table.name()));
}

TEST_CASE("a million tiny objects cost a bounded time and are then refused as nobody's") {
  TemporaryDirectory directory;
  auto store = must(ObjectStore::open(directory.path()));
  RawPack pack;
  for (std::uint32_t i = 0; i < 1'000'000; ++i) {
    std::array<std::uint8_t, 4> content{static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i >> 16), 1};
    pack.blob(content);
  }
  auto staged = stage_bytes(*store, pack.finish());
  TreeCache cache;
  auto checked = check_pack(*store, *staged, {}, cache);
  REQUIRE_FALSE(checked.has_value());
  CHECK(checked.error().code == ErrorCode::kStowaway);
  CHECK(must(store->kept()).empty());
}
