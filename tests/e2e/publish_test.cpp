// What bad input gets: the path, the field, the reason and an example; and nothing is published.
#include <catch2/catch.hpp>

#include "tests/e2e/place.h"

using namespace maillage::tests;

namespace {

// A place without a daemon, or with one: both refuse the same.
struct Publisher {
  Publisher() : place(folder.path(), "Atelier") {
    if (GENERATE(false, true)) place.serve();
  }
  ~Publisher() { CHECK(place.count("places") + place.count("resources") + place.count("events") == 1); }

  std::string refusal(const std::string& path, const std::string& language) {
    return run_maillage({"publish", "--dir", place.dir().string(), "--lang", language, path}, "", {place.site(), {}, {}}).err;
  }

  TemporaryDirectory folder;
  Place place;
};

bool says(const std::string& text, std::string_view part) {
  UNSCOPED_INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE_METHOD(Publisher, "a missing licence is named by path, pointer, reason and example, in both languages") {
  write_text(place.site() / "resources/saw.json", R"({"kind": "resource", "name": "Scie", "type": "equipment"})");
  std::string french = refusal("resources/saw.json", "fr");
  CHECK(says(french, "resources/saw.json"));
  CHECK(says(french, "/licence manque"));
  CHECK(says(french, "par exemple"));
  std::string english = refusal("resources/saw.json", "en");
  CHECK(says(english, "/licence is missing"));
  CHECK(says(english, "for example"));
  auto shown = json_of(place.command("publish", {"resources/saw.json"}));
  CHECK(text_at(shown, "/problems/0/path") == "resources/saw.json");
  CHECK(text_at(shown, "/problems/0/pointer") == "/licence");
  CHECK(text_at(shown, "/problems/0/code") == "missing-field");
  CHECK_FALSE(text_at(shown, "/problems/0/example").empty());
}

TEST_CASE_METHOD(Publisher, "every wrong field of every file is said at once, and the good files wait too") {
  write_text(place.site() / "events/good.json", event("Fête"));
  write_text(place.site() / "events/bad.json", R"({"kind": "event", "name": "", "start": "demain", "status": "peut-être"})");
  write_text(place.site() / "resources/worse.json", R"({"kind": "resource", )");
  Ended refused = place.publish_all({"events/good.json", "events/bad.json", "resources/worse.json"});
  CHECK(refused.code == 1);
  for (const char* expected : {"events/bad.json", "/name", "/start", "/status", "resources/worse.json"}) CHECK(says(refused.err, expected));
}

TEST_CASE_METHOD(Publisher, "a record in a folder where nobody would list it is refused, and its right path is suggested") {
  write_text(place.site() / "resources/workshop/saw.json", resource("Scie"));
  std::string french = refusal("resources/workshop/saw.json", "fr");
  CHECK(says(french, "fiche rangée là où personne ne la verrait"));
  CHECK(says(french, "resources/workshop/saw.json → resources/saw.json"));
  CHECK(text_at(json_of(place.command("publish", {"resources"})), "/problems/0/code") == "stray-record");
}

TEST_CASE_METHOD(Publisher, "absolute paths, .. and upper case are refused with the reason, and the right name is suggested") {
  write_text(place.site() / "resources/Saw.json", resource("Scie"));
  write_text(folder.path() / "outside.json", resource("Dehors"));
  CHECK(says(refusal((place.site() / "resources/Saw.json").string(), "en"), "absolute path"));
  CHECK(says(refusal((place.site() / "resources/Saw.json").string(), "fr"), "chemin absolu"));
  CHECK(says(refusal("../outside.json", "en"), "\"..\" is not allowed"));
  CHECK(says(refusal("resources/../../outside.json", "en"), "\"..\" is not allowed"));
  CHECK(says(refusal("resources/Saw.json", "en"), "resources/saw.json"));
  CHECK(says(refusal("resources/Saw.json", "fr"), "minuscules"));
  write_text(place.site() / "identity/charters", "mine");
  CHECK(place.publish_all({"identity/charters"}).code == 1);
}

TEST_CASE_METHOD(Publisher, "a symbolic link is not followed out of the folder") {
  write_text(folder.path() / "secret", "never public");
  std::filesystem::create_directories(place.site() / "resources/saw");
  std::filesystem::create_symlink(folder.path() / "secret", place.site() / "resources/saw/readme.md");
  CHECK(place.publish_all({"resources/saw/readme.md"}).code == 1);
}

TEST_CASE_METHOD(Publisher, "a record over 64 KiB and a file over 4 MiB are refused with their size's limit") {
  write_text(place.site() / "resources/big.json", resource("Gros", R"(, "description": ")" + std::string(70'000, 'x') + "\""));
  write_text(place.site() / "resources/saw/film.bin", std::string(4 * 1024 * 1024 + 1, 'x'));
  CHECK(place.publish_all({"resources/big.json"}).code == 1);
  CHECK(place.publish_all({"resources/saw/film.bin"}).code == 1);
}

TEST_CASE("publishing the same again changes nothing, and a folder is published whole") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Atelier");
  write_text(place.site() / "resources/saw/record.json", resource("Scie"));
  write_text(place.site() / "resources/saw/readme.md", "# Scie\n");
  Ended first = place.publish_all({"resources"});
  REQUIRE(first.code == 0);
  CHECK(json_of(first).at("changed").as_array().size() == 2);
  Ended second = place.publish_all({"./resources/"});
  CHECK(second.code == 0);
  CHECK(json_of(second).at("changed").as_array().empty());
  CHECK(place.count("resources") == 1);
}

TEST_CASE("the option --root says where paths start, and --place must be one of ours") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Atelier");
  write_text(folder.path() / "elsewhere/resources/saw.json", resource("Scie"));
  std::string root = (folder.path() / "elsewhere").string();
  CHECK(place.command("publish", {"--root", root, "--place", std::string(64, 'a'), "resources/saw.json"}).code == 1);
  CHECK(place.command("publish", {"--root", root, "--place", place.id(), "resources/saw.json"}).code == 0);
  CHECK(place.count("resources") == 1);
}

TEST_CASE_METHOD(Publisher, "a whole folder is published and withdrawn by its name") {
  write_text(place.site() / "resources/saw.json", resource("Scie"));
  write_text(place.site() / "resources/plane.json", resource("Rabot"));
  REQUIRE(place.publish_all({"resources"}).code == 0);
  CHECK(place.count("resources") == 2);
  Ended withdrawn = place.command("unpublish", {"resources/"});
  CHECK(says(withdrawn.out, "resources/plane.json"));
  CHECK(place.count("resources") == 0);
}
