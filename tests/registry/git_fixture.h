// What the tests of the git side share: a directory that goes away, a place that publishes, packs made by hand.
#pragma once

#include <catch2/catch.hpp>

#include <cstdio>
#include <fstream>
#include <string>

#include "protocol/head.h"
#include "registry/draft.h"
#include "registry/ingest.h"
#include "registry/object_store.h"
#include "registry/pack_build.h"
#include "tests/registry/temporary_directory.h"

namespace maillage::tests {

using namespace maillage::registry;

inline Bytes bytes_of(std::string_view text) { return Bytes(text.begin(), text.end()); }

template <class T>
T must(Result<T> result) {
  if (!result) FAIL(protocol::slug(result.error().code) << ": " << result.error().context);
  return std::move(*result);
}
inline void must(Result<void> result) {
  if (!result) FAIL(protocol::slug(result.error().code) << ": " << result.error().context);
}

// What a program prints; fails the test unless it exits with 0.
inline std::string output_of(const std::string& command) {
  FILE* pipe = popen(("{ " + command + " ; } 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  char buffer[4096];
  while (std::size_t count = fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, count);
  INFO(command << "\n" << text);
  REQUIRE(pclose(pipe) == 0);
  return text;
}

// A place with its own key and time, which moves on a minute with each commit.
struct Place {
  explicit Place(std::uint8_t number) : key(protocol::Seed{{number}}) { id.bytes[0] = number; }

  CommitPerson person() { return {"Konk Ar Lab", place_email(id), seconds += 60, 60}; }

  protocol::SignedHead head_of(const ObjectId& at, const Hash& state) const {
    protocol::Head unsigned_head;
    unsigned_head.place = id;
    unsigned_head.commit = at;
    unsigned_head.state = state;
    return protocol::sign(unsigned_head, key);
  }

  protocol::KeyPair key;
  protocol::PlaceId id;
  std::int64_t seconds = 1'700'000'000;
  std::optional<ObjectId> commit, tree;  // held now
  protocol::SignedHead head;
};

using Files = std::map<std::string, std::optional<Bytes>>;

// The next commit of a place, staged only.
inline StagedDraft stage_files(ContentStore& store, Place& place, Files files, TreeCache& cache) {
  CommitPerson person = place.person();
  return must(stage_commit(store, {place.commit, place.tree, std::move(files), person, person, "publish\n"}, place.key, cache));
}

// Publishes all the way: staged, checked, adopted, released. Gives what changed.
inline PlaceChanges publish_files(ContentStore& store, Place& place, Files files) {
  TreeCache cache;
  StagedDraft staged = stage_files(store, place, std::move(files), cache);
  place.head = place.head_of(staged.commit, staged.state);
  ExpectedPlace expected{place.head, place.commit.value_or(ObjectId{})};
  CheckedPack checked = must(check_pack(store, *staged.pack, std::span(&expected, 1), cache));
  PlaceChanges changes = must(checked.places.at(0));
  PackName name = must(store.adopt(*staged.pack, checked.table));
  must(store.release(name));
  place.commit = staged.commit;
  place.tree = staged.tree;
  return changes;
}

// A pack of exactly these objects, as a stranger could send it.
struct RawObject {
  ObjectKind kind;
  Bytes bytes;
  ObjectId id() const { return object_id(kind, bytes); }
};

inline Bytes pack_of_objects(const std::vector<RawObject>& objects) {
  Bytes pack;
  PackWriter writer(static_cast<std::uint32_t>(objects.size()), [&](ByteView bytes) -> Result<void> {
    pack.insert(pack.end(), bytes.begin(), bytes.end());
    return {};
  });
  for (const RawObject& object : objects) must(writer.add(object.id(), object.kind, object.bytes));
  must(writer.finish());
  return pack;
}

inline std::unique_ptr<StagedPack> stage_bytes(ContentStore& store, ByteView pack) {
  auto staged = must(store.stage(protocol::kPlaceBytesMax));
  must(staged->append(pack));
  return staged;
}

inline Bytes read_all(OutgoingPack& pack) {
  Bytes bytes;
  while (true) {
    Bytes chunk = must(pack.read(1000));
    if (chunk.empty()) return bytes;
    bytes.insert(bytes.end(), chunk.begin(), chunk.end());
  }
}

}  // namespace maillage::tests
