// What the index costs at N places (100,000): loading, memory, and the median and p99 of typical questions.
//   cmake --preset bench && cmake --build --preset bench --target query_bench && build/bench/tests/query_bench [N]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>

#include <unistd.h>

#include "protocol/crypto.h"
#include "registry/index.h"
#include "registry/rocks_store.h"

using namespace maillage::registry;

namespace {

double ms_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

double resident_mb() {
  std::ifstream status("/proc/self/statm");
  double pages = 0;
  status >> pages >> pages;
  return pages * 4096 / 1e6;
}

const char* const kWords[] = {"atelier",  "fabrique", "numérique", "réparation", "vélo",     "jardin",  "cuisine", "coworking",
                              "fab lab",  "couture",  "bois",      "quartier",   "rural",    "médiation", "culture", "café",
                              "entraide", "Saint",    "Étienne",   "hôtel",      "manufacture", "école", "partagé", "commun"};
const char* const kActivities[] = {"coworking", "fablab", "repair-cafe", "shared-workshop", "cultural-place", "meeting-room"};
const char* const kCommunes[] = {"59350", "29039", "75111", "69381", "13055", "35238", "33063", "97411", "67482", "44109"};

// About 900 bytes, as a filled-in form gives. Every place has a word of its own, as names do.
std::string profile(int number, std::mt19937& random) {
  auto words = [&](int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text.append(i ? " " : "").append(kWords[random() % std::size(kWords)]);
    return text;
  };
  double lat = 43 + static_cast<double>(random() % 80'000) / 10'000, lon = -4 + static_cast<double>(random() % 110'000) / 10'000;
  std::string own;
  for (unsigned rest = static_cast<unsigned>(number) + 100'000; rest > 0; rest /= 20) own.push_back("bcdfghjklmnpqrstvwxz"[rest % 20]);
  return R"({"kind": "profile", "name": ")" + words(2) + " " + own + R"(", "description": ")" + words(60) +
         R"(", "activities": [")" + kActivities[random() % 6] + R"(", ")" + kActivities[random() % 6] +
         R"("], "services": ["kitchen"], "stage": ")" + (random() % 4 ? "open" : "project") + R"(", "address": {"street": "12 rue")" +
         R"(, "insee": ")" + kCommunes[random() % 10] + R"("}, "geo": {"lat": )" + std::to_string(lat) + R"(, "lon": )" +
         std::to_string(lon) + R"(}, "openingHours": "Tu-Fr 14:00-18:00; Sa 10:00-17:00"})";
}

void fill(RocksStore& store, Index& index, int places) {
  std::mt19937 random(7);
  WriteBatch batch;
  for (int i = 0; i < places; ++i) {
    std::string json = profile(i, random);
    maillage::protocol::Bytes bytes(json.begin(), json.end());
    PlaceChanges changes;
    changes.place.bytes = maillage::protocol::sha256(bytes).bytes;
    changes.records.push_back({"profile.json", bytes, maillage::protocol::sha256(bytes), {1'700'000'000'000}, {1'700'000'000'000}});
    maillage::protocol::check(index.stage(batch, changes).has_value(), "stage");
    if (batch.changes().size() < 4'096 && i + 1 < places) continue;
    maillage::protocol::check(store.write(batch).has_value(), "write");
    batch = {};
  }
}

void measure(const Index& index, const char* title, const Parameters& parameters) {
  auto query = parse_query(What::kPlaces, parameters);
  maillage::protocol::check(query.has_value(), title);
  std::vector<double> times;
  std::size_t matched = 0;
  for (int i = 0; i < 200; ++i) {
    auto start = std::chrono::steady_clock::now();
    matched = index.query(*query)->number_matched;
    times.push_back(ms_since(start));
  }
  std::sort(times.begin(), times.end());
  std::printf("%-46s %9zu matched   median %7.3f ms   p99 %7.3f ms\n", title, matched, times[100], times[198]);
}

}  // namespace

int main(int argc, char** argv) {
  int places = argc > 1 ? std::atoi(argv[1]) : 100'000;
  auto directory = std::filesystem::temp_directory_path() / ("maillage-query-bench-" + std::to_string(getpid()));
  {
    auto store = RocksStore::open(directory);
    maillage::protocol::check(store.has_value(), "open");
    Index filling(**store);
    auto start = std::chrono::steady_clock::now();
    fill(**store, filling, places);
    std::printf("stage and write %d places: %.0f ms (schema checks included)\n", places, ms_since(start));
  }
  {
    auto store = RocksStore::open(directory);
    Index index(**store);
    double before = resident_mb();
    auto start = std::chrono::steady_clock::now();
    maillage::protocol::check(index.load().has_value(), "load");
    std::printf("load %d places: %.0f ms, %.0f MB more resident\n", places, ms_since(start), resident_mb() - before);
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
  }
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
}
