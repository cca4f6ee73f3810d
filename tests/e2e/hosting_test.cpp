// The places that one daemon keeps for others: made, listed, their sheets, told of by status and publish, handed over.
#include <catch2/catch.hpp>

#include "tests/e2e/place.h"
#include "tests/locations.h"

using namespace maillage::tests;
namespace fs = std::filesystem;

namespace {

struct Hub {
  Hub() : place(folder.path(), "Réseau", {"--network"}) {}
  Ended hosted(const Words& words, const std::string& input = "") const { return place_verb(words, input, true); }
  Ended place_verb(const Words& words, const std::string& input, bool json) const {
    Words all{"place", words.front(), "--dir", place.dir().string()};
    if (json) all.push_back("--json");
    all.insert(all.end(), words.begin() + 1, words.end());
    return run_maillage(all, input);
  }
  std::string names(const Words& filter = {}) const {
    Words words{"list"};
    words.insert(words.end(), filter.begin(), filter.end());
    auto listed = json_of(hosted(words));
    std::string all;
    for (const auto& each : listed.at("places").as_array()) all += (all.empty() ? "" : ", ") + text_at(each, "/name");
    return all;
  }

  TemporaryDirectory folder;
  Place place;
};

}  // namespace

TEST_CASE("places are added with or without a daemon, and listed in the order of the French alphabet") {
  Hub hub;
  if (GENERATE(false, true)) hub.place.serve();
  for (const char* name : {"Zinc", "Étang", "Eau vive", "atelier"}) {
    Ended added = hub.hosted({"add", "--name", name, "--commune", "29039"});
    INFO(added.err);
    REQUIRE(added.code == 0);
    auto made = json_of(added);
    CHECK(text_at(made, "/name") == name);
    CHECK(text_at(made, "/place").size() == 64);
    CHECK_FALSE(made.as_object().contains("recovery_sheet"));
  }
  CHECK(hub.names() == "atelier, Eau vive, Étang, Réseau, Zinc");
  CHECK(hub.names({"ETANG"}) == "Étang");
  CHECK(hub.names({"eau-v"}) == "Eau vive");
  CHECK(hub.names({hub.place.id().substr(0, 12)}) == "Réseau");
  CHECK(hub.names({"nulle part"}) == "");
  CHECK(hub.place_verb({"list", "nulle part"}, "", false).out.find("nulle part") != std::string::npos);
  CHECK(hub.place.count("places", {"commune=29039"}) == 4);
  CHECK(hub.hosted({"add", "--name", "X", "--commune", "29900"}).code == 1);
  CHECK(hub.hosted({"add", "--name", " "}).code == 2);
  CHECK(hub.place.unsound() == "");
}

TEST_CASE("the sheet that a hosted place has of its own is shown before there is the place, and is not the hub's") {
  Hub hub;
  if (GENERATE(false, true)) hub.place.serve();
  auto made = json_of(hub.hosted({"add", "--name", "Le Moulin", "--own-sheet"}));
  std::string sheet = text_at(made, "/recovery_sheet");
  REQUIRE(sheet.size() > 40);
  CHECK(text_at(made, "/slug") == "le-moulin");
  REQUIRE(hub.hosted({"add", "--name", "Sans feuille"}).code == 0);

  auto confirm = [&](const std::string& slug, const std::string& given) { return hub.place.command("sheet", {"--confirm", "--place", slug}, given + "\n"); };
  Ended right = confirm("le-moulin", sheet);
  CHECK(right.code == 0);
  CHECK(text_at(json_of(right), "/name") == "Le Moulin");
  CHECK(text_at(json_of(confirm("le-moulin", hub.place.sheet())), "/error/code") == "host-sheet");
  CHECK(text_at(json_of(confirm("sans-feuille", sheet)), "/error/code") == "no-own-sheet");
  CHECK(text_at(json_of(hub.place.command("sheet", {"--confirm"}, sheet + "\n")), "/error/code") == "wrong-sheet");
  CHECK(confirm("reseau", hub.place.sheet()).code == 0);
  for (const auto& entry : fs::recursive_directory_iterator(hub.place.dir()))
    if (entry.is_regular_file()) CHECK(read_text(entry.path()).find(sheet.substr(0, 20)) == std::string::npos);
}

TEST_CASE("a hosted place whose own sheet cannot be shown is not made") {
  Hub hub;
  Words add{kBinary, "place", "add", "--dir", hub.place.dir().string(), "--name", "Le Moulin", "--own-sheet"};
  Words into_full{"/bin/sh", "-c", "exec \"$@\" > /dev/full", "sh"};
  into_full.insert(into_full.end(), add.begin(), add.end());
  CHECK(run(into_full).code == 1);
  CHECK(hub.names() == "Réseau");
}

TEST_CASE("a place whose making was killed at any step is there only when its own sheet was seen") {
  Hub hub;
  fs::path before = hub.folder.path() / "before", dir = hub.place.dir(), killed = dir.string() + ".killed";
  fs::copy(dir, before, fs::copy_options::recursive);
  int deaths = 0, made = 0;
  for (int step = 0; step < 200 && made < 3; ++step) {
    fs::remove_all(dir);
    fs::remove(killed);
    fs::copy(before, dir, fs::copy_options::recursive);
    Words dying{std::string("LD_PRELOAD=") + kDiskPreload, "MAILLAGE_DISK_FOLDER=" + dir.string(), "MAILLAGE_DISK_KILL_AT=" + std::to_string(step)};
    Ended ended = run_maillage({"place", "add", "--dir", dir.string(), "--json", "--name", "Le Moulin", "--own-sheet"}, "", {{}, dying, {}});
    INFO("killed before step " << step << ": " << read_text(killed));
    deaths += fs::exists(killed) ? 1 : 0;
    bool is_there = hub.names({"moulin"}) == "Le Moulin";
    if (!is_there) continue;
    ++made;
    auto at = ended.out.find("MAILLAGE");
    REQUIRE(at != std::string::npos);
    std::string sheet = ended.out.substr(at, ended.out.find('"', at) - at);
    CHECK(hub.place.command("sheet", {"--confirm", "--place", "le-moulin"}, sheet + "\n").code == 0);
  }
  CHECK(deaths > 5);
  CHECK(made == 3);
}

TEST_CASE("a daemon that keeps many places says which one was published, and a lonely one says nothing of it") {
  Hub hub;
  auto publish = [&](const Words& more) {
    write_text(hub.place.site() / "needs/help.json", need("Aide"));
    Words words{"publish", "--dir", hub.place.dir().string(), "--root", hub.place.site().string(), "needs/help.json"};
    words.insert(words.end(), more.begin(), more.end());
    return run_maillage(words).out;
  };
  CHECK(publish({}) == "published: needs/help.json\n");
  REQUIRE(hub.hosted({"add", "--name", "Le Moulin"}).code == 0);
  CHECK(publish({}).find("Réseau") != std::string::npos);
  CHECK(publish({"--place", "le-moulin"}) == "published: needs/help.json\n");
}

TEST_CASE("status says whether the daemon runs, and counts the places that moved away without telling of them") {
  Hub hub, other;
  REQUIRE(hub.hosted({"add", "--name", "Le Moulin"}).code == 0);
  auto stopped = json_of(hub.place.command("status"));
  CHECK(stopped.at("running") == false);
  CHECK(number_at(stopped, "/hosted") == 1);
  CHECK(stopped.at("own").as_array().size() == 2);
  std::string said = run_maillage({"status", "--dir", hub.place.dir().string()}).out;
  CHECK(said.find("not running") != std::string::npos);
  CHECK(said.find("All is well") == std::string::npos);

  std::string file = (hub.folder.path() / "moulin.place").string(), code = text_at(json_of(other.hosted({"code"})), "/successor");
  Ended left = hub.hosted({"export", "--place", "le-moulin", "--to", code, file}, hub.place.sheet() + "\n");
  REQUIRE(left.code == 0);
  REQUIRE(other.hosted({"adopt", file}, other.place.sheet() + "\n").code == 0);
  other.place.serve();
  hub.place.serve_with(other.place);
  CHECK(json_of(hub.place.command("status")).at("running") == true);
  CHECK(eventually([&] { return number_at(json_of(hub.place.command("status")), "/movedAway") == 1; }));
  hub.place.stop();
  auto moved = json_of(hub.place.command("status"));
  CHECK(number_at(moved, "/hosted") == 0);
  CHECK(number_at(moved, "/movedAway") == 1);
  CHECK(moved.at("own").as_array().size() == 1);
}

TEST_CASE("what is wrong with the words of an export is told before a sheet is asked for") {
  Hub hub, other;
  REQUIRE(hub.hosted({"add", "--name", "Le Moulin"}).code == 0);
  if (GENERATE(false, true)) hub.place.serve();
  std::string code = text_at(json_of(other.hosted({"code"})), "/successor"), own = text_at(json_of(hub.hosted({"code"})), "/successor");
  std::string file = (hub.folder.path() / "moulin.place").string(), typo = code;
  typo.back() = typo.back() == '7' ? '1' : '7';
  auto refused = [&](const std::string& place, const std::string& to) {
    Ended ended = hub.place_verb({"export", "--place", place, "--to", to, file}, hub.place.sheet() + "\n", false);
    CHECK(ended.code != 0);
    CHECK(ended.err.find("Type the recovery sheet") == std::string::npos);
    return ended.err;
  };
  CHECK(refused("le-moulin", typo).find("copy the whole line again") != std::string::npos);
  CHECK(refused("le-moulin", "moulin").find("MAILLAGE-SUCCESSOR-") != std::string::npos);
  CHECK(refused("le-moulinet", code).find("le-moulinet") != std::string::npos);
  CHECK(refused("le-moulin", own).find("there is a place here already") != std::string::npos);
  CHECK(refused(hub.place.id(), code).find("a daemon's own never is") != std::string::npos);
  CHECK(!fs::exists(file));
  CHECK(hub.place_verb({"list", "moulin"}, "", false).out.find("not adopted it yet") == std::string::npos);
  Ended left = hub.place_verb({"export", "--place", "le-moulin", "--to", code, file}, hub.place.sheet() + "\n", false);
  CHECK(left.code == 0);
  CHECK(left.err.find("Type the recovery sheet") != std::string::npos);
}

TEST_CASE("what would be lost on the way to another daemon is refused, and the way back is told") {
  Hub hub, other;
  REQUIRE(hub.hosted({"add", "--name", "Le Moulin"}).code == 0);
  bool runs = GENERATE(false, true);
  if (runs) hub.place.serve();
  std::string code = text_at(json_of(other.hosted({"code"})), "/successor"), file = (hub.folder.path() / "moulin.place").string();
  Ended left = hub.place_verb({"export", "--place", "le-moulin", "--to", code, file}, hub.place.sheet() + "\n", false);
  REQUIRE(left.code == 0);
  CHECK(left.out.find("maillage place keep --dir " + hub.place.dir().string() + " --place le-moulin") != std::string::npos);
  CHECK(hub.place_verb({"list", "moulin"}, "", false).out.find("not adopted it yet") != std::string::npos);
  write_text(hub.place.site() / "needs/help.json", need("Aide"));
  auto publish = [&] { return hub.place.command("publish", {"--place", "le-moulin", "--root", hub.place.site().string(), "needs/help.json"}); };
  Ended refused = publish();
  CHECK(refused.code == 1);
  CHECK(text_at(json_of(refused), "/error/code") == "handed-over");
  CHECK(refused.err.find("maillage place keep --place ") != std::string::npos);
  Ended kept = hub.place_verb({"keep", "--place", "le-moulin"}, "", false);
  CHECK(kept.code == 0);
  CHECK(kept.out.find("Delete the file") != std::string::npos);
  CHECK(publish().code == 0);
  CHECK(text_at(json_of(hub.hosted({"keep", "--place", "le-moulin"})), "/error/code") == "not-handed-over");

  // Adopted all the same by a daemon that heard of nothing: what is lost is named.
  REQUIRE(other.hosted({"adopt", file}, other.place.sheet() + "\n").code == 0);
  if (runs) hub.place.stop();
  other.place.serve();
  hub.place.serve_with(other.place);
  CHECK(eventually([&] { return hub.place.log().find("event=place.left_without") != std::string::npos; }));
  CHECK(hub.place.log().find("event=sync.own_place_moved") != std::string::npos);
  CHECK(hub.place.log().find("level=error") == std::string::npos);
  auto listed = json_of(hub.hosted({"list", "moulin"}));
  CHECK(text_at(listed, "/places/0/lost/0") == "needs/help.json");
  CHECK(hub.place_verb({"list", "moulin"}, "", false).out.find("lost: needs/help.json") != std::string::npos);
}

TEST_CASE("an export says whether a successor is named, never replaces a file, and the adopter is told of other roots") {
  Hub hub, other;
  auto made = json_of(hub.hosted({"add", "--name", "Le Moulin", "--own-sheet"}));
  std::string sheet = text_at(made, "/recovery_sheet");
  fs::path copy = hub.folder.path() / "copy.place", handed = hub.folder.path() / "handed.place";
  Ended copied = hub.place_verb({"export", "--place", "le-moulin", copy.string()}, "", false);
  CHECK(copied.code == 0);
  CHECK(copied.out.find("--to") != std::string::npos);
  Ended again = hub.hosted({"export", "--place", "le-moulin", copy.string()});
  CHECK(again.code == 1);
  CHECK(text_at(json_of(again), "/error/code") == "file-exists");

  std::string code = text_at(json_of(other.hosted({"code"})), "/successor");
  Ended left = hub.place_verb({"export", "--place", "le-moulin", "--to", code, handed.string()}, hub.place.sheet() + "\n", false);
  CHECK(left.code == 0);
  CHECK(left.out.find("--to") == std::string::npos);
  Ended adopted = other.hosted({"adopt", handed.string()}, other.place.sheet() + "\n");
  INFO(adopted.err);
  REQUIRE(adopted.code == 0);
  CHECK(json_of(adopted).at("otherRoots").as_array().size() == 1);
  CHECK(other.place.command("sheet", {"--confirm", "--place", "le-moulin"}, sheet + "\n").code == 0);
}
