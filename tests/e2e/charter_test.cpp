// Other keys, with real daemons: a partner that is connected and one that was away follow, and a stolen key is undone.
#include <algorithm>
#include <limits>

#include <catch2/catch.hpp>

#include "registry/registry.h"
#include "tests/e2e/canary.h"
#include "tests/locations.h"

using namespace maillage::tests;
namespace fs = std::filesystem;

namespace {

bool has(const Place& at, const std::string& name) { return at.count("needs", {"q=" + name}) == 1; }
std::int64_t charter_at(const Place& at, const std::string& id) { return number_at(at.ask("places/" + id).json(), "/head/charter"); }

Ended key(const Place& place, const std::string& verb, const std::string& sheets, const Words& more = {}) {
  Words words{"key", verb, "--dir", place.dir().string(), "--json"};
  words.insert(words.end(), more.begin(), more.end());
  return run_maillage(words, sheets);
}

void copy_over(const Place& from, const Place& to) {
  fs::remove_all(to.dir());
  fs::copy(from.dir(), to.dir(), fs::copy_options::recursive);
}

// Whoever has the folder's key says with it that the place is at the end of all counters, with a content that nobody has.
void sign_at_the_end(const fs::path& dir) {
  using namespace maillage::protocol;
  auto registry = maillage::registry::Registry::open(dir);
  REQUIRE(registry);
  PlaceId own = (*registry)->identity().place;
  auto states = (*registry)->load();
  for (const PlaceState& state : *states) {
    if (state.chain.place() != own) continue;
    Head head = state.seen.head;
    head.epoch = head.sequence = std::numeric_limits<std::uint64_t>::max();
    head.commit.bytes[0] ^= 1;
    REQUIRE((*registry)->persist({{sign(head, (*registry)->identity().key), state.chain, 0}}, {}));
  }
}

}  // namespace

TEST_CASE("a copy that changed its key for itself is told so in plain words, and one more change brings its partners over") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Konk Ar Lab"), copy(folder.path(), "Copie"), north(folder.path(), "Nord");
  copy_over(one, copy);
  REQUIRE(key(one, "rotate", one.sheet() + "\n").code == 0);
  REQUIRE(key(copy, "rotate", one.sheet() + "\n").code == 0);
  north.serve();
  one.serve_with(north);
  REQUIRE(eventually([&] { return north.count("places") == 2; }));
  copy.serve_with(north);
  REQUIRE(eventually([&] { return text_at(json_of(copy.command("status")), "/refusedBy/0/code") == "other-chain"; }));
  Ended said = run_maillage({"status", "--dir", copy.dir().string()});
  CHECK(said.out.find("knows this place under other keys") != std::string::npos);
  CHECK(said.out.find("maillage key rotate --dir " + copy.dir().string()) != std::string::npos);
  one.stop();
  REQUIRE(key(copy, "rotate", one.sheet() + "\n").code == 0);
  CHECK(eventually([&] { return charter_at(north, one.id()) == 2; }));
  CHECK(eventually([&] { return !json_of(copy.command("status")).as_object().contains("refusedBy"); }));
}

TEST_CASE("a change of keys where the place is kept no more is refused, and so is a minimum epoch that would use up all epochs") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Konk Ar Lab"), old(folder.path(), "Copie"), north(folder.path(), "Nord");
  copy_over(one, old);
  Ended huge = key(one, "rotate", one.sheet() + "\n", {"--minimum-epoch", "18446744073709551615"});
  CHECK(text_at(json_of(huge), "/error/code") == "out-of-range");
  REQUIRE(key(one, "recover", one.sheet() + "\n").code == 0);
  north.serve();
  one.serve_with(north);
  REQUIRE(eventually([&] { return north.count("places") == 2; }));
  old.serve_with(north);
  REQUIRE(eventually([&] { return old.log().find("event=sync.own_place_moved") != std::string::npos; }));
  REQUIRE(eventually([&] { return text_at(json_of(key(old, "recover", one.sheet() + "\n")), "/error/code") == "moved-away"; }));
}

TEST_CASE("a running daemon changes its key and goes on: a connected partner follows at once, one that was away when it is back") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Konk Ar Lab"), north(folder.path(), "Nord"), south(folder.path(), "Sud");
  REQUIRE(run_maillage({"place", "add", "--dir", one.dir().string(), "--name", "Le Moulin"}).code == 0);
  REQUIRE(one.publish("needs/avant.json", need("avant")).code == 0);
  Place thief(folder.path(), "Copie");
  copy_over(one, thief);
  north.serve();
  one.serve_with(north);
  south.serve_with(one);
  REQUIRE(eventually([&] { return has(north, "avant") && has(south, "avant"); }));
  south.stop();

  Ended rotated = key(one, "rotate", one.sheet() + "\n");
  INFO(rotated.err);
  REQUIRE(rotated.code == 0);
  CHECK(number_at(json_of(rotated), "/places") == 2);
  CHECK(json_of(rotated).at("running") == true);
  CHECK(eventually([&] { return charter_at(north, one.id()) == 1; }));
  REQUIRE(one.publish("needs/apres.json", need("apres")).code == 0);
  CHECK(eventually([&] { return has(north, "apres"); }));
  CHECK(eventually([&] { return json_of(one.command("status")).at_pointer("/own/0/receipts").as_array().size() > 0; }));
  CHECK(north.log().find("bad-signature") == std::string::npos);
  CHECK(one.log().find("bad-signature") == std::string::npos);

  south.serve_with(one);
  CHECK(eventually([&] { return has(south, "apres") && charter_at(south, one.id()) == 1; }));

  // The old key opens nothing any more where the charter is known.
  one.stop();
  thief.start({north.peer_url()});
  REQUIRE(thief.becomes_ready());
  CHECK(eventually([&] { return thief.log().find("bad-head") != std::string::npos || north.log().find("bad-head") != std::string::npos; }));
  one.serve_with(north);
  CHECK(key(one, "rotate", one.sheet() + "\n").code == 0);
  CHECK(eventually([&] { return charter_at(north, one.id()) == 2; }));
  for (Place* at : {&one, &north, &south}) at->stop();
  for (const Place* at : {&one, &north, &south}) CHECK(at->unsound() == "");
}

TEST_CASE("a stolen key that drove all counters to their end is undone by the recovery sheet") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Konk Ar Lab"), hub(folder.path(), "Réseau");
  REQUIRE(one.publish("needs/avant.json", need("avant")).code == 0);
  Place thief(folder.path(), "Voleur");
  copy_over(one, thief);
  sign_at_the_end(thief.dir());
  hub.serve();
  one.serve_with(hub);
  REQUIRE(eventually([&] { return has(hub, "avant"); }));
  one.stop();
  thief.start({hub.peer_url()});
  REQUIRE(thief.becomes_ready());
  REQUIRE(eventually([&] { return !has(hub, "avant"); }));
  thief.kill();

  one.serve_with(hub);
  CHECK(eventually([&] { return text_at(json_of(key(one, "rotate", one.sheet() + "\n")), "/error/code") == "identity-elsewhere"; }));
  CHECK(one.publish("needs/apres.json", need("apres")).code == 1);
  Ended recovered = key(one, "recover", one.sheet() + "\n");
  INFO(recovered.err);
  REQUIRE(recovered.code == 0);
  CHECK(eventually([&] { return has(hub, "avant") && charter_at(hub, one.id()) == 1; }));
  REQUIRE(one.publish("needs/apres.json", need("apres")).code == 0);
  CHECK(eventually([&] { return has(hub, "apres"); }));
  one.stop();
  thief.start({hub.peer_url()});
  REQUIRE(thief.becomes_ready());
  CHECK(eventually([&] { return thief.log().find("bad-head") != std::string::npos || hub.log().find("bad-head") != std::string::npos; }));
  CHECK((has(hub, "avant") && has(hub, "apres")));
  thief.kill();
  hub.stop();
  CHECK(one.unsound() == "");
  CHECK(hub.unsound() == "");
}

// The repositories that unseal makes, with these sheets, of what a daemon keeps of this place.
Words unsealed(const fs::path& out, const std::string& sheets, const Words& from) {
  Words words{"unseal", "--json", "--keys", "-", "--out", out.string()}, repositories;
  words.insert(words.end(), from.begin(), from.end());
  auto opened = json_of(run_maillage(words, sheets));
  if (!opened.is_object() || !opened.as_object().contains("repositories")) return {};
  for (const auto& repository : opened.at("repositories").as_array()) repositories.emplace_back(repository.as_string());
  return repositories;
}

// Whether a record of that name is in any of them.
bool unseals(const fs::path& out, const std::string& sheets, const Words& from, const std::string& path) {
  return std::ranges::any_of(unsealed(out, sheets, from), [&](const std::string& repository) {
    return run({"git", "--git-dir", repository, "show", "main:" + path}).code == 0;
  });
}

// Whatever is in their histories.
std::string all_unsealed(const fs::path& out, const std::string& sheets, const Words& from) {
  std::string all;
  for (const std::string& repository : unsealed(out, sheets, from)) all += run({"git", "--git-dir", repository, "log", "-p", "--all"}).out;
  return all;
}

TEST_CASE("what a thief erased with a stolen key is opened by the recovery sheet after the key was recovered, and is public again") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Konk Ar Lab"), hub(folder.path(), "Réseau"), thief(folder.path(), "Voleur");
  REQUIRE(one.publish("needs/avant.json", need("avant")).code == 0);
  hub.serve();
  one.serve_with(hub);
  REQUIRE(eventually([&] { return has(hub, "avant"); }));
  one.stop();
  bool on_our_machine = GENERATE(false, true);
  if (!on_our_machine) copy_over(one, thief);
  Place& erasing = on_our_machine ? one : thief;
  erasing.serve_with(hub);
  REQUIRE(eventually([&] { return erasing.command("erase", {"--yes", "needs/avant.json"}).code == 0; }));
  REQUIRE(eventually([&] { return !has(hub, "avant") && fs::exists(hub.dir() / "sealed") && !fs::is_empty(hub.dir() / "sealed"); }));
  erasing.kill();

  one.serve_with(hub);
  std::string fresh = text_at(json_of(run_maillage({"key", "sheet", "--json"})), "/recovery_sheet");
  REQUIRE(eventually([&] { return key(one, "recover", one.sheet() + "\n" + fresh + "\n", {"--new-sheet"}).code == 0; }));
  CHECK(eventually([&] { return charter_at(hub, one.id()) == 1; }));
  if (!on_our_machine) CHECK(eventually([&] { return has(hub, "avant"); }));
  // Asked for with the sheet of now, opened with the one that it was sealed for.
  Words from_hub{"--place", one.id(), "--peer", hub.peer_url()};
  CHECK(unseals(folder.path() / "out", one.sheet() + "\n" + fresh + "\n", from_hub, "needs/avant.json"));
  CHECK_FALSE(unseals(folder.path() / "stranger", hub.sheet() + "\n", from_hub, "needs/avant.json"));
  if (on_our_machine) {
    Words files;
    for (const auto& entry : fs::directory_iterator(one.dir() / "sealed")) files.push_back(entry.path().string());
    CHECK(unseals(folder.path() / "disk", one.sheet(), files, "needs/avant.json"));
  }
  // Only who says so destroys it.
  REQUIRE(key(one, "rotate", fresh + "\n", {"--minimum-epoch", "9"}).code == 0);
  CHECK(eventually([&] { return charter_at(hub, one.id()) == 2 && fs::is_empty(hub.dir() / "sealed"); }));
  for (Place* at : {&one, &hub}) at->stop();
  for (const Place* at : {&one, &hub}) CHECK(at->unsound() == "");
}

TEST_CASE("slice by slice, overwriting or withdrawing first: whatever a thief erases with a stolen key, the recovery sheet gives all of it back") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Konk Ar Lab"), hub(folder.path(), "Réseau"), thief(folder.path(), "Voleur");
  const Words names{"visieres", "gants", "masques"};
  auto path_of = [](const std::string& name) { return "needs/" + name + ".json"; };
  for (const std::string& name : names) REQUIRE(one.publish(path_of(name), need(name)).code == 0);
  auto all_at_hub = [&](bool there) {
    return eventually([&] { return std::ranges::all_of(names, [&](const std::string& name) { return has(hub, name) == there; }); });
  };
  hub.serve();
  one.serve_with(hub);
  REQUIRE(all_at_hub(true));
  one.stop();
  copy_over(one, thief);
  thief.serve_with(hub);
  auto must = [&](const std::string& verb, const Words& words) {
    REQUIRE(eventually([&] { return thief.command(verb, words).code == 0; }));  // until its head is settled
  };
  std::string attack = GENERATE("slice by slice", "overwriting", "withdrawing");
  INFO(attack);
  for (const std::string& name : names) {
    if (attack == "slice by slice") must("erase", {"--yes", path_of(name)});
    if (attack == "overwriting") REQUIRE(thief.publish(path_of(name), need("rien")).code == 0);
    if (attack == "withdrawing") must("unpublish", {path_of(name)});
    REQUIRE(eventually([&] { return !has(hub, name); }));
  }
  if (attack != "slice by slice") must("erase", {"--yes", "--history"});
  CHECK(eventually([&] { return files_that_hold(hub.dir(), {"\"visieres\"", "\"gants\"", "\"masques\""}) == ""; }));
  thief.kill();

  one.serve_with(hub);
  REQUIRE(eventually([&] { return key(one, "recover", one.sheet() + "\n").code == 0; }));
  CHECK(eventually([&] { return charter_at(hub, one.id()) == 1; }));
  CHECK(all_at_hub(true));
  Words from_hub{"--place", one.id(), "--peer", hub.peer_url()};
  std::string opened = all_unsealed(folder.path() / "out", one.sheet() + "\n", from_hub);
  for (const std::string& name : names) CHECK(opened.find("\"name\": \"" + name + "\"") != std::string::npos);
  for (Place* at : {&one, &hub}) at->stop();
  for (const Place* at : {&one, &hub}) CHECK(at->unsound() == "");
}

TEST_CASE("a change of keys that is killed at any step is not begun, or is there at the next start") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Konk Ar Lab");
  fs::path before = folder.path() / "before", dir = one.dir(), killed = dir.string() + ".killed";
  fs::copy(dir, before, fs::copy_options::recursive);
  int changed = 0;
  for (int step : {0, 3, 6, 11, 16, 24, 32, 60}) {
    fs::remove_all(dir);
    fs::copy(before, dir, fs::copy_options::recursive);
    Words dying{std::string("LD_PRELOAD=") + kDiskPreload, "MAILLAGE_DISK_FOLDER=" + dir.string(), "MAILLAGE_DISK_KILL_AT=" + std::to_string(step)};
    run_maillage({"key", "rotate", "--dir", dir.string(), "--json"}, one.sheet() + "\n", {{}, dying, {}});
    auto status = json_of(one.command("status"));
    std::int64_t charter = number_at(status, "/own/0/head/charter");
    CHECK((charter == 0 || charter == 1));
    changed += charter == 1 ? 1 : 0;
    CHECK(one.publish("needs/apres.json", need("apres")).code == 0);
    CHECK(one.unsound() == "");
  }
  CHECK(changed > 0);
}

TEST_CASE("a new sheet is shown by one verb and taken by another, which wants both") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Konk Ar Lab");
  std::string fresh = text_at(json_of(run_maillage({"key", "sheet", "--json"})), "/recovery_sheet");
  REQUIRE(fresh.starts_with("MAILLAGE "));
  CHECK(text_at(json_of(key(one, "rotate", one.sheet() + "\n", {"--new-sheet"})), "/error/code") == "usage");
  CHECK(text_at(json_of(key(one, "rotate", fresh + "\n")), "/error/code") == "wrong-sheet");
  if (GENERATE(false, true)) one.serve();
  REQUIRE(key(one, "rotate", one.sheet() + "\n" + fresh + "\n", {"--new-sheet"}).code == 0);
  CHECK(one.command("sheet", {"--confirm"}, fresh + "\n").code == 0);
  CHECK(text_at(json_of(one.command("sheet", {"--confirm"}, one.sheet() + "\n")), "/error/code") == "wrong-sheet");
  for (const auto& entry : fs::recursive_directory_iterator(one.dir()))
    if (entry.is_regular_file()) CHECK(read_text(entry.path()).find(fresh.substr(0, 20)) == std::string::npos);
}

TEST_CASE("two charters of one place are told to people on both sides, and one more brings everybody together") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Konk Ar Lab"), east(folder.path(), "Est"), west(folder.path(), "Ouest"), twin(folder.path(), "Jumeau"), far(folder.path(), "Loin");
  REQUIRE(one.publish("needs/avant.json", need("avant")).code == 0);
  copy_over(one, twin);
  REQUIRE(key(one, "rotate", one.sheet() + "\n").code == 0);
  REQUIRE(key(twin, "rotate", one.sheet() + "\n").code == 0);
  east.serve();
  west.serve();
  one.serve_with(east);
  twin.serve_with(west);
  REQUIRE(eventually([&] { return charter_at(east, one.id()) == 1 && charter_at(west, one.id()) == 1; }));
  twin.stop();
  auto told = [&](const Place& at) {
    auto status = json_of(at.command("status"));
    return status.is_object() && status.as_object().contains("twoCharters") && text_at(status, "/twoCharters/0/id") == one.id();
  };
  CHECK_FALSE((told(east) || told(west)));
  far.serve_with(west);  // sees one side only
  REQUIRE(eventually([&] { return charter_at(far, one.id()) == 1; }));
  east.stop();
  east.serve_with(west);
  one.stop();
  one.serve_with(east);
  CHECK(eventually([&] { return told(east) && told(west) && told(far); }));
  CHECK(east.ask("places/" + one.id()).json().as_object().contains("twoCharters"));
  CHECK(run_maillage({"status", "--lang", "en", "--dir", west.dir().string()}).out.find("two charters") != std::string::npos);
  west.stop();
  CHECK(told(west));  // kept
  REQUIRE(key(one, "rotate", one.sheet() + "\n").code == 0);
  REQUIRE(eventually([&] { return charter_at(east, one.id()) == 2; }));
  west.serve_with(east);
  CHECK(eventually([&] { return charter_at(west, one.id()) == 2 && !told(east) && !told(west); }));
  for (Place* at : {&one, &east, &west}) at->stop();
  CHECK(one.unsound() == "");
  CHECK(east.unsound() == "");
  CHECK(west.unsound() == "");
}

TEST_CASE("a sheet on a terminal has a QR code of its words under them, and one that goes into a file or a program has not") {
  TemporaryDirectory folder;
  auto on_terminal = [](Words words) {
    words.insert(words.begin(), {"python3", "-c", "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)", kBinary});
    return run(words);
  };
  auto drawn = [](const Ended& ended) { return ended.code == 0 && ended.out.find("\u2580") != std::string::npos && ended.out.find("QR") != std::string::npos; };
  std::string dir = (folder.path() / "one").string();
  Ended shown = on_terminal({"init", "--lang", "en", "--dir", dir, "--name", "Konk Ar Lab"});
  CHECK(drawn(shown));
  CHECK(shown.out.find("MAILLAGE ") < shown.out.find("\u2580"));
  CHECK(drawn(on_terminal({"place", "add", "--lang", "en", "--own-sheet", "--dir", dir, "--name", "Le Moulin"})));
  CHECK(drawn(on_terminal({"key", "sheet", "--lang", "en"})));
  CHECK_FALSE(drawn(on_terminal({"key", "sheet", "--lang", "en", "--json"})));
  Ended piped = run_maillage({"key", "sheet", "--lang", "en"});
  CHECK(piped.code == 0);
  CHECK_FALSE(drawn(piped));
}
