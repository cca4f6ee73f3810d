// What scripts rely on: exit codes, JSON alone on stdout, what `init` gives, and commands with or without a daemon.
#include <catch2/catch.hpp>

#include "tests/e2e/place.h"
#include "tests/locations.h"

using namespace maillage::tests;

TEST_CASE("init gives the identity, the short name and the recovery sheet, once") {
  TemporaryDirectory folder;
  std::string dir = (folder.path() / "place").string();
  Ended first = run_maillage({"init", "--dir", dir, "--name", "Atelier du Canal", "--commune", "59350", "--json"});
  INFO(first.err);
  REQUIRE(first.code == 0);
  auto made = json_of(first);
  CHECK(made.as_object().size() == 3);
  CHECK(text_at(made, "/place").size() == 64);
  CHECK(text_at(made, "/slug") == "atelier-du-canal");
  CHECK(text_at(made, "/recovery_sheet").size() > 40);

  Ended second = run_maillage({"init", "--dir", dir, "--name", "Autre", "--json"});
  CHECK(second.code == 1);
  CHECK(text_at(json_of(second), "/error/code") == "exists");
  Ended shown = run_maillage({"query", "--dir", dir, "--json", "places"});
  CHECK(text_at(json_of(shown), "/items/0/name") == "Atelier du Canal");
}

TEST_CASE("an init whose sheet cannot be written says so, and can be run again") {
  TemporaryDirectory folder;
  std::string dir = (folder.path() / "place").string();
  Words init{kBinary, "init", "--dir", dir, "--name", "Atelier"};
  Words into_full{"/bin/sh", "-c", "exec \"$@\" > /dev/full", "sh"};
  into_full.insert(into_full.end(), init.begin(), init.end());
  Ended unseen = run(into_full);
  CHECK(unseen.code == 1);
  CHECK(unseen.err.find("stdout") != std::string::npos);
  CHECK(run(init).code == 0);
}

TEST_CASE("the recovery sheet is nowhere on the disk") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Atelier");
  REQUIRE(place.sheet().size() > 20);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(place.dir())) {
    if (!entry.is_regular_file()) continue;
    INFO(entry.path());
    CHECK(read_text(entry.path()).find(place.sheet().substr(0, 20)) == std::string::npos);
  }
}

TEST_CASE("typing the recovery sheet makes status say that it is confirmed") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Atelier");
  CHECK(place.command("status").out.find("onfirmed\":false") != std::string::npos);
  Ended wrong = place.command("sheet", {"--confirm"}, "pas la bonne\n");
  CHECK(wrong.code == 1);
  CHECK_FALSE(wrong.err.empty());
  CHECK(place.command("status").out.find("onfirmed\":false") != std::string::npos);
  Ended right = place.command("sheet", {"--confirm"}, place.sheet() + "\n");
  INFO(right.err);
  CHECK(right.code == 0);
  CHECK(place.command("status").out.find("onfirmed\":true") != std::string::npos);
}

TEST_CASE("0 is done, 1 is refused, 2 is wrong usage") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Atelier");
  std::string dir = place.dir().string();
  std::string nowhere = (folder.path() / "nowhere").string();
  CHECK(run_maillage({"status", "--dir", dir}).code == 0);
  CHECK(run_maillage({"--help"}).code == 0);
  CHECK(run_maillage({"--version"}).code == 0);
  CHECK(run_maillage({"status", "--dir", nowhere}).code == 1);
  CHECK(run_maillage({"serve", "--dir", nowhere, "--listen", "127.0.0.1:0"}).code == 1);
  CHECK(run_maillage({"publish", "--dir", dir, "absent.json"}).code == 1);
  CHECK(run_maillage({}).code == 2);
  CHECK(run_maillage({"frobnicate"}).code == 2);
  CHECK(run_maillage({"status"}).code == 2);
  CHECK(run_maillage({"init", "--dir", nowhere}).code == 2);
  CHECK(run_maillage({"init", "--dir", nowhere, "--name", "X", "--lat", "50"}).code == 2);
  CHECK(run_maillage({"publish", "--dir", dir}).code == 2);
  CHECK(run_maillage({"query", "places"}).code == 2);
  CHECK(run_maillage({"query", "--dir", dir, "--url", "http://127.0.0.1:1", "places"}).code == 2);
  CHECK(run_maillage({"publish", "--dir", dir, ""}).code == 2);
  CHECK(run_maillage({"query", "--dir", dir, "lieux"}).code == 2);
  CHECK(run_maillage({"query", "--dir", dir, "places", "laser"}).code == 2);
  CHECK(run_maillage({"serve", "--dir", dir, "--listen", "here"}).code == 2);
  CHECK(run_maillage({"serve", "--dir", dir, "--peer", "here"}).code == 2);
  CHECK(run_maillage({"serve", "--dir", dir, "--log-level", "loud"}).code == 2);
  CHECK(run_maillage({"init", "--dir", nowhere, "--name", ""}).code == 2);
  CHECK(run_maillage({"init", "--dir", nowhere, "--name", "X", "--commune", "59000"}).code == 1);  // Lille's postcode
  CHECK_FALSE(std::filesystem::exists(nowhere));
}

TEST_CASE("init makes a place in a new folder or one that has settings alone, and leaves what is there to its owner") {
  TemporaryDirectory folder;
  write_text(folder.path() / "settings/config.toml", "");
  write_text(folder.path() / "photos/canal.jpg", "x");
  CHECK(run_maillage({"init", "--dir", (folder.path() / "settings").string(), "--name", "X"}).code == 0);
  Ended refused = run_maillage({"init", "--dir", (folder.path() / "photos").string(), "--name", "X", "--json"});
  CHECK(text_at(json_of(refused), "/error/code") == "folder-not-empty");
  CHECK_FALSE(std::filesystem::exists(folder.path() / "photos/lock"));
}

TEST_CASE("with --json every verb prints JSON alone on stdout, done or refused") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Atelier");
  write_text(place.site() / "offers/coffee.json", R"({"kind": "offer", "name": "Café"})");
  bool served = GENERATE(false, true);
  if (served) place.serve();
  INFO("with a daemon: " << served);
  for (const Words& words : std::vector<Words>{{"publish", "offers/coffee.json"}, {"confirm", "offers/coffee.json"}, {"query", "offers"}, {"status"},
                                               {"peers"}, {"verify"}, {"reindex"}, {"refs"}, {"unpublish", "offers/coffee.json"}}) {
    Ended done = place.command(words[0], {words.begin() + 1, words.end()});
    INFO(words[0] << ": " << done.out << done.err);
    CHECK(done.code == 0);
    CHECK(json_of(done).is_object());
  }
  for (const Words& words : std::vector<Words>{{"publish", "absent.json"}, {"confirm", "offers/never.json"}, {"unpublish", "offers/never.json"},
                                               {"query", "offers", "colour=red"}, {"query", "offers", "near=Lille"}}) {
    Ended refused = place.command(words[0], {words.begin() + 1, words.end()});
    INFO(words[0] << ": " << refused.out << refused.err);
    CHECK(refused.code == 1);
    CHECK(json_of(refused).is_object());
    CHECK_FALSE(text_at(json_of(refused), "/error/code").empty());
  }
}

TEST_CASE("commands speak French unless the terminal or --lang says English") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Atelier");
  Words words{"publish", "--dir", place.dir().string(), "absent.json"};
  std::string by_default = run_maillage(words, "", {{}, {"LANG="}, {}}).err;
  std::string french = run_maillage(words, "", {{}, {"LANG=fr_FR.UTF-8"}, {}}).err;
  std::string english = run_maillage(words, "", {{}, {"LANG=en_US.UTF-8"}, {}}).err;
  words.insert(words.end(), {"--lang", "fr"});
  std::string asked = run_maillage(words, "", {{}, {"LANG=en_US.UTF-8"}, {}}).err;
  CHECK(french.find("introuvable") != std::string::npos);
  CHECK(english.find("not found") != std::string::npos);
  CHECK(by_default == french);
  CHECK(asked == french);
}

TEST_CASE("an option that there is not is told before one that is missing, with the nearest there is") {
  auto told = [](Words words, const std::string& language) { return words.insert(words.end(), {"--lang", language}), run_maillage(words).err; };
  Words import{"import", "--dir", "x", "--maping", "cget", "list.csv"};
  CHECK(told(import, "en").starts_with("unknown option: --maping → --mapping ?"));
  CHECK(told(import, "fr").starts_with("option inconnue : --maping → --mapping ?"));
  CHECK(told({"place", "export", "--plase=x", "file"}, "en").starts_with("unknown option: --plase → --place ?"));
  CHECK(told({"status", "--dir", "x", "--verbose-please"}, "en").starts_with("unknown option: --verbose-please;"));
  CHECK(told({"import", "--dir", "x", "list.csv"}, "en").starts_with("--mapping is missing"));
}

TEST_CASE("help is in one language, with the spaces of French before its colons") {
  std::string french = run_maillage({"--lang", "fr", "place", "export", "--help"}).out;
  std::string english = run_maillage({"--lang", "en", "place", "export", "--help"}).out;
  for (const char* word : {"\nUsage : ", "\nArguments :\n", "\nOptions :\n"}) CHECK(french.find(word) != std::string::npos);
  for (const char* word : {"\nUsage: ", "\nArguments:\n", "\nOptions:\n"}) CHECK(english.find(word) != std::string::npos);
}

TEST_CASE("no word of the library that reads the options is left in French help") {
  std::string all;
  std::vector<Words> verbs{{}, {"place", "export"}, {"key", "rotate"}, {"key", "request"}, {"inbox", "refuse"}};
  for (const char* verb : {"init", "serve", "publish", "erase", "unseal", "query", "invite", "join", "partners", "block", "admit", "import"})
    verbs.push_back({verb});
  for (const Words& verb : verbs) {
    Words words{"--lang", "fr"};
    words.insert(words.end(), verb.begin(), verb.end());
    words.push_back("--help");
    all += run_maillage(words).out;
  }
  for (const char* word : {"TEXT ", "TEXT\n", " INT", "UINT", "FLOAT", "REQUIRED", "[OPTIONS]", "SUBCOMMAND", "Needs", "Excludes", "Positionals", "PATH",
                           "FILE", "LINK", "PLACE", "LIST\n", "REASON", "HOST:"}) {
    INFO(word);
    CHECK(all.find(word) == std::string::npos);
  }
  CHECK(run_maillage({"--lang", "fr", "join", "--dir", "x"}).err.starts_with("il manque LIEN"));
}

TEST_CASE("a command acts directly when no daemon runs, and through the socket when one does") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Atelier");
  REQUIRE(place.publish("offers/one.json", R"({"kind": "offer", "name": "Un"})").code == 0);
  place.serve();
  CHECK(place.count("offers") == 1);
  REQUIRE(place.publish("offers/two.json", R"({"kind": "offer", "name": "Deux"})").code == 0);
  CHECK(place.count("offers") == 2);  // the daemon published it: it knows at once
  REQUIRE(place.stop() == 0);
  REQUIRE(place.publish("offers/three.json", R"({"kind": "offer", "name": "Trois"})").code == 0);
  CHECK(place.count("offers") == 3);
  CHECK(place.unsound() == "");
}

TEST_CASE("publications that come at once wait for each other, with a daemon or without") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Atelier");
  if (GENERATE(false, true)) place.serve();
  std::vector<std::unique_ptr<Child>> publishing;
  constexpr int kAtOnce = 6;
  for (int i = 0; i < kAtOnce; ++i) {
    std::string path = "offers/offer-" + std::to_string(i) + ".json";
    write_text(place.site() / path, R"({"kind": "offer", "name": "Offre"})");
    Words words{kBinary, "publish", "--dir", place.dir().string(), "--json", path};
    publishing.push_back(std::make_unique<Child>(words, Spawning{place.site(), {}, {}}));
  }
  for (auto& one : publishing) CHECK(one->ended(kPatience) == 0);
  CHECK(place.count("offers") == kAtOnce);
}

TEST_CASE("a second daemon on the same folder is refused while the first goes on") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Atelier");
  place.serve();
  Ended second = place.command("serve", {"--listen", "127.0.0.1:0"});
  CHECK(second.code == 1);
  CHECK(text_at(json_of(second), "/error/code") == "in-use");
  CHECK(second.err.find("another Maillage program already runs on the folder " + place.dir().string()) != std::string::npos);
  CHECK(text_at(json_of(place.command("init", {"--name", "Autre"})), "/error/code") == "in-use");
  CHECK(place.count("places") == 1);
  CHECK(get(place.address(), "/readyz").status == 200);
}
