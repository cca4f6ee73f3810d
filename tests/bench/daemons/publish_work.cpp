// Publications to a running daemon, durable when they are answered: one record at a time, and 1,500 places at once.
// Beside them what a disk asks for: a commit by git with everything synced, and one synced batch of RocksDB.
#include <fstream>
#include <functional>
#include <stdexcept>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "daemon/control.h"
#include "registry/rocks_store.h"
#include "tests/bench/daemons/figures.h"
#include "tests/bench/daemons/stopwatch.h"
#include "tests/bench/daemons/synthetic_registry.h"
#include "tests/bench/daemons/watched.h"
#include "tests/bench/daemons/works.h"
#include "tests/bench/synthetic_places.h"
#include "tests/registry/temporary_directory.h"

namespace maillage::bench {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::size_t kAtOnce = 1'500;
constexpr std::size_t kGitCommits = 50;
constexpr std::size_t kBatches = 200;
constexpr std::size_t kBatchBytes = 1'000;

struct Latency {
  const char* what;
  std::vector<double> ms;
};

Latency repeat(const char* what, std::size_t count, const std::function<void(std::size_t)>& once) {
  Latency latency{what, {}};
  for (std::size_t i = 0; i < count; ++i) {
    Stopwatch watch;
    once(i);
    latency.ms.push_back(watch.seconds() * 1e3);
  }
  return latency;
}

Latency one_by_one(const Options& options, const fs::path& directory, SyntheticPlaces& synthetic) {
  return repeat("publish one record", options.count, [&](std::size_t i) { publish_record(directory, synthetic.record(static_cast<std::uint32_t>(i))); });
}

// As `import` gives them to a daemon. Seconds.
double all_at_once(const fs::path& directory, SyntheticPlaces& synthetic) {
  daemon::ControlMessage request;
  request.body = {{"verb", "import"}, {"dryRun", false}};
  for (std::uint32_t i = 0; i < kAtOnce; ++i) {
    std::string profile = synthetic.profile(i);
    profile.insert(profile.size() - 1, R"(, "source": {"name": "Bench", "id": ")" + std::to_string(i) + "\"}");
    request.blobs.emplace_back(profile.begin(), profile.end());
  }
  Stopwatch watch;
  auto reply = daemon::call_daemon(directory / "control.sock", request);
  double seconds = watch.seconds();
  if (!reply || reply->body.contains("error")) throw std::runtime_error("import is refused");
  for (const json::value& outcome : reply->body.at("result").at("outcomes").as_array())
    if (outcome != "created") throw std::runtime_error("a place is not created");
  return seconds;
}

Latency commits_by_git(const fs::path& folder, SyntheticPlaces& synthetic) {
  std::string git = folder.string();
  run_well({"git", "init", "--quiet", git});
  return repeat("git add, git commit, core.fsync=all", kGitCommits, [&](std::size_t i) {
    auto [path, record] = synthetic.record(static_cast<std::uint32_t>(i));
    fs::create_directories((folder / path).parent_path());
    std::ofstream(folder / path) << record;
    run_well({"git", "-C", git, "-c", "core.fsync=all", "add", path});
    run_well({"git", "-C", git, "-c", "core.fsync=all", "-c", "user.name=Bench", "-c", "user.email=bench@example.invalid", "commit", "--quiet", "-m", path});
  });
}

Latency synced_batches(const fs::path& folder) {
  auto store = registry::RocksStore::open(folder);
  if (!store) throw std::runtime_error(store.error().context);
  return repeat("RocksDB, a synced batch of 1 kB", kBatches, [&](std::size_t i) {
    registry::WriteBatch batch;
    batch.put(registry::Column::kRecords, std::to_string(i), std::string(kBatchBytes, 'x'));
    if (!(*store)->write(batch)) throw std::runtime_error("RocksDB does not write");
  });
}

void show(const Options& options, const std::vector<Latency>& latencies, double group_seconds) {
  double git_commit = median(latencies[1].ms);
  if (options.json) {
    json::object all{{"machine", machine()}, {"ratio", rounded(median(latencies[0].ms) / git_commit)}};
    const char* keys[] = {"publish", "git_commit", "rocksdb_batch"};
    for (std::size_t i = 0; i < latencies.size(); ++i)
      all[keys[i]] = {{"median_ms", rounded(median(latencies[i].ms))},
                      {"p99_ms", rounded(percentile(latencies[i].ms, 0.99))}, {"count", latencies[i].ms.size()}};
    all["group"] = {{"places", kAtOnce}, {"seconds", rounded(group_seconds)}};
    std::printf("%s\n", json::serialize(all).c_str());
    return;
  }
  Table table({"durable", "count", "median ms", "p99 ms"});
  for (const Latency& one : latencies)
    table.row({one.what, std::to_string(one.ms.size()), decimals(median(one.ms), 1), decimals(percentile(one.ms, 0.99), 1)});
  std::printf("publications to a running daemon; %s\n%s%zu new places at once: %.2f s, %.2f ms each\nmaillage / git: %.2f\n", shown_machine().c_str(),
              table.text().c_str(), kAtOnce, group_seconds, group_seconds * 1e3 / kAtOnce, median(latencies[0].ms) / git_commit);
}

}  // namespace

void publish_record(const fs::path& directory, const std::pair<std::string, std::string>& record) {
  daemon::ControlMessage request;
  request.body = {{"verb", "publish"}, {"edits", json::array{json::object{{"path", record.first}, {"blob", 0}}}}};
  request.blobs.emplace_back(record.second.begin(), record.second.end());
  auto reply = daemon::call_daemon(directory / "control.sock", request);
  if (!reply || reply->body.contains("error")) throw std::runtime_error("a publication is refused: " + record.first);
}

void measure_publish(const Options& options) {
  tests::TemporaryDirectory work(options.dir);
  fs::path directory = work.path() / "place";
  make_place(directory, "Bench");
  SyntheticPlaces synthetic(options.seed);
  Daemon daemon(options.program, directory);
  std::vector<Latency> latencies{one_by_one(options, directory, synthetic)};
  double group = all_at_once(directory, synthetic);
  daemon.watched().end();
  latencies.push_back(commits_by_git(work.path() / "git", synthetic));
  latencies.push_back(synced_batches(work.path() / "rocksdb"));
  show(options, latencies, group);
}

}  // namespace maillage::bench
