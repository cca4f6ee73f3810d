// Publications to a running daemon, durable when they are answered: one record at a time, and 1,500 places at once.
// Beside them what a disk asks for: a commit by git with everything synced, and one synced batch of RocksDB.
#include <atomic>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <thread>

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
#include "tests/e2e/socket.h"
#include "tests/registry/temporary_directory.h"

namespace maillage::bench {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::size_t kAtOnce = 1'500;
constexpr std::size_t kGitCommits = 50;
constexpr std::size_t kBatches = 200;
constexpr std::size_t kBatchBytes = 1'000;
constexpr std::uint32_t kBurstFirst = 100'000;  // numbers of records that nobody published one by one

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

// Of the daemon's own place.
std::uint64_t head_sequence(const std::string& address) {
  return tests::get(address, "/api/v1/status").json().at("own").at(0).at("head").at("sequence").to_number<std::uint64_t>();
}

// So many callers, each with the next record as soon as the last is answered. Records a second, all durable.
double burst(const fs::path& directory, SyntheticPlaces& synthetic, std::uint32_t count) {
  std::vector<std::pair<std::string, std::string>> records;
  for (std::uint32_t i = 0; i < count; ++i) records.push_back(synthetic.record(kBurstFirst + i));
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> refused = false;
  Stopwatch watch;
  {
    std::vector<std::jthread> callers;
    for (std::size_t i = 0; i < daemon::kControlConnectionsMax; ++i)
      callers.emplace_back([&] {
        try {
          for (std::size_t at = next++; at < records.size(); at = next++) publish_record(directory, records[at]);
        } catch (const std::exception&) {
          refused = true;
        }
      });
  }
  if (refused) throw std::runtime_error("a publication of the burst is refused");
  return count / watch.seconds();
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

void show(const Options& options, const std::vector<Latency>& latencies, double group_seconds, double burst_rate, std::uint64_t burst_heads) {
  double git_commit = median(latencies[1].ms);
  if (options.json) {
    json::object all{{"machine", machine()}, {"ratio", rounded(median(latencies[0].ms) / git_commit)}};
    const char* keys[] = {"publish", "git_commit", "rocksdb_batch"};
    for (std::size_t i = 0; i < latencies.size(); ++i)
      all[keys[i]] = {{"median_ms", rounded(median(latencies[i].ms))},
                      {"p99_ms", rounded(percentile(latencies[i].ms, 0.99))}, {"count", latencies[i].ms.size()}};
    all["group"] = {{"places", kAtOnce}, {"seconds", rounded(group_seconds)}};
    all["burst"] = {{"records", options.burst}, {"callers", daemon::kControlConnectionsMax}, {"per_second", rounded(burst_rate)}, {"heads", burst_heads},
                    {"ratio", rounded(burst_rate * git_commit / 1e3)}};
    std::printf("%s\n", json::serialize(all).c_str());
    return;
  }
  Table table({"durable", "count", "median ms", "p99 ms"});
  for (const Latency& one : latencies)
    table.row({one.what, std::to_string(one.ms.size()), decimals(median(one.ms), 1), decimals(percentile(one.ms, 0.99), 1)});
  std::printf("publications to a running daemon; %s\n%s%zu new places at once: %.2f s, %.2f ms each\n"
              "%u records of one place by %zu callers: %.0f a second, in %llu heads\n"
              "maillage / git: %.2f; of the burst, git would make %.0f commits a second\n",
              shown_machine().c_str(), table.text().c_str(), kAtOnce, group_seconds, group_seconds * 1e3 / kAtOnce, options.burst,
              daemon::kControlConnectionsMax, burst_rate, static_cast<unsigned long long>(burst_heads), median(latencies[0].ms) / git_commit, 1e3 / git_commit);
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
  std::uint64_t before = head_sequence(daemon.address());
  double rate = burst(directory, synthetic, options.burst);
  std::uint64_t heads = head_sequence(daemon.address()) - before;
  daemon.watched().end();
  latencies.push_back(commits_by_git(work.path() / "git", synthetic));
  latencies.push_back(synced_batches(work.path() / "rocksdb"));
  show(options, latencies, group, rate, heads);
}

}  // namespace maillage::bench
