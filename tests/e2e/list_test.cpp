// The public lists over HTTP, as scripts and maps use them.
#include <catch2/catch.hpp>

#include <set>

#include "tests/e2e/place.h"

using namespace maillage::tests;

namespace {

struct Listed {
  Listed() : place(folder.path(), "Atelier du Canal", {"--commune", "59350", "--lat", "50.63", "--lon", "3.06"}) {
    Words paths;
    for (int i = 0; i < 25; ++i) {
      paths.push_back("resources/tool-" + std::to_string(i) + ".json");
      std::string type = i % 5 == 0 ? "space" : i % 5 == 1 ? "service" : "equipment";
      write_text(place.site() / paths.back(), R"({"kind": "resource", "name": "Outil )" + std::to_string(i) + R"(", "type": ")" + type +
                                                  R"(", "licence": "CC0-1.0"})");
    }
    Ended published = place.publish_all(paths);
    if (published.code != 0) throw std::runtime_error(published.out);
    place.serve();
  }
  TemporaryDirectory folder;
  Place place;
};

}  // namespace

TEST_CASE_METHOD(Listed, "a walk through the pages loses nothing and repeats nothing") {
  int limit = GENERATE(1, 7, 25, 1000);
  std::set<std::string> seen;
  std::string after;
  int pages = 0;
  do {
    Answer answer = place.ask("resources?limit=" + std::to_string(limit) + (after.empty() ? "" : "&after=" + after));
    REQUIRE(answer.status == 200);
    auto page = answer.json();
    REQUIRE(number_at(page, "/numberMatched") == 25);
    auto& items = page.at("items").as_array();
    CHECK(number_at(page, "/numberReturned") == static_cast<std::int64_t>(items.size()));
    CHECK(items.size() <= static_cast<std::size_t>(limit));
    for (const auto& item : items) CHECK(seen.insert(text_at(item, "/record")).second);
    after = text_at(page, "/next");
    bool linked = answer.headers.contains("link") && answer.headers["link"].find("rel=\"next\"") != std::string::npos;
    CHECK(linked == !after.empty());
    CHECK((after.empty() ? page.at("next").is_null() : true));
  } while (!after.empty() && ++pages < 30);
  CHECK(seen.size() == 25);
}

TEST_CASE("a page of large records ends early over HTTP, and its next leads through all of them") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Atelier du Canal");
  Words paths;
  const std::string text(14'000, 'x');
  for (int i = 0; i < 100; ++i) {
    paths.push_back("needs/n" + std::to_string(i) + ".json");
    write_text(place.site() / paths.back(), R"({"kind": "need", "name": "Besoin )" + std::to_string(i) + R"(", "extra": [")" + text + R"(", ")" + text +
                                                R"(", ")" + text + R"(", ")" + text + R"("]})");
  }
  REQUIRE(place.publish_all(paths).code == 0);
  place.serve();
  std::set<std::string> seen;
  std::string after;
  int pages = 0;
  do {
    Answer answer = place.ask("needs?limit=1000" + (after.empty() ? "" : "&after=" + after));
    REQUIRE(answer.status == 200);
    CHECK(answer.body.size() < 4'500'000);
    auto page = answer.json();
    auto& items = page.at("items").as_array();
    CHECK(number_at(page, "/numberMatched") == 100);
    CHECK(number_at(page, "/numberReturned") == static_cast<std::int64_t>(items.size()));
    for (const auto& item : items) CHECK(seen.insert(text_at(item, "/record")).second);
    after = text_at(page, "/next");
  } while (!after.empty() && ++pages < 10);
  CHECK(seen.size() == 100);
  CHECK(pages == 1);
}

TEST_CASE_METHOD(Listed, "limit 0 counts without listing, and a list has exactly its four members") {
  auto page = place.ask("resources?limit=0").json();
  CHECK(page.as_object().size() == 4);
  CHECK(number_at(page, "/numberMatched") == 25);
  CHECK(number_at(page, "/numberReturned") == 0);
  CHECK(page.at("items").as_array().empty());
}

TEST_CASE_METHOD(Listed, "a repeated key means or, different keys mean and") {
  CHECK(place.count("resources", {"type=space"}) == 5);
  CHECK(place.count("resources", {"type=space", "type=service"}) == 10);
  CHECK(place.count("resources", {"type=space", "type=service", "q=10"}) == 1);
  CHECK(place.count("resources", {"type=space", "department=59"}) == 5);
  CHECK(place.count("resources", {"type=space", "department=29"}) == 0);
  CHECK(place.count("resources", {"near=50.63,3.06", "radius=1"}) == 25);
  CHECK(place.count("resources", {"near=48.85,2.35", "radius=100"}) == 0);
}

TEST_CASE_METHOD(Listed, "an unknown parameter or a wrong value is a problem in the reader's language") {
  Answer french = place.ask("resources?couleur=rouge");
  CHECK(french.status == 400);
  CHECK(french.headers["content-type"].starts_with("application/problem+json"));
  CHECK(text_at(french.json(), "/title") == "Demande incorrecte");
  CHECK(number_at(french.json(), "/status") == 400);
  CHECK(text_at(french.json(), "/type").find("/problems/") != std::string::npos);
  CHECK(text_at(french.json(), "/detail").find("couleur") != std::string::npos);
  Answer english = place.ask("resources?couleur=rouge", {"Accept-Language: en-GB, fr;q=0.5"});
  CHECK(text_at(english.json(), "/title") == "Bad request");
  CHECK(text_at(english.json(), "/detail").find("couleur") != std::string::npos);
  CHECK(place.ask("resources?limit=1001").status == 400);
  CHECK(place.ask("resources?limit=-1").status == 400);
  CHECK(place.ask("resources?near=lille&radius=3").status == 400);
  CHECK(place.ask("resources?after=nonsense").status == 400);
  CHECK(text_at(place.ask("resources?department=Nord").json(), "/detail") == "paramètre de recherche incorrect : department=Nord → department=59 (Nord)");
  Answer slip = place.ask("resources?type=equipement", {"Accept-Language: en"});
  CHECK(slip.status == 400);
  CHECK(text_at(slip.json(), "/detail") == "wrong parameter: type=equipement → type=equipment");
  CHECK(place.ask("resources?limit=1&limit=2").status == 400);
  CHECK(place.ask("cartes").status == 404);

  Ended command = run_maillage({"query", "--url", place.url(), "--json", "resources", "couleur=rouge"});
  CHECK(command.code == 1);
  CHECK(command.err.find("couleur") != std::string::npos);
}

TEST_CASE_METHOD(Listed, "what has not changed is answered 304, and what has changed is not") {
  Answer first = place.ask("resources");
  REQUIRE(first.headers.contains("etag"));
  std::string condition = "If-None-Match: " + first.headers["etag"];
  Answer again = place.ask("resources", {condition});
  CHECK(again.status == 304);
  CHECK(again.body.empty());
  CHECK(again.headers["etag"] == first.headers["etag"]);
  REQUIRE(place.publish("resources/new.json", resource("Nouveau")).code == 0);
  Answer changed = place.ask("resources", {condition});
  CHECK(changed.status == 200);
  CHECK(number_at(changed.json(), "/numberMatched") == 26);
}

TEST_CASE_METHOD(Listed, "a place is found by its id and by its short name") {
  CHECK(text_at(place.ask("places/" + place.id()).json(), "/slug") == "atelier-du-canal");
  CHECK(text_at(place.ask("places/atelier-du-canal").json(), "/id") == place.id());
  CHECK(place.ask("places/nulle-part").status == 404);
  CHECK(place.ask("places/" + std::string(64, '0')).status == 404);
  CHECK(place.ask("status").status == 200);
  CHECK(get(place.address(), "/healthz").status == 200);
  CHECK(get(place.address(), "/metrics").body.find("maillage_") != std::string::npos);
}
