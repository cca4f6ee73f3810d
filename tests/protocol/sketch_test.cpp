#include "protocol/sketch.h"

#include <algorithm>
#include <cmath>
#include <random>

#include <catch2/catch.hpp>

#include "protocol/crypto.h"
#include "tests/protocol/damage.h"

using namespace maillage::protocol;

namespace {

using Symbols = std::vector<SketchSymbol>;

const SketchKey kKey{{1, 2, 3}};

Symbols sorted(Symbols symbols) {
  std::ranges::sort(symbols);
  return symbols;
}

Symbols random_symbols(std::size_t count, std::mt19937_64& random) {
  Symbols symbols(count);
  for (SketchSymbol& symbol : symbols) symbol = random();
  return symbols;
}

SketchSource source_of(const Symbols& symbols) {
  SketchSource source(kKey);
  for (SketchSymbol symbol : symbols) source.add(symbol);
  return source;
}

SketchRun run_of(SketchSource& source, std::uint32_t from, std::uint32_t count) {
  return source.cells(source.revision(), from, count).value();
}

Bytes encoded(const SketchRun& run) {
  Writer out;
  write_cells(out, run);
  return std::move(out).take();
}

struct Outcome {
  std::size_t cells, bytes;
};

// Reconciles two sets of `common` + their own symbols, cell by cell, over the wire, and checks the answer.
Outcome reconcile(std::size_t common, std::size_t remote_only, std::size_t local_only, std::mt19937_64& random) {
  Symbols shared = random_symbols(common, random);
  Symbols remote = random_symbols(remote_only, random), local = random_symbols(local_only, random);
  SketchSource source = source_of(shared);
  for (SketchSymbol symbol : remote) source.add(symbol);
  Symbols own = shared;
  own.insert(own.end(), local.begin(), local.end());
  std::ranges::shuffle(own, random);
  SketchDecoder decoder(kKey, own);
  CHECK_FALSE(decoder.done());
  std::size_t bytes = 0;
  auto step = static_cast<std::uint32_t>(1 + (remote_only + local_only) / 200);
  while (!decoder.done() && decoder.cells() < 3 * (remote_only + local_only) + 40) {
    Bytes wire = encoded(run_of(source, decoder.cells(), step));
    bytes += wire.size();
    Reader in(wire);
    auto run = read_cells(in, source.size(), decoder.cells());
    REQUIRE(run);
    REQUIRE(decoder.add_cells(*run));
  }
  REQUIRE(decoder.done());
  CHECK(sorted(decoder.only_remote()) == sorted(remote));
  CHECK(sorted(decoder.only_local()) == sorted(local));
  return {decoder.cells(), bytes};
}

}  // namespace

TEST_CASE("a sketch finds exactly what two sets do not share, at about 1.4 cells a difference") {
  std::mt19937_64 random(GENERATE(1, 2));
  auto [common, differences] = GENERATE(table<std::size_t, std::size_t>(
      {{0, 1}, {0, 25}, {10, 1}, {1'000, 3}, {1'000, 40}, {5'000, 200}, {20'000, 1'000}, {20'000, 4'000}}));
  std::size_t remote = random() % (differences + 1);
  CAPTURE(common, differences, remote);
  Outcome outcome = reconcile(common, remote, differences - remote, random);
  if (differences >= 200) CHECK(outcome.cells < 1.6 * static_cast<double>(differences));
}

TEST_CASE("from twenty changed places on a sketch costs at most 60 bytes a place, and below at most 250 in all for one") {
  std::mt19937_64 random(3);
  auto mean_bytes = [&](std::size_t places) {
    double sum = 0;
    for (int i = 0; i < 40; ++i) sum += static_cast<double>(reconcile(2'000, places, places, random).bytes) / 40;
    return sum / static_cast<double>(places);
  };
  CHECK(mean_bytes(1) <= 250);
  CHECK(mean_bytes(5) <= 100);
  CHECK(mean_bytes(20) <= 60);
  CHECK(mean_bytes(100) <= 45);
}

TEST_CASE("asking for as many cells as the decoder wants takes few questions and wastes few cells") {
  std::mt19937_64 random(12);
  auto [differences, bytes_a_place] = GENERATE(table<std::size_t, double>({{40, 60}, {200, 50}, {4'000, 45}}));
  std::size_t questions = 0, cells = 0;
  constexpr std::size_t kTrials = 10;
  for (std::size_t trial = 0; trial < kTrials; ++trial) {
    Symbols remote = random_symbols(500 + differences / 4, random), own(remote.begin(), remote.begin() + 500);
    for (std::size_t i = differences / 4; i < differences; ++i) own.push_back(random());
    SketchSource source = source_of(remote);
    SketchDecoder decoder(kKey, own);
    for (std::uint32_t limit = 8; !decoder.done(); limit = decoder.cells_wanted(), ++questions) {
      REQUIRE(limit > decoder.cells());
      REQUIRE(decoder.add_cells(run_of(source, decoder.cells(), limit - decoder.cells())));
    }
    cells += decoder.cells();
  }
  CAPTURE(differences, cells);
  CHECK(questions <= 5 * kTrials);
  CHECK(13.1 * static_cast<double>(cells) / kTrials <= bytes_a_place * static_cast<double>(differences) / 2);
}

TEST_CASE("a decoder wants a bounded number of cells, whatever the counts say") {
  SketchDecoder decoder(kKey, {});
  CHECK(decoder.cells_wanted() > 0);
  constexpr auto kMany = static_cast<std::int32_t>(kSketchSetMax);
  SketchRun run{kSketchSetMax, 0, std::vector<SketchCell>(2'000, SketchCell{1, 2, kMany})};
  REQUIRE(decoder.add_cells(run));
  CHECK(decoder.cells_wanted() == 2'000 + kSketchCellsPerAskMax);
}

TEST_CASE("equal sets are known to be equal after one cell of 13 bytes") {
  std::mt19937_64 random(4);
  Outcome outcome = reconcile(GENERATE(0, 1, 1'000, 20'000), 0, 0, random);
  CHECK(outcome.cells == 1);
  CHECK(outcome.bytes == 13);
}

TEST_CASE("a decoder works in runs of any size") {
  std::mt19937_64 random(5);
  Symbols remote = random_symbols(600, random), own(remote.begin() + 50, remote.end());
  SketchSource source = source_of(remote);
  SketchDecoder decoder(kKey, own);
  while (!decoder.done()) {
    SketchRun run = run_of(source, decoder.cells(), static_cast<std::uint32_t>(1 + random() % 39));
    REQUIRE(decoder.add_cells(run));
    REQUIRE(decoder.cells() < 300);
  }
  CHECK(sorted(decoder.only_remote()) == sorted({remote.begin(), remote.begin() + 50}));
  CHECK(decoder.only_local().empty());
}

TEST_CASE("a run of no cells is refused") {
  SketchDecoder decoder(kKey, {});
  CHECK_FALSE(decoder.add_cells(SketchRun{}));
  CHECK(decoder.cells() == 0);
}

TEST_CASE("a sketch kept up to date is the sketch made afresh") {
  std::mt19937_64 random(6);
  SketchSource kept(kKey);
  Symbols held;
  for (int step = 0; step < 3'000; ++step) {
    if (held.size() > 20 && random() % 2 == 0) {
      std::swap(held[random() % held.size()], held.back());
      kept.remove(held.back());
      // Now and then it comes back at once: the same symbol removed and added many times over.
      if (random() % 4 == 0) kept.add(held.back());
      else held.pop_back();
    } else {
      kept.add(held.emplace_back(random()));
    }
    if (step % 500 == 7) run_of(kept, 0, static_cast<std::uint32_t>(step));
  }
  SketchSource afresh = source_of(held);
  REQUIRE(kept.size() == held.size());
  CHECK(run_of(kept, 0, 5'000) == run_of(afresh, 0, 5'000));
}

TEST_CASE("a stream goes on showing the set of the moment it began, while the set changes") {
  std::mt19937_64 random(7);
  Symbols held = random_symbols(500, random);
  SketchSource source = source_of(held), before = source_of(held);
  std::uint64_t revision = source.revision();
  SketchRun start = source.cells(revision, 0, 100).value();
  for (int i = 0; i < 200; ++i) {
    source.add(random());
    if (i % 3 == 0) source.remove(held[static_cast<std::size_t>(i)]);
  }
  CHECK(start == run_of(before, 0, 100));
  CHECK(source.cells(revision, 0, 100).value() == start);
  CHECK(source.cells(revision, 100, 400).value() == run_of(before, 100, 400));
  CHECK_FALSE(run_of(source, 100, 400) == run_of(before, 100, 400));
}

TEST_CASE("a stream that began too many changes ago is refused, not wrong") {
  SketchSource source = source_of({1, 2, 3});
  std::uint64_t revision = source.revision();
  for (std::size_t i = 0; i < kSketchChangesKept; ++i) source.add(1'000 + i);
  CHECK(source.cells(revision, 0, 10));
  source.add(7);
  auto refused = source.cells(revision, 0, 10);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kNotFound);
}

TEST_CASE("a symbol maps to cell 0, then ever further, to cell i with probability 1 / (1 + i/2)") {
  std::mt19937_64 random(8);
  std::vector<double> hits(200);
  constexpr int kTrials = 20'000;
  for (int trial = 0; trial < kTrials; ++trial) {
    SketchIndices indices(random());
    REQUIRE(indices.index() == 0);
    while (indices.index() < hits.size()) {
      std::uint32_t last = indices.index();
      hits[last] += 1.0 / kTrials;
      indices.advance();
      REQUIRE(indices.index() > last);
    }
  }
  for (std::size_t i = 0; i < hits.size(); ++i) {
    double expected = 1 / (1 + static_cast<double>(i) / 2);
    CAPTURE(i);
    CHECK(std::abs(hits[i] - expected) < 0.03 * expected + 4 * std::sqrt(expected / kTrials));
  }
}

TEST_CASE("the indices of any symbol end") {
  for (SketchSymbol symbol : {SketchSymbol{0}, ~SketchSymbol{0}, SketchSymbol{42}}) {
    SketchIndices indices(symbol);
    int steps = 0;
    for (; indices.index() < kSketchCellsMax; ++steps) indices.advance();
    CHECK(steps < 100);
    indices.advance();
    CHECK(indices.index() == kSketchCellsMax);
  }
}

TEST_CASE("the same element is another symbol under another key") {
  Hash element = sha256(as_bytes("x"));
  CHECK(sketch_symbol(kKey, element) == sketch_symbol(kKey, element));
  CHECK(sketch_symbol(kKey, element) != sketch_symbol(SketchKey{{9}}, element));
  CHECK(sketch_check(kKey, 5) != sketch_check(SketchKey{{9}}, 5));
  CHECK(sketch_check(kKey, 5) != sketch_check(kKey, 6));
}

TEST_CASE("the cells of a run survive encoding and decoding, from any index") {
  std::mt19937_64 random(9);
  SketchSource source = source_of(random_symbols(GENERATE(0, 1, 50, 3'000), random));
  SketchRun run = run_of(source, GENERATE(0, 1, 900), 64);
  Bytes wire = encoded(run);
  CHECK(wire.size() <= 64 * 14);
  Reader in(wire);
  CHECK(read_cells(in, run.set_size, run.from).value() == run);
  CHECK(in.finish("cells"));
}

TEST_CASE("cut cells give fewer cells or an error") {
  std::mt19937_64 random(10);
  SketchSource source = source_of(random_symbols(300, random));
  SketchRun run = run_of(source, 0, 20);
  int whole = 0;
  maillage::tests::for_each_truncation(encoded(run), [&](ByteView cut) {
    Reader in(cut);
    auto read = read_cells(in, run.set_size, run.from);
    if (!read) return;
    ++whole;
    CHECK(std::ranges::equal(read->cells, std::span(run.cells).first(read->cells.size())));
  });
  CHECK(whole == 20);
}

TEST_CASE("a changed byte of a sketch never gives a wrong answer") {
  std::mt19937_64 random(11);
  Symbols remote = random_symbols(100, random), own(remote.begin() + 5, remote.end());
  SketchSource source = source_of(remote);
  SketchRun run = run_of(source, 0, 30);
  maillage::tests::for_each_flip(encoded(run), [&](ByteView flipped) {
    Reader in(flipped);
    auto read = read_cells(in, run.set_size, run.from);
    if (!read) return;
    SketchDecoder decoder(kKey, own);
    if (!decoder.add_cells(*read)) return;
    CHECK_FALSE(decoder.done());
  });
}

TEST_CASE("impossible counts and endless cells are refused") {
  Writer too_many;
  too_many.u64(1).u32(2).varint(3 << 1);  // 3 more than the 2 expected, of a set of 2
  Reader counted(too_many.bytes());
  CHECK(read_cells(counted, 2, 0).error().code == ErrorCode::kMalformed);

  Writer negative;
  negative.u64(1).u32(2).varint(3 << 1 | 1);
  Reader below(negative.bytes());
  CHECK(read_cells(below, 2, 0).error().code == ErrorCode::kMalformed);

  Bytes cells((kSketchCellsPerRunMax + 1) * 13, 0);
  Reader endless(cells);
  CHECK(read_cells(endless, 0, 0).error().code == ErrorCode::kTooMany);
  Reader beyond(ByteView(cells).first(26));
  CHECK(read_cells(beyond, 0, kSketchCellsMax - 1).error().code == ErrorCode::kTooMany);
  Reader huge(ByteView(cells).first(13));
  CHECK(read_cells(huge, kSketchSetMax + 1, 0).error().code == ErrorCode::kTooMany);
}

TEST_CASE("random cells neither decode nor keep a decoder busy") {
  std::mt19937_64 random(GENERATE(range(20, 40)));
  SketchDecoder decoder(kKey, random_symbols(200, random));
  while (decoder.cells() < 4'000) {
    SketchRun run{200, decoder.cells(), {}};
    for (int i = 0; i < 100; ++i) {
      // Well-formed garbage: single symbols with their right check, where they do not belong.
      SketchSymbol symbol = random();
      run.cells.push_back({symbol, sketch_check(kKey, symbol), static_cast<std::int32_t>(random() % 3)});
    }
    if (!decoder.add_cells(run)) break;
  }
  CHECK_FALSE(decoder.done());
  CHECK(decoder.only_local().size() + decoder.only_remote().size() <= decoder.cells());
}

TEST_CASE("a symbol in a cell that it is not mapped to is a contradiction") {
  SketchSymbol symbol = 77;
  SketchIndices indices(symbol);
  indices.advance();
  std::uint32_t stranger = indices.index() == 1 ? 2 : 1;
  if (indices.index() == 1) indices.advance();
  while (indices.index() == stranger) ++stranger;
  SketchRun run{1, 0, std::vector<SketchCell>(stranger + 1)};
  run.cells[stranger] = {symbol, sketch_check(kKey, symbol), 1};
  SketchDecoder decoder(kKey, {});
  auto refused = decoder.add_cells(run);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kMalformed);
  CHECK_FALSE(decoder.done());
}

TEST_CASE("cells that do not continue the stream are refused") {
  SketchSource source = source_of({1, 2, 3, 4, 5, 6, 7, 8});
  SketchDecoder decoder(kKey, {});
  REQUIRE(decoder.add_cells(run_of(source, 0, 2)));
  CHECK(decoder.add_cells(run_of(source, 1, 2)).error().code == ErrorCode::kMalformed);
  CHECK(decoder.add_cells(run_of(source, 3, 2)).error().code == ErrorCode::kMalformed);
  SketchRun another_size = run_of(source, 2, 2);
  another_size.set_size += 1;
  CHECK(decoder.add_cells(another_size).error().code == ErrorCode::kMalformed);
  CHECK(decoder.add_cells(run_of(source, 2, 2)));
}
