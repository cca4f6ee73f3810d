// What a start costs with N places (100,000): what `maillage serve` does before it listens, and its peak memory.
//   cmake --preset bench && cmake --build --preset bench --target start_bench && build/bench/tests/start_bench [N [DIR]]
// The registry is made by the same ingest that peers' packs go through; one in DIR is kept, and used when it is there.
// Files are in the page cache when it starts. Each line: seconds by the clock, then of the processor (all threads).
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>

#include <sys/wait.h>
#include <unistd.h>

#include "registry/index.h"
#include "registry/registry.h"
#include "registry/rocks_store.h"
#include "registry/sha1.h"
#include "tests/bench/lone_place.h"
#include "tests/bench/synthetic_places.h"

using namespace maillage;
using namespace maillage::registry;

namespace {

constexpr protocol::UnixTime kNow{1'800'000'000'000};
constexpr std::uint32_t kPlacesAPack = 2'000;

struct Seconds {
  double clock = 0, processor = 0;
  Seconds operator+(const Seconds& other) const { return {clock + other.clock, processor + other.processor}; }
};

Seconds seconds_of(const std::function<void()>& work) {
  auto start = std::chrono::steady_clock::now();
  auto ticks = std::clock();
  work();
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
          static_cast<double>(std::clock() - ticks) / CLOCKS_PER_SEC};
}

void print(const char* what, const Seconds& seconds, const std::string& more = "") {
  std::printf("%-48s %7.2f s  cpu %7.2f s  %s\n", what, seconds.clock, seconds.processor, more.c_str());
}

double peak_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kilobytes = 0;
    if (word == "VmHWM:" && status >> kilobytes) return kilobytes / 1e3;
  }
  return 0;
}

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "%s: %s\n", std::string(slug(result.error().code)).c_str(), result.error().context.c_str());
  std::exit(1);
}

// Runs `work` in a child, so that this one's peak memory is its own.
void apart(const std::function<void()>& work) {
  std::fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    work();
    std::fflush(stdout);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) std::exit(1);
}

// ---- making

// Packs that were staged one by one, as one: whole objects, none twice, so their entries can stand side by side.
class JoinedPack {
 public:
  void add(ByteView pack) {
    protocol::Reader header(pack.subspan(8, 4));
    objects_ += header.u32();
    entries_.insert(entries_.end(), pack.begin() + 12, pack.end() - 20);
  }
  Bytes finish() const {
    protocol::Writer out;
    out.text("PACK").u32(2).u32(objects_).raw(entries_);
    Sha1 sha1;
    sha1.update(out.bytes());
    out.fixed(sha1.finish());
    return std::move(out).take();
  }

 private:
  std::uint32_t objects_ = 0;
  Bytes entries_;
};

protocol::IngestPack::Place make_place(std::uint32_t number, bench::SyntheticPlaces& synthetic, const protocol::KeyPair& key,
                                       JoinedPack& pack) {
  auto place = bench::make_lone_place(synthetic.profile(number), key, {kNow.ms + number});
  pack.add(place.pack);
  return {{place.head, place.chain, place.chain.size()}, {}};
}

void make(const std::filesystem::path& directory, std::uint32_t places) {
  (void)must(Registry::create(directory, {"Bench", false, "29039", {}, {}}, kNow));
  auto registry = must(Registry::open(directory));
  protocol::KeyPair key((protocol::Seed()));
  bench::SyntheticPlaces synthetic(7);
  for (std::uint32_t number = 0; number < places;) {
    JoinedPack pack;
    std::vector<protocol::IngestPack::Place> heads;
    while (heads.size() < kPlacesAPack && number < places) heads.push_back(make_place(number++, synthetic, key, pack));
    (void)registry->append_pack(number, pack.finish());
    for (const auto& outcome : registry->ingest(number, heads))
      protocol::check(!outcome.refused, "every synthetic place is taken in");
    (void)registry->tend();
  }
}

// ---- starting

// The same rows, read by RocksDB and not looked at; then the index alone.
void measure_parts(const std::filesystem::path& directory) {
  auto store = must(RocksStore::open(directory / "state"));
  std::size_t rows = 0, bytes = 0;
  auto count = [&](std::string_view key, std::string_view value) {
    rows += 1;
    bytes += key.size() + value.size();
    return true;
  };
  auto anchor = seconds_of([&] {
    for (Column column : {Column::kHeads, Column::kCharters, Column::kRecords}) (void)store->scan(column, "", count);
  });
  print("anchor: RocksDB reads heads, charters, records", anchor, std::to_string(rows) + " rows, " + std::to_string(bytes / 1'000'000) + " MB");
  Index index(*store);
  print("Index::load alone", seconds_of([&] { (void)index.load(); }));
}

void measure_start(const std::filesystem::path& directory) {
  std::unique_ptr<Registry> registry;
  std::vector<protocol::PlaceState> states;
  auto open = seconds_of([&] { registry = must(Registry::open(directory)); });
  auto load = seconds_of([&] { states = registry->load().value(); });
  protocol::SystemRandom random;
  protocol::Node node({registry->identity()}, random);
  std::size_t places = states.size();
  auto restore = seconds_of([&] {
    for (auto& state : states) node.restore(std::move(state));
    states.clear();
  });
  print("Registry::open", open);
  print("Registry::load", load);
  print("Node::restore", restore);
  print("start", open + load + restore, std::to_string(places) + " places, peak " + std::to_string(static_cast<int>(peak_mb())) + " MB");
}

void measure(const std::filesystem::path& directory) {
  apart([&] { measure_parts(directory); });
  for (int round = 0; round < 3; ++round) apart([&] { measure_start(directory); });
  std::string fsck = "git -C " + (directory / "store.git").string() + " fsck --connectivity-only --no-dangling --no-progress 2>/dev/null";
  int failed = 0;
  auto git = seconds_of([&] { failed = std::system(fsck.c_str()); });
  print("anchor: git fsck --connectivity-only", git, failed ? "failed" : "(its processor time is not seen)");
}

}  // namespace

int main(int argc, char** argv) {
  auto places = static_cast<std::uint32_t>(argc > 1 ? std::atoi(argv[1]) : 100'000);
  std::string pattern = (std::filesystem::temp_directory_path() / "maillage-start-bench-XXXXXX").string();
  bool keep = argc > 2;
  std::filesystem::path directory = keep ? argv[2] : mkdtemp(pattern.data());
  if (!std::filesystem::exists(directory / "keys"))
    print("make the registry, through ingest", seconds_of([&] { apart([&] { make(directory, places); }); }));
  measure(directory);
  std::error_code ignored;
  if (!keep) std::filesystem::remove_all(directory, ignored);
}
