// One erasure in a registry of media: seconds until nothing of it is on the disk, and what had to be written for that.
#include <cstdio>
#include <map>
#include <cstring>
#include <random>
#include <stdexcept>

#include <boost/json/serialize.hpp>

#include "daemon/control.h"
#include "registry/registry.h"
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
using registry::Publication;
using registry::Registry;

constexpr protocol::UnixTime kNow{1'800'000'000'000};
constexpr std::uint32_t kMegabyte = 1'000'000;
constexpr std::uint32_t kPictureBytes = 2 * kMegabyte;
constexpr std::uint32_t kPicturesEach = 20;  // of a place: 40 MB
constexpr const char* kErased = "media/picture-7.jpg";

protocol::Bytes random_picture(std::mt19937_64& random) {
  protocol::Bytes bytes(kPictureBytes);
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word = random();
    std::memcpy(bytes.data() + at, &word, sizeof word);
  }
  return bytes;
}

// One after the other, so that no more than one place's media are in memory. Gives the place in the middle.
protocol::PlaceId make_media(const fs::path& directory, const Options& options) {
  make_place(directory, "Bench");
  auto registry = Registry::open(directory);
  if (!registry) throw std::runtime_error(registry.error().context);
  std::mt19937_64 random(options.seed);
  SyntheticPlaces synthetic(options.seed);
  std::uint64_t places = std::max<std::uint64_t>(1, std::uint64_t{options.megabytes} * kMegabyte / (std::uint64_t{kPictureBytes} * kPicturesEach));
  protocol::PlaceId middle;
  for (std::uint32_t number = 0; number < places; ++number) {
    std::string profile = synthetic.profile(number);
    Publication publication;
    publication.edits.push_back({"profile.json", protocol::Bytes(profile.begin(), profile.end())});
    for (std::uint32_t i = 0; i < kPicturesEach; ++i) publication.edits.push_back({"media/picture-" + std::to_string(i) + ".jpg", random_picture(random)});
    auto outcome = (*registry)->publish_all({publication}, kNow).front();
    if (!outcome) throw std::runtime_error("a place with media is refused");
    if (number == places / 2) middle = outcome->place->head.chain.place();
    if (auto done = (*registry)->tend(); !done) throw std::runtime_error(done.error().context);
  }
  return middle;
}

std::map<std::string, std::uint64_t> packs_in(const fs::path& directory) {
  std::map<std::string, std::uint64_t> packs;
  for (const auto& file : fs::directory_iterator(directory / "store.git" / "objects" / "pack"))
    if (file.path().extension() == ".pack") packs[file.path().filename().string()] = file.file_size();
  return packs;
}

struct Erasure {
  double seconds = 0;
  std::size_t packs = 0, packs_gone = 0, packs_new = 0;
  std::uint64_t stored = 0, packed = 0, written = 0;  // bytes: before; in new packs; by the daemon in all
};

Erasure erase(const Options& options, const fs::path& directory, const protocol::PlaceId& place) {
  auto before = packs_in(directory);
  Daemon daemon(options.program, directory);
  std::uint64_t written = daemon.watched().written_bytes();
  daemon::ControlMessage request;
  request.body = {{"verb", "erase"}, {"place", place.hex()}, {"paths", json::array{kErased}}};
  Stopwatch watch;
  auto reply = daemon::call_daemon(directory / "control.sock", request);
  Erasure erasure;
  erasure.seconds = watch.seconds();
  if (!reply || reply->body.contains("error") || !reply->body.at("result").at("purged").as_bool()) throw std::runtime_error("the erasure is refused");
  erasure.written = daemon.watched().written_bytes() - written;
  daemon.watched().end();
  auto after = packs_in(directory);
  erasure.packs = before.size();
  for (const auto& [name, bytes] : before) erasure.stored += bytes, erasure.packs_gone += after.contains(name) ? 0 : 1;
  for (const auto& [name, bytes] : after)
    if (!before.contains(name)) ++erasure.packs_new, erasure.packed += bytes;
  return erasure;
}

}  // namespace

void measure_erase(const Options& options) {
  tests::TemporaryDirectory work(options.dir);
  fs::path directory = work.path() / "place";
  Erasure erasure = erase(options, directory, make_media(directory, options));
  double ratio = static_cast<double>(erasure.written) / static_cast<double>(erasure.stored);
  if (options.json) {
    json::object all{{"machine", machine()}, {"stored_bytes", erasure.stored}, {"packs", erasure.packs}, {"packs_rewritten", erasure.packs_gone},
                     {"packs_new", erasure.packs_new}, {"packed_bytes", erasure.packed}, {"written_bytes", erasure.written},
                     {"seconds", rounded(erasure.seconds)}, {"ratio", rounded(ratio)}};
    std::printf("%s\n", json::serialize(all).c_str());
    return;
  }
  Table table({"stored, MB", "packs", "rewritten", "new", "bytes in new packs, MB", "written to disk, MB", "seconds"});
  table.row({megabytes(erasure.stored), std::to_string(erasure.packs), std::to_string(erasure.packs_gone), std::to_string(erasure.packs_new),
             megabytes(erasure.packed), megabytes(erasure.written), decimals(erasure.seconds, 2)});
  std::printf("one file of %u MB erased, with all its history; %s\n%swritten / stored: %.3f\n", kPictureBytes / kMegabyte, shown_machine().c_str(),
              table.text().c_str(), ratio);
}

}  // namespace maillage::bench
