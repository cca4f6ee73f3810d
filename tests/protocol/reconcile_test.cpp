#include "protocol/reconcile.h"

#include <catch2/catch.hpp>

using namespace maillage::protocol;

namespace {

PlaceId place(unsigned number) { return PlaceId{sha256(as_bytes("place " + std::to_string(number))).bytes}; }
Hash element(unsigned number) { return sha256(as_bytes("element " + std::to_string(number))); }

SketchHost host_of(unsigned from, unsigned to) {
  SketchHost host(SketchKey{{1}});
  for (unsigned i = from; i < to; ++i) host.add(place(i), element(i));
  return host;
}

std::size_t cells_in(const std::vector<Sketch>& frames) {
  std::size_t cells = 0;
  for (const Sketch& frame : frames) cells += std::get<SketchCells>(frame).run.cells.size();
  return cells;
}

}  // namespace

TEST_CASE("whatever limit is asked for, an answer is no more than an outbox takes, and the next one goes on") {
  SketchHost host = host_of(0, 10);
  SketchStream stream(host);
  std::uint32_t answered = 0;
  while (answered < kSketchCellsMax) {
    auto frames = stream.cells_to(host, 0xffffffff);
    REQUIRE_FALSE(frames.empty());
    CHECK(std::get<SketchCells>(frames.front()).run.from == answered);
    CHECK(cells_in(frames) <= kSketchCellsPerAskMax);
    std::size_t bytes = 0;
    for (const Sketch& frame : frames) bytes += encode(frame).size();
    CHECK(bytes < kOutboxControlBytesMax);
    answered += static_cast<std::uint32_t>(cells_in(frames));
  }
  CHECK(stream.cells_to(host, 0xffffffff).empty());
}

TEST_CASE("a stream that is too old or of an old key begins anew, as far as one answer goes") {
  SketchHost host = host_of(0, 100);
  SketchStream stream(host);
  stream.cells_to(host, 30'000);
  stream.cells_to(host, 30'000);
  for (unsigned i = 1'000; i <= 1'000 + kSketchChangesKept; ++i) host.add(place(i), element(i));
  auto frames = stream.cells_to(host, 40'000);
  REQUIRE_FALSE(frames.empty());
  CHECK(std::get<SketchCells>(frames.front()).run.from == 0);
  CHECK(cells_in(frames) == kSketchCellsPerAskMax);
}

TEST_CASE("a reconciliation finds the places on either side, frame by frame") {
  SketchHost host = host_of(0, 5'000);
  std::vector<SketchSymbol> own;
  for (unsigned i = 300; i < 9'000; ++i) own.push_back(sketch_symbol(host.key(), element(i)));
  SketchStream stream(host);
  Reconciliation reconciliation;
  std::vector<Sketch> frames = stream.cells_to(host, kSketchCellsFirst);
  std::optional<Reconciliation::Decoded> decoded;
  for (std::size_t at = 0; at < frames.size(); ++at) {
    SketchCells cells = std::get<SketchCells>(frames[at]);
    if (reconciliation.begins(cells)) reconciliation.begin(cells.key, own);
    auto step = reconciliation.add(cells).value();
    REQUIRE_FALSE(std::holds_alternative<Reconciliation::GiveUp>(step));
    if (auto* done = std::get_if<Reconciliation::Decoded>(&step)) {
      decoded = *done;
      break;
    }
    for (Sketch& frame : stream.cells_to(host, std::get<Reconciliation::More>(step).limit)) frames.push_back(std::move(frame));
  }
  REQUIRE(decoded);
  CHECK(decoded->only_remote.size() == 300);
  CHECK(decoded->only_local.size() == 4'000);
  for (SketchSymbol symbol : decoded->only_remote) CHECK(host.place_of(symbol));
}
