// What every ContentStore promises, as one suite: run on ObjectStore and on its twin, so that the twin cannot lie.
#pragma once

#include "registry/inflate.h"
#include "tests/registry/raw_pack.h"

namespace maillage::tests {

inline PackName adopt_bytes(ContentStore& store, ByteView pack) {
  auto staged = stage_bytes(store, pack);
  return must(store.adopt(*staged, must(PackTable::read(must(staged->bytes()), store))));
}

// `open` gives an empty store; `reopen` takes it and gives it as it is after a crash and a restart.
template <class Open, class Reopen>
void check_content_store_contract(Open open, Reopen reopen) {
  auto store = open();
  RawObject hello{ObjectKind::kBlob, bytes_of("hello, ")}, other{ObjectKind::kBlob, bytes_of("other")};
  Bytes pack = pack_of_objects({hello, other});

  // What is not here is not found; nothing is marked.
  CHECK_FALSE(store->contains(hello.id()));
  CHECK(store->read(hello.id()).error().code == ErrorCode::kNotFound);
  CHECK(store->read_deflated(hello.id()).error().code == ErrorCode::kNotFound);
  CHECK(must(store->kept()).empty());

  // A staged pack is invisible, keeps its bytes in order, and refuses more than its cap.
  auto staged = must(store->stage(pack.size()));
  must(staged->append(ByteView(pack).first(10)));
  must(staged->append(ByteView(pack).subspan(10)));
  CHECK(std::ranges::equal(must(staged->bytes()), pack));
  CHECK_FALSE(store->contains(hello.id()));
  CHECK(staged->append(bytes_of("!")).error().code == ErrorCode::kTooLarge);

  // Adopted: readable and marked, also after the quarantine is gone.
  PackName name = must(store->adopt(*staged, must(PackTable::read(must(staged->bytes()), *store))));
  staged.reset();
  CHECK(must(store->read_as(ObjectKind::kBlob, hello.id())) == hello.bytes);
  CHECK(store->read_as(ObjectKind::kTree, hello.id()).error().code == ErrorCode::kMalformed);
  CHECK(must(store->summarise_blob(hello.id())).sha256 == protocol::sha256(hello.bytes));
  DeflatedObject deflated = must(store->read_deflated(hello.id()));
  Bytes inflated(deflated.size);
  CHECK(must(inflate_exactly(deflated.deflated, inflated)) == deflated.deflated.size());
  CHECK(inflated == hello.bytes);
  CHECK(store->holds(name, hello.id()));
  CHECK_FALSE(store->holds(name, {}));
  CHECK(must(store->kept()) == std::vector{name});

  // What was adopted outlives a crash, marked as it was; what was only staged does not.
  staged = stage_bytes(*store, pack);
  staged.reset();
  store = reopen(std::move(store));
  CHECK(store->contains(hello.id()));
  CHECK(must(store->kept()) == std::vector{name});

  // Discarded: gone. The same pack may come again.
  must(store->discard(name));
  CHECK_FALSE(store->contains(hello.id()));
  CHECK(must(store->kept()).empty());
  CHECK(adopt_bytes(*store, pack) == name);

  // Released: it stays, whatever is discarded, also when the same pack is adopted again and that is undone.
  must(store->release(name));
  must(store->release(name));
  CHECK(must(store->kept()).empty());
  CHECK(adopt_bytes(*store, pack) == name);
  must(store->discard(name));
  CHECK(store->contains(hello.id()));
  store = reopen(std::move(store));
  CHECK(store->contains(other.id()));
  CHECK(must(store->kept()).empty());

  // A thin pack brings its bases along.
  ObjectId made = object_id(ObjectKind::kBlob, bytes_of("hello, world"));
  PackName thin = adopt_bytes(*store, RawPack().named_delta(hello.id(), delta_of(7, 12, 7, "world")).finish());
  CHECK(must(store->read_as(ObjectKind::kBlob, made)) == bytes_of("hello, world"));
  CHECK(store->holds(thin, hello.id()));

  // A place publishes and is checked on it like anywhere.
  Place place(1);
  publish_files(*store, place, {{"profile.json", bytes_of("{}")}});
  store = reopen(std::move(store));
  CHECK(must(find_path(*store, *place.tree, "profile.json")).has_value());
}

}  // namespace maillage::tests
