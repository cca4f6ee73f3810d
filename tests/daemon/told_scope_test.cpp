#include "daemon/told_scope.h"

#include <catch2/catch.hpp>

#include "daemon/reply_fields.h"

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

TEST_CASE("a daemon that keeps our territory and never confirmed that it has our place is told of, once it had time to") {
  daemon::Following following;
  auto z = keeper("z", {}), y = keeper("y", {}), x = keeper("x", {});
  following.hearers = {{z.place, {0}}, {y.place, {0}}, {x.place, {55'000}}};
  boost::json::object confirmed{{"replica", y.place.hex()}}, own{{"receipts", boost::json::array{confirmed}}};
  auto told = [&](protocol::UnixTime now) {
    boost::json::object status{{"own", boost::json::array{own}}};
    daemon::tell_untaken(following, now, [](const protocol::PlaceId& place) { return std::string(1, static_cast<char>(place.bytes[0])); }, status);
    std::string names;
    for (const auto& each : daemon::list_of(status, "untaken")) names += daemon::text_of(each.get_object(), "name");
    return names;
  };
  CHECK(told({5'000}) == "");
  CHECK(told({60'000}) == "z");
  CHECK(told({65'000}) == "zx");
  for (const char* silent : {"keptBack", "movedAway"}) {
    own[silent] = true;
    CHECK(told({65'000}) == "");
    own.erase(silent);
  }
}
