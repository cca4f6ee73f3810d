// What a daemon follows: as its operator writes it, what is let go, and what a question reaches beyond.
#include <catch2/catch.hpp>

#include "registry/scope_text.h"
#include "registry/territory.h"
#include "tests/registry/holder.h"

using namespace maillage;
using namespace maillage::tests;

namespace {

std::string text_of(const char* written) {
  auto text = registry::scope_text(written);
  return text ? *text : "refused " + text.error().context;
}

// The other place's state with its commune in the head.
Holder::State in(const Holder& here, Holder::State state, std::string_view commune) {
  state.head.head.cell = protocol::TerritoryCell::of("FR", commune);
  state.head = protocol::sign(state.head.head, here.key);
  return state;
}

FileEdit profile(const std::string& name) {
  return {"profile.json", bytes_of(R"({"kind": "profile", "name": ")" + name + R"(", "address": {"commune": "Rennes", "insee": "35238"}})")};
}

std::vector<FileEdit> files() { return {profile("Hôtel Pasteur"), resource("canari", "un canari")}; }

std::size_t found(const Registry& registry, const std::string& words) {
  registry::Query query;
  query.what = registry::What::kResources;
  query.q = {words};
  return must(registry.query(query)).number_matched;
}

// How many places the question cannot tell of.
std::size_t beyond(const Registry& registry, const registry::Parameters& parameters) {
  auto page = must(registry.query(must(registry::parse_query(registry::What::kPlaces, parameters))));
  return page.beyond ? page.beyond->places : 0;
}

protocol::PlaceState other_place(const Holder& here) {
  for (protocol::PlaceState& state : must(here.registry->load()))
    if (!state.own) return std::move(state);
  throw std::runtime_error("the other place is not known");
}

}  // namespace

TEST_CASE("what is followed is written by codes, by names, or by a place's id") {
  const std::string id(64, 'a');
  CHECK(text_of("29") == "29");
  CHECK(text_of("2a") == "2A");
  CHECK(text_of("974") == "974");
  CHECK(text_of("29039") == "29039");
  CHECK(text_of("242900769") == "242900769");
  CHECK(text_of(id.c_str()) == id);
  CHECK(text_of(("  " + std::string(64, 'A')).c_str()) == id);
  CHECK(text_of(("lieu:" + id).c_str()) == id);
  CHECK(text_of(("réseau:" + id).c_str()) == id);
  CHECK(text_of("53") == "53");  // la Mayenne
  CHECK(text_of("region:53") == "region:53");
  CHECK(text_of("Région : 53") == "region:53");
  CHECK(text_of("région:Bretagne") == "region:53");
  CHECK(text_of("Bretagne") == "region:53");
  CHECK(text_of("PACA") == "region:93");
  CHECK(text_of("Finistère") == "29");
  CHECK(text_of("finistere") == "29");
  CHECK(text_of("département:29") == "29");
  CHECK(text_of("Vienne") == "86");
  CHECK(text_of("commune:Vienne") == "38544");
  CHECK(text_of("Concarneau") == "29039");
  CHECK(text_of("epci:242900769") == "242900769");
}

TEST_CASE("what nobody can follow is refused with what was probably meant") {
  CHECK(text_of("Bretange").find("region:53") != std::string::npos);
  CHECK(text_of("Finistere (29)").starts_with("refused"));
  CHECK(text_of("region:29").find("\"29\" (Finistère)") != std::string::npos);
  CHECK(text_of("departement:Bretagne").find("region:53") != std::string::npos);
  CHECK(text_of("1").find("\"01\" (Ain)") != std::string::npos);
  CHECK(text_of("00").starts_with("refused"));
  CHECK(text_of("99999").starts_with("refused"));
  CHECK(text_of("canton:Finistère").find("\"29\" (Finistère)") != std::string::npos);
  // Several, the largest first, told apart by their departments.
  CHECK(text_of("Saint-Denis").find("\"97411\" (Saint-Denis, La Réunion), \"93066\" (Saint-Denis, Seine-Saint-Denis)") != std::string::npos);
  for (const char* nothing : {"", " ", ":", "region:", "lieu:Konk Ar Lab", "lieu:29"}) {
    INFO(nothing);
    CHECK(text_of(nothing).starts_with("refused"));
  }
  CHECK(text_of(std::string(10'000, 'x').c_str()).size() < 200);
}

TEST_CASE("what is written for a scope is a text of a scope, with a name to show") {
  for (const char* written : {"29", "Bretagne", "Concarneau", "epci:242900769", "974", "2B"}) {
    INFO(written);
    std::string text = text_of(written);
    CHECK(protocol::Scope::of({text}));
    CHECK(registry::scope_text(text).value() == text);
    CHECK(registry::name_of_scope(text) != "");
  }
  CHECK(registry::name_of_scope("region:53") == "Bretagne");
  CHECK(registry::name_of_scope(std::string(64, 'a')) == "");
}

TEST_CASE("every region, department and EPCI of the table can be followed, by its code and by its name") {
  for (const char* prefix : {"region:", "departement:"})
    for (int code = 0; code < 1000; ++code)
      for (const std::string& written : {std::string(prefix) + std::to_string(code), std::string(prefix) + "0" + std::to_string(code)}) {
        auto text = registry::scope_text(written);
        if (!text) continue;
        INFO(written);
        CHECK(protocol::Scope::of({*text}));
        CHECK(registry::scope_text(registry::name_of_scope(*text)).has_value());
      }
}

TEST_CASE("a commune lies in its department, region and EPCI, one of former days too") {
  protocol::Areas konk = registry::areas_of("29039");
  CHECK(konk.department == "29");
  CHECK(konk.region == "53");
  CHECK(konk.epci == "242900769");
  CHECK(registry::areas_of("75111").commune == "75056");
  CHECK(registry::areas_of("29").region == "53");
  CHECK(registry::areas_of("97411").department == "974");
  CHECK(registry::areas_of("29999").department == "29");  // newer than the table
  CHECK(registry::areas_of("").department.empty());
}

TEST_CASE("a place that is let go is in no answer, and in no file once that is purged, and its head stays") {
  Holder here;
  auto state = in(here, here.state(0, "Pasteur", files()), "35238");
  REQUIRE_FALSE(here.take_in(state).refused);
  REQUIRE(here.registry->publish(here.own(), {resource("scie", "une scie")}, kNow));
  REQUIRE(found(*here.registry, "canari") == 1);
  must(here.registry->advertise("commons", kNow));  // the tree of everything shows it
  const protocol::PlaceId other = here.chain->place();

  CHECK(must(here.registry->release({other, here.own()})) == std::vector{other});
  CHECK(found(*here.registry, "canari") == 0);
  CHECK(found(*here.registry, "scie") == 1);
  CHECK_FALSE(here.registry->place(other.hex()));
  CHECK_FALSE(here.registry->file(other, "profile.json"));
  CHECK(here.registry->known_places().known == 2);
  CHECK(here.registry->known_places().held == 1);
  CHECK(here.registry->purge_waits());
  CHECK(must(here.registry->purge(kNow)) == std::vector{other});
  CHECK(found_in(here.dir(), "canari") == "");
  CHECK(found_in(here.dir(), "Pasteur") == "");
  CHECK(here.sound());

  here.reopen();
  protocol::PlaceState known = other_place(here);
  CHECK(known.seen == state.head);
  CHECK(known.held_head() == nullptr);
  CHECK(here.registry->file(here.own(), "resources/scie.json"));
  CHECK(must(here.registry->release({other})) == std::vector{other});  // again, as after a crash
  CHECK_FALSE(here.registry->purge_waits());

  REQUIRE_FALSE(here.take_in(state).refused);  // followed again
  CHECK(found(*here.registry, "canari") == 1);
  CHECK(here.registry->known_places().held == 2);
  CHECK(here.sound());
}

TEST_CASE("what comes on top of a state that was let go meanwhile is whole in every answer") {
  Holder here;
  TemporaryDirectory elsewhere;
  must(Registry::create(elsewhere.path() / "peer", {"Hôtel Pasteur", false, "35238", {}, {}}, kNow));
  auto peer = must(Registry::open(elsewhere.path() / "peer"));
  protocol::ObjectId base;
  auto deliver = [&] {
    auto state = std::move(must(peer->load()).front());
    REQUIRE(peer->open_pack(1, {{state.chain.place(), state.seen, base}}).size() == 1);
    for (bool last = false; !last;) {
      auto chunk = must(peer->read_pack(1, 1 << 20));
      must(here.registry->append_pack(9, chunk.bytes));
      last = chunk.last;
    }
    peer->close_pack(1);
    auto outcome = here.registry->ingest(9, {{{state.seen, state.chain, state.chain.size()}, base}}).at(0);
    CHECK_FALSE(outcome.refused);
    base = state.seen.head.commit;
  };
  REQUIRE(peer->publish(peer->identity().place, {resource("canari", "un canari")}, kNow));
  deliver();
  must(here.registry->release({peer->identity().place}));
  REQUIRE(peer->publish(peer->identity().place, {resource("scie", "une scie")}, kNow));
  deliver();
  CHECK(found(*here.registry, "canari") == 1);
  CHECK(found(*here.registry, "scie") == 1);
  CHECK(here.sound());
  must(here.registry->purge(kNow));
  CHECK(here.sound());
}

TEST_CASE("nothing of ours is let go, a place that moved away included") {
  Holder here;
  CHECK(must(here.registry->release({here.own()})).empty());
  CHECK_FALSE(here.registry->purge_waits());
  CHECK(here.registry->place(here.own().hex()));
}

TEST_CASE("a place that is let go after it broke its history is sealed first") {
  Holder here;
  REQUIRE_FALSE(here.take_in(here.state(0, "Pasteur", files())).refused);
  REQUIRE_FALSE(here.take_in(here.state(1, "Pasteur", {profile("Hôtel Pasteur")})).refused);
  must(here.registry->release({here.chain->place()}));
  must(here.registry->purge(kNow));
  CHECK(here.sealed().size() == 1);
  CHECK(found_in(here.dir(), "canari") == "");
  CHECK(here.sound());
}

TEST_CASE("an answer says how many known places it cannot tell of, by where their heads say they are") {
  Holder here;
  CHECK(beyond(*here.registry, {}) == 0);
  auto state = in(here, here.state(0, "Pasteur", files()), "35238");
  must(here.registry->persist({{state.head, *here.chain, here.chain->size()}}, {}));
  CHECK(beyond(*here.registry, {}) == 1);
  CHECK(beyond(*here.registry, {{"region", "53"}}) == 1);
  CHECK(beyond(*here.registry, {{"department", "35"}}) == 1);
  CHECK(beyond(*here.registry, {{"department", "29"}}) == 0);
  CHECK(beyond(*here.registry, {{"department", "29"}, {"department", "35"}}) == 1);
  CHECK(beyond(*here.registry, {{"department", "35"}, {"region", "11"}}) == 0);
  CHECK(beyond(*here.registry, {{"commune", "35238"}}) == 1);
  CHECK(beyond(*here.registry, {{"epci", "243500139"}}) == 1);
  CHECK(beyond(*here.registry, {{"epci", "242900769"}}) == 0);
  CHECK(beyond(*here.registry, {{"place", here.chain->place().hex()}}) == 1);
  CHECK(beyond(*here.registry, {{"place", here.own().hex()}}) == 0);
  auto page = must(here.registry->query(must(registry::parse_query(registry::What::kPlaces, {{"region", "53"}}))));
  page.beyond->kept_by.push_back({here.own(), "Konk Ar Lab"});
  auto shown = registry::to_json(page).at("beyond").as_object();
  CHECK(shown.at("places").to_number<int>() == 1);
  CHECK(shown.at("keptBy").as_array().at(0).at("name").as_string() == "Konk Ar Lab");

  here.reopen();
  CHECK(beyond(*here.registry, {{"region", "53"}}) == 1);
  here.new_charters = 0;
  REQUIRE_FALSE(here.take_in(state).refused);
  CHECK(beyond(*here.registry, {{"region", "53"}}) == 0);
  CHECK_FALSE(registry::to_json(must(here.registry->query({}))).contains("beyond"));
  must(here.registry->release({here.chain->place()}));
  CHECK(beyond(*here.registry, {{"region", "53"}}) == 1);
}

TEST_CASE("an address of a daemon is what its place published") {
  Holder here;
  CHECK(here.registry->endpoint_of(here.own()).empty());
  FileEdit profile{"profile.json", bytes_of(R"({"kind": "profile", "name": "Konk Ar Lab", "endpoints": ["wss://konkarlab.example/peer"]})")};
  REQUIRE(here.registry->publish(here.own(), {profile}, kNow));
  CHECK(here.registry->endpoint_of(here.own()) == "wss://konkarlab.example/peer");
  CHECK(here.registry->endpoint_of(here.chain->place()).empty());
}
