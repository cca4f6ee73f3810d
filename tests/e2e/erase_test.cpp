// A canary that is published, edited and then erased is, within a minute, in no byte of any daemon's folder.
#include <catch2/catch.hpp>

#include <algorithm>

#include "tests/e2e/place.h"

using namespace maillage::tests;

namespace fs = std::filesystem;

namespace {

// The network's promise.
constexpr Milliseconds kErasedWithin{60'000};

// In a record's text, a file's name, and so in a commit's message, and in a name that the place had, which is an author's. In no folder's
// name: RocksDB's log says where it is.
constexpr const char* kCanary = "serin-de-canarie";

// The files below `dir` that hold it, as they are or in any zlib stream that begins anywhere in them: every object of every
// pack, with an index or not. What RocksDB compresses begins with the third level, beyond 256 MB.
std::string files_that_hold(const fs::path& dir) {
  std::string script = R"(import os, sys, zlib
canary = sys.argv[2].encode()
def raw(path):
    with open(path, 'rb') as file: return file.read()
def streams(data):
    at = data.find(b'\x78')
    while at >= 0:
        try:
            yield zlib.decompressobj().decompress(data[at:], 1 << 26)
        except zlib.error:
            pass
        at = data.find(b'\x78', at + 1)
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        path = os.path.join(folder, name)
        try:
            data = raw(path)
        except OSError:
            continue
        if canary in data or any(canary in text for text in streams(data)): print(path)
)";
  Ended ended = run({"python3", "-c", script, dir.string(), kCanary});
  return ended.code == 0 ? ended.out : "scan: " + ended.err;
}

}  // namespace

TEST_CASE("what is erased leaves every disk of the network within a minute, and who has confirmed it is told") {
  TemporaryDirectory folder;
  Place origin(folder.path(), "Origine"), first(folder.path(), "Premier"), second(folder.path(), "Second"), third(folder.path(), "Tiers"),
      away(folder.path(), "Absent");
  std::vector<Place*> all{&origin, &first, &second, &third, &away};
  origin.serve();
  first.serve_with(origin);
  second.serve_with(first);  // not with the origin: its confirmation is handed on
  third.serve_with(origin);
  away.serve_with(origin);
  std::string name = std::string("resources/") + kCanary + ".json";
  REQUIRE(origin.publish("profile.json", std::string(R"({"kind": "profile", "name": "Chez )") + kCanary + "\"}").code == 0);
  REQUIRE(origin.publish(name, resource(std::string("Un ") + kCanary)).code == 0);
  REQUIRE(origin.publish(name, resource(std::string("Un autre ") + kCanary)).code == 0);
  REQUIRE(origin.publish("resources/scie.json", resource("Scie")).code == 0);
  REQUIRE(origin.publish("profile.json", R"({"kind": "profile", "name": "Origine"})").code == 0);
  for (Place* place : all) REQUIRE(eventually([&] { return place->count("resources") == 2; }));
  for (Place* place : all) CHECK(files_that_hold(place->dir()) != "");
  CHECK(away.stop() == 0);

  Ended unsure = origin.command("erase", {name});
  CHECK(unsure.code == 2);
  CHECK(unsure.err.find("--yes") != std::string::npos);
  CHECK(origin.count("resources") == 2);
  auto began = Clock::now();
  Ended erased = origin.command("erase", {"--yes", name});
  REQUIRE(erased.code == 0);
  CHECK(text_at(json_of(erased), "/changed/0") == name);
  CHECK(erased.out.find("\"purged\":true") != std::string::npos);
  for (Place* place : {&origin, &first, &second, &third})
    CHECK(eventually([&] { return files_that_hold(place->dir()) == ""; }, kErasedWithin));
  CHECK(Clock::now() - began < kErasedWithin);
  for (Place* place : {&origin, &first, &second, &third}) CHECK(place->count("resources") == 1);

  auto confirmed = [&] {
    auto table = json_of(origin.command("erase", {"--status"}));
    std::string names;
    if (!table.is_object() || table.at("places").as_array().empty()) return names;
    for (const auto& replica : table.at("places").at(0).at("replicas").as_array())
      if (replica.at("confirmed").as_bool()) names += std::string(replica.at("name").as_string()) + " ";
    return names;
  };
  CHECK(eventually([&] { return std::ranges::count(confirmed(), ' ') == 3; }));
  CHECK(confirmed().find("Absent") == std::string::npos);
  CHECK(origin.command("erase", {"--status", "--lang", "fr"}).code == 0);

  // Whoever comes back does the same, and never answers with what was before.
  CHECK(files_that_hold(away.dir()) != "");
  away.serve_with(origin);
  CHECK(eventually([&] { return files_that_hold(away.dir()) == ""; }, kErasedWithin));
  CHECK(eventually([&] { return confirmed().find("Absent") != std::string::npos; }));
  for (Place* place : all) CHECK(place->stop() == 0);
  for (Place* place : all) CHECK(place->unsound() == "");
  for (Place* place : all) CHECK(files_that_hold(place->dir()) == "");
}

TEST_CASE("what was erased within three days comes back with the recovery sheet alone, from a partner too") {
  TemporaryDirectory folder;
  Place origin(folder.path(), "Origine"), partner(folder.path(), "Partenaire");
  origin.serve();
  partner.serve_with(origin);
  REQUIRE(origin.publish("resources/scie.json", resource("Scie perdue")).code == 0);
  REQUIRE(eventually([&] { return partner.count("resources") == 1; }));
  REQUIRE(origin.command("erase", {"--yes", "resources/scie.json"}).code == 0);
  REQUIRE(eventually([&] { return fs::exists(partner.dir() / "sealed") && !fs::is_empty(partner.dir() / "sealed") && partner.count("resources") == 0; }));
  auto unseal = [&](const std::string& out, const std::string& sheet, Words more) {
    Words words{"unseal", "--json", "--keys", "-", "--out", (folder.path() / out).string()};
    words.insert(words.end(), more.begin(), more.end());
    return run_maillage(words, sheet);
  };
  auto show = [](const Ended& opened) {
    return run({"git", "--git-dir", text_at(json_of(opened), "/repositories/0"), "show", "main:resources/scie.json"}).out;
  };
  Words from_partner{"--place", origin.id(), "--peer", partner.peer_url()};
  CHECK(show(unseal("from-partner", origin.sheet(), from_partner)).find("Scie perdue") != std::string::npos);
  CHECK(unseal("stranger", partner.sheet(), from_partner).code == 1);
  std::string file = fs::directory_iterator(origin.dir() / "sealed")->path().string();
  CHECK(show(unseal("from-disk", origin.sheet(), {file})).find("Scie perdue") != std::string::npos);
  CHECK(unseal("wrong", partner.sheet(), {file}).code == 1);
  for (Place* place : {&origin, &partner}) CHECK(place->stop() == 0);
  for (Place* place : {&origin, &partner}) CHECK(place->unsound() == "");
}
