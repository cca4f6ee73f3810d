// What stock git's questions cost with N places: the refs of one place, the tree of everything, a clone and a pull of it.
//   build/bench/tests/start_bench 100000 DIR && build/bench/tests/clone_bench DIR
// DIR is changed: a hundred places are published into it. No HTTP: tests/bench/clone measures that, with git itself.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "registry/git/fetch.h"
#include "registry/registry.h"

using namespace maillage;
using namespace maillage::registry;

namespace {

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "%s: %s\n", std::string(slug(result.error().code)).c_str(), result.error().context.c_str());
  std::exit(1);
}

double ms_of(const std::function<void()>& work) {
  auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

double memory_mb(const std::string& which) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kilobytes = 0;
    if (word == which && status >> kilobytes) return kilobytes / 1e3;
  }
  return 0;
}

void measure_refs(const Registry& registry, protocol::UnixTime now) {
  std::vector<std::string> ids;
  for (const auto& place : must(registry.load())) ids.push_back(place.chain.place().hex());
  std::vector<double> each;
  std::size_t largest = 0;
  for (std::size_t i = 0; i < 2'000; ++i) {
    const std::string& id = ids[i * 7919 % ids.size()];
    each.push_back(ms_of([&] { largest = std::max(largest, must(registry.advertise(id, now)).size()); }));
  }
  std::ranges::sort(each);
  std::printf("info/refs of one of %zu places             median %.2f ms, p99 %.2f ms, at most %zu bytes\n", ids.size(), each[each.size() / 2],
              each[each.size() * 99 / 100], largest);
}

// Gives the commit that was told.
std::string measure_whole(const Registry& registry, const char* what, protocol::UnixTime now) {
  Bytes told;
  double ms = ms_of([&] { told = must(registry.advertise(kWholeRepository, now)); });
  std::printf("%-42s %.0f ms, own memory now %.0f MB\n", what, ms, memory_mb("RssAnon:"));
  std::string text(protocol::as_text(told));
  return text.substr(text.find(" HEAD") - 40, 40);
}

void measure_fetch(const Registry& registry, const char* what, const std::string& want, const std::string& have, protocol::UnixTime now) {
  std::string request = "0053want " + want + " multi_ack_detailed side-band-64k\n0000";
  if (!have.empty()) request += "0032have " + have + "\n";
  request += "0009done\n";
  std::unique_ptr<Fetch> fetch;
  double listed = ms_of([&] { fetch = must(registry.fetch(kWholeRepository, protocol::as_bytes(request), now)); });
  std::size_t bytes = 0;
  double sent = ms_of([&] {
    for (Bytes piece = must(fetch->read()); !piece.empty(); piece = must(fetch->read())) bytes += piece.size();
  });
  std::printf("%-42s listed in %.0f ms, read in %.0f ms: %zu objects, %.1f MB\n", what, listed, sent, fetch->objects(), static_cast<double>(bytes) / 1e6);
}

void publish_some(Registry& registry, int count, protocol::UnixTime now) {
  std::vector<Publication> publications;
  for (int i = 0; i < count; ++i) {
    std::string json = R"({"kind": "profile", "name": "Nouveau )" + std::to_string(now.ms + i) + R"("})";
    publications.push_back({std::nullopt, {{"profile.json", Bytes(json.begin(), json.end())}}});
  }
  for (const auto& done : registry.publish_all(publications, now)) protocol::check(done.has_value(), "a synthetic place is published");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "clone_bench DIR (made by start_bench N DIR)\n"), 2;
  protocol::UnixTime now{1'900'000'000'000};
  auto registry = must(Registry::open(argv[1]));
  std::printf("own memory before                          %.0f MB\n", memory_mb("RssAnon:"));
  measure_refs(*registry, now);
  std::printf("own memory after it                        %.0f MB\n", memory_mb("RssAnon:"));
  std::string first = measure_whole(*registry, "the tree of everything, first time", now);
  measure_fetch(*registry, "a clone of it", first, "", now);
  publish_some(*registry, 100, now);
  now.ms += 60'000;
  std::string second = measure_whole(*registry, "the tree again, 100 places more", now);
  measure_fetch(*registry, "a pull of that", second, first, now);
  std::printf("peak memory, mapped packs included         %.0f MB\n", memory_mb("VmHWM:"));
}
