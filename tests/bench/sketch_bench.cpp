// What a sketch costs: bytes a difference and times, for sets of 10^3 … 10^5 symbols that differ in 0 … 10^4.
//   cmake --preset bench && cmake --build --preset bench --target sketch_bench && build/bench/tests/sketch_bench
#include <chrono>
#include <cstdio>
#include <random>

#include "protocol/sketch.h"

using namespace maillage::protocol;

namespace {

double ms_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

struct Cost {
  double build_ms = 0, first_cells_ms = 0, decode_ms = 0, bytes = 0, cells = 0, questions = 0;
};

// One reconciliation; half of the differences on either side.
Cost measure(std::size_t size, std::size_t differences, std::mt19937_64& random) {
  SketchKey key{{1, 2, 3}};
  std::vector<Hash> elements(size);
  for (Hash& element : elements)
    for (std::uint8_t& byte : element.bytes) byte = static_cast<std::uint8_t>(random());
  Cost cost;
  auto start = std::chrono::steady_clock::now();
  SketchSource source(key);
  for (const Hash& element : elements) source.add(sketch_symbol(key, element));
  cost.build_ms = ms_since(start);
  start = std::chrono::steady_clock::now();
  check(source.cells(source.revision(), 0, 1000).has_value(), "cells");
  cost.first_cells_ms = ms_since(start);

  std::vector<SketchSymbol> own;
  for (std::size_t i = differences / 2; i < size; ++i) own.push_back(sketch_symbol(key, elements[i]));
  for (std::size_t i = differences / 2; i < differences; ++i) own.push_back(random());
  SketchDecoder exact(key, own);
  auto step = static_cast<std::uint32_t>(std::max<std::size_t>(1, differences / 100));
  while (!exact.done()) check(exact.add_cells(*source.cells(source.revision(), exact.cells(), step)).has_value(), "decode");
  cost.cells = exact.cells();

  // As a session asks: the cells it wants, in runs.
  start = std::chrono::steady_clock::now();
  SketchDecoder decoder(key, own);
  for (std::uint32_t limit = 8; !decoder.done(); limit = decoder.cells_wanted()) {
    SketchRun run = *source.cells(source.revision(), decoder.cells(), limit - decoder.cells());
    Writer wire;
    write_cells(wire, run);
    cost.bytes += static_cast<double>(wire.size());
    cost.questions += 1;
    check(decoder.add_cells(run).has_value(), "decode");
  }
  cost.decode_ms = ms_since(start);
  return cost;
}

}  // namespace

int main() {
  std::mt19937_64 random(7);
  std::printf("%8s %6s | %8s %9s | %6s %7s | %9s %7s %6s %7s %9s\n", "symbols", "differ", "build ms", "1000 c ms",
              "needed", "c/diff", "questions", "bytes", "B/diff", "B/place", "decode ms");
  for (std::size_t size : {1'000u, 10'000u, 100'000u})
    for (std::size_t differences : {0u, 1u, 2u, 10u, 20u, 40u, 100u, 200u, 1'000u, 10'000u}) {
      if (differences > size) continue;
      int rounds = differences <= 200 ? 20 : 5;
      Cost sum;
      for (int i = 0; i < rounds; ++i) {
        Cost one = measure(size, differences, random);
        sum.build_ms += one.build_ms / rounds, sum.first_cells_ms += one.first_cells_ms / rounds;
        sum.decode_ms += one.decode_ms / rounds, sum.questions += one.questions / rounds;
        sum.bytes += one.bytes / rounds, sum.cells += one.cells / rounds;
      }
      double per = differences == 0 ? 1 : static_cast<double>(differences);
      std::printf("%8zu %6zu | %8.2f %9.2f | %6.0f %7.2f | %9.1f %7.0f %6.1f %7.1f %9.2f\n", size, differences,
                  sum.build_ms, sum.first_cells_ms, sum.cells, sum.cells / per, sum.questions, sum.bytes, sum.bytes / per,
                  2 * sum.bytes / per, sum.decode_ms);
    }
}
