// From a publication to every connected peer: milliseconds until each had the head and its content. It is told once it is durable, so
// that what passes after the first peer has it is the fan-out alone, without what the publication itself takes on this disk.
#include <algorithm>
#include <cstdio>
#include <stdexcept>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "tests/bench/daemons/crowd.h"
#include "tests/bench/daemons/figures.h"
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

// Fewer than a place may publish in a burst before its heads are paced (kHeadsBurst).
constexpr std::uint32_t kPublications = 50;

struct Fanout {
  unsigned peers;
  std::vector<double> from_request, from_first, from_answer, last;  // ms; of each peer, and of the last one
  std::uint64_t serving_memory = 0;
};

protocol::PlaceId place_at(const std::string& address) {
  auto status = tests::get(address, "/api/v1/status").json();
  auto id = protocol::PlaceId::parse(status.at("own").at(0).at("id").as_string());
  if (!id) throw std::runtime_error("status names no place");
  return *id;
}

Fanout measure(const Options& options, const fs::path& directory, unsigned peers) {
  make_place(directory, "Bench");
  auto places = make_crowd_places(peers);
  auto known = settle_crowd(directory, places);
  Daemon daemon(options.program, directory);
  protocol::PlaceId place = place_at(daemon.address());
  Crowd crowd(places, known, "ws://" + daemon.address() + "/peer");
  SyntheticPlaces synthetic(options.seed);
  Fanout fanout{peers, {}, {}, {}, {}};
  for (std::uint32_t i = 0; i < std::min(options.count, kPublications); ++i) {
    daemon.watched().wait_until_at_rest();  // the receipts for the one before
    auto requested = std::chrono::steady_clock::now();
    publish_record(directory, synthetic.record(i));
    double answered = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - requested).count();
    auto ms = crowd.arrivals(place, i + 1, requested);
    double first = std::ranges::min(ms);
    for (double one : ms) {
      fanout.from_request.push_back(one);
      fanout.from_first.push_back(one - first);
      fanout.from_answer.push_back(one - answered);
    }
    fanout.last.push_back(*std::ranges::max_element(ms));
  }
  fanout.serving_memory = daemon.watched().peak_bytes();
  daemon.watched().end();
  return fanout;
}

void show(const Options& options, const std::vector<Fanout>& fanouts) {
  if (options.json) {
    json::array all;
    for (const Fanout& one : fanouts)
      all.push_back({{"peers", one.peers},
                     {"from_request_median_ms", rounded(median(one.from_request))},
                     {"from_request_p99_ms", rounded(percentile(one.from_request, 0.99))},
                     {"from_first_peer_median_ms", rounded(median(one.from_first))},
                     {"from_first_peer_p99_ms", rounded(percentile(one.from_first, 0.99))},
                     {"from_answer_median_ms", rounded(median(one.from_answer))},
                     {"from_answer_p99_ms", rounded(percentile(one.from_answer, 0.99))},
                     {"last_peer_median_ms", rounded(median(one.last))},
                     {"peak_bytes_serving", one.serving_memory}});
    std::printf("%s\n", json::serialize(json::object{{"machine", machine()}, {"live", all}}).c_str());
    return;
  }
  Table table({"peers", "from request, median ms", "p99", "from first peer, median ms", "p99", "from answer, median ms", "p99",
               "last peer, median ms", "serving peak MB"});
  for (const Fanout& one : fanouts)
    table.row({std::to_string(one.peers), decimals(median(one.from_request), 1), decimals(percentile(one.from_request, 0.99), 1),
               decimals(median(one.from_first), 1), decimals(percentile(one.from_first, 0.99), 1), decimals(median(one.from_answer), 1),
               decimals(percentile(one.from_answer, 0.99), 1), decimals(median(one.last), 1), megabytes(one.serving_memory)});
  std::printf("live: a publication to every connected peer; %s\n%s", shown_machine().c_str(), table.text().c_str());
}

}  // namespace

void measure_live(const Options& options) {
  tests::TemporaryDirectory work(options.dir);
  std::vector<Fanout> fanouts;
  for (unsigned peers : options.peers) fanouts.push_back(measure(options, work.path() / std::to_string(peers), peers));
  show(options, fanouts);
}

}  // namespace maillage::bench
