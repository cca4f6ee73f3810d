// Random registries, random questions, random changes: the index answers what the slow oracle answers, in its order,
// over any pages. A failing seed is printed and replays.
#include <random>

#include "registry/list_copy.h"
#include "tests/registry/query_oracle.h"
#include "tests/registry/registry_fixture.h"

using namespace maillage;
using namespace maillage::registry;
using namespace maillage::tests;

namespace {

using Texts = std::vector<std::string>;

const Texts kWords = {"fab lab",  "Fablab",  "fab-labs", "événements", "évènement", "Saint-Martin", "St Martin",  "l'atelier",
                      "ateliers", "Lille",   "ville",    "Roubaix",    "œuvre",     "oeuvres",      "réparation", "réparer",
                      "couture",  "laser",   "Konk Ar Lab", "arlab",   "coworking", "co-working",   "d’entraide", "de la",
                      "tiers-lieux", "tiers lieu", "numérique", "vélo", "jeux", "jeu"};
const Texts kQuestions = {"fablab", "fab lab", "evenement", "saint martin", "ateliers", "lile", "vile", "roubex", "roubaix couture",
                          "oeuvre", "repar", "laser", "arlab", "co", "entraide", "tiers lieux", "numeriqe", "velo", "jeux", "l", "de",
                          "bretagne", "nord", "lil", "concarneau", "reparaton", "xyzzyx"};
const Texts kActivities = {"coworking", "fablab", "repair-cafe", "meeting-room"};
const Texts kServices = {"kitchen", "garden", "bar"};
const Texts kStages = {"open", "project", "closed"};
const Texts kModels = {"commons", "association", "public"};
const Texts kCommunes = {"59350", "59512", "29039", "75111", "75056", "97411", "2A004", "99999"};
const Texts kTopics = {"advice", "skills", "materials"};
const Texts kEventTypes = {"workshop", "concert"};
// By list: of another list's words some are refused.
const Texts kTypes[] = {{"place", "network"}, {"place", "network"}, kEventTypes, {"equipment", "space"}, kTopics, kTopics};

class World {
 public:
  explicit World(unsigned seed) : random_(seed) {}

  int below(int bound) { return static_cast<int>(random_() % static_cast<unsigned>(bound)); }
  bool chance(int percent) { return below(100) < percent; }
  const std::string& one(const Texts& texts) { return texts[static_cast<std::size_t>(below(static_cast<int>(texts.size())))]; }

  boost::json::array some(const Texts& texts) {
    boost::json::array list;
    for (const auto& text : texts) {
      if (chance(35)) list.emplace_back(text);
    }
    return list;
  }
  std::string sentence(int words) {
    std::string text = one(kWords);
    for (int i = 1; i < words; ++i) text += " " + one(kWords);
    return text;
  }
  // Few distinct points, so that equal distances are met.
  double coordinate(int range) { return (below(2 * range * 4) - range * 4) / 4.0; }
  std::string day() { return "2026-12-" + std::to_string(10 + below(20)); }
  std::string hour() { return "T" + std::to_string(10 + below(14)) + ":00:00"; }

  boost::json::object record(const std::string& kind) {
    boost::json::object json{{"kind", kind}, {"name", sentence(1 + below(2))}};
    if (chance(60)) json["description"] = sentence(1 + below(5));
    if (chance(60)) json["geo"] = {{"lat", coordinate(2) + 48}, {"lon", coordinate(2) + (chance(10) ? 179 : 3)}};
    if (json.contains("geo") && json["geo"].as_object()["lon"].to_number<double>() > 180) json.erase("geo");
    if (chance(60)) json["address"] = {{"insee", one(kCommunes)}};
    if (kind == "profile" && chance(20)) json["type"] = "network";
    if (kind == "profile" && chance(50)) json["services"] = some(kServices);
    if (kind == "profile" && chance(50)) json["stage"] = one(kStages);
    if (kind == "profile" && chance(50)) json["governance"] = {{"model", one(kModels)}};
    if (kind == "profile" || kind == "event" || kind == "resource") json["activities"] = some(kActivities);
    if (kind == "resource") json["type"] = chance(50) ? "equipment" : "space", json["licence"] = "CC0-1.0";
    if (kind == "need" || kind == "offer") add_deadline(json);
    if (kind == "event" && chance(90)) add_times(json);
    if (chance(40)) add_source(json);
    return json;
  }

  Parameters question(What what) {
    Parameters asked;
    auto maybe = [&](int percent, const char* key, const Texts& values) {
      while (chance(percent)) asked.emplace_back(key, one(values)), percent /= 3;
    };
    maybe(35, "q", kQuestions);
    maybe(20, "activity", kActivities);
    maybe(10, "service", kServices);
    maybe(10, "stage", kStages);
    maybe(10, "governance", kModels);
    maybe(10, "type", kTypes[static_cast<std::size_t>(what)]);
    maybe(10, "region", {"32", "53", "11", "04", "94", "99"});
    maybe(10, "department", {"59", "29", "75", "974", "2a"});
    maybe(8, "epci", {"200093201"});
    maybe(8, "commune", kCommunes);
    maybe(8, "place", {place_number(3).hex(), place_number(5).hex(), "fablab", "lille", "nulle-part"});
    if (chance(25)) {
      asked.emplace_back("near", std::to_string(48 + coordinate(1)) + "," + std::to_string(3 + coordinate(1)));
      if (chance(60)) asked.emplace_back("radius", std::to_string(20 + below(200)));
    }
    if (chance(10)) asked.emplace_back("bbox", "2,47,4,48.5");
    if (chance(5)) asked.emplace_back("bbox", "178,47,-178,50");
    bool timed = what == What::kEvents || what == What::kNeeds || what == What::kOffers;
    if (timed && chance(40)) asked.emplace_back("from", day());
    if (timed && chance(20)) asked.emplace_back("to", "2027-0" + std::to_string(1 + below(6)) + "-15T12:30");
    return asked;
  }

 private:
  void add_deadline(boost::json::object& json) {
    json["topics"] = some(kTopics);
    if (chance(60)) json["until"] = chance(50) ? day() : day() + hour();
  }
  // Few sources, so that cards have several publishers, who copied at few moments, so that some are equal.
  void add_source(boost::json::object& json) {
    boost::json::object source{{"name", chance(80) ? "Liste" : "Autre liste"}};
    if (chance(90)) source["id"] = std::to_string(below(4));
    if (chance(75)) source["retrieved"] = one({"2026-11-20", "2026-11-19T23:00:00Z", "2026-11-20T12:00", "2026-11-21"});
    json["source"] = source;
    if (!chance(50)) return;
    std::string digest = copy_digest(json);
    json["source"].as_object()["sha256"] = chance(50) ? digest : digest.replace(0, 1, digest[0] == '0' ? "1" : "0");
  }
  void add_times(boost::json::object& json) {
    json["type"] = one(kEventTypes);
    std::string start = day();
    json["start"] = start + "T09:00:00";
    if (chance(60)) json["end"] = start + hour();
    if (chance(30)) json["rrule"] = "FREQ=WEEKLY";
  }

  std::mt19937 random_;
};

struct Registry : IndexFixture {
  std::vector<OracleRecord> records;
  std::size_t puts = 0;

  void put_record(const protocol::PlaceId& place, const std::string& path, const boost::json::object& json) {
    forget(place, path);
    constexpr std::int64_t kCreated = 1'700'000'000'000;
    std::int64_t updated = kCreated + static_cast<std::int64_t>(puts++ % 3) * 1'000;  // never changed, changed, changed later
    records.push_back({place, path, json, kCreated, updated});
    auto made = version(path, boost::json::serialize(json), kCreated);
    made.updated = {updated};
    commit({place, false, {made}});
    REQUIRE(index.problems(place)->empty());
  }
  void withdraw(const protocol::PlaceId& place, const std::string& path) {
    forget(place, path);
    commit({place, false, {withdrawn(path)}});
  }
  void forget(const protocol::PlaceId& place, const std::string& path) {
    std::erase_if(records, [&](const OracleRecord& record) { return record.place == place && record.path == path; });
  }
};

std::string random_path(World& world, std::string& kind) {
  static const Texts kinds = {"profile", "event", "resource", "need", "offer"};
  kind = world.one(kinds);
  return kind == "profile" ? "profile.json" : kind + "s/r" + std::to_string(world.below(3)) + ".json";
}

void change_something(World& world, Registry& registry) {
  std::string kind, path = random_path(world, kind);
  auto place = place_number(static_cast<std::uint32_t>(world.below(25)));
  if (world.chance(20)) registry.withdraw(place, path);
  else registry.put_record(place, path, world.record(kind));
}

Addresses all_pages(const Index& index, Query query, World& world, Page& last) {
  Addresses found;
  do {
    query.limit = static_cast<std::size_t>(1 + world.below(12));
    auto page = index.query(query);
    REQUIRE(page);
    REQUIRE(page->items.size() <= query.limit);
    last = *page;
    for (const auto& item : page->items) {
      std::string_view address = item.at("record").as_string();
      address.remove_prefix(std::string_view("maillage:").size());
      found.emplace_back(protocol::PlaceId::parse(address.substr(0, 64)).value(), std::string(address.substr(65)) + ".json");
    }
    query.after = page->next;
  } while (!query.after.empty());
  return found;
}

void check_seed(unsigned seed) {
  World world(seed);
  Registry registry;
  for (int i = 0; i < 120; ++i) change_something(world, registry);
  for (int i = 0; i < 60; ++i) {
    change_something(world, registry);
    auto what = static_cast<What>(world.below(kWhats));
    auto parameters = world.question(what);
    std::string shown(name(what));
    for (const auto& [key, value] : parameters) shown += " " + key + "=" + value;
    INFO("seed " << seed << ": " << shown);
    auto query = parse_query(what, parameters);
    if (!query) continue;  // a key that may not repeat did
    OracleAnswer expected = answer(registry.records, *query);
    if (expected.ambiguous) {
      CHECK(registry.index.query(*query).error().code == ErrorCode::kAmbiguousName);
      continue;
    }
    Page last;
    Addresses found = all_pages(registry.index, *query, world, last);
    REQUIRE(last.number_matched == expected.addresses.size());
    REQUIRE(last.without_position == (query->near ? std::optional(expected.without_position) : std::nullopt));
    REQUIRE(found == expected.addresses);
  }
}

}  // namespace

TEST_CASE("the index answers what a linear scan answers, in the same order, over any pages") {
  for (unsigned seed = 1; seed <= 12; ++seed) check_seed(seed);
}
