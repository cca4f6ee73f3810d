#include "registry/indexing.h"

#include "tests/registry/no_threads.h"
#include "tests/registry/registry_fixture.h"

using namespace maillage::registry;
using namespace maillage::tests;

namespace {

// More than is applied at once, than is added in one piece, and than is sorted on one thread.
constexpr std::uint32_t kMany = 10'500;

std::vector<IndexChange> profiles(IndexFixture& fixture, std::uint32_t from, std::uint32_t count) {
  std::vector<IndexChange> changes;
  WriteBatch batch;
  for (std::uint32_t i = from; i < from + count; ++i) {
    std::string json = R"({"kind": "profile", "name": "Lieu )" + std::to_string(i) + "\"}";
    changes.push_back({{place_number(i), false, {version("profile.json", json)}}, {}});
    REQUIRE(fixture.index.stage(batch, changes.back()));
  }
  REQUIRE(fixture.store.write(batch));
  return changes;
}

}  // namespace

TEST_CASE("an index is filled, sorted and loaded while the system gives no thread, and goes on when it does again") {
  IndexFixture fixture;
  Indexing indexing(fixture.index, 0);
  {
    NoThreads none;
    indexing.follow(1, profiles(fixture, 1, kMany));
    CHECK(indexing.shown() == 1);
    CHECK(fixture.index.count(What::kPlaces) == kMany);
    Index again(fixture.store);
    REQUIRE(again.load());
    CHECK(again.count(What::kPlaces) == kMany);
  }
  indexing.follow(2, profiles(fixture, kMany + 1, kMany));
  indexing.finish();
  CHECK(indexing.shown() == 2);
  CHECK(fixture.index.count(What::kPlaces) == 2 * kMany);
}
