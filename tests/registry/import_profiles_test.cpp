// Profiles of a list become places, and find them again.
#include <catch2/catch.hpp>

#include "registry/registry.h"
#include "tests/registry/temporary_directory.h"

using namespace maillage::registry;
using namespace maillage::protocol;
using maillage::tests::TemporaryDirectory;
using Outcome = Imported::Outcome;

namespace {

constexpr UnixTime kNow{1'800'000'000'000};

struct Hub {
  Hub() {
    REQUIRE(Registry::create(dir.path(), {"Collectif", true, "59350", {}, {}}, kNow));
    reopen();
  }
  void reopen() {
    registry.reset();
    registry = std::move(*Registry::open(dir.path()));
  }
  std::vector<Outcome> import(const std::vector<Bytes>& profiles, bool dry_run = false) {
    std::vector<Outcome> outcomes;
    for (const Imported& each : registry->import_profiles(profiles, dry_run, kNow)) {
      outcomes.push_back(each.outcome);
      bool writes = !dry_run && (each.outcome == Outcome::kCreated || each.outcome == Outcome::kChanged);
      CHECK(each.place.has_value() == writes);
      CHECK(each.problems.empty() == (each.outcome != Outcome::kRefused));
    }
    return outcomes;
  }
  std::size_t count() const { return registry->query(*parse_query(What::kPlaces, {}))->number_matched; }

  TemporaryDirectory dir;
  std::unique_ptr<Registry> registry;
};

Bytes profile(const std::string& name, const std::string& source, const std::string& id) {
  std::string json = R"({"kind": "profile", "name": ")" + name + R"(", "source": {"name": ")" + source + R"(", "id": ")" + id + R"("}})";
  return Bytes(json.begin(), json.end());
}

Bytes bytes(std::string_view text) { return Bytes(text.begin(), text.end()); }

}  // namespace

TEST_CASE("a profile of a list changes the place that came from it before, after a restart too") {
  Hub hub;
  CHECK(hub.import({profile("Un", "Liste", "1"), profile("Deux", "Liste", "2")}) == std::vector{Outcome::kCreated, Outcome::kCreated});
  hub.reopen();
  CHECK(hub.import({profile("Un", "Liste", "1"), profile("Deux bis", "Liste", "2"), profile("Trois", "Liste", "3")}) ==
        std::vector{Outcome::kUnchanged, Outcome::kChanged, Outcome::kCreated});
  CHECK(hub.count() == 3);
  CHECK(hub.registry->imported_ids("Liste") == std::vector<std::string>{"1", "2", "3"});
  CHECK(hub.registry->imported_ids("List").empty());
}

TEST_CASE("lists do not mix, even when the name of one begins like another's") {
  Hub hub;
  hub.import({profile("Un", "Liste", "1"), profile("Un", "Liste bis", "1")});
  CHECK(hub.count() == 2);
  CHECK(hub.registry->imported_ids("Liste") == std::vector<std::string>{"1"});
  CHECK(hub.import({profile("Un", "Liste", "1"), profile("Un", "Liste bis", "1")}) == std::vector{Outcome::kUnchanged, Outcome::kUnchanged});
}

TEST_CASE("a trial says what an import would do, and does nothing") {
  Hub hub;
  hub.import({profile("Un", "Liste", "1"), profile("Deux", "Liste", "2")});
  auto before = hub.registry->revision();
  CHECK(hub.import({profile("Un", "Liste", "1"), profile("Deux bis", "Liste", "2"), profile("Trois", "Liste", "3"), bytes("{}")}, true) ==
        std::vector{Outcome::kUnchanged, Outcome::kChanged, Outcome::kCreated, Outcome::kRefused});
  CHECK(hub.registry->revision() == before);
  CHECK(hub.count() == 2);
}

TEST_CASE("a profile that says no source, or the same as another, or is none, is refused, and its neighbours are published") {
  Hub hub;
  CHECK(hub.import({profile("Un", "Liste", "1"), profile("Encore", "Liste", "1"), bytes(R"({"kind": "profile", "name": "Seul"})"), bytes("no"),
                    bytes(R"({"kind": "profile", "source": {"name": "Liste", "id": "4"}})"), profile("Cinq", "Liste", "5")}) ==
        std::vector{Outcome::kCreated, Outcome::kRefused, Outcome::kRefused, Outcome::kRefused, Outcome::kRefused, Outcome::kCreated});
  CHECK(hub.count() == 2);
}
