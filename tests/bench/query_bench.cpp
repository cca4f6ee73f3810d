// What the index costs at N places (100,000), in processor time: loading, memory, and the median and p99 of typical questions.
//   cmake --preset bench && cmake --build --preset bench --target query_bench && build/bench/tests/query_bench [N]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "protocol/crypto.h"
#include "registry/index.h"
#include "registry/rocks_store.h"
#include "tests/bench/synthetic_places.h"

using namespace maillage::registry;

namespace {

// Processor time: a question neither waits nor writes, and other programs' work is not its cost.
double processor_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

double resident_mb() {
  std::ifstream status("/proc/self/statm");
  double pages = 0;
  status >> pages >> pages;
  return pages * 4096 / 1e6;
}

maillage::protocol::PlaceId place_number(int number) {
  std::string name = "place " + std::to_string(number);
  maillage::protocol::PlaceId place;
  place.bytes = maillage::protocol::sha256(maillage::protocol::Bytes(name.begin(), name.end())).bytes;
  return place;
}

PlaceChanges changed_profile(maillage::bench::SyntheticPlaces& synthetic, const maillage::protocol::PlaceId& place, std::uint32_t number) {
  std::string json = synthetic.profile(number);
  maillage::protocol::Bytes bytes(json.begin(), json.end());
  PlaceChanges changes;
  changes.place = place;
  changes.records.push_back({"profile.json", bytes, maillage::protocol::sha256(bytes), {1'700'000'000'000}, {1'700'000'000'000}});
  return changes;
}

void fill(RocksStore& store, Index& index, int places) {
  maillage::bench::SyntheticPlaces synthetic(7);
  WriteBatch batch;
  for (int i = 0; i < places; ++i) {
    PlaceChanges changes = changed_profile(synthetic, place_number(i), static_cast<std::uint32_t>(i));
    maillage::protocol::check(index.stage(batch, changes).has_value(), "stage");
    if (batch.changes().size() < 4'096 && i + 1 < places) continue;
    maillage::protocol::check(store.write(batch).has_value(), "write");
    batch = {};
  }
}

// The commit point: one synced batch, by the clock, on whatever disk the temporary directory is.
void measure_batches(RocksStore& store) {
  for (std::size_t bytes : {1'000u, 1'000'000u}) {
    std::vector<double> times;
    for (int i = 0; i < 50; ++i) {
      WriteBatch batch;
      batch.put(Column::kMeta, "bench", std::string(bytes, 'x'));
      auto start = std::chrono::steady_clock::now();
      maillage::protocol::check(store.write(batch).has_value(), "write");
      times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    }
    std::sort(times.begin(), times.end());
    std::printf("one synced batch of %zu bytes: median %.2f ms, by the clock\n", bytes, times[25]);
  }
}

void measure(const Index& index, const char* title, const Parameters& parameters) {
  auto query = parse_query(What::kPlaces, parameters);
  maillage::protocol::check(query.has_value(), title);
  std::vector<double> times;
  std::size_t matched = 0;
  for (int i = 0; i < 200; ++i) {
    double start = processor_ms();
    matched = index.query(*query)->number_matched;
    times.push_back(processor_ms() - start);
  }
  std::sort(times.begin(), times.end());
  std::printf("%-46s %9zu matched   median %7.3f ms   p99 %7.3f ms\n", title, matched, times[100], times[198]);
}

// Every place publishes its profile anew and some once more, with a question after each hundred: the one that finds dead
// rows the majority waits until all is numbered anew.
void measure_renumbering(Index& index, int places) {
  maillage::bench::SyntheticPlaces synthetic(8);
  auto query = parse_query(What::kPlaces, {{"limit", "0"}});
  maillage::protocol::check(query.has_value(), "count");
  std::vector<double> times;
  double start = processor_ms();
  for (int i = 0; i < places + places / 5; ++i) {
    PlaceChanges changes = changed_profile(synthetic, place_number(i % places), static_cast<std::uint32_t>(i % places));
    if (i % 100 == 0) start = processor_ms();
    index.apply(changes);
    if (i % 100 != 99) continue;
    maillage::protocol::check(index.query(*query)->number_matched == static_cast<std::size_t>(places), "a place was lost");
    times.push_back(processor_ms() - start);
  }
  if (times.empty()) return;
  std::sort(times.begin(), times.end());
  std::printf("100 places changed, then counted: median %.1f ms, longest (all numbered anew) %.0f ms\n", times[times.size() / 2], times.back());
}

}  // namespace

int main(int argc, char** argv) {
  int places = argc > 1 ? std::atoi(argv[1]) : 100'000;
  auto directory = std::filesystem::temp_directory_path() / ("maillage-query-bench-" + std::to_string(getpid()));
  {
    auto store = RocksStore::open(directory);
    maillage::protocol::check(store.has_value(), "open");
    Index filling(**store);
    double start = processor_ms();
    fill(**store, filling, places);
    std::printf("stage and write %d places: %.0f ms (schema checks included)\n", places, processor_ms() - start);
    measure_batches(**store);
  }
  {
    auto store = RocksStore::open(directory);
    Index index(**store);
    double before = resident_mb();
    double start = processor_ms();
    maillage::protocol::check(index.load().has_value(), "load");
    std::printf("load %d places: %.0f ms, %.0f MB more resident\n", places, processor_ms() - start, resident_mb() - before);
    measure(index, "all, first 50", {});
    measure(index, "count only", {{"limit", "0"}});
    measure(index, "activity=fablab department=59", {{"activity", "fablab"}, {"department", "59"}});
    measure(index, "near radius=30", {{"near", "48.85,2.35"}, {"radius", "30"}});
    measure(index, "near, no radius", {{"near", "48.85,2.35"}});
    measure(index, "bbox", {{"bbox", "2,48,3,49"}});
    measure(index, "q=fab lab", {{"q", "fab lab"}});
    measure(index, "q=atelier velo near radius=100", {{"q", "atelier velo"}, {"near", "48.85,2.35"}, {"radius", "100"}});
    measure(index, "q=ca (prefix)", {{"q", "ca"}});
    measure(index, "q=reparaton (typo)", {{"q", "reparaton"}});
    measure(index, "limit=1000", {{"limit", "1000"}});
    measure_renumbering(index, places);
  }
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
}
