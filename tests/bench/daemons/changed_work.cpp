// A peer that has everything comes back: first nothing changed meanwhile, then some places did. Bytes of both ways and milliseconds
// until the last of them, which is the receipt for what it has on its disk.
#include <cstdio>
#include <optional>
#include <stdexcept>

#include <boost/json/serialize.hpp>

#include "daemon/control.h"
#include "registry/registry.h"
#include "tests/bench/daemons/figures.h"
#include "tests/bench/daemons/frame_tap.h"
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

constexpr tests::Milliseconds kLimit{300'000};
constexpr std::chrono::milliseconds kQuiet{1'500};  // without a byte: the exchange is over
constexpr unsigned kTurns = 5;

std::vector<protocol::PlaceId> places_of(const fs::path& directory, std::size_t most) {
  auto registry = registry::Registry::open(directory);
  if (!registry) throw std::runtime_error(registry.error().context);
  std::vector<protocol::PlaceId> places;
  for (const protocol::PlaceId& place : (*registry)->own_places())
    if (place != (*registry)->identity().place && places.size() < most) places.push_back(place);
  return places;
}

std::int64_t matched(const std::string& address, const char* list) {
  auto answer = tests::get(address, std::string("/api/v1/") + list + "?limit=0").json();
  const json::value* count = answer.is_object() ? answer.get_object().if_contains("numberMatched") : nullptr;
  return count != nullptr ? count->to_number<std::int64_t>() : -1;
}

// A need more, as a form sends it.
void change(const fs::path& directory, const protocol::PlaceId& place, SyntheticPlaces& synthetic, unsigned turn) {
  std::string need = synthetic.record(8).second;
  daemon::ControlMessage request;
  request.body = {{"verb", "publish"}, {"place", place.hex()},
                  {"edits", json::array{json::object{{"path", "needs/changed-" + std::to_string(turn) + ".json"}, {"blob", 0}}}}};
  request.blobs.emplace_back(need.begin(), need.end());
  auto reply = daemon::call_daemon(directory / "control.sock", request);
  if (!reply || reply->body.contains("error")) throw std::runtime_error("a change is refused");
}

// A peer that can be stopped, and come back with what it had on its disk.
class Peer {
 public:
  Peer(const Options& options, const fs::path& directory, const FrameTap& tap)
      : program_(options.program), directory_(directory), origin_("ws://" + tap.address() + "/peer") {}

  Daemon& start() { return daemon_.emplace(program_, directory_, std::vector{origin_}); }
  void stop() {
    if (daemon_) daemon_->watched().end();
    daemon_.reset();
  }

 private:
  fs::path program_, directory_;
  std::string origin_;
  std::optional<Daemon> daemon_;
};

// Until nothing is said any more.
FrameTap::Traffic after_silence(const FrameTap& tap) {
  std::uint64_t before = 0;
  auto quiet_since = std::chrono::steady_clock::now();
  auto over = [&] {
    FrameTap::Traffic now = tap.traffic();
    if (!now.authenticated || now.all != before) quiet_since = std::chrono::steady_clock::now();
    before = now.all;
    return std::chrono::steady_clock::now() - quiet_since > kQuiet;
  };
  if (!tests::eventually(over, kLimit)) throw std::runtime_error("the peer does not come back");
  return tap.traffic();
}

struct Turns {
  std::vector<double> bytes, all_bytes, ms, connected_ms;
  void add(const FrameTap::Traffic& traffic) {
    bytes.push_back(static_cast<double>(traffic.after_handshake));
    all_bytes.push_back(static_cast<double>(traffic.all));
    ms.push_back(traffic.authenticated_ms);
    connected_ms.push_back(traffic.connected_ms);
  }
  json::object to_json() const {
    return {{"bytes_after_authentication", median(bytes)}, {"bytes", median(all_bytes)}, {"ms_after_authentication", rounded(median(ms))},
            {"ms", rounded(median(connected_ms))}};
  }
  std::vector<std::string> cells(const std::string& what) const {
    return {what, decimals(median(bytes), 0), decimals(median(all_bytes), 0), decimals(median(ms), 1), decimals(median(connected_ms), 1)};
  }
};

}  // namespace

void measure_changed(const Options& options) {
  tests::TemporaryDirectory work(options.dir);
  fs::path registry = options.registry.empty() ? work.path() / "origin" : options.registry;
  if (!fs::exists(registry / "keys")) make_registry(registry, {options.places, options.records, options.seed});
  auto places = places_of(registry, options.changed);
  Daemon origin(options.program, registry);
  FrameTap tap(origin.port());
  make_place(work.path() / "receiver", "Receiver");
  Peer peer(options, work.path() / "receiver", tap);
  auto level = [&](const Daemon& receiver) { return matched(receiver.address(), "needs") == matched(origin.address(), "needs"); };
  auto comes_back = [&] {
    Daemon& receiver = peer.start();
    FrameTap::Traffic traffic = after_silence(tap);
    if (!tests::eventually([&] { return level(receiver) && matched(receiver.address(), "places") > 1; }, kLimit))
      throw std::runtime_error("what is new does not arrive");
    peer.stop();
    return traffic;
  };
  comes_back();
  comes_back();  // what a first meeting leaves to say
  SyntheticPlaces synthetic(options.seed + 1);
  Turns nothing, changed;
  for (unsigned turn = 0; turn < kTurns; ++turn) {
    nothing.add(comes_back());
    for (const protocol::PlaceId& place : places) change(registry, place, synthetic, turn);
    changed.add(comes_back());
  }
  origin.watched().end();
  if (options.json) {
    json::object all{{"machine", machine()}, {"places", options.places}, {"changed", places.size()}, {"turns", kTurns},
                     {"nothing", nothing.to_json()}, {"some", changed.to_json()},
                     {"bytes_a_changed_place", rounded(median(changed.bytes) / static_cast<double>(places.size()))}};
    std::printf("%s\n", json::serialize(all).c_str());
    return;
  }
  Table table({"changed", "bytes after AUTH, both ways", "in all", "ms after AUTH", "ms from the connection"});
  table.row(nothing.cells("nothing"));
  table.row(changed.cells(std::to_string(places.size()) + " places"));
  std::printf("a peer comes back to %u places; medians of %u; %s\n%s%.0f bytes a changed place\n", options.places, kTurns, shown_machine().c_str(),
              table.text().c_str(), median(changed.bytes) / static_cast<double>(places.size()));
}

}  // namespace maillage::bench
