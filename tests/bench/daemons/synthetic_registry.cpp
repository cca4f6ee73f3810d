#include "tests/bench/daemons/synthetic_registry.h"

#include <stdexcept>

#include "registry/registry.h"
#include "tests/bench/synthetic_places.h"

namespace maillage::bench {
namespace {

using registry::FileEdit;
using registry::Publication;
using registry::Registry;

constexpr protocol::UnixTime kNow{1'800'000'000'000};
// Handed over at once: about 80 MB of records of forty a place.
constexpr std::uint32_t kPlacesAtOnce = 2'000;

protocol::Bytes bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

Publication new_place(SyntheticPlaces& synthetic, std::uint32_t number, std::uint32_t records) {
  Publication publication;
  publication.edits.push_back({"profile.json", bytes_of(synthetic.profile(number))});
  for (std::uint32_t i = 0; i + 1 < records; ++i) {
    auto [path, json] = synthetic.record(i);
    publication.edits.push_back({path, bytes_of(json)});
  }
  return publication;
}

void publish(Registry& registry, const std::vector<Publication>& publications) {
  for (const auto& outcome : registry.publish_all(publications, kNow))
    if (!outcome) throw std::runtime_error("a synthetic record is refused: " + protocol::sentence(outcome.error().front(), protocol::Language::kEnglish));
}

}  // namespace

void make_place(const std::filesystem::path& directory, const char* name, bool network) {
  auto made = Registry::create(directory, {name, network, "29039", {}, {}}, kNow);
  if (!made) throw std::runtime_error(made.error().context);
}

void make_registry(const std::filesystem::path& directory, const SyntheticRegistry& what) {
  make_place(directory, "Bench", true);
  auto registry = Registry::open(directory);
  if (!registry) throw std::runtime_error(registry.error().context);
  SyntheticPlaces synthetic(what.seed);
  std::vector<Publication> waiting;
  for (std::uint32_t number = 0; number < what.places; ++number) {
    waiting.push_back(new_place(synthetic, number, what.records));
    if (waiting.size() == kPlacesAtOnce) publish(**registry, std::exchange(waiting, {}));
  }
  publish(**registry, waiting);
  if (auto done = (*registry)->tend(); !done) throw std::runtime_error(done.error().context);
}

}  // namespace maillage::bench
