// Two hubs that brought in the same list, and a place of the list that speaks for itself: one card a row, everywhere.
#include <catch2/catch.hpp>

#include "tests/e2e/place.h"
#include "tests/locations.h"

using namespace maillage::tests;

namespace {

constexpr std::string_view kMapping = R"([source]
name = "Liste du réseau"
id = "Numéro"
[profile]
name = "Nom"
insee = "INSEE"
)";
constexpr std::string_view kList = "Numéro;Nom;INSEE\n1;Atelier du Port;29039\n2;La Bresse;01053\n3;Le Hangar;59350\n";

struct Hub : Place {
  Hub(const std::filesystem::path& parent, const std::string& name) : Place(parent, name, {"--network"}) {
    write_text(site() / "list.toml", kMapping);
    write_text(site() / "list.csv", kList);
  }
  std::string import() const {
    auto report = json_of(command("import", {"--mapping", (site() / "list.toml").string(), (site() / "list.csv").string()}));
    return std::to_string(number_at(report, "/outcomes/created")) + " " + std::to_string(number_at(report, "/outcomes/unchanged"));
  }
};

// The first item of the answer.
boost::json::value item(const Place& place, const std::string& question) {
  auto page = place.ask("places?" + question).json();
  return page.at("items").as_array().empty() ? boost::json::value() : page.at("items").at(0);
}

std::string hosts(const boost::json::value& card) {
  return text_at(card, "/publishers/0/host/name") + ", " + text_at(card, "/publishers/1/host/name");
}

}  // namespace

TEST_CASE("two hubs with one list show three cards with both publishers, and a place that speaks for itself wins until it withdraws") {
  TemporaryDirectory folder;
  Hub first(folder.path(), "Collectif"), second(folder.path(), "Compagnie");
  Place port(folder.path(), "Chez nous");
  CHECK(first.import() == "3 0");
  CHECK(second.import() == "3 0");
  first.serve();
  second.serve_with(first);
  port.serve_with(first);
  auto both = [&](const auto& holds) { return eventually([&] { return holds(first) && holds(second); }); };
  CHECK(both([](const Place& hub) { return hub.count("places") == 4 && text_at(item(hub, "q=atelier"), "/publishers/1/id") != ""; }));
  CHECK(both([](const Place& hub) {
    auto seen = hosts(item(hub, "q=hangar"));
    return seen == "Collectif, Compagnie" || seen == "Compagnie, Collectif";
  }));
  CHECK(text_at(item(first, "q=atelier"), "/id") == text_at(item(second, "q=atelier"), "/id"));

  constexpr std::string_view kOwnWord = R"({"kind": "profile", "name": "Le Port", "source": {"name": "Liste du réseau", "id": "1"}})";
  REQUIRE(port.publish("profile.json", kOwnWord).code == 0);
  CHECK(both([](const Place& hub) { return text_at(item(hub, "commune=29039"), "/name").empty() && hub.count("places") == 3; }));
  auto card = item(second, "place=" + port.id());
  CHECK(text_at(card, "/name") == "Le Port");
  CHECK(card.at("publishers").as_array().size() == 3);
  CHECK(text_at(card, "/publishers/0/retrieved") == "");
  CHECK(text_at(card, "/publishers/0/host/name") == "");
  CHECK(first.import() == "0 3");
  CHECK(first.count("places") == 3);

  Ended told = run_maillage({"query", "--url", second.url(), "places", "limit=1", "place=" + port.id(), "place=" + second.id()});
  CHECK(told.out.find("Le Port (the place itself) · ") != std::string::npos);
  for (const char* name : {"Collectif (copy of 20", "Compagnie (copy of 20"}) CHECK(told.out.find(name) != std::string::npos);

  REQUIRE(port.publish("profile.json", R"({"kind": "profile", "name": "Chez nous"})").code == 0);
  CHECK(both([](const Place& hub) { return hub.count("places") == 4 && text_at(item(hub, "commune=29039"), "/name") == "Atelier du Port"; }));
  REQUIRE(port.publish("profile.json", kOwnWord).code == 0);
  CHECK(both([](const Place& hub) { return hub.count("places") == 3; }));
  REQUIRE(port.command("unpublish", {"profile.json"}).code == 0);
  CHECK(both([](const Place& hub) { return text_at(item(hub, "commune=29039"), "/name") == "Atelier du Port" && hub.count("places") == 3; }));
}

TEST_CASE("query shows in plain words who publishes a place, and the command that shows the next page") {
  TemporaryDirectory folder;
  Hub hub(folder.path(), "L'Hôte d'ici");
  REQUIRE(hub.import() == "3 0");
  Words asked{"query", "--dir", hub.dir().string(), "places", "limit=2", "q=l'atelier du port", "q=la bresse", "q=hangar"};
  Ended first = run_maillage(asked);
  CHECK(first.code == 0);
  CHECK(first.out.find("- Atelier du Port\n    maillage:") != std::string::npos);
  CHECK(first.out.find("    hosted by: L'Hôte d'ici\n") != std::string::npos);
  CHECK(first.out.find("in all: 3; on this page: 2\n") != std::string::npos);
  auto at = first.out.find("more: maillage query --dir ");
  REQUIRE(at != std::string::npos);
  std::string command = first.out.substr(at + std::string("more: maillage").size());
  CHECK(command.find(R"( limit=2 'q=l'\''atelier du port' 'q=la bresse' q=hangar after=)") != std::string::npos);
  Ended rest = run({"bash", "-c", std::string("LC_ALL=en_GB.UTF-8 ") + kBinary + command});
  CHECK(rest.out.find("in all: 3; on this page: 1\n") != std::string::npos);
  CHECK(rest.out.find("more:") == std::string::npos);
  Ended french = run({kBinary, "query", "--dir", hub.dir().string(), "--lang", "fr", "places", "limit=1"});
  CHECK(french.out.find("la suite : maillage query") != std::string::npos);
  CHECK(french.out.find("    hébergé par : L'Hôte d'ici\n") != std::string::npos);
}

TEST_CASE("a short name that two places have is refused with both ids, and near says how many have no position") {
  TemporaryDirectory folder;
  Hub hub(folder.path(), "Collectif");
  std::string ids[2];
  for (auto& id : ids) id = text_at(json_of(run_maillage({"place", "add", "--dir", hub.dir().string(), "--json", "--name", "Colybric"})), "/place");
  write_text(hub.site() / "needs/aide.json", need("Aide"));
  Ended refused = run_maillage({"publish", "--dir", hub.dir().string(), "--root", hub.site().string(), "--place", "colybric", "needs/aide.json"});
  CHECK(refused.code == 1);
  Ended french = run({kBinary, "query", "--dir", hub.dir().string(), "--lang", "fr", "places", "near=50.6,3"});
  CHECK(french.out.find("sans position, donc ni près ni loin : 2\n") != std::string::npos);
  hub.serve();
  Answer answer = hub.ask("places/colybric", {"Accept-Language: fr"});
  CHECK(answer.status == 404);
  CHECK(text_at(answer.json(), "/detail").starts_with("plusieurs lieux portent ce nom court"));
  for (const auto& id : ids) {
    CHECK(refused.err.find(id) != std::string::npos);
    CHECK(text_at(answer.json(), "/detail").find(id) != std::string::npos);
  }
  CHECK(number_at(hub.ask("places?near=50.6,3").json(), "/withoutPosition") == 2);
  CHECK(hub.ask("places?type=coworking").status == 400);
}
