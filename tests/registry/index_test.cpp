#include "registry/index.h"

#include <thread>

#include "registry/columns.h"
#include "registry/lexicon.h"
#include "registry/mistake.h"
#include "registry/stored_record.h"
#include "tests/registry/registry_fixture.h"

using namespace maillage::registry;
using namespace maillage::tests;
using Names = std::vector<std::string>;

namespace {

constexpr const char* kKonkArLab = R"({"kind": "profile", "name": "Konk Ar Lab", "description": "Fabrication numérique et événements",
  "activities": ["fablab", "repair-cafe"], "services": ["kitchen"], "stage": "open", "governance": {"model": "association"},
  "address": {"commune": "Concarneau", "insee": "29039"}, "geo": {"lat": 47.8753, "lon": -3.9189}})";
constexpr const char* kCoroutine = R"({"kind": "profile", "name": "La Coroutine", "description": "Un espace de travail partagé",
  "activities": ["coworking"], "stage": "open", "address": {"insee": "59350"}, "geo": {"lat": 50.63, "lon": 3.06}})";
constexpr const char* kJouret = R"({"kind": "profile", "name": "Atelier Jouret", "description": "Maison d'artistes et de faiseurs, couture",
  "activities": ["shared-workshop"], "stage": "project", "address": {"insee": "59512"}, "geo": {"lat": 50.69, "lon": 3.17}})";
constexpr const char* kCollective = R"({"kind": "profile", "type": "network", "name": "Collectif des tiers-lieux", "address": {"insee": "59350"}})";

struct Lille : IndexFixture {
  Lille() {
    put(place_number(1), "profile.json", kKonkArLab);
    put(place_number(2), "profile.json", kCoroutine);
    put(place_number(3), "profile.json", kJouret);
    put(place_number(4), "profile.json", kCollective);
  }
};

}  // namespace

TEST_CASE("places never count networks, and come by name") {
  Lille lille;
  CHECK(lille.names(What::kPlaces, {}) == Names{"Atelier Jouret", "Konk Ar Lab", "La Coroutine"});
  CHECK(lille.names(What::kNetworks, {}) == Names{"Collectif des tiers-lieux"});
  CHECK(lille.ask(What::kPlaces, {{"limit", "0"}}).number_matched == 3);
  CHECK(lille.ask(What::kPlaces, {{"limit", "0"}}).items.empty());
  CHECK(lille.index.count(What::kPlaces) == 3);
}

TEST_CASE("a key repeated means or, different keys mean and") {
  Lille lille;
  CHECK(lille.names(What::kPlaces, {{"activity", "fablab"}, {"activity", "coworking"}}) == Names{"Konk Ar Lab", "La Coroutine"});
  CHECK(lille.names(What::kPlaces, {{"activity", "fablab"}, {"stage", "project"}}) == Names{});
  CHECK(lille.names(What::kPlaces, {{"stage", "open"}, {"department", "59"}}) == Names{"La Coroutine"});
  CHECK(lille.names(What::kPlaces, {{"q", "couture"}, {"q", "coroutine"}}).size() == 2);
  CHECK(lille.names(What::kPlaces, {{"activity", "nomad"}}) == Names{});
  CHECK(lille.names(What::kPlaces, {{"service", "Kitchen"}, {"governance", "association"}}) == Names{"Konk Ar Lab"});
}

TEST_CASE("a value that neither a vocabulary nor any record has is refused with what was meant, and a known one finds nothing") {
  Lille lille;
  auto told = [&](What what, const Parameters& parameters) {
    auto page = lille.index.query(parse_query(what, parameters).value());
    return page ? std::to_string(page->number_matched) : page.error().context;
  };
  CHECK(told(What::kPlaces, {{"activity", "fablabs"}}) == "activity=fablabs → activity=fablab");
  CHECK(told(What::kPlaces, {{"activity", "fablab"}, {"activity", "cowerking"}}) == "activity=cowerking → activity=coworking");
  CHECK(told(What::kEvents, {{"type", "workshp"}}) == "type=workshp → type=workshop");
  CHECK(told(What::kPlaces, {{"type", "coworking"}}) == "type=coworking → activity=coworking");
  CHECK(told(What::kEvents, {{"activity", "concert"}}) == "activity=concert → type=concert");
  CHECK(told(What::kPlaces, {{"stage", "xyz"}}) == "stage=xyz → stage=project, starting, open, closed");
  CHECK(told(What::kPlaces, {{"activity", "underwater-basketry"}}) ==
        "activity=underwater-basketry → activity=telework, coworking, digital-mediation, fablab, project-support, …");
  CHECK(told(What::kPlaces, {{"activity", std::string(300, 'x')}}).size() < 200);
  CHECK(told(What::kPlaces, {{"activity", "nomad"}}) == "0");
  CHECK(told(What::kPlaces, {{"department", "75"}}) == "0");
  CHECK(told(What::kPlaces, {{"commune", "99999"}}) == "commune=99999");
  CHECK(told(What::kPlaces, {{"commune", "01001"}}) == "0");
}

TEST_CASE("a commune that became part of another is refused with that one, unless a record still says it") {
  Lille lille;
  auto told = [&](const Parameters& parameters) {
    auto page = lille.index.query(parse_query(What::kPlaces, parameters).value());
    return page ? std::to_string(page->number_matched) : page.error().context;
  };
  CHECK(told({{"commune", "69152"}}) == "commune=69152 → commune=69149 (Oullins-Pierre-Bénite)");
  CHECK(told({{"commune", "59350"}, {"commune", "16226"}}).starts_with("commune=16226 → commune=16393 ("));
  CHECK(told({{"commune", "85217"}}).starts_with("commune=85217 → commune=85146 ("));
  CHECK(told({{"commune", "75111"}}) == "0");  // a municipal district still is one
  lille.put(place_number(7), "profile.json", R"({"kind": "profile", "name": "Bénite", "address": {"insee": "69152"}})");
  CHECK(told({{"commune", "69152"}}) == "1");
  CHECK(told({{"commune", "69149"}}) == "1");
}

TEST_CASE("a word of a later version that some record has is searched, also when no vocabulary here has it") {
  Lille lille;
  // As a program that knew the word left it.
  std::string json = R"({"kind": "profile", "name": "Sous l'eau", "activities": ["underwater-basketry"]})";
  StoredRecord stored{{1}, {1}, {}, "profile.json", std::nullopt, maillage::protocol::Bytes(json.begin(), json.end())};
  WriteBatch batch;
  batch.put(Column::kRecords, record_key(place_number(9), path_key("profile.json")), encode(stored));
  REQUIRE(lille.store.write(batch));
  REQUIRE(lille.index.load());
  CHECK(lille.names(What::kPlaces, {{"activity", "underwater-basketry"}}) == Names{"Sous l'eau"});
}

TEST_CASE("with near, what matched everything else but has no position is counted, on every page") {
  Lille lille;
  for (std::uint32_t i = 20; i < 23; ++i) lille.put(place_number(i), "profile.json", R"({"kind": "profile", "name": "Nulle part", "stage": "open"})");
  auto without = [&](Parameters parameters) { return lille.ask(What::kPlaces, parameters).without_position; };
  CHECK(without({{"near", "50.63,3.06"}}) == 3);
  CHECK(without({{"near", "50.63,3.06"}, {"radius", "1"}, {"limit", "0"}}) == 3);
  CHECK(without({{"near", "50.63,3.06"}, {"stage", "project"}}) == 0);
  CHECK(without({{"near", "50.63,3.06"}, {"q", "nulle"}, {"stage", "open"}}) == 3);
  CHECK_FALSE(without({{"bbox", "2,50,4,51"}}));
  CHECK_FALSE(without({}));
  auto page = lille.ask(What::kPlaces, {{"near", "50.63,3.06"}, {"limit", "1"}});
  CHECK(without({{"near", "50.63,3.06"}, {"limit", "1"}, {"after", page.next}}) == 3);
  CHECK(to_json(page).at("withoutPosition") == 3);
  CHECK_FALSE(to_json(lille.ask(What::kPlaces, {})).contains("withoutPosition"));
}

TEST_CASE("territory codes are those of the commune") {
  Lille lille;
  CHECK(lille.names(What::kPlaces, {{"region", "53"}}) == Names{"Konk Ar Lab"});
  CHECK(lille.names(What::kPlaces, {{"department", "59"}}) == Names{"Atelier Jouret", "La Coroutine"});
  CHECK(lille.names(What::kPlaces, {{"epci", "200093201"}}) == Names{"Atelier Jouret", "La Coroutine"});
  CHECK(lille.names(What::kPlaces, {{"commune", "59512"}}) == Names{"Atelier Jouret"});
  lille.put(place_number(5), "profile.json", R"({"kind": "profile", "name": "Ajaccio", "address": {"insee": "2A004"}})");
  lille.put(place_number(6), "profile.json", R"({"kind": "profile", "name": "Paris onze", "address": {"insee": "75111"}})");
  CHECK(lille.names(What::kPlaces, {{"department", "2a"}}) == Names{"Ajaccio"});
  CHECK(lille.names(What::kPlaces, {{"commune", "75056"}}) == Names{"Paris onze"});
  CHECK(lille.names(What::kPlaces, {{"commune", "75111"}}) == Names{"Paris onze"});
}

TEST_CASE("near gives distances in km, nearest first, and radius cuts") {
  Lille lille;
  auto page = lille.ask(What::kPlaces, {{"near", "50.63,3.06"}});
  REQUIRE(page.items.size() == 3);
  CHECK(page.items[0].at("name") == "La Coroutine");
  CHECK(page.items[0].at("distance").to_number<double>() == 0);
  CHECK(page.items[1].at("distance").to_number<double>() == Approx(10.2).margin(0.3));
  CHECK(lille.names(What::kPlaces, {{"near", "50.63,3.06"}, {"radius", "9"}}) == Names{"La Coroutine"});
  CHECK(lille.names(What::kPlaces, {{"bbox", "2.9,50.5,3.3,50.8"}}) == Names{"Atelier Jouret", "La Coroutine"});
  CHECK(lille.names(What::kPlaces, {{"bbox", "-5,47,-3,48"}, {"bbox", "3.1,50.6,3.2,50.7"}}) == Names{"Atelier Jouret", "Konk Ar Lab"});
}

TEST_CASE("search forgives what French people type") {
  Lille lille;
  CHECK(lille.names(What::kPlaces, {{"q", "evenement"}}) == Names{"Konk Ar Lab"});
  CHECK(lille.names(What::kPlaces, {{"q", "konk arlab"}}) == Names{"Konk Ar Lab"});
  CHECK(lille.names(What::kPlaces, {{"q", "fab lab"}}) == Names{"Konk Ar Lab"});
  CHECK(lille.names(What::kPlaces, {{"q", "coro"}}) == Names{"La Coroutine"});
  CHECK(lille.names(What::kPlaces, {{"q", "corotine"}}) == Names{"La Coroutine"});
  CHECK(lille.names(What::kPlaces, {{"q", "fabricaton numerique"}}) == Names{"Konk Ar Lab"});
  CHECK(lille.names(What::kPlaces, {{"q", "d’artiste"}}) == Names{"Atelier Jouret"});
  CHECK(lille.names(What::kPlaces, {{"q", "coro jouret"}}) == Names{});
  CHECK(lille.names(What::kPlaces, {{"q", "roubaix"}}) == Names{"Atelier Jouret"});
  CHECK(lille.names(What::kPlaces, {{"q", "corout"}, {"activity", "fablab"}}) == Names{});
  CHECK(lille.names(What::kPlaces, {{"q", " …! "}}).size() == 3);
}

TEST_CASE("a typo is only looked for when nothing has the word as typed") {
  Lille lille;
  lille.put(place_number(5), "profile.json", R"({"kind": "profile", "name": "Bille en tête"})");
  lille.put(place_number(6), "profile.json", R"({"kind": "profile", "name": "Lille Makers"})");
  CHECK(lille.names(What::kPlaces, {{"q", "lille makers"}}) == Names{"Lille Makers"});
  for (const auto& name : lille.names(What::kPlaces, {{"q", "lille"}})) CHECK(name != "Bille en tête");
}

TEST_CASE("a name weighs more than a description") {
  Lille lille;
  lille.put(place_number(5), "profile.json", R"({"kind": "profile", "name": "Aaa", "description": "Comme Jouret, un atelier"})");
  CHECK(lille.names(What::kPlaces, {{"q", "jouret"}}) == Names{"Atelier Jouret", "Aaa"});
}

TEST_CASE("an event is found by its time, its own words and what its place is") {
  Lille lille;
  lille.put(place_number(1), "events/2026-12/repair.json",
            R"({"kind": "event", "name": "Repair café", "type": "repair", "start": "2026-12-05T14:00:00", "end": "2026-12-05T18:00:00",
                "rrule": "FREQ=MONTHLY;BYDAY=1SA"})");
  lille.put(place_number(2), "events/2026-12/visite.json",
            R"({"kind": "event", "name": "Visite", "start": "2026-12-04", "activities": ["meeting-room"]})");
  lille.put(place_number(3), "events/sans-date.json", R"({"kind": "event", "name": "Un jour"})");
  CHECK(lille.names(What::kEvents, {}) == Names{"Visite", "Repair café", "Un jour"});
  CHECK(lille.names(What::kEvents, {{"from", "2026-12-04"}, {"to", "2026-12-04"}}) == Names{"Visite"});
  CHECK(lille.names(What::kEvents, {{"from", "2026-12-05"}, {"to", "2026-12-05"}}) == Names{"Repair café"});
  CHECK(lille.names(What::kEvents, {{"from", "2026-12-05T18:00"}, {"to", "2026-12-06"}}) == Names{});
  CHECK(lille.names(What::kEvents, {{"activity", "fablab"}}) == Names{"Repair café"});
  CHECK(lille.names(What::kEvents, {{"activity", "coworking"}}) == Names{});
  CHECK(lille.names(What::kEvents, {{"activity", "meeting-room"}}) == Names{"Visite"});
  CHECK(lille.names(What::kEvents, {{"region", "53"}}) == Names{"Repair café"});
  auto page = lille.ask(What::kEvents, {{"from", "2027-01-01"}, {"near", "47.8,-3.9"}});
  REQUIRE(page.items.size() == 1);
  const auto& item = page.items[0];
  CHECK(item.at("occurrence").as_object().at("start") == "2027-01-02T13:00:00Z");
  CHECK(item.at("occurrence").as_object().at("end") == "2027-01-02T17:00:00Z");
  CHECK(item.at("place").as_object().at("slug") == "konk-ar-lab");
  CHECK(item.at("place").as_object().at("id").as_string() == place_number(1).hex());
  CHECK(item.at("geo").as_object().at("lat") == 47.8753);
  CHECK(item.at("record").as_string() == "maillage:" + place_number(1).hex() + "/events/2026-12/repair");
}

TEST_CASE("a call for help counts until the end of its last day") {
  Lille lille;
  lille.put(place_number(1), "needs/visieres.json",
            R"({"kind": "need", "name": "Visières", "topics": ["manufacturing"], "quantity": 500, "until": "2026-12-10"})");
  CHECK(lille.names(What::kNeeds, {{"type", "manufacturing"}}) == Names{"Visières"});
  CHECK(lille.names(What::kNeeds, {{"from", "2026-12-10T12:00"}}) == Names{"Visières"});
  CHECK(lille.names(What::kNeeds, {{"from", "2026-12-11"}}) == Names{});
  CHECK(lille.names(What::kOffers, {}) == Names{});
  CHECK(lille.ask(What::kNeeds, {}).items[0].at("quantity") == 500);
}

TEST_CASE("a place is found by id or slug, a slug that two have names both") {
  Lille lille;
  CHECK(lille.index.find_place(place_number(1).hex()).value() == place_number(1));
  CHECK(lille.index.find_place("konk-ar-lab").value() == place_number(1));
  CHECK(lille.index.find_place("collectif-des-tiers-lieux").value() == place_number(4));
  CHECK(lille.index.place("konk-ar-lab").value().at("id").as_string() == place_number(1).hex());
  CHECK(lille.index.find_place("nowhere").error().code == ErrorCode::kNotFound);
  CHECK(lille.index.find_place(place_number(99).hex()).error().code == ErrorCode::kNotFound);
  CHECK(lille.index.find_place("").error().code == ErrorCode::kNotFound);
  lille.put(place_number(5), "profile.json", R"({"kind": "profile", "name": "Konk-ar-lab!"})");
  CHECK(lille.index.find_place("konk-ar-lab").error().code == ErrorCode::kAmbiguousName);
  lille.put(place_number(5), "profile.json", R"({"kind": "profile", "name": "Autre nom"})");
  CHECK(lille.index.find_place("konk-ar-lab").value() == place_number(1));
  CHECK(lille.names(What::kPlaces, {{"place", "autre-nom"}}) == Names{"Autre nom"});
}

TEST_CASE("a change replaces, a withdrawal removes, a break of history forgets everything else") {
  Lille lille;
  auto place = place_number(1);
  lille.put(place, "resources/saw.json", R"({"kind": "resource", "name": "Scie", "type": "equipment", "licence": "CC0-1.0"})");
  lille.put(place, "resources/saw.json", R"({"kind": "resource", "name": "Scie à ruban", "type": "equipment", "licence": "CC0-1.0"})");
  CHECK(lille.names(What::kResources, {}) == Names{"Scie à ruban"});
  lille.commit({place, false, {withdrawn("resources/saw.json")}});
  CHECK(lille.names(What::kResources, {}) == Names{});
  lille.put(place, "offers/a.json", R"({"kind": "offer", "name": "Planches"})");
  lille.commit({place, true, {version("offers/b.json", R"({"kind": "offer", "name": "Vis"})")}});
  CHECK(lille.names(What::kOffers, {}) == Names{"Vis"});
  CHECK(lille.names(What::kPlaces, {{"q", "konk"}}) == Names{});
  CHECK(lille.ask(What::kOffers, {}).items[0].at("place").as_object().at("name").is_null());
  std::size_t keys = 0;
  REQUIRE(lille.store.scan(Column::kRecords, record_prefix(place), [&](auto, auto) { return ++keys > 0; }));
  CHECK(keys == 1);
}

TEST_CASE("what the index cannot read is kept, told to its owner and shown to nobody") {
  Lille lille;
  auto place = place_number(1);
  lille.put(place, "events/wrong.json", R"({"kind": "event"})");
  lille.put(place, "poems/ode.json", R"({"kind": "poem", "name": "Ode"})");
  lille.put(place, "needs/broken.json", "{not json");
  CHECK(lille.names(What::kEvents, {}) == Names{});
  auto problems = lille.index.problems(place);
  REQUIRE(problems);
  CHECK(problems->size() == 3);
  for (const auto& problem : *problems) {
    INFO(problem.path);
    CHECK_FALSE(maillage::protocol::sentence(problem.problem, maillage::protocol::Language::kFrench).empty());
  }
  lille.put(place, "events/wrong.json", R"({"kind": "event", "name": "Réparé"})");
  CHECK(lille.index.problems(place)->size() == 2);
  CHECK(lille.names(What::kEvents, {}) == Names{"Réparé"});
}

TEST_CASE("what another version judged otherwise is judged again") {
  Lille lille;
  auto place = place_number(1);
  lille.put(place, "offers/a.json", R"({"kind": "offer", "name": "Planches"})");
  lille.put(place, "events/wrong.json", R"({"kind": "event"})");
  WriteBatch otherwise;
  REQUIRE(lille.store.scan(Column::kRecords, record_prefix(place), [&](std::string_view key, std::string_view value) {
    auto stored = *decode_stored_record(value);
    if (stored.path == "offers/a.json") stored.problem = maillage::protocol::Error{maillage::protocol::ErrorCode::kUnknownKind, "offer"};
    if (stored.path == "events/wrong.json") stored.problem.reset();
    otherwise.put(Column::kRecords, std::string(key), encode(stored));
    return true;
  }));
  REQUIRE(lille.store.write(otherwise));
  Index again(lille.store);
  REQUIRE(again.judge_again());
  REQUIRE(again.load());
  CHECK(again.count(What::kOffers) == 1);
  CHECK(again.count(What::kEvents) == 0);
  REQUIRE(again.problems(place)->size() == 1);
  CHECK(again.problems(place)->front().path == "events/wrong.json");
}

TEST_CASE("memory is a function of the column: loading gives the same answers") {
  Lille lille;
  lille.put(place_number(1), "offers/a.json", R"({"kind": "offer", "name": "Planches"})");
  lille.put(place_number(1), "needs/broken.json", "{not json");
  Index again(lille.store);
  REQUIRE(again.load());
  for (What what : {What::kPlaces, What::kNetworks, What::kOffers, What::kNeeds}) {
    Query query;
    query.what = what;
    CHECK(to_json(*again.query(query)) == to_json(*lille.index.query(query)));
  }
  CHECK(again.name_of(place_number(1)).slug == "konk-ar-lab");
}

TEST_CASE("a damaged record stops the loading with its reason") {
  Lille lille;
  WriteBatch batch;
  batch.put(Column::kRecords, record_key(place_number(1), path_key("profile.json")), "\x01garbage");
  REQUIRE(lille.store.write(batch));
  Index again(lille.store);
  CHECK(again.load().error().code == ErrorCode::kCorrupt);
}

TEST_CASE("a cursor goes on where it was while records come and go") {
  IndexFixture fixture;
  for (std::uint32_t i = 0; i < 30; ++i) {
    fixture.put(place_number(i), "profile.json", R"({"kind": "profile", "name": "Lieu )" + std::to_string(100 + i) + R"("})");
  }
  auto first = fixture.ask(What::kPlaces, {{"limit", "10"}});
  REQUIRE_FALSE(first.next.empty());
  fixture.commit({place_number(3), true, {}});
  fixture.commit({place_number(9), true, {}});
  fixture.commit({place_number(25), true, {}});
  fixture.put(place_number(50), "profile.json", R"({"kind": "profile", "name": "Lieu 1000"})");
  auto second = fixture.names(What::kPlaces, {{"limit", "100"}, {"after", first.next}});
  REQUIRE(second.size() == 19);
  CHECK(second.front() == "Lieu 110");
  CHECK(second.back() == "Lieu 129");
  auto wrong = parse_query(What::kPlaces, {{"near", "1,1"}, {"after", first.next}});
  CHECK(fixture.index.query(*wrong).error().code == ErrorCode::kBadParameter);
}

TEST_CASE("renumbering after thousands of changes keeps every answer") {
  Lille lille;
  for (int i = 0; i < 9'000; ++i) {
    lille.put(place_number(3), "profile.json", R"({"kind": "profile", "name": "Version )" + std::to_string(i) + R"("})");
    if (i % 1'000 == 0) CHECK(lille.ask(What::kPlaces, {}).number_matched == 3);
  }
  CHECK(lille.names(What::kPlaces, {}) == Names{"Konk Ar Lab", "La Coroutine", "Version 8999"});
  CHECK(lille.names(What::kPlaces, {{"q", "version"}}) == Names{"Version 8999"});
  CHECK(lille.names(What::kPlaces, {{"q", "konk"}}) == Names{"Konk Ar Lab"});
  CHECK(lille.index.find_place("konk-ar-lab").value() == place_number(1));
}

TEST_CASE("a record that is replaced by words nobody has, again and again, does not fill the word lists") {
  Lexicon lexicon;
  Columns columns;
  std::size_t most = 0;
  for (int version = 0; version < 100; ++version) {
    Gist gist;
    for (int i = 0; i < 2'500; ++i) {
      gist.words.push_back({lexicon.meet("w" + std::to_string(2'500 * version + i))->number(), Field::kText});
    }
    columns.add(place_number(1), path_key("profile.json"), gist, lexicon);
    columns.settle();
    most = std::max(most, columns.words().size());
  }
  CHECK(lexicon.size() == 250'000);
  CHECK(most < 150'000);
}

TEST_CASE("a record that is replaced by the same words again and again does not fill their lists") {
  Lexicon lexicon;
  Columns columns;
  std::vector<GistWord> words;
  for (int i = 0; i < 2'500; ++i) {
    words.push_back({lexicon.meet("w" + std::to_string(i))->number(), Field::kText});
  }
  std::size_t most = 0;
  for (int version = 0; version < 100; ++version) {
    Gist gist;
    gist.words = words;
    columns.add(place_number(1), path_key("profile.json"), gist, lexicon);
    columns.settle();
    columns.words().exact("w7", [&](const WordList::Entries& entries) { most = std::max(most, entries.size()); });
  }
  CHECK(most >= 2);
  CHECK(most < 40);
}

TEST_CASE("words keep their meaning when the lexicon starts anew") {
  Lille lille;
  for (int version = 0; version < 280; ++version) {
    std::string text;
    for (int i = 0; i < 900; ++i) text.append("w").append(std::to_string(100'000 + 900 * version + i)).append(" ");
    lille.put(place_number(5), "profile.json", R"({"kind": "profile", "name": "Bavard", "description": ")" + text + R"("})");
    if (version % 10 == 0) lille.put(place_number(3), "profile.json", kJouret);
    CHECK(lille.names(What::kPlaces, {{"q", "w" + std::to_string(100'000 + 900 * version)}}) == Names{"Bavard"});
  }
  CHECK(lille.names(What::kPlaces, {{"q", "w100000"}, {"limit", "0"}}).empty());
  CHECK(lille.names(What::kPlaces, {{"q", "événement numérique"}}) == Names{"Konk Ar Lab"});
  CHECK(lille.names(What::kPlaces, {{"q", "couture"}}) == Names{"Atelier Jouret"});
}

TEST_CASE("queries run while a worker applies changes") {
  Lille lille;
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::thread reader([&] {
    Query query;
    while (!stop) {
      auto page = lille.index.query(query);
      if (!page || page->number_matched < 3 || page->number_matched > 4) ++wrong;
    }
  });
  PlaceChanges changes{place_number(7), false, {version("profile.json", R"({"kind": "profile", "name": "Va et vient"})")}};
  PlaceChanges nothing{place_number(7), true, {}};
  for (int i = 0; i < 500; ++i) lille.index.apply(i % 2 == 0 ? changes : nothing);
  stop = true;
  reader.join();
  CHECK(wrong == 0);
}
