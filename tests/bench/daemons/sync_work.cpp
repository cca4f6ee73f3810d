// A fresh sync of a whole registry between two daemons, until the receiver answers every question, beside
// `git clone --mirror` of the same store. Turn by turn, each through a counting proxy of its own.
#include <cstdio>
#include <fstream>
#include <stdexcept>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "tests/bench/daemons/counting_proxy.h"
#include "tests/bench/daemons/figures.h"
#include "tests/bench/daemons/loopback.h"
#include "tests/bench/daemons/stopwatch.h"
#include "tests/bench/daemons/synthetic_registry.h"
#include "tests/bench/daemons/watched.h"
#include "tests/bench/daemons/works.h"
#include "tests/e2e/socket.h"
#include "tests/registry/temporary_directory.h"

namespace maillage::bench {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* kLists[] = {"places", "events", "resources", "needs", "offers"};
constexpr std::uint32_t kLargeRegistry = 50'000;  // records: above, one run unless told
// Seconds between two looks. Rationale: asking is work for the daemon that is measured; asked every 5 ms it took 40 %
// of a receiver's processor time.
constexpr double kLookEvery = 0.03;
constexpr tests::Milliseconds kSyncLimit{120'000};

struct Run {
  double seconds = 0;
  double serving_processor = 0, receiving_processor = 0;  // seconds of all cores
  std::uint64_t received = 0, sent = 0;                // bytes, by the receiving side
  std::uint64_t serving_memory = 0, receiving_memory = 0;  // bytes at their peak
};

// numberMatched of each list.
std::vector<std::int64_t> counts(const std::string& address) {
  std::vector<std::int64_t> all;
  for (const char* list : kLists) {
    auto answer = tests::get(address, std::string("/api/v1/") + list + "?limit=0").json();
    const json::value* matched = answer.is_object() ? answer.get_object().if_contains("numberMatched") : nullptr;
    all.push_back(matched != nullptr ? matched->to_number<std::int64_t>() : -1);
  }
  return all;
}

// How many places' content the daemon has received: a cheap look, which makes no index settle.
std::int64_t received_by(const std::string& address) {
  constexpr std::string_view kCounter = "maillage_sync_objects_total{direction=\"in\",kind=\"content\"} ";
  std::string metrics = tests::get(address, "/metrics").body;
  auto at = metrics.find(kCounter);
  return at == std::string::npos ? 0 : std::atoll(metrics.c_str() + at + kCounter.size());
}

Run sync_ours(const Options& options, const fs::path& work, Daemon& origin) {
  auto wanted = counts(origin.address());
  ++wanted.front();  // the receiver's own place, which the origin learns too
  tests::TemporaryDirectory receiving(work);
  make_place(receiving.path() / "place", "Receiver");
  CountingProxy proxy(origin.port());
  origin.watched().forget_peak();
  double before = origin.watched().processor_seconds();
  Stopwatch watch;
  Daemon receiver(options.program, receiving.path() / "place", {"ws://" + proxy.address() + "/peer"});
  double looked = 0;
  bool complete = tests::eventually(
      [&] {
        if (watch.seconds() < looked + kLookEvery) return false;
        looked = watch.seconds();
        return received_by(receiver.address()) + 1 >= wanted.front() && counts(receiver.address()) == wanted;
      },
      kSyncLimit);
  Run run;
  run.seconds = watch.seconds();
  if (!complete) throw std::runtime_error("the sync does not end");
  run.received = proxy.received(), run.sent = proxy.sent();
  run.serving_processor = origin.watched().processor_seconds() - before;
  run.receiving_processor = receiver.watched().processor_seconds();
  run.receiving_memory = receiver.watched().peak_bytes();
  run.serving_memory = origin.watched().peak_bytes();
  receiver.watched().end();
  return run;
}

std::size_t lines_of(const fs::path& file) {
  std::ifstream stream(file);
  std::size_t lines = 0;
  for (std::string line; std::getline(stream, line);) lines += line.starts_with('#') ? 0 : 1;
  return lines;
}

// `git daemon` for the store of one directory, ready when made.
class GitDaemon {
 public:
  explicit GitDaemon(const fs::path& directory)
      : port_(free_port()),
        watched_({"git", "daemon", "--export-all", "--listen=127.0.0.1", "--port=" + std::to_string(port_),
                  "--base-path=" + directory.string()},
                 {{}, {"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null"}, "/dev/null"}) {
    if (!tests::eventually([&] { return tests::Socket("127.0.0.1:" + std::to_string(port_)).open(); }))
      throw std::runtime_error("git daemon does not start");
  }
  ~GitDaemon() { watched_.end(); }
  std::uint16_t port() const { return port_; }
  Watched& watched() { return watched_; }

 private:
  std::uint16_t port_;
  Watched watched_;
};

Run clone_with_git(const fs::path& work, GitDaemon& origin, std::size_t refs) {
  tests::TemporaryDirectory receiving(work);
  CountingProxy proxy(origin.port());
  origin.watched().forget_peak();
  double before = origin.watched().processor_seconds();
  fs::path copy = receiving.path() / "copy.git";
  Stopwatch watch;
  Watched clone({"git", "clone", "--quiet", "--mirror", "git://" + proxy.address() + "/store.git", copy.string()},
                {{}, {"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null"}, "/dev/null"});
  auto code = clone.child().ended(kSyncLimit);
  Run run;
  run.seconds = watch.seconds();
  if (code != 0) throw std::runtime_error("git clone fails");
  std::size_t cloned = lines_of(copy / "packed-refs");
  if (cloned < refs) throw std::runtime_error("git cloned " + std::to_string(cloned) + " refs");
  run.serving_processor = origin.watched().processor_seconds() - before;
  run.receiving_processor = clone.processor_seconds();
  run.received = proxy.received(), run.sent = proxy.sent();
  run.receiving_memory = clone.peak_bytes(), run.serving_memory = origin.watched().peak_bytes();
  return run;
}

// ---- showing

template <class Field>
double median_of(const std::vector<Run>& runs, Field field) {
  std::vector<double> figures;
  for (const Run& run : runs) figures.push_back(static_cast<double>(run.*field));
  return median(std::move(figures));
}

json::object to_json(const std::vector<Run>& runs) {
  json::array seconds;
  for (const Run& run : runs) seconds.emplace_back(rounded(run.seconds));
  return {{"seconds", rounded(median_of(runs, &Run::seconds))},
          {"seconds_of_runs", seconds},
          {"processor_seconds_serving", rounded(median_of(runs, &Run::serving_processor))},
          {"processor_seconds_receiving", rounded(median_of(runs, &Run::receiving_processor))},
          {"bytes_received", median_of(runs, &Run::received)},
          {"bytes_sent", median_of(runs, &Run::sent)},
          {"peak_bytes_serving", median_of(runs, &Run::serving_memory)},
          {"peak_bytes_receiving", median_of(runs, &Run::receiving_memory)}};
}

std::vector<std::string> cells(const char* name, const std::vector<Run>& runs) {
  auto bytes = [&](auto field) { return megabytes(static_cast<std::uint64_t>(median_of(runs, field))); };
  auto seconds = [&](auto field) { return decimals(median_of(runs, field), 2); };
  return {name, seconds(&Run::seconds), seconds(&Run::serving_processor), seconds(&Run::receiving_processor), bytes(&Run::received), bytes(&Run::sent),
          bytes(&Run::serving_memory), bytes(&Run::receiving_memory)};
}

void show(const Options& options, std::int64_t records, const std::vector<Run>& ours, const std::vector<Run>& git) {
  double ratio = median_of(ours, &Run::seconds) / median_of(git, &Run::seconds);
  if (options.json) {
    json::object all{{"places", options.places}, {"records_each", options.records}, {"records", records}, {"runs", ours.size()},
                     {"machine", machine()},     {"maillage", to_json(ours)},       {"git", to_json(git)}, {"ratio", rounded(ratio)}};
    std::printf("%s\n", json::serialize(all).c_str());
    return;
  }
  Table table({"", "seconds", "serving cpu s", "receiving cpu s", "received MB", "sent MB", "serving peak MB", "receiving peak MB"});
  table.row(cells("maillage, until searchable", ours));
  table.row(cells("git clone --mirror", git));
  std::printf("fresh sync of %u places, %lld records; median of %zu; %s\n%smaillage / git: %.2f\n", options.places, static_cast<long long>(records),
              ours.size(), shown_machine().c_str(), table.text().c_str(), ratio);
}

unsigned runs_of(const Options& options) {
  if (options.runs > 0) return options.runs;
  return std::uint64_t{options.places} * options.records > kLargeRegistry ? 1 : 3;
}

}  // namespace

void measure_sync(const Options& options) {
  tests::TemporaryDirectory work(options.dir);
  fs::path registry = options.registry.empty() ? work.path() / "origin" : options.registry;
  if (!fs::exists(registry / "keys")) make_registry(registry, {options.places, options.records, options.seed});
  run_well({options.program.string(), "refs", "--dir", registry.string()});
  std::size_t refs = lines_of(registry / "store.git" / "packed-refs");
  Daemon origin(options.program, registry);
  std::int64_t records = 0;
  for (std::int64_t count : counts(origin.address())) records += count;
  GitDaemon git_origin(registry);
  std::vector<Run> ours, git;
  for (unsigned i = 0; i < runs_of(options); ++i) {
    ours.push_back(sync_ours(options, work.path(), origin));
    git.push_back(clone_with_git(work.path(), git_origin, refs));
  }
  origin.watched().end();
  show(options, records, ours, git);
}

}  // namespace maillage::bench
