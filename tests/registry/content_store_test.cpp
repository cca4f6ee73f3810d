#include "tests/registry/content_store_contract.h"

#include "tests/twins/memory_content_store.h"

using namespace maillage::tests;

TEST_CASE("the object store keeps the content store's contract") {
  TemporaryDirectory directory;
  auto open = [&] { return must(ObjectStore::open(directory.path())); };
  check_content_store_contract(open, [&](std::unique_ptr<ObjectStore> store) {
    store.reset();
    return open();
  });
}

TEST_CASE("the content store's twin keeps the contract") {
  check_content_store_contract([] { return std::make_unique<MemoryContentStore>(); }, [](std::unique_ptr<MemoryContentStore> store) {
    store->crash();
    return store;
  });
}

TEST_CASE("a disk that fills up while a pack is received or adopted leaves the twin as it was") {
  MemoryContentStore store;
  RawObject blob{ObjectKind::kBlob, bytes_of("hello")};
  auto staged = stage_bytes(store, pack_of_objects({blob}));
  PackTable table = must(PackTable::read(must(staged->bytes()), store));
  store.fail_next(ErrorCode::kDiskFull);
  CHECK(store.adopt(*staged, table).error().code == ErrorCode::kDiskFull);
  CHECK_FALSE(store.contains(blob.id()));
  must(store.adopt(*staged, table));
  store.fail_next(ErrorCode::kDiskFull);
  CHECK(must(store.stage(100))->append(bytes_of("x")).error().code == ErrorCode::kDiskFull);
}
