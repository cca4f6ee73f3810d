#include "protocol/reconcile.h"

#include <random>
#include <set>

#include <catch2/catch.hpp>

#include "tests/protocol/author.h"

using namespace maillage::tests;

namespace {

PlaceId place_of(std::uint64_t number) { return PlaceId{sha256(as_bytes(std::to_string(number))).bytes}; }
Hash element_of(std::uint64_t number) { return sha256(as_bytes("element " + std::to_string(number))); }

using Numbers = std::set<std::uint64_t>;

Numbers some(std::size_t count, std::uint64_t from) {
  Numbers numbers;
  for (std::size_t i = 0; i < count; ++i) numbers.insert(from + i);
  return numbers;
}

struct Host {
  SketchHost sketch;

  Host(const SketchKey& key, const Numbers& numbers) : sketch(key) {
    for (std::uint64_t number : numbers) add(number);
  }
  void add(std::uint64_t number) {
    sketch.add(place_of(number), element_of(number));
  }
};

std::vector<SketchSymbol> symbols(const SketchKey& key, const Numbers& numbers) {
  std::vector<SketchSymbol> all;
  for (std::uint64_t number : numbers) all.push_back(sketch_symbol(key, element_of(number)));
  return all;
}

const SketchKey kKey{{1, 2, 3}}, kLaterKey{{4, 5, 6}};

// The conversation up to DONE or ALL. `before_more(n)` happens before question number n is answered. `ahead`: asked for with ASK.
Result<Reconciliation::Step> talk(Host& host, const Numbers& own, const std::function<void(int)>& before_more = [](int) {},
                                  std::uint32_t ahead = 0) {
  SketchStream stream(host.sketch);
  Reconciliation dialling(ahead);
  stream.allow(kSketchCellsFirst);
  for (int questions = 0; questions < 50;) {
    auto cells = stream.next(host.sketch);
    REQUIRE(cells);
    stream.allow(ahead);  // which comes behind ASK
    if (dialling.begins(*cells)) dialling.begin(cells->key, symbols(cells->key, own));
    auto step = dialling.add(*cells);
    if (step && std::holds_alternative<Reconciliation::Wait>(*step)) continue;
    if (!step || !std::holds_alternative<Reconciliation::More>(*step)) return step;
    before_more(++questions);
    stream.allow(std::get<Reconciliation::More>(*step).limit);
  }
  FAIL("the conversation does not end");
  return Reconciliation::Step(Reconciliation::GiveUp{});
}

// What was decoded is exactly what differs.
void check_decoded(Host& host, const Numbers& remote, const Numbers& own, const Reconciliation::Step& step) {
  auto* decoded = std::get_if<Reconciliation::Decoded>(&step);
  REQUIRE(decoded != nullptr);
  std::set<PlaceId> missing_here, expected;
  for (SketchSymbol symbol : decoded->only_remote) missing_here.insert(host.sketch.place_of(symbol).value());
  for (std::uint64_t number : remote)
    if (!own.contains(number)) expected.insert(place_of(number));
  CHECK(missing_here == expected);
  std::size_t only_own = 0;
  for (std::uint64_t number : own) only_own += remote.contains(number) ? 0 : 1;
  CHECK(decoded->only_local.size() == only_own);
}

SketchCells cells_of(Host& host, std::uint32_t limit) {
  SketchStream stream(host.sketch);
  stream.allow(limit);
  return *stream.next(host.sketch);
}

}  // namespace

TEST_CASE("two sets of any sizes find what differs, or agree that all heads are the cheaper answer") {
  std::mt19937_64 random(1);
  for (int round = 0; round < 60; ++round) {
    std::size_t shared = random() % 400, there = random() % 100, here = random() % 100;
    Numbers remote = some(shared, 0), own = some(shared, 0);
    remote.merge(some(there, 10'000));
    own.merge(some(here, 20'000));
    Host host(kKey, remote);
    auto step = talk(host, own);
    REQUIRE(step);
    bool mostly_new = remote.size() > own.size() && remote.size() - own.size() > remote.size() / 2;
    if (std::holds_alternative<Reconciliation::GiveUp>(*step))
      CHECK(mostly_new);
    else
      check_decoded(host, remote, own, *step);
  }
}

TEST_CASE("equal sets are known after one frame of cells, empty ones too") {
  for (std::size_t size : {0, 1, 5'000}) {
    Host host(kKey, some(size, 0));
    auto step = talk(host, some(size, 0), [](int) { FAIL("a question too many"); });
    REQUIRE(step);
    CHECK(std::get<Reconciliation::Decoded>(*step).only_remote.empty());
  }
}

TEST_CASE("whoever holds nothing asks for all heads at once") {
  Host host(kKey, some(1000, 0));
  auto step = talk(host, {}, [](int) { FAIL("a question too many"); });
  CHECK(std::holds_alternative<Reconciliation::GiveUp>(*step));
}

TEST_CASE("with the peer's estimate nineteen reconciliations of twenty take no second question, and not twice the cells") {
  std::mt19937_64 random(4);
  for (auto [differences, trials] : {std::pair(2u, 60), {10u, 60}, {30u, 60}, {80u, 60}, {400u, 40}, {3'000u, 6}}) {
    int questions = 0;
    double cells = 0;
    for (int trial = 0; trial < trials; ++trial) {
      Numbers own = some(2'500, 0), remote = own;
      for (unsigned i = 0; i < differences; ++i) (random() % 2 == 0 ? own : remote).insert(random());
      Host here(kKey, own), there(kKey, remote);
      std::uint32_t ahead = cells_ahead(there.sketch.estimate().apart(here.sketch.estimate()), own.size());
      auto step = talk(there, own, [&](int) { ++questions; }, ahead);
      REQUIRE(step);
      check_decoded(there, remote, own, *step);
      cells += std::max<std::uint32_t>(ahead, kSketchCellsFirst);
    }
    CAPTURE(differences, questions, cells);
    CHECK(questions <= 0.1 * trials + 1);
    CHECK(cells / trials <= 2 * 1.5 * differences + kSketchCellsFirst);
  }
}

TEST_CASE("an estimate asks for nothing where all heads may be the answer, and never for more than the set could need") {
  CHECK(cells_ahead(0, 1'000) == 0);
  CHECK(cells_ahead(1'001, 1'000) == 0);
  CHECK(cells_ahead(1e9, 1'000'000) == 0);
  CHECK(cells_ahead(1e6, 1'000'000) == kSketchCellsAheadMax);
  for (double apart : {5.0, 100.0, 5'000.0}) CHECK(cells_ahead(apart, 5'000) <= 64 + 2 * apart);
}

TEST_CASE("cells that were asked for ahead are waited for, and when they are too few the next question is the counts'") {
  Numbers remote = some(600, 0), own = some(600, 100);
  Host host(kKey, remote);
  int questions = 0;
  auto step = talk(host, own, [&](int) { ++questions; }, 60);
  REQUIRE(step);
  check_decoded(host, remote, own, *step);
  CHECK(questions >= 1);
  CHECK(questions <= 4);
}

TEST_CASE("the estimate of a host is that of its set, also under another key") {
  Host host(kKey, some(300, 0));
  Estimate before = host.sketch.estimate();
  host.add(1'000);
  CHECK_FALSE(host.sketch.estimate() == before);
  host.sketch.remove(element_of(1'000));
  host.sketch.remove(element_of(2'000));  // never there
  CHECK(host.sketch.estimate() == before);
  host.sketch.renew(kLaterKey);
  CHECK(host.sketch.estimate() == before);
}

TEST_CASE("a key renewed in the middle of a stream begins it anew, and the answer is right") {
  Numbers remote = some(300, 0), own = some(300, 100);
  Host host(kKey, remote);
  auto step = talk(host, own, [&](int question) {
    if (question == 1) host.sketch.renew(kLaterKey);
  });
  REQUIRE(step);
  CHECK(std::get<Reconciliation::Decoded>(*step).key == kLaterKey);
  check_decoded(host, remote, own, *step);
}

TEST_CASE("a set that changes in the middle of a stream is reconciled as it was when the stream began") {
  Numbers remote = some(300, 0), own = some(300, 100);
  Host host(kKey, remote);
  auto step = talk(host, own, [&](int question) {
    for (std::uint64_t i = 0; i < 5; ++i) host.add(50'000 + static_cast<std::uint64_t>(question) * 10 + i);
  });
  REQUIRE(step);
  check_decoded(host, remote, own, *step);
}

TEST_CASE("a stream that too much has changed under begins anew") {
  Numbers remote = some(300, 0), own = some(300, 100);
  Host host(kKey, remote);
  auto step = talk(host, own, [&](int question) {
    if (question != 1) return;
    for (std::uint64_t i = 0; i < kSketchChangesKept + 10; ++i) {
      host.sketch.add(place_of(90'000 + i), element_of(90'000 + i));
      host.sketch.remove(element_of(90'000 + i));
    }
  });
  REQUIRE(step);
  check_decoded(host, remote, own, *step);
}

TEST_CASE("cells are made one frame at a time, never beyond what was allowed") {
  Host host(kKey, some(100, 0));
  SketchStream stream(host.sketch);
  CHECK_FALSE(stream.next(host.sketch));
  stream.allow(kSketchCellsPerRunMax + 10);
  stream.allow(5);
  CHECK(stream.next(host.sketch)->run.cells.size() == kSketchCellsPerRunMax);
  CHECK(stream.next(host.sketch)->run.cells.size() == 10);
  CHECK_FALSE(stream.next(host.sketch));
  stream.allow(0xffffffff);
  std::size_t frames = 0;
  while (stream.next(host.sketch)) ++frames;
  CHECK(frames <= kSketchCellsMax / kSketchCellsPerRunMax + 1);
}

TEST_CASE("cells that describe no set end in an answer or a refusal") {
  std::mt19937_64 random(3);
  for (int round = 0; round < 20; ++round) {
    Reconciliation dialling;
    std::uint32_t from = 0;
    for (int frames = 0; frames < 200; ++frames) {
      SketchCells cells{kKey, {1000, from, {}}};
      for (int i = 0; i < 64; ++i) {
        SketchSymbol sum = random();
        std::uint32_t check = random() % 2 == 0 ? sketch_check(kKey, sum) : static_cast<std::uint32_t>(random());
        cells.run.cells.push_back({sum, check, static_cast<std::int32_t>(random() % 3) - 1});
      }
      from += 64;
      if (dialling.begins(cells)) dialling.begin(kKey, symbols(kKey, some(1000, 0)));
      auto step = dialling.add(cells);
      if (!step || !std::holds_alternative<Reconciliation::More>(*step)) break;
      REQUIRE(frames < 150);  // 64 + 3 × 2,000 cells
    }
    CHECK(true);
  }
}

TEST_CASE("a stream that begins again and again is refused") {
  Host host(kKey, some(300, 0));
  SketchCells cells = cells_of(host, 1);
  Reconciliation dialling;
  auto own = symbols(kKey, some(300, 200));
  for (int starts = 1; starts <= 8; ++starts) {
    REQUIRE(dialling.begins(cells));
    dialling.begin(kKey, own);
    CHECK(dialling.add(cells));
  }
  dialling.begin(kKey, own);
  CHECK(dialling.add(cells).error().code == ErrorCode::kTooMany);
}

TEST_CASE("cells under another key, or that do not continue the stream, are refused") {
  Host host(kKey, some(300, 0));
  SketchCells cells = cells_of(host, 4);
  Reconciliation dialling;
  CHECK(dialling.add(cells).error().code == ErrorCode::kUnexpectedFrame);  // before `begin`
  dialling.begin(kLaterKey, {});
  CHECK(dialling.add(cells).error().code == ErrorCode::kUnexpectedFrame);
  dialling.begin(kKey, symbols(kKey, some(300, 100)));
  REQUIRE(dialling.add(cells));
  cells.run.from = 9;
  CHECK(dialling.add(cells).error().code == ErrorCode::kMalformed);
}

TEST_CASE("a symbol finds its place only while the place has that element") {
  Host host(kKey, {1});
  SketchSymbol symbol = sketch_symbol(kKey, element_of(1));
  CHECK(host.sketch.place_of(symbol) == place_of(1));
  host.sketch.remove(element_of(1));
  CHECK_FALSE(host.sketch.place_of(symbol));
  host.sketch.remove(element_of(1));  // of what is not there: nothing
  CHECK(host.sketch.size() == 0);
}

TEST_CASE("a host has each of its members once, whatever came and went, under any key") {
  std::mt19937_64 random(5);
  Host host(kKey, {});
  Numbers there;
  for (int step = 0; step < 2'000; ++step) {
    std::uint64_t number = random() % 60;
    if (there.erase(number) > 0) host.sketch.remove(element_of(number));
    else there.insert(number), host.add(number);
    if (step % 500 == 400) host.sketch.renew(step % 1'000 < 500 ? kLaterKey : kKey);
  }
  Numbers expected = there;
  CHECK(host.sketch.members().size() == there.size());
  for (const auto& [place, element] : host.sketch.members()) {
    auto member = std::ranges::find_if(expected, [&](std::uint64_t number) { return place_of(number) == place && element_of(number) == element; });
    REQUIRE(member != expected.end());
    expected.erase(member);
    CHECK(host.sketch.place_of(sketch_symbol(host.sketch.key(), element)) == place);
  }
}
