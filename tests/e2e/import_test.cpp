// A network brings in the list that it has, from end to end: read, published, synced, asked for, and imported again.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <random>

#include "tests/e2e/place.h"
#include "tests/locations.h"

using namespace maillage::tests;

namespace {

constexpr std::string_view kMapping = R"([source]
name = "Liste du réseau"
licence = "etalab-2.0"
id = "Numéro"

[profile]
name = "Nom"
insee = "INSEE"
postcode = "CP"
commune = "Ville"
activities = "Type"
)";
constexpr std::string_view kHeader = "Numéro;Nom;INSEE;CP;Ville;Type\n";
constexpr std::string_view kRows[] = {"1;Atelier du Port;29039;29900;Concarneau;Fablab\n", "2;La Bresse;1053;1000;Bourg-en-Bresse;Coworking\n",
                                      "3;Le Hangar;59350;59000;Lille;Coworking, Fablab\n"};

struct Hub {
  explicit Hub(const std::string& name = "Réseau") : place(folder.path(), name, {"--network"}) {
    write_text(place.site() / "list.toml", kMapping);
  }
  Words words(const Words& more = {}) const {
    Words all{"--mapping", (place.site() / "list.toml").string()};
    all.insert(all.end(), more.begin(), more.end());
    all.push_back((place.site() / "list.csv").string());
    return all;
  }
  void list(const std::string& rows) const { write_text(place.site() / "list.csv", std::string(kHeader) + rows); }
  Ended import(const Words& more = {}) const { return place.command("import", words(more)); }

  TemporaryDirectory folder;
  Place place;
};

// "created changed unchanged vanished refused"
std::string outcomes(const Ended& ended) {
  auto report = json_of(ended);
  std::string said;
  for (const char* key : {"created", "changed", "unchanged", "vanished", "refused"})
    said += std::to_string(number_at(report, std::string("/outcomes/") + key)) + " ";
  return said;
}

std::string many_rows(int count) {
  std::string rows;
  for (int i = 1; i <= count; ++i) rows += std::to_string(i) + ";Lieu " + std::to_string(i) + ";29039;29900;Concarneau;Fablab\n";
  return rows;
}

}  // namespace

TEST_CASE("a list becomes places, again nothing changes, a changed row changes one, and a row that left is told and kept") {
  Hub hub;
  if (GENERATE(false, true)) hub.place.serve();
  hub.list(std::string(kRows[0]) + std::string(kRows[1]) + std::string(kRows[2]) + "4;;29039;29900;Concarneau;Fablab\n");
  Ended tried = hub.import({"--dry-run"});
  CHECK(outcomes(tried) == "3 0 0 0 1 ");
  CHECK(text_at(json_of(tried), "/places/2/name") == "Le Hangar");
  CHECK(hub.place.count("places") == 0);
  Ended first = hub.import();
  INFO(first.out << first.err);
  CHECK(first.code == 0);
  CHECK(outcomes(first) == "3 0 0 0 1 ");
  CHECK(hub.place.count("places", {"region=53"}) == 1);
  CHECK(hub.place.count("places", {"activity=fablab"}) == 2);
  CHECK(outcomes(hub.import()) == "0 0 3 0 1 ");

  hub.list(std::string(kRows[0]) + "2;La Grande Bresse;1053;1000;Bourg-en-Bresse;Coworking\n");
  CHECK(outcomes(hub.import({"--dry-run"})) == "0 1 1 1 0 ");
  Ended second = hub.import();
  CHECK(outcomes(second) == "0 1 1 1 0 ");
  CHECK(text_at(json_of(second), "/vanishedIds/0") == "3");
  CHECK(hub.place.count("places") == 3);
  CHECK(hub.place.count("places", {"q=grande bresse"}) == 1);
  CHECK(hub.place.unsound() == "");
}

TEST_CASE("what was corrected by hand is kept and told, until the list is told to win") {
  Hub hub;
  if (GENERATE(false, true)) hub.place.serve();
  hub.list(std::string(kRows[0]) + std::string(kRows[1]) + std::string(kRows[2]));
  REQUIRE(hub.import().code == 0);
  auto publish = [&](const std::string& slug, const std::string& json) {
    write_text(hub.place.site() / "profile.json", json);
    return hub.place.command("publish", {"--place", slug, "profile.json"}).code;
  };
  REQUIRE(publish("atelier-du-port", R"({"kind": "profile", "name": "Atelier du Port", "stage": "closed"})") == 0);
  REQUIRE(hub.place.command("unpublish", {"--place", "le-hangar", "profile.json"}).code == 0);
  Ended kept = hub.import();
  INFO(kept.out);
  auto report = json_of(kept);
  CHECK(number_at(report, "/outcomes/kept") == 1);
  CHECK(number_at(report, "/outcomes/withdrawn") == 1);
  CHECK(number_at(report, "/outcomes/unchanged") == 1);
  CHECK(text_at(report, "/places/0/outcome") == "kept");
  CHECK(text_at(report, "/places/0/name") == "Atelier du Port");
  CHECK(report.at("places").at(0).at("fields").as_array().size() >= 3);
  CHECK(hub.place.count("places") == 2);
  CHECK(hub.place.count("places", {"activity=fablab"}) == 0);
  CHECK(number_at(json_of(hub.import({"--overwrite"})), "/outcomes/changed") == 1);
  CHECK(hub.place.count("places", {"activity=fablab"}) == 1);
  CHECK(hub.place.unsound() == "");
}

TEST_CASE("a row that lost a cell is refused, and its place is not told to have left the list") {
  Hub hub;
  hub.list(std::string(kRows[0]) + std::string(kRows[1]));
  REQUIRE(hub.import().code == 0);
  hub.list(std::string(kRows[0]) + "2;La Bresse;1053;1000\n");
  CHECK(outcomes(hub.import()) == "0 0 1 0 1 ");
}

TEST_CASE("what is wrong with a list or its mapping is told before anything is written") {
  Hub hub;
  hub.list(std::string(kRows[0]) + "2;\"never closed;1;1;1;1\n");
  Ended unclosed = hub.import();
  CHECK(unclosed.code == 1);
  CHECK(unclosed.err.find("list.csv:3") != std::string::npos);
  hub.list(std::string(kRows[0]));
  write_text(hub.place.site() / "list.toml", std::string(kMapping) + "website = \"Site\"\n");
  Ended column = hub.import();
  CHECK(column.code == 1);
  CHECK(text_at(json_of(column), "/error/code") == "unknown-column");
  Ended unknown = hub.place.command("import", {"--mapping", "cgte", (hub.place.site() / "list.csv").string()});
  CHECK(unknown.code == 2);
  CHECK(hub.place.count("places") == 0);
}

TEST_CASE("the day of a list is the one that is given, or the mapping's") {
  Hub hub;
  std::string mapping(kMapping);
  mapping.insert(mapping.find("id = "), "retrieved = \"2026-01-15\"\n");
  write_text(hub.place.site() / "list.toml", mapping + "\n[always]\nconfirmed = \"2026-01-15\"\n");
  hub.list(std::string(kRows[0]));
  CHECK(text_at(json_of(hub.import()), "/retrieved") == "2026-01-15");
  Ended later = hub.import({"--retrieved", "2026-03-01"});
  CHECK(outcomes(later) == "0 1 0 0 0 ");
  CHECK(text_at(json_of(later), "/retrieved") == "2026-03-01");
  auto shown = json_of(hub.place.command("query", {"places", "activity=fablab"}));
  CHECK(text_at(shown, "/items/0/source/retrieved") == "2026-03-01");
  CHECK(text_at(shown, "/items/0/confirmed") == "2026-03-01");
  Ended wrong = hub.import({"--retrieved", "demain"});
  CHECK(wrong.code == 1);
  CHECK(text_at(json_of(wrong), "/error/code") == "bad-date");
  CHECK(wrong.err.find("demain") != std::string::npos);
}

TEST_CASE("an import names what it made and changed, and of a place on its way to another daemon the whole command that keeps it") {
  Hub hub, other("Ailleurs");
  auto table = [&](const Words& more = {}) {
    Words words{"import", "--dir", hub.place.dir().string()};
    for (const std::string& word : hub.words(more)) words.push_back(word);
    return run_maillage(words).out;
  };
  hub.list(std::string(kRows[0]) + std::string(kRows[1]));
  CHECK(table().find("New places\n           line 2: Atelier du Port\n           line 3: La Bresse\n") != std::string::npos);
  std::string id = text_at(json_of(hub.place.command("query", {"places", "q=bresse"})), "/items/0/id");
  std::string code = text_at(json_of(run_maillage({"place", "code", "--dir", other.place.dir().string(), "--json"})), "/successor");
  std::string file = (hub.folder.path() / "bresse.handover").string();
  Ended left = run_maillage({"place", "export", "--dir", hub.place.dir().string(), "--place", id, "--to", code, file}, hub.place.sheet() + "\n");
  INFO(left.out << left.err);
  REQUIRE(left.code == 0);
  hub.list("1;Atelier du Quai;29039;29900;Concarneau;Fablab\n2;La Grande Bresse;1053;1000;Bourg-en-Bresse;Coworking\n");
  std::string keep = "maillage place keep --dir " + hub.place.dir().string() + " --place " + id + "\n";
  for (const Words& more : {Words{"--dry-run"}, Words{}}) {
    std::string said = table(more);
    INFO(said);
    CHECK(said.find(std::string(more.empty() ? "Places" : "would be") + " changed\n           line 2: Atelier du Quai (/name)\n") != said.npos);
    CHECK(said.find("1  place handed to another daemon (left alone)\n") != said.npos);
    CHECK(said.find("0  rows refused\n") != said.npos);
    CHECK(said.find(keep) != said.npos);
  }
  auto report = json_of(hub.import());
  CHECK(number_at(report, "/outcomes/handedOver") == 1);
  CHECK(number_at(report, "/outcomes/refused") == 0);
}

TEST_CASE("a place that moved to another daemon is left alone by the next import") {
  Hub hub, other("Ailleurs");
  hub.list(std::string(kRows[0]) + std::string(kRows[1]));
  REQUIRE(hub.import().code == 0);
  auto places = json_of(hub.place.command("query", {"places", "q=bresse"}));
  std::string id = text_at(places, "/items/0/place");
  if (id.empty()) id = text_at(places, "/items/0/id");
  std::string code = text_at(json_of(run_maillage({"place", "code", "--dir", other.place.dir().string(), "--json"})), "/successor");
  std::string file = (hub.folder.path() / "bresse.handover").string();
  Ended left = run_maillage({"place", "export", "--dir", hub.place.dir().string(), "--place", id, "--to", code, file}, hub.place.sheet() + "\n");
  INFO(left.out << left.err);
  REQUIRE(left.code == 0);
  Ended taken = run_maillage({"place", "adopt", "--dir", other.place.dir().string(), file}, other.place.sheet() + "\n");
  INFO(taken.out << taken.err);
  REQUIRE(taken.code == 0);
  other.place.serve();
  hub.place.serve_with(other.place);
  std::string list = "2;La Grande Bresse;1053;1000;Bourg-en-Bresse;Coworking\n";
  hub.list(std::string(kRows[0]) + list);
  CHECK(eventually([&] { return number_at(json_of(hub.import({"--dry-run"})), "/outcomes/elsewhere") == 1; }));
  Ended imported = hub.import();
  CHECK(number_at(json_of(imported), "/outcomes/elsewhere") == 1);
  CHECK(outcomes(imported) == "0 0 1 0 0 ");
  CHECK(hub.place.count("places") == 2);
}

TEST_CASE("an import or a daemon under it that is killed at any moment is completed by the next import") {
  Hub hub;
  unsigned long seed = std::getenv("MAILLAGE_SEED") != nullptr ? std::strtoul(std::getenv("MAILLAGE_SEED"), nullptr, 10) : std::random_device()();
  INFO("replay: MAILLAGE_SEED=" << seed << " build/dev/tests/e2e_tests 'an import or a daemon under it that is killed*'");
  std::mt19937 random(static_cast<unsigned>(seed));
  constexpr int kRounds = 10, kMore = 300;
  for (int round = 1; round <= kRounds; ++round) {
    CAPTURE(round);
    hub.list(many_rows(round * kMore));
    bool served = round % 2 == 0;
    if (served) hub.place.serve();
    Words words{kBinary, "import", "--dir", hub.place.dir().string()};
    for (const std::string& word : hub.words()) words.push_back(word);
    {
      Child importing(words, {});
      (void)importing.ended(Milliseconds(std::uniform_int_distribution<int>(0, 900)(random)));
      if (served) hub.place.kill();
    }
    REQUIRE(hub.place.unsound() == "");
  }
  hub.list(many_rows(kRounds * kMore));
  Ended whole = hub.import();
  INFO(whole.out.substr(0, 2'000) << whole.err);
  CHECK(whole.code == 0);
  CHECK(hub.place.count("places") == kRounds * kMore);
  CHECK(outcomes(hub.import()) == "0 0 " + std::to_string(kRounds * kMore) + " 0 0 ");
  CHECK(hub.place.unsound() == "");
}

// ---- the real lists, which are never committed: a machine without them says so and skips

namespace {

std::filesystem::path real_file(const std::string& name) {
  const char* given = std::getenv("MAILLAGE_SHARED");
  return (given != nullptr ? std::filesystem::path(given) : std::filesystem::path(kSourceDir) / "../shared") / "data" / name;
}

bool is_here(const std::filesystem::path& file) {
  if (std::filesystem::exists(file)) return true;
  WARN("SKIPPED: no " << file.filename() << "; set MAILLAGE_SHARED to the folder whose data/ holds it");
  return false;
}

// What is true of the census after repair.
constexpr std::pair<std::string_view, std::int64_t> kCensus[] = {
    {"region=11", 344}, {"region=75", 225}, {"region=84", 205}, {"region=76", 165}, {"region=93", 127}, {"region=53", 89}, {"region=32", 76},
    {"region=44", 68},  {"region=27", 68},  {"region=52", 64},  {"region=24", 37},  {"region=28", 31},  {"region=94", 7},  {"region=01", 1},
    {"region=02", 1},   {"region=03", 1},   {"region=04", 3},   {"activity=coworking", 1'118},          {"activity=fablab", 345}};

// The questions that this place answers otherwise, with its answers.
std::string wrong_answers(const Place& place) {
  std::string wrong;
  for (const auto& [question, expected] : kCensus)
    if (auto answer = place.count("places", {std::string(question)}); answer != expected) wrong += std::string(question) + ": " + std::to_string(answer) + "\n";
  return wrong;
}

std::string seconds_since(Clock::time_point start) {
  return std::to_string(std::chrono::duration_cast<Milliseconds>(Clock::now() - start).count()) + " ms";
}

}  // namespace

TEST_CASE("the census is imported, syncs to a second hub, and both answer every question alike") {
  auto file = real_file("CGET_TiersLieux_2019.csv");
  if (!is_here(file)) return;
  TemporaryDirectory folder;
  Place hub(folder.path(), "Hub", {"--network"}), second(folder.path(), "Second", {"--network"});
  auto start = Clock::now();
  CHECK(outcomes(hub.command("import", {"--mapping", "cget", file.string()})) == "1512 0 0 0 0 ");
  std::string importing = seconds_since(start);
  start = Clock::now();
  CHECK(outcomes(hub.command("import", {"--mapping", "cget", file.string()})) == "0 0 1512 0 0 ");
  std::string again = seconds_since(start);
  CHECK(wrong_answers(hub) == "");
  CHECK(hub.count("places") == 1'512);
  hub.serve();
  start = Clock::now();
  second.serve_with(hub);
  REQUIRE(eventually([&] { return second.count("places") == 1'512; }));
  WARN("census: import " << importing << ", again " << again << ", on the second hub after " << seconds_since(start));
  CHECK(wrong_answers(second) == "");
  hub.stop();
  second.stop();
  CHECK(hub.unsound() == "");
  CHECK(second.unsound() == "");
}

TEST_CASE("the list of France services is imported by a running daemon, and arrives at its partner meanwhile") {
  auto file = real_file("liste-fs-20240801.csv");
  if (!is_here(file)) return;
  TemporaryDirectory folder;
  Place hub(folder.path(), "Hub", {"--network"}), second(folder.path(), "Second", {"--network"});
  hub.serve();
  second.serve_with(hub);
  auto start = Clock::now();
  CHECK(outcomes(hub.command("import", {"--mapping", "france-services", file.string()})) == "2845 0 0 0 0 ");
  std::string importing = seconds_since(start);
  CHECK(eventually([&] { return second.count("places") == 2'845; }));
  WARN("France services: import " << importing << ", on the second hub " << seconds_since(start) << " after its start");
  CHECK(outcomes(hub.command("import", {"--mapping", "france-services", file.string()})) == "0 0 2845 0 0 ");
}

TEST_CASE("a table with its header alone is refused with a reason, and counts no place as gone") {
  Hub hub;
  hub.list(std::string(kRows[0]));
  REQUIRE(hub.import().code == 0);
  hub.list("");
  Ended refused = hub.import();
  INFO(refused.out << refused.err);
  CHECK(refused.code == 1);
  CHECK(text_at(json_of(refused), "/error/code") == "no-rows");
  CHECK(refused.err.find("list.csv") != std::string::npos);
  CHECK(hub.place.count("places") == 1);
}

TEST_CASE("status names twenty places at most and says how many it leaves out") {
  Hub hub;
  hub.list(many_rows(25));
  REQUIRE(hub.import().code == 0);
  Words words{"status", "--dir", hub.place.dir().string(), "--lang", "en"};
  CHECK(run_maillage(words).out.find("… and 6 more kept here for others: maillage place list --dir ") != std::string::npos);
  Hub small("Petit");
  small.list(many_rows(3));
  REQUIRE(small.import().code == 0);
  words[2] = small.place.dir().string();
  CHECK(run_maillage(words).out.find("more kept here") == std::string::npos);
}

TEST_CASE("places that left the file are told by name, one that says its source no more too") {
  Hub hub;
  if (GENERATE(false, true)) hub.place.serve();
  hub.list(std::string(kRows[0]) + std::string(kRows[1]) + std::string(kRows[2]));
  REQUIRE(hub.import().code == 0);
  write_text(hub.place.site() / "profile.json", R"({"kind": "profile", "name": "Le Hangar"})");
  REQUIRE(hub.place.command("publish", {"--place", "le-hangar", "profile.json"}).code == 0);
  hub.list(std::string(kRows[0]));
  Ended told = hub.import();
  CHECK(outcomes(told) == "0 0 1 2 0 ");
  auto report = json_of(told);
  CHECK(text_at(report, "/vanishedPlaces/0/name") == "La Bresse");
  CHECK(text_at(report, "/vanishedPlaces/1/name") == "Le Hangar");
  CHECK(text_at(report, "/vanishedIds/0") == "2");
  Words words{"import", "--dir", hub.place.dir().string()};
  for (const std::string& word : hub.words()) words.push_back(word);
  std::string table = run_maillage(words).out;
  INFO(table);
  CHECK(table.find("Places that are no longer in the file\n           La Bresse (2)\n           Le Hangar\n") != std::string::npos);
}

TEST_CASE("a list that comes in under another name is told to be there already, before and while it doubles") {
  Hub hub;
  hub.list(std::string(kRows[0]) + std::string(kRows[1]) + std::string(kRows[2]));
  REQUIRE_FALSE(json_of(hub.import()).as_object().contains("knownAs"));
  auto rename = [&](const std::string& name, const std::string& more) {
    std::string mapping(kMapping);
    mapping.replace(mapping.find("Liste du réseau"), std::string("Liste du réseau").size(), name);
    write_text(hub.place.site() / "list.toml", mapping + more);
  };
  rename("Liste 2027", "");
  CHECK(text_at(json_of(hub.import({"--dry-run"})), "/knownAs") == "Liste du réseau");
  hub.list("1;Une autre;29039;29900;Concarneau;Fablab\n2;Encore une;29039;29900;Concarneau;Fablab\n");
  CHECK_FALSE(json_of(hub.import({"--dry-run"})).as_object().contains("knownAs"));
  rename("Liste du réseau", "");
  CHECK_FALSE(json_of(hub.import({"--dry-run"})).as_object().contains("knownAs"));
}

TEST_CASE("a table of nothing but rows with too many cells is refused row by row in the memory of one row") {
  if (run({"python3", "-c", "import resource"}).code != 0) {
    WARN("SKIPPED: no python3 to read the memory of a program");
    return;
  }
  Hub hub;
  hub.list(kRows[0].data());
  REQUIRE(hub.import().code == 0);
  std::string rows;
  constexpr int kWrong = 10'000, kCells = 300;
  for (int row = 0; row < kWrong; ++row) {
    for (int cell = 0; cell < kCells; ++cell) rows += std::to_string(row * kCells + cell) + "x;";
    rows += "x\n";
  }
  hub.list(rows);
  Words words{"python3", "-c", "import resource,subprocess,sys\n"
              "subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL,check=False)\nprint(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)",
              kBinary, "import", "--dir", hub.place.dir().string()};
  for (const std::string& word : hub.words()) words.push_back(word);
  Ended ended = run(words);
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  CHECK(std::stol(ended.out) < 160 * 1024);  // of three million cells, each kept: more than 300 MB
}
