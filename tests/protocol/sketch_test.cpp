#include "protocol/sketch.h"

#include <algorithm>
#include <random>

#include <catch2/catch.hpp>

using namespace maillage::protocol;

TEST_CASE("a sketch finds exactly the symbols that two sets do not share") {
  std::mt19937_64 random(1);
  SketchKey key{{1}};
  SketchSource remote(key);
  std::vector<SketchSymbol> own, only_remote, only_local;
  for (int i = 0; i < 5000; ++i) {
    SketchSymbol symbol = random();
    remote.add(symbol);
    if (i < 40) only_remote.push_back(symbol);
    else own.push_back(symbol);
  }
  for (int i = 0; i < 60; ++i) own.push_back(only_local.emplace_back(random()));
  SketchDecoder decoder(key, own);
  while (!decoder.done()) {
    auto run = remote.cells(remote.revision(), decoder.cells(), 8);
    REQUIRE(run);
    REQUIRE(decoder.add_cells(*run));
    REQUIRE(decoder.cells() < 250);
  }
  auto sorted = [](auto list) { std::ranges::sort(list); return list; };
  CHECK(sorted(decoder.only_remote()) == sorted(only_remote));
  CHECK(sorted(decoder.only_local()) == sorted(only_local));
}
