// Records of several places that name one source are one card: which of them is its face, and what is said of the others.
#include <set>

#include "registry/columns.h"
#include "registry/lexicon.h"
#include "tests/registry/registry_fixture.h"

using namespace maillage::registry;
using namespace maillage::tests;
using maillage::protocol::PlaceId;

namespace {

using Names = std::vector<std::string>;

std::string copied(const std::string& name, const std::string& id, const std::string& retrieved, const std::string& more = "") {
  std::string day = retrieved.empty() ? "" : R"(, "retrieved": ")" + retrieved + R"(")";
  return R"({"kind": "profile", "name": ")" + name + R"(", "source": {"name": "Liste", "id": ")" + id + R"(")" + day + "}" + more + "}";
}

std::string text(const boost::json::value& json, const char* key) { return std::string(json.at(key).as_string()); }

Names names_of(const boost::json::value& list) {
  Names names;
  for (const auto& one : list.as_array()) names.emplace_back(one.at("name").as_string());
  return names;
}

Signer signer(std::uint8_t key, bool native, std::int64_t ms) {
  Signer made;
  made.daemon_key.bytes.fill(key);
  made.native = native;
  made.genesis = {ms};
  return made;
}

// Two hubs' copies of one place, and a place of its own.
struct TwoCopies : IndexFixture {
  PlaceId first = std::min(place_number(1), place_number(2)), second = std::max(place_number(1), place_number(2)), other = place_number(3);
  TwoCopies() {
    put(first, "profile.json", copied("Atelier du Port", "1", "2026-11-20"));
    put(second, "profile.json", copied("L'Atelier du Port", "1", "2026-11-21", R"(, "stage": "open")"));
    put(other, "profile.json", R"({"kind": "profile", "name": "Le Hangar", "stage": "closed"})");
  }
  void put_again(const PlaceId& place, const std::string& json) { put(place, "profile.json", json); }
};

}  // namespace

TEST_CASE("records with one source are one card, counted once, whose item names all its publishers, the face first") {
  TwoCopies copies;
  auto page = copies.ask(What::kPlaces, {});
  CHECK(page.number_matched == 2);
  CHECK(copies.index.count(What::kPlaces) == 2);
  REQUIRE(page.items.size() == 2);
  const auto& card = page.items[0];
  CHECK(text(card, "id") == copies.second.hex());
  CHECK(names_of(card.at("publishers")) == Names{"L'Atelier du Port", "Atelier du Port"});
  const auto& publisher = card.at("publishers").at(1);
  CHECK(text(publisher, "id") == copies.first.hex());
  CHECK(publisher.at("slug") == "atelier-du-port");
  CHECK(text(publisher, "record") == "maillage:" + copies.first.hex() + "/profile");
  CHECK(publisher.at("retrieved") == "2026-11-20");
  CHECK_FALSE(publisher.as_object().contains("host"));
  CHECK_FALSE(page.items[1].contains("publishers"));
}

TEST_CASE("only the face is searched, but a card is found by naming any of its publishers") {
  TwoCopies copies;
  CHECK(copies.names(What::kPlaces, {{"stage", "open"}}) == Names{"L'Atelier du Port"});
  copies.put_again(copies.first, copied("Atelier du Port", "1", "2026-11-22", R"(, "activities": ["fablab"])"));
  CHECK(copies.names(What::kPlaces, {{"stage", "open"}}).empty());
  CHECK(copies.names(What::kPlaces, {{"activity", "fablab"}}) == Names{"Atelier du Port"});
  for (const auto& id : {copies.first, copies.second}) CHECK(copies.names(What::kPlaces, {{"place", id.hex()}}) == Names{"Atelier du Port"});
  CHECK(copies.names(What::kPlaces, {{"place", "l-atelier-du-port"}}) == Names{"Atelier du Port"});
  CHECK(copies.names(What::kPlaces, {{"place", copies.second.hex()}, {"stage", "open"}}).empty());
}

TEST_CASE("a publisher that is not the face keeps its own page, its events and its short name") {
  TwoCopies copies;
  auto item = copies.index.place(copies.first.hex());
  REQUIRE(item);
  CHECK(item->at("name") == "Atelier du Port");
  CHECK(names_of(item->at("publishers")) == Names{"L'Atelier du Port", "Atelier du Port"});
  CHECK(text(*copies.index.place("atelier-du-port"), "id") == copies.first.hex());
  copies.put(copies.first, "events/fete.json", R"({"kind": "event", "name": "Fête"})");
  auto event = copies.ask(What::kEvents, {{"place", copies.first.hex()}}).items.at(0);
  CHECK(event.at("place").at("name") == "Atelier du Port");
  CHECK_FALSE(event.contains("publishers"));
}

TEST_CASE("two copies of one name answer to it as the one that is shown, and two places of one name do not") {
  TwoCopies copies;
  copies.put_again(copies.first, copied("L'Atelier du Port", "1", "2026-11-20"));
  CHECK(copies.index.find_place("l-atelier-du-port").value() == copies.second);
  copies.put_again(copies.first, copied("L'Atelier du Port", "2", "2026-11-20"));
  auto refused = copies.index.find_place("l-atelier-du-port");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kAmbiguousName);
  for (const auto& id : {copies.first, copies.second}) CHECK(refused.error().context.find(id.hex()) != std::string::npos);
  CHECK(copies.index.place("l-atelier-du-port").error().code == ErrorCode::kAmbiguousName);
  CHECK(copies.index.query(*parse_query(What::kEvents, {{"place", "l-atelier-du-port"}})).error().code == ErrorCode::kAmbiguousName);
  for (std::uint32_t i = 10; i < 20; ++i) copies.put(place_number(i), "profile.json", R"({"kind": "profile", "name": "L'Atelier du Port"})");
  auto many = copies.index.find_place("l-atelier-du-port").error().context;
  CHECK(many.size() < 450);
  CHECK(many.ends_with(", …"));
}

TEST_CASE("its place's own word is the face before every copy, and when it is withdrawn the copy is back") {
  TwoCopies copies;
  copies.put_again(copies.other, copied("Chez nous", "1", ""));
  auto page = copies.ask(What::kPlaces, {});
  CHECK(page.number_matched == 1);
  CHECK(names_of(page.items.at(0).at("publishers")) == Names{"Chez nous", "Atelier du Port", "L'Atelier du Port"});
  CHECK_FALSE(page.items[0].at("publishers").at(0).as_object().contains("retrieved"));
  copies.commit({copies.other, false, {withdrawn("profile.json")}});
  CHECK(copies.names(What::kPlaces, {}) == Names{"L'Atelier du Port"});
  copies.commit({copies.second, true, {}});
  page = copies.ask(What::kPlaces, {});
  CHECK(page.items.at(0).at("name") == "Atelier du Port");
  CHECK_FALSE(page.items[0].contains("publishers"));
}

TEST_CASE("of two copies the later one is the face, as moments, and of ones equal in all that of the smaller place id") {
  TwoCopies copies;
  auto face = [&](const std::string& first, const std::string& second) {
    copies.put_again(copies.first, copied("Un", "1", first));
    copies.put_again(copies.second, copied("Deux", "1", second));
    return copies.names(What::kPlaces, {{"place", copies.first.hex()}}).at(0);
  };
  CHECK(face("2026-11-20", "2026-11-20") == "Un");
  CHECK(face("2026-11-20", "2026-11-20T00:00:01") == "Deux");
  CHECK(face("2026-11-20", "2026-11-19T23:00:00Z") == "Un");
  CHECK(face("2026-11-20", "2026-11-19T23:00:01Z") == "Deux");
  CHECK(face("2026-11-20T10:00:00+01:00", "2026-11-20T09:30:00Z") == "Deux");
  CHECK(face("2026-11-21", "2026-11-20") == "Un");
}

namespace {

// A copy that was published at `created` and last changed at `updated`.
maillage::registry::RecordVersion dated(const std::string& json, std::int64_t created, std::int64_t updated) {
  auto made = version("profile.json", json);
  made.created = {created};
  made.updated = {updated};
  return made;
}

}  // namespace

TEST_CASE("of copies of one day, one that was changed since is the face, then the last changed, whichever place is smaller") {
  IndexFixture index;
  PlaceId small = std::min(place_number(1), place_number(2)), great = std::max(place_number(1), place_number(2));
  auto face = [&](std::int64_t small_created, std::int64_t small_updated, std::int64_t great_created, std::int64_t great_updated) {
    index.commit({small, false, {dated(copied("Petit", "1", "2026-11-20"), small_created, small_updated)}});
    index.commit({great, false, {dated(copied("Grand", "1", "2026-11-20"), great_created, great_updated)}});
    std::string shown = index.names(What::kPlaces, {}).at(0);
    Index again(index.store);
    REQUIRE(again.load());
    CHECK(again.query({})->items.at(0).at("name").as_string() == shown);
    return shown;
  };
  CHECK(face(1'000, 1'000, 1'000, 1'000) == "Petit");
  CHECK(face(1'000, 1'000, 2'000, 2'000) == "Grand");
  CHECK(face(9'000, 9'000, 1'000, 2'000) == "Grand");
  CHECK(face(1'000, 3'000, 1'000, 2'000) == "Petit");
  CHECK(face(1'000, 3'000, 2'000, 4'000) == "Grand");
}

TEST_CASE("only a profile speaks for its place: another record that does not say when it was copied is as of its last change") {
  IndexFixture index;
  auto event = [](const std::string& name, const std::string& retrieved) {
    std::string day = retrieved.empty() ? "" : R"(, "retrieved": ")" + retrieved + R"(")";
    return R"({"kind": "event", "name": ")" + name + R"(", "start": "2026-12-05T20:00", "source": {"name": "Agenda", "id": "7")" + day + "}}";
  };
  index.put(place_number(1), "events/a.json", event("Copié", "2023-11-15"));  // the fixture's records changed on 2023-11-14
  index.put(place_number(2), "events/a.json", event("Sans date", ""));
  CHECK(index.names(What::kEvents, {}) == Names{"Copié"});
  index.put(place_number(1), "events/a.json", event("Copié", "2023-11-13"));
  CHECK(index.names(What::kEvents, {}) == Names{"Sans date"});
}

TEST_CASE("what only forgotten records had is forgotten, and cards outlive the new numbers") {
  Columns columns;
  Lexicon lexicon;
  auto profile = [](const std::string& source) {
    Gist gist;
    gist.name = "Lieu";
    gist.facets = {{Facet::kTerritory, "c29039"}, {Facet::kSource, source}};
    return gist;
  };
  PathKey path = path_key("profile.json");
  columns.add(place_number(1), path, profile("Liste 1"), lexicon);
  columns.add(place_number(2), path, profile("Liste 1"), lexicon);
  columns.settle();
  for (int i = 0; i < 30'000; ++i) {
    columns.add(place_number(3), path, profile("Source " + std::to_string(i)), lexicon);
    if (i % 100 == 0) columns.settle();
  }
  columns.settle();
  CHECK(columns.facet_count() < 12'000);
  CHECK(columns.in_order(What::kPlaces).size() == 2);
  CHECK_FALSE(columns.facet({Facet::kSource, "Source 3"}));
  auto commune = columns.facet({Facet::kTerritory, "c29039"});
  REQUIRE(commune);
  for (std::uint32_t row : columns.in_order(What::kPlaces)) CHECK(std::ranges::count(columns.rows()[row].facets, *commune) == 1);
  const Row& face = columns.rows()[columns.in_order(What::kPlaces).front()];
  CHECK(columns.publishers(face).size() + columns.publishers(columns.rows()[columns.in_order(What::kPlaces).back()]).size() == 3);
  columns.add(place_number(4), path, profile("Liste 1"), lexicon);
  columns.settle();
  CHECK(columns.in_order(What::kPlaces).size() == 2);
}

TEST_CASE("places that go from daemon to daemon have the host that counting anew would give") {
  constexpr std::uint32_t kPlaces = 40;
  Hosts hosts;
  std::vector<IndexedPlace> places(kPlaces);
  std::vector<std::uint8_t> daemon(kPlaces, 0);
  for (std::uint32_t i = 0; i < kPlaces; ++i) places[i].id = place_number(i);
  std::uint32_t random = 1;
  for (int step = 0; step < 2'000; ++step) {
    random = random * 1'664'525 + 1'013'904'223;
    std::uint32_t place = random / 65'536 % kPlaces;
    daemon[place] = static_cast<std::uint8_t>(1 + random / 16'777'216 % 3);
    hosts.set_signer(place, signer(daemon[place], true, static_cast<std::int64_t>(place)));
    if (step % 7 != 0) continue;
    hosts.settle(places);
    for (std::uint32_t i = 0; i < kPlaces; ++i) {
      auto first = static_cast<std::uint32_t>(std::ranges::find(daemon, daemon[i]) - daemon.begin());  // the earliest genesis
      REQUIRE(hosts.host_of(i) == (daemon[i] == 0 || first == i ? Hosts::kNoPlace : first));
    }
  }
}

TEST_CASE("a source without an id makes no card, and neither does the same source in another list") {
  IndexFixture index;
  for (std::uint32_t i = 1; i <= 2; ++i)
    index.put(place_number(i), "profile.json", R"({"kind": "profile", "name": "Lieu", "source": {"name": "Liste", "retrieved": "2026-11-20"}})");
  CHECK(index.ask(What::kPlaces, {}).number_matched == 2);
  index.put(place_number(3), "profile.json", copied("Lieu", "1", "2026-11-20"));
  index.put(place_number(4), "profile.json", copied("Réseau", "1", "2026-11-20", R"(, "type": "network")"));
  CHECK(index.ask(What::kPlaces, {}).number_matched == 3);
  CHECK(index.ask(What::kNetworks, {}).number_matched == 1);
}

TEST_CASE("events that two places copied from one agenda are one card too") {
  IndexFixture index;
  auto concert = [](const std::string& name) {
    return R"({"kind": "event", "name": ")" + name + R"(", "start": "2026-12-05T20:00", "source": {"name": "Agenda", "id": "7", "retrieved": "2026-11-20"}})";
  };
  index.put(place_number(1), "events/a.json", concert("Concert"));
  index.put(place_number(1), "events/b.json", concert("Concert"));
  index.put(place_number(2), "events/a.json", concert("Concert"));
  auto page = index.ask(What::kEvents, {{"from", "2026-12-01"}});
  CHECK(page.number_matched == 1);
  CHECK(page.items.at(0).at("publishers").as_array().size() == 3);
}

TEST_CASE("faces are the same after a start, and after the rows were numbered anew") {
  TwoCopies copies;
  copies.put_again(copies.other, copied("Chez nous", "1", ""));
  Index again(copies.store);
  REQUIRE(again.load());
  CHECK(again.query({})->items.at(0).at("name") == "Chez nous");
  for (int i = 0; i < 9'000; ++i) copies.put(place_number(9), "profile.json", copied("Version " + std::to_string(i), "9", "2026-11-20"));
  CHECK(copies.names(What::kPlaces, {}) == Names{"Chez nous", "Version 8999"});
  copies.commit({copies.other, false, {withdrawn("profile.json")}});
  auto page = copies.ask(What::kPlaces, {});
  CHECK(page.items.at(0).at("name") == "L'Atelier du Port");
  CHECK(names_of(page.items.at(0).at("publishers")) == Names{"L'Atelier du Port", "Atelier du Port"});
}

TEST_CASE("a walk through the pages goes on when the face of its cursor changes, and repeats nothing that stays") {
  IndexFixture index;
  for (std::uint32_t i = 0; i < 10; ++i) {
    std::string id = std::to_string(i);
    index.put(place_number(i), "profile.json", copied("Lieu " + id, id, "2026-11-20"));
    index.put(place_number(100 + i), "profile.json", copied("Lieu " + id, id, "2026-11-21"));
  }
  // After each page the last card of it loses its face, and the copy, of another place, is there in its stead: the cursor
  // stood on a row that is gone. So that card may come again, and no other.
  std::multiset<std::string> seen;
  std::set<std::string> turned;
  std::string after;
  std::uint32_t turn = 0;
  do {
    auto page = index.ask(What::kPlaces, {{"limit", "3"}, {"after", after}});
    CHECK(page.number_matched == 10);
    for (const auto& item : page.items) seen.emplace(item.at("name").as_string());
    after = page.next;
    index.commit({place_number(100 + 3 * turn + 2), true, {}});
    turned.insert("Lieu " + std::to_string(3 * turn + 2));
    ++turn;
  } while (!after.empty());
  CHECK(turn >= 4);
  for (int i = 0; i < 10; ++i) {
    std::string name = "Lieu " + std::to_string(i);
    INFO(name);
    CHECK(seen.count(name) >= 1);
    CHECK(seen.count(name) <= (turned.contains(name) ? 2u : 1u));
  }
}

TEST_CASE("an item names twenty publishers and counts the rest") {
  IndexFixture index;
  for (std::uint32_t i = 0; i < 23; ++i) index.put(place_number(i), "profile.json", copied("Lieu", "1", "2026-11-20"));
  auto page = index.ask(What::kPlaces, {});
  CHECK(page.number_matched == 1);
  CHECK(page.items.at(0).at("publishers").as_array().size() == 20);
  CHECK(page.items.at(0).at("publishersLeftOff") == 3);
}

TEST_CASE("a record cannot say for itself who publishes it or hosts it") {
  IndexFixture index;
  index.put(place_number(1), "profile.json",
            R"({"kind": "profile", "name": "Lieu", "publishers": [], "publishersLeftOff": 7, "host": {"name": "Faux"}})");
  const auto item = index.ask(What::kPlaces, {}).items.at(0);
  for (const char* key : {"publishers", "publishersLeftOff", "host"}) CHECK_FALSE(item.contains(key));
}

TEST_CASE("a hosted place is shown with its host: a network first, then the native, then the earliest, then the smallest id") {
  TwoCopies copies;
  auto host = [&](const PlaceId& place) -> std::string {
    auto item = copies.index.place(place.hex());
    const auto* shown = item->if_contains("host");
    return shown ? std::string(shown->at("name").as_string()) : "";
  };
  CHECK(host(copies.first) == "");
  auto handed = [&](const PlaceId& place, const Signer& by) { copies.index.apply({place, false, {}}, by); };
  handed(copies.other, signer(1, true, 2'000));
  CHECK(host(copies.other) == "");
  handed(copies.first, signer(1, false, 1'000));
  CHECK(host(copies.first) == "Le Hangar");
  CHECK(host(copies.other) == "");
  handed(copies.second, signer(1, true, 1'500));
  CHECK(host(copies.other) == "L'Atelier du Port");
  CHECK(names_of(boost::json::array{copies.ask(What::kPlaces, {}).items.at(0).at("publishers").at(1).at("host")}) == Names{"L'Atelier du Port"});
  copies.put(place_number(4), "profile.json", R"({"kind": "profile", "name": "Collectif", "type": "network"})");
  handed(place_number(4), signer(1, false, 9'000));
  CHECK(host(copies.second) == "Collectif");
  copies.put(place_number(4), "profile.json", R"({"kind": "profile", "name": "Collectif"})");
  CHECK(host(copies.first) == "L'Atelier du Port");
  handed(copies.second, signer(2, false, 1'500));
  CHECK(host(copies.second) == "");
  CHECK(host(copies.first) == "Le Hangar");
  REQUIRE(copies.index.load());
  CHECK(host(copies.first) == "Le Hangar");
  copies.index.know_signer(copies.first, signer(7, false, 0));
  CHECK(host(copies.first) == "Le Hangar");
  handed(place_number(4), signer(3, true, 5));
  handed(copies.first, signer(3, true, 5));
  CHECK(host(std::max(copies.first, place_number(4))) == (copies.first < place_number(4) ? "Atelier du Port" : "Collectif"));
}
