// What a sketch costs: bytes a changed place, questions with the estimate that HELLO brings, and times, for 10^3 … 10^6 places of which
// 1 … 10^4 changed, and what a thousand reconnections cost the dialled side. `--json` for programs.
//   cmake --preset bench && cmake --build --preset bench --target sketch_bench && build/bench/tests/sketch_bench
#include <chrono>
#include <cstdio>
#include <cstring>
#include <random>

#include "protocol/reconcile.h"

using namespace maillage::protocol;

namespace {

constexpr std::size_t kReconnections = 1'000;

double ms_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

double wire_bytes(const SketchRun& run) {
  Writer wire;
  write_cells(wire, run);
  return static_cast<double>(wire.size());
}

Hash random_element(std::mt19937_64& random) {
  Hash element;
  for (std::size_t at = 0; at < element.bytes.size(); at += 8) {
    std::uint64_t word = random();
    std::memcpy(element.bytes.data() + at, &word, sizeof word);
  }
  return element;
}

std::vector<Hash> random_elements(std::size_t count, std::mt19937_64& random) {
  std::vector<Hash> elements(count);
  for (Hash& element : elements) element = random_element(random);
  return elements;
}

struct Cost {
  double needed = 0, needed_bytes = 0;      // up to the last cell that decoding takes
  double asked = 0, asked_bytes = 0;        // all that was asked for
  double questions = 0, decode_ms = 0;
  double one_question = 0;                  // whether one was enough
};

// One reconciliation: `changed` places have another head on either side.
Cost measure(SketchSource& source, const SketchKey& key, const std::vector<Hash>& elements, std::size_t changed, std::mt19937_64& random) {
  std::vector<SketchSymbol> own;
  Estimate here, there;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    Hash element = i < changed ? random_element(random) : elements[i];
    own.push_back(sketch_symbol(key, element));
    here.toggle(element), there.toggle(elements[i]);
  }
  Cost cost;
  SketchDecoder exact(key, own);
  auto step = static_cast<std::uint32_t>(std::max<std::size_t>(1, changed / 100));
  while (!exact.done()) {
    SketchRun run = *source.cells(source.revision(), exact.cells(), step);
    cost.needed_bytes += wire_bytes(run);
    check(exact.add_cells(run).has_value(), "decode");
  }
  cost.needed = exact.cells();
  // As a session asks: the cells that the estimate says, then those that the decoder wants.
  auto start = std::chrono::steady_clock::now();
  SketchDecoder decoder(key, own);
  std::uint32_t first = std::max(kSketchCellsFirst, cells_ahead(there.apart(here), elements.size()));
  for (std::uint32_t limit = first; !decoder.done(); limit = decoder.cells_wanted()) {
    SketchRun run = *source.cells(source.revision(), decoder.cells(), limit - decoder.cells());
    cost.asked_bytes += wire_bytes(run);
    cost.questions += 1;
    check(decoder.add_cells(run).has_value(), "decode");
  }
  cost.one_question = cost.questions == 1 ? 1 : 0;
  cost.decode_ms = ms_since(start);
  cost.asked = decoder.cells();
  return cost;
}

void show_differences(std::size_t size, SketchSource& source, const SketchKey& key, const std::vector<Hash>& elements, bool json,
                      std::mt19937_64& random) {
  for (std::size_t changed : {1u, 2u, 5u, 10u, 20u, 50u, 100u, 1'000u, 10'000u}) {
    if (changed > size / 2) continue;
    int rounds = size > 100'000 ? 5 : changed <= 100 ? (size > 10'000 ? 40 : 200) : 20;
    Cost sum;
    for (int i = 0; i < rounds; ++i) {
      Cost one = measure(source, key, elements, changed, random);
      sum.needed += one.needed / rounds, sum.needed_bytes += one.needed_bytes / rounds;
      sum.asked += one.asked / rounds, sum.asked_bytes += one.asked_bytes / rounds;
      sum.questions += one.questions / rounds, sum.decode_ms += one.decode_ms / rounds;
      sum.one_question += one.one_question / rounds;
    }
    auto places = static_cast<double>(changed);
    double after = (sum.asked - sum.needed) / sum.needed;
    if (json)
      std::printf("{\"places\":%zu,\"changed\":%zu,\"cells_needed\":%.1f,\"bytes_needed\":%.0f,\"bytes_needed_a_place\":%.1f,"
                  "\"cells_after\":%.2f,\"bytes\":%.0f,\"questions\":%.2f,\"one_question\":%.2f,\"decode_ms\":%.2f}\n",
                  size, changed, sum.needed, sum.needed_bytes, sum.needed_bytes / places, after, sum.asked_bytes, sum.questions, sum.one_question,
                  sum.decode_ms);
    else
      std::printf("%8zu %7zu | %7.0f %8.0f %9.1f | %10.2f %8.0f %9.2f %7.2f | %9.2f\n", size, changed, sum.needed, sum.needed_bytes,
                  sum.needed_bytes / places, after, sum.asked_bytes, sum.questions, sum.one_question, sum.decode_ms);
  }
}

// A thousand peers come back, each with 100 changed places: what they ask for is made once.
void show_reconnections(std::size_t size, const SketchKey& key, const std::vector<Hash>& elements, bool json) {
  constexpr std::uint32_t kCells = 300;
  SketchHost host(key);
  for (const Hash& element : elements) host.add(PlaceId{element.bytes}, element);
  auto stream_all = [&] {
    SketchStream stream(host);
    stream.allow(kCells);
    while (stream.next(host)) {
    }
  };
  auto start = std::chrono::steady_clock::now();
  stream_all();
  double first = ms_since(start);
  start = std::chrono::steady_clock::now();
  for (std::size_t i = 1; i < kReconnections; ++i) stream_all();
  double rest = ms_since(start);
  const char* form = json ? "{\"places\":%zu,\"first_reconnection_ms\":%.2f,\"reconnections\":%zu,\"others_ms\":%.2f}\n"
                          : "%8zu places: the first reconnection %.2f ms, the other %zu %.2f ms in all\n";
  if (json) std::printf(form, size, first, kReconnections, rest);
  else std::printf(form, size, first, kReconnections - 1, rest);
}

}  // namespace

int main(int argc, char** argv) {
  bool json = argc > 1 && std::strcmp(argv[1], "--json") == 0;
  std::mt19937_64 random(7);
  SketchKey key{{1, 2, 3}};
  if (!json)
    std::printf("%8s %7s | %7s %8s %9s | %10s %8s %9s %7s | %9s\n", "places", "changed", "cells", "bytes", "B/place", "cells more", "bytes", "questions",
                "one", "decode ms");
  for (std::size_t size : {1'000u, 10'000u, 100'000u, 1'000'000u}) {
    auto elements = random_elements(size, random);
    SketchSource source(key);
    auto start = std::chrono::steady_clock::now();
    for (const Hash& element : elements) source.add(sketch_symbol(key, element));
    double build_ms = ms_since(start);
    show_differences(size, source, key, elements, json, random);
    if (!json) std::printf("%8zu places: sketch made in %.1f ms\n", size, build_ms);
    show_reconnections(size, key, elements, json);
  }
}
