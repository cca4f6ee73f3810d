// The benchmark of whole daemons runs and tells what its documents say; its figures are nobody's promise.
#include <catch2/catch.hpp>

#include "tests/e2e/place.h"
#include "tests/locations.h"

using namespace maillage::tests;

TEST_CASE("the benchmark of a fresh sync gives its figures, their ratio to git's, and leaves nothing behind") {
  TemporaryDirectory folder;
  auto ended = run({kBenchBinary, "sync",
                    "--places", "20", "--records", "5", "--runs", "1", "--json", "--dir", folder.path().string(), "--program", kBinary});
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  auto figures = json_of(ended);
  CHECK(number_at(figures, "/records") == 100);
  for (const char* side : {"/maillage", "/git"})
    for (const char* key : {"/seconds", "/bytes_received", "/bytes_sent", "/peak_bytes_serving", "/peak_bytes_receiving"}) {
      CAPTURE(side, key);
      CHECK(figures.at_pointer(std::string(side) + key).to_number<double>() > 0);
    }
  CHECK(figures.at("ratio").to_number<double>() > 0);
  CHECK(std::filesystem::is_empty(folder.path()));
}
