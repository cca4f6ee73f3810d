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
  double build_ms = 0, first_cells_ms = 0, own_ms = 0, decode_ms = 0, bytes = 0, cells = 0;
};

// One reconciliation, cell by cell as far as bytes go; half of the differences on either side.
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
  start = std::chrono::steady_clock::now();
  SketchDecoder decoder(key, own);
  cost.own_ms = ms_since(start);
  start = std::chrono::steady_clock::now();
  while (!decoder.done()) {
    auto step = static_cast<std::uint32_t>(std::max<std::size_t>(1, differences / 100));
    SketchRun run = *source.cells(source.revision(), decoder.cells(), step);
    check(decoder.add_cells(run).has_value(), "decode");
  }
  cost.decode_ms = ms_since(start);
  // As one run: what a stream in large frames costs.
  Writer whole;
  write_cells(whole, *source.cells(source.revision(), 0, decoder.cells()));
  cost.bytes = static_cast<double>(whole.size());
  cost.cells = decoder.cells();
  return cost;
}

}  // namespace

int main() {
  std::mt19937_64 random(7);
  std::printf("%8s %6s | %8s %9s | %7s %7s %6s | %8s %8s %9s\n", "symbols", "differ", "build ms", "1000 c ms", "bytes",
              "B/diff", "c/diff", "own ms", "decode", "B/place");
  for (std::size_t size : {1'000u, 10'000u, 100'000u})
    for (std::size_t differences : {0u, 1u, 2u, 10u, 20u, 40u, 100u, 200u, 1'000u, 10'000u}) {
      if (differences > size) continue;
      int rounds = differences <= 200 ? 20 : 5;
      Cost sum;
      for (int i = 0; i < rounds; ++i) {
        Cost one = measure(size, differences, random);
        sum.build_ms += one.build_ms / rounds, sum.first_cells_ms += one.first_cells_ms / rounds;
        sum.own_ms += one.own_ms / rounds, sum.decode_ms += one.decode_ms / rounds;
        sum.bytes += one.bytes / rounds, sum.cells += one.cells / rounds;
      }
      double per = differences == 0 ? 1 : static_cast<double>(differences);
      std::printf("%8zu %6zu | %8.2f %9.2f | %7.0f %7.1f %6.2f | %8.2f %8.2f %9.1f\n", size, differences, sum.build_ms,
                  sum.first_cells_ms, sum.bytes, sum.bytes / per, sum.cells / per, sum.own_ms, sum.decode_ms,
                  2 * sum.bytes / per);
    }
}
