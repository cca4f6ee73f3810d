#include "daemon/told_scope.h"

#include <catch2/catch.hpp>

using namespace maillage;

namespace {

daemon::Following::Keeper keeper(const std::string& name, const std::vector<std::string>& texts) {
  protocol::PlaceId place;
  place.bytes.fill(static_cast<std::uint8_t>(name.front()));
  return {place, name, protocol::Scope::heard(texts)};
}

}  // namespace

TEST_CASE("an answer that lacks places names up to four daemons that keep some of them") {
  daemon::Following following;
  for (const char* name : {"a", "b", "c", "d", "e"}) following.keepers.push_back(keeper(name, {"region:53"}));
  following.keepers.insert(following.keepers.begin(), keeper("z", {"59"}));
  registry::Page page;
  daemon::tell_keepers(following, page);
  CHECK_FALSE(page.beyond);
  page.beyond.emplace();
  page.beyond->places = 3;
  page.beyond->cells = {protocol::TerritoryCell::of("FR", "29039")};
  daemon::tell_keepers(following, page);
  REQUIRE(page.beyond->kept_by.size() == 4);
  CHECK(page.beyond->kept_by.front().name == "a");
  CHECK(page.beyond->kept_by.back().name == "d");
}
