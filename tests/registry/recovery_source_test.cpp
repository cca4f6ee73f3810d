// What a daemon tells those who bring a place back from its recovery sheet, over the real stores.
#include <catch2/catch.hpp>

#include "protocol/random.h"
#include "registry/recovery_source.h"
#include "registry/registry.h"
#include "tests/registry/temporary_directory.h"

using namespace maillage::protocol;
using namespace maillage::registry;
using namespace maillage::tests;
using namespace std::chrono_literals;

namespace {

constexpr UnixTime kWall{1'800'000'000'000};

struct Partner {
  Partner() {
    auto created = Registry::create(folder.path() / "one", {"Konk Ar Lab", false, "29039", {}, {}}, kWall);
    REQUIRE(created);
    sheet = created->recovery_sheet;
    registry = std::move(*Registry::open(folder.path() / "one"));
    root = RecoverySheet::parse(sheet)->root(0).public_key();
  }
  PlaceId place() const { return registry->identity().place; }
  Result<Handover> whole(const PlaceId& of) const {
    auto file = registry->recoverable_place(root, of);
    if (!file) return tl::unexpected(file.error());
    Bytes all;
    while (true) {
      auto piece = (*file)->read();
      REQUIRE(piece);
      if (piece->empty()) return decode_handover(all);
      CHECK(piece->size() <= 256 * kKiB);
      all.insert(all.end(), piece->begin(), piece->end());
    }
  }

  TemporaryDirectory folder;
  std::string sheet;
  std::unique_ptr<Registry> registry;
  PublicKey root;
  Instant now = Instant{} + 1h;
};

}  // namespace

TEST_CASE("a root finds its places, those that came since after a while, and another root finds none") {
  Partner partner;
  auto count = [&](const PublicKey& root) { return partner.registry->recoverable(root, partner.now)->size(); };
  CHECK(count(partner.root) == 1);
  REQUIRE(partner.registry->add_place({"Le Moulin", false, "", {}, {}}, std::nullopt, kWall));
  CHECK(count(partner.root) == 1);
  partner.now += kRootsKept;
  CHECK(count(partner.root) == 2);
  CHECK(count(PublicKey{}) == 0);
  CHECK(partner.registry->recoverable_place(PublicKey{}, partner.place()).error().code == ErrorCode::kUnknownPlace);
}

TEST_CASE("who asks for roots without end is refused for a while") {
  Partner partner;
  auto ask = [&] { return partner.registry->recoverable(PublicKey{}, partner.now); };
  std::uint64_t answered = 0;
  while (ask()) ++answered;
  CHECK(answered == kPlacesToldBurst);
  CHECK(ask().error().code == ErrorCode::kRateLimited);
  partner.now += 1s;
  CHECK(ask());
}

TEST_CASE("a place of more than 48 MiB comes back from its sheet, read piece by piece") {
  Partner partner;
  SystemRandom random;
  std::vector<FileEdit> edits;
  for (int n = 0; n < 50; ++n) {
    Bytes noise(kMiB);
    random.fill(noise);
    edits.push_back({"resources/plan-" + std::to_string(n) + ".bin", std::move(noise)});
  }
  REQUIRE(partner.registry->publish(partner.place(), edits, kWall));
  auto told = partner.registry->recoverable(partner.root, partner.now);
  REQUIRE((told && told->size() == 1));
  CHECK(told->front().pack.empty());
  RecoveredPlace agreed{*chain_in(told->front()), told->front().head};
  auto fetch = [&](const SignedHead& head) { return partner.whole(head.head.place); };
  auto back = Registry::recover(partner.folder.path() / "two", partner.sheet, {agreed}, kWall, fetch);
  INFO((back ? "" : back.error().context));
  REQUIRE(back);
  auto registry = std::move(*Registry::open(partner.folder.path() / "two"));
  CHECK(registry->file(partner.place(), "resources/plan-49.bin") == partner.registry->file(partner.place(), "resources/plan-49.bin"));
  CHECK(registry->verify()->empty());
}
