// Memory that a daemon spends on a peer that is connected, authenticated, reconciled, and silent: plain and over TLS.
#include <cstdio>
#include <fstream>
#include <stdexcept>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <poll.h>

#include "tests/bench/daemons/crowd.h"
#include "tests/bench/daemons/figures.h"
#include "tests/bench/daemons/synthetic_registry.h"
#include "tests/bench/daemons/watched.h"
#include "tests/bench/daemons/works.h"
#include "tests/registry/temporary_directory.h"

namespace maillage::bench {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

// After it, nothing of the handshakes is under way.
constexpr int kRestMs = 3'000;

struct Idle {
  unsigned peers;
  bool tls;
  std::uint64_t before, after;  // resident bytes
  double each() const { return static_cast<double>(after > before ? after - before : 0) / peers; }
};

// A certificate for "localhost" that nobody else vouches for.
void use_tls(const fs::path& directory) {
  std::string certificate = (directory / "cert.pem").string(), key = (directory / "key.pem").string();
  run_well({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-keyout", key, "-out", certificate});
  std::ofstream(directory / "config.toml") << "tls_cert = \"" << certificate << "\"\ntls_key = \"" << key << "\"\n";
}

Idle measure(const Options& options, const fs::path& directory, const std::vector<CrowdPlace>& places, const Crowd::Known& known, bool tls) {
  if (tls) use_tls(directory);
  Daemon daemon(options.program, directory);
  ::poll(nullptr, 0, kRestMs);
  Idle idle{static_cast<unsigned>(places.size()), tls, daemon.watched().resident_bytes(), 0};
  Crowd crowd(places, known, (tls ? "wss://" : "ws://") + daemon.address() + "/peer");
  ::poll(nullptr, 0, kRestMs);
  idle.after = daemon.watched().resident_bytes();
  daemon.watched().end();
  return idle;
}

void show(const Options& options, const std::vector<Idle>& all) {
  constexpr double kKilobyte = 1'000;
  if (options.json) {
    json::array measured;
    for (const Idle& one : all)
      measured.push_back({{"peers", one.peers}, {"tls", one.tls}, {"bytes_before", one.before}, {"bytes_after", one.after},
                          {"bytes_each", rounded(one.each())}});
    std::printf("%s\n", json::serialize(json::object{{"machine", machine()}, {"idle", measured}}).c_str());
    return;
  }
  Table table({"peers", "", "resident before, MB", "after, MB", "kB each"});
  for (const Idle& one : all)
    table.row({std::to_string(one.peers), one.tls ? "TLS" : "plain", megabytes(one.before), megabytes(one.after), decimals(one.each() / kKilobyte, 1)});
  std::printf("memory of idle peer connections; %s\n%s", shown_machine().c_str(), table.text().c_str());
}

}  // namespace

void measure_idle(const Options& options) {
  tests::TemporaryDirectory work(options.dir);
  std::vector<Idle> all;
  for (unsigned peers : options.peers) {
    fs::path directory = work.path() / std::to_string(peers);
    make_place(directory, "Bench");
    auto places = make_crowd_places(peers);
    auto known = settle_crowd(directory, places);
    for (bool tls : {false, true}) all.push_back(measure(options, directory, places, known, tls));
  }
  show(options, all);
}

}  // namespace maillage::bench
