// A contributor with stock git: what her terminal says, what waits, what the place answers, and where it arrives.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include "tests/e2e/stock_git.h"
#include "tests/locations.h"

using namespace maillage::tests;
namespace fs = std::filesystem;

namespace {

const std::string kForMain = "HEAD:refs/for/main";

struct Workshop {
  TemporaryDirectory folder;
  Place place{folder.path(), "Konk Ar Lab", {"--commune", "29039"}};
  StockGit git{folder.path()};
  fs::path clone = folder.path() / "clone";

  Workshop() {
    publish("resources/saw/record.json", resource("Scie"));
    place.serve();
    Ended cloned = git(folder.path(), {"clone", "-q", place.url() + "/git/konk-ar-lab", "clone"});
    INFO(cloned.err);
    REQUIRE(cloned.code == 0);
  }
  void publish(const std::string& path, const std::string& text) {
    Ended ended = place.publish(path, text);
    INFO(ended.err);
    REQUIRE(ended.code == 0);
  }
  void commit(const std::string& path, const std::string& text, const Words& options = {}) {
    fs::create_directories((clone / path).parent_path());
    write_text(clone / path, text);
    REQUIRE(git(clone, {"add", "-A"}).code == 0);
    Words words{"commit", "-q", "-m", "work"};
    words.insert(words.end(), options.begin(), options.end());
    REQUIRE(git(clone, words).code == 0);
  }
  Ended push(const std::string& what = kForMain, Words options = {}, const std::string& language = "en") {
    options.insert(options.begin(), "push");
    options.insert(options.end(), {"origin", what});
    return git(clone, options, {"LANGUAGE=" + language});
  }
  Ended inbox(const std::string& verb, Words arguments = {}) {
    arguments.insert(arguments.begin(), {"inbox", verb, "--dir", place.dir().string(), "--json"});
    return run_maillage(arguments);
  }
  std::string only() {
    auto list = json_of(inbox("list"));
    REQUIRE(list.at("items").as_array().size() == 1);
    return text_at(list, "/items/0/id");
  }
  boost::json::value state_of(const std::string& id) const { return json_of({0, place.ask("contributions/" + id).body, ""}); }
  std::string sign_with(const std::string& name) {
    fs::path key = folder.path() / name;
    REQUIRE(run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key.string()}).code == 0);
    git(clone, {"config", "gpg.format", "ssh"});
    git(clone, {"config", "user.signingkey", key.string() + ".pub"});
    std::string text = read_text(key.string() + ".pub");
    return text.substr(0, text.find(' ', 12));
  }
};

bool says(const Ended& ended, const std::string& text) { return ended.err.find(text) != std::string::npos; }

}  // namespace

TEST_CASE("a bad push lists everything wrong at once on the contributor's terminal, in her language") {
  Workshop shop;
  write_text(shop.clone / "Readme.md", "x\n");
  shop.commit("resources/laser/record.json", R"({"kind": "resource", "name": "Laser", "type": "equipment"})");
  Ended refused = shop.push();
  INFO(refused.err);
  CHECK(refused.code == 1);
  CHECK(says(refused, "remote: resources/laser/record.json: /licence is missing — for example "));
  CHECK(says(refused, "remote: names are written in lower case: Readme.md → readme.md"));
  CHECK(says(refused, "readme.md"));
  CHECK(says(refused, "! [remote rejected]"));
  Ended french = shop.push(kForMain, {}, "fr");
  INFO(french.err);
  CHECK(says(french, "remote: resources/laser/record.json : /licence manque — par exemple "));
  CHECK(text_at(json_of(shop.inbox("list")), "/items/0/id") == "");
}

TEST_CASE("a good push waits, is approved, and arrives at another daemon under the contributor's name") {
  Workshop shop;
  Place other(shop.folder.path(), "Deux");
  other.serve_with(shop.place);
  REQUIRE(eventually([&] { return other.count("resources") == 1; }));
  shop.commit("resources/laser/record.json", resource("Laser"));
  Ended pushed = shop.push();
  INFO(pushed.err);
  REQUIRE(pushed.code == 0);
  std::string id = shop.only();
  CHECK(says(pushed, "under the name of Ana"));
  CHECK_FALSE(says(pushed, "ana@example.org"));
  CHECK(says(pushed, shop.place.url() + "/api/v1/contributions/" + id));
  CHECK(shop.place.command("status").out.find("\"contributions\":1") != std::string::npos);
  CHECK(text_at(shop.state_of(id), "/state") == "pending");
  Ended shown = run_maillage({"inbox", "show", "--dir", shop.place.dir().string(), "--lang", "en", id.substr(0, 8)});
  INFO(shown.out);
  CHECK(shown.out.find("Laser") != std::string::npos);
  CHECK(shown.out.find("stays here: ana@example.org") != std::string::npos);
  CHECK(shown.out.find("become public and be copied") == std::string::npos);
  Ended approved = shop.inbox("approve", {id});
  INFO(approved.err);
  REQUIRE(approved.code == 0);
  CHECK(eventually([&] { return other.count("resources", {"q=laser"}) == 1; }));
  std::string state = shop.place.ask("contributions/" + id).body;
  CHECK(state.find("approved") != std::string::npos);
  CHECK(state.find("Ana") == std::string::npos);
  REQUIRE(shop.git(shop.clone, {"pull", "-q", "--rebase"}).code == 0);
  CHECK(shop.git.out(shop.clone, {"log", "-1", "--format=%an %ae"}) == "Ana contributor@maillage.invalid");
  CHECK(shop.git.out(shop.clone, {"status", "--porcelain", "-b"}).find("ahead") == std::string::npos);
  CHECK(shop.place.unsound() == "");
}

TEST_CASE("a refusal and its reason are read at the status address, and with git") {
  Workshop shop;
  shop.commit("resources/laser/record.json", resource("Laser"));
  REQUIRE(shop.push().code == 0);
  std::string id = shop.only();
  REQUIRE(shop.inbox("ask", {id, "Which one?"}).code == 0);
  CHECK(text_at(shop.state_of(id), "/reason") == "Which one?");
  REQUIRE(shop.inbox("refuse", {id, "--reason", "We sold it"}).code == 0);
  CHECK(text_at(shop.state_of(id), "/state") == "refused");
  std::string url = shop.place.url() + "/git/konk-ar-lab/answers/" + id;
  Ended fetched = shop.git(shop.clone, {"fetch", "-q", url, "refs/answers/" + id});
  INFO(fetched.err);
  REQUIRE(fetched.code == 0);
  CHECK(shop.git.out(shop.clone, {"show", "FETCH_HEAD:answer.txt"}) == "Your contribution is refused.\n\nWe sold it");
  CHECK(shop.place.ask("contributions/" + std::string(32, '0')).status == 404);
  CHECK(shop.git(shop.clone, {"fetch", "-q", shop.place.url() + "/git/konk-ar-lab/answers/" + std::string(32, '0'), "HEAD"}).code != 0);
}

TEST_CASE("several contributions are refused at once with one reason, or none when a number is wrong") {
  Workshop shop;
  Words ids;
  for (std::string name : {"laser", "plane", "drill"}) {
    shop.commit("resources/" + name + "/record.json", resource(name));
    REQUIRE(shop.push().code == 0);
  }
  auto list = json_of(shop.inbox("list"));
  for (const auto& item : list.at("items").as_array()) ids.push_back(text_at(item, "/id"));
  REQUIRE(ids.size() == 3);
  auto states = [&] {
    std::string all;
    for (const std::string& id : ids) all += text_at(shop.state_of(id), "/state") + " ";
    return all;
  };
  CHECK(shop.inbox("refuse", {ids[0], std::string(32, '0'), "Spam"}).code == 1);
  CHECK(shop.inbox("refuse", {ids[0], ids[1]}).code == 1);  // no reason
  CHECK(states() == "pending pending pending ");
  Ended refused = shop.inbox("refuse", {ids[0], ids[1].substr(0, 12), "Spam"});
  INFO(refused.err);
  REQUIRE(refused.code == 0);
  CHECK(text_at(json_of(refused), "/items/1/id") == ids[1]);
  CHECK(states() == "refused refused pending ");
  CHECK(text_at(shop.state_of(ids[1]), "/reason") == "Spam");
}

TEST_CASE("what waited too long expires when the daemon starts, before anybody looks or pushes") {
  Workshop shop;
  shop.commit("resources/laser/record.json", resource("Laser"));
  REQUIRE(shop.push().code == 0);
  std::string id = shop.only();
  fs::path file = shop.place.dir() / "inbox" / id / "contribution.json";
  shop.place.kill();
  auto description = boost::json::parse(read_text(file));
  description.at("received") = description.at("received").as_int64() - 31LL * 86'400'000;
  write_text(file, boost::json::serialize(description));
  shop.place.serve();
  CHECK(eventually([&] { return text_at(shop.state_of(id), "/state") == "expired"; }));
  CHECK_FALSE(fs::exists(shop.place.dir() / "inbox" / id / "pack"));
}

TEST_CASE("a push to any other ref is refused with the command to use, and an option that is not known too") {
  Workshop shop;
  shop.commit("resources/laser/record.json", resource("Laser"));
  for (std::string ref : {"HEAD:refs/heads/main", "HEAD:refs/heads/mine", "HEAD:refs/maillage/head", "HEAD:refs/for/other"}) {
    Ended refused = shop.push(ref);
    INFO(refused.err);
    CHECK(refused.code == 1);
    CHECK(says(refused, "git push origin HEAD:refs/for/main"));
  }
  CHECK(says(shop.push(kForMain, {"-o", "now"}), "keep"));
  CHECK(shop.push("HEAD:refs/heads/main", {"--force"}).code == 1);
}

TEST_CASE("a push that only takes files away names them, waits, and they go when it is approved") {
  Workshop shop;
  for (int i = 0; i < 11; ++i) shop.publish("resources/saw/part-" + std::to_string(i) + ".md", "x\n");
  REQUIRE(shop.git(shop.clone, {"pull", "-q"}).code == 0);
  REQUIRE(shop.git(shop.clone, {"rm", "-rq", "resources"}).code == 0);
  REQUIRE(shop.git(shop.clone, {"commit", "-q", "-m", "work"}).code == 0);
  Ended pushed = shop.push();
  INFO(pushed.err);
  REQUIRE(pushed.code == 0);
  CHECK(says(pushed, "remote: It would withdraw: resources/saw/part-0.md"));
  CHECK(says(pushed, "remote: and 2 more"));
  REQUIRE(shop.inbox("approve", {shop.only()}).code == 0);
  CHECK(shop.place.count("resources") == 0);
  REQUIRE(shop.git(shop.clone, {"pull", "-q", "--rebase"}).code == 0);
  CHECK(shop.git.out(shop.clone, {"ls-files", "resources"}) == "");
}

TEST_CASE("whoever removes a branch is told how files are taken away") {
  Workshop shop;
  for (std::string ref : {":refs/for/main", ":refs/heads/main"}) {
    Ended refused = shop.push(ref);
    INFO(refused.err);
    CHECK(refused.code == 1);
    CHECK(says(refused, "remote: a branch cannot be deleted here: " + ref.substr(1)));
    CHECK(says(refused, "remote:   git push origin HEAD:refs/for/main"));  // a line that can be pasted
    CHECK(says(refused, "(to be mended, see above)"));
  }
  CHECK(says(shop.push(":refs/for/main", {}, "fr"), "une branche ne peut pas"));
}

TEST_CASE("with keep a real e-mail address stops the push, and a signed commit with none becomes the place's own") {
  Workshop shop;
  shop.sign_with("key");
  shop.commit("resources/laser/record.json", resource("Laser"), {"-S"});
  Ended refused = shop.push(kForMain, {"-o", "keep"});
  INFO(refused.err);
  CHECK(refused.code == 1);
  CHECK(says(refused, "git config user.email"));
  CHECK(says(refused, "git commit --amend --reset-author --no-edit -S"));
  Words amend{"-c", "user.email=ana@example.invalid", "commit", "-q", "--amend", "--reset-author", "--no-edit", "-S"};
  REQUIRE(shop.git(shop.clone, amend).code == 0);
  Ended pushed = shop.push(kForMain, {"-o", "keep"});
  INFO(pushed.err);
  REQUIRE(pushed.code == 0);
  std::string tip = shop.git.out(shop.clone, {"rev-parse", "HEAD"}), dir = shop.place.dir().string();
  Ended shown = run_maillage({"inbox", "show", "--dir", dir, "--lang", "en", shop.only()});
  INFO(shown.out);
  CHECK(shown.out.find("become public and be copied everywhere: name, e-mail address, date, message.\n  Ana <ana@example.invalid>, 20") != std::string::npos);
  CHECK(shown.out.find("stays here") == std::string::npos);
  REQUIRE(shop.inbox("approve", {shop.only()}).code == 0);
  REQUIRE(shop.git(shop.clone, {"fetch", "-q"}).code == 0);
  CHECK(shop.git.out(shop.clone, {"rev-parse", "origin/main"}) == tip);
}

TEST_CASE("approving what withdraws the profile says that it is withdrawn, and the place keeps its name for those who keep it") {
  Workshop shop;
  REQUIRE(shop.git(shop.clone, {"rm", "-q", "profile.json"}).code == 0);
  shop.commit("resources/laser/record.json", resource("Laser"));
  REQUIRE(shop.push().code == 0);
  std::string dir = shop.place.dir().string(), id = shop.only();
  shop.commit("resources/saw/record.json", resource("Saw"));
  REQUIRE(shop.push().code == 0);  // waits after the other
  Ended approved = run_maillage({"inbox", "approve", "--dir", dir, "--lang", "en", id});
  INFO(approved.out);
  CHECK(approved.out == "published, under the name of Ana: resources/laser/record.json\nwithdrawn, under the name of Ana: profile.json\n");
  CHECK(text_at(json_of(shop.inbox("list")), "/items/0/placeName") == "Konk Ar Lab");
  std::string url = shop.place.url() + "/git/" + shop.place.id();
  REQUIRE(shop.git(shop.clone, {"fetch", "-q", url + "/answers/" + id, "refs/answers/" + id}).code == 0);
  CHECK(shop.git.out(shop.clone, {"log", "-1", "--format=%an", "FETCH_HEAD"}) == "Konk Ar Lab");
  CHECK(says(shop.git(shop.clone, {"fetch", "origin"}, {"LANGUAGE=en"}), "64 hexadecimal digits"));  // the name was given up
  REQUIRE(shop.git(shop.clone, {"fetch", "-q", url}).code == 0);
  CHECK(shop.git.out(shop.clone, {"ls-tree", "--name-only", "FETCH_HEAD"}) == "identity\nresources");
  CHECK(says(shop.git(shop.clone, {"push", url, kForMain}, {"LANGUAGE=en"}), "contribution to “Konk Ar Lab”"));
  CHECK(shop.place.command("publish", {"--place", "konk-ar-lab", "--root", shop.clone.string(), "resources/saw/record.json"}).code == 0);
}

TEST_CASE("a maintainer's signed push goes straight in, a signed commit of hers waits") {
  Workshop shop;
  std::string key = shop.sign_with("key");
  shop.publish("profile.json", R"({"kind": "profile", "name": "Konk Ar Lab", "maintainers": [{"name": "Ana", "key": ")" + key + "\"}]}");
  REQUIRE(shop.git(shop.clone, {"pull", "-q"}).code == 0);
  shop.commit("resources/laser/record.json", resource("Laser"), {"-S"});
  Ended waits = shop.push();
  REQUIRE(waits.code == 0);
  CHECK(shop.place.count("resources", {"q=laser"}) == 0);
  Ended straight = shop.push(kForMain, {"--signed"});
  INFO(straight.err);
  REQUIRE(straight.code == 0);
  CHECK(says(straight, "published: resources/laser/record.json"));
  CHECK(shop.place.count("resources", {"q=laser"}) == 1);
  REQUIRE(run({"ssh-keygen", "-q", "-t", "rsa", "-N", "", "-C", "", "-f", (shop.folder.path() / "rsa").string()}).code == 0);
  REQUIRE(shop.git(shop.clone, {"config", "user.signingkey", (shop.folder.path() / "rsa.pub").string()}).code == 0);
  shop.commit("resources/oven/record.json", resource("Four"));
  Ended other = shop.push(kForMain, {"--signed"});
  INFO(other.err);
  REQUIRE(other.code == 0);
  CHECK(says(other, "sign with an SSH Ed25519 key"));
  CHECK(shop.place.count("resources", {"q=four"}) == 0);
  shop.sign_with("other");
  shop.commit("resources/plane/record.json", resource("Rabot"));
  REQUIRE(shop.push(kForMain, {"--signed"}).code == 0);
  CHECK(shop.place.count("resources", {"q=rabot"}) == 0);
}

TEST_CASE("a push of more than a megabyte comes in pieces, one of more than 32 MiB is refused with a sentence") {
  Workshop shop;
  shop.commit("resources/saw/photo.jpg", noise(0));
  Ended pushed = shop.push();
  INFO(pushed.err);
  CHECK(pushed.code == 0);
  for (std::uint64_t i = 1; i < 10; ++i) write_text(shop.clone / ("resources/saw/photo-" + std::to_string(i) + ".jpg"), noise(i));
  shop.commit("resources/saw/last.jpg", noise(10));
  Ended refused = shop.push();
  INFO(refused.err);
  CHECK(refused.code != 0);
  CHECK(says(refused, "too large"));
}

// The fenced blocks of the walk-through of CONTRIBUTING.md, or of its French fellow.
std::vector<std::string> walk_through(const std::string& document = "CONTRIBUTING.md") {
  std::string text = read_text(std::string(kSourceDir) + "/" + document);
  text = text.substr(0, text.find("\n# Working on Maillage"));
  std::vector<std::string> blocks;
  for (std::size_t at = text.find("```\n"), end; at != std::string::npos; at = text.find("```\n", end + 4)) {
    end = text.find("```\n", at + 4);
    blocks.push_back(text.substr(at + 4, end - at - 4));
  }
  return blocks;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) text.replace(at, what.size(), by);
  return text;
}

TEST_CASE("whoever contributed several commits goes on from what the place made of them by the commands of CONTRIBUTING.md") {
  Workshop shop;
  shop.commit("resources/laser/record.json", resource("Lazer"));
  shop.commit("resources/laser/record.json", resource("Laser"));
  REQUIRE(shop.push().code == 0);
  REQUIRE(shop.inbox("approve", {shop.only()}).code == 0);
  Spawning how{shop.clone, {"HOME=" + shop.folder.path().string(), "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C"}, {}};
  Ended gone_on = run({"bash", "-c", "set -eu\n" + walk_through().at(3)}, "", how);
  INFO(gone_on.err);
  REQUIRE(gone_on.code == 0);
  CHECK(shop.git.out(shop.clone, {"status", "--porcelain", "-b"}) == "## main...origin/main");
  CHECK(shop.git.out(shop.clone, {"log", "-1", "--format=%an %ae"}) == "Ana contributor@maillage.invalid");
  shop.commit("resources/plane/record.json", resource("Rabot"));
  CHECK(shop.push().code == 0);
}

TEST_CASE("the walk-through of CONTRIBUTING.md runs as it is written, in both languages") {
  struct Written {
    std::string document, address, dir, number, name;
  };
  auto written = GENERATE(Written{"CONTRIBUTING.md", "https://place.example", "~/my-place", "NUMBER", "Laser cutter"},
                          Written{"CONTRIBUTING.fr.md", "https://lieu.example", "~/mon-lieu", "NUMÉRO", "Découpeuse laser"});
  Workshop shop;
  auto blocks = walk_through(written.document);
  REQUIRE(blocks.size() == 4);
  fs::remove_all(shop.clone);
  Spawning how{shop.folder.path(), {"HOME=" + shop.folder.path().string(), "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C", "LANGUAGE=en"}, {}};
  std::string hers = "set -eu\n" + replaced(blocks[0], written.address, shop.place.url()) + blocks[1];
  Ended pushed = run({"bash", "-c", hers}, "", how);
  INFO(hers << pushed.out << pushed.err);
  REQUIRE(pushed.code == 0);
  std::string theirs = replaced(replaced(blocks[2], written.dir, shop.place.dir().string()), written.number, shop.only());
  Ended approved = run({"bash", "-c", "set -eu\n" + replaced(theirs, "maillage ", std::string(kBinary) + " ")}, "", how);
  INFO(theirs << approved.out << approved.err);
  CHECK(approved.code == 0);
  CHECK(approved.out.find(written.name) != std::string::npos);
  CHECK(shop.place.count("resources", {"q=laser"}) == 1);
  how.folder /= "konk-ar-lab";
  CHECK(run({"bash", "-c", "set -eu\n" + blocks[3]}, "", how).code == 0);
}

TEST_CASE("whoever decides on a picture can look at it first, and is told how") {
  Workshop shop;
  std::string photo = "\xff\xd8\xff" + std::string(5'000, '\0');
  shop.commit("resources/saw/photo.jpg", photo);
  REQUIRE(shop.push().code == 0);
  std::string id = shop.only(), dir = shop.place.dir().string();
  fs::path out = shop.folder.path() / "out";
  Ended shown = run_maillage({"inbox", "show", "--dir", dir, "--lang", "en", id});
  INFO(shown.out);
  CHECK(shown.out.find("maillage inbox show --dir " + dir + " " + id + " --out FOLDER") != std::string::npos);
  Ended written = run_maillage({"inbox", "show", "--dir", dir, "--lang", "en", id, "--out", out.string()});
  INFO(written.err);
  REQUIRE(written.code == 0);
  CHECK(written.out.find("Its files are in " + out.string() + " (1 in all)") != std::string::npos);
  CHECK(read_text(out / "resources/saw/photo.jpg") == photo);
  Ended again = run_maillage({"inbox", "show", "--dir", dir, "--lang", "en", id, "--out", out.string()});
  CHECK(again.code == 1);
  CHECK(says(again, "already holds something else"));
}

TEST_CASE("a conflict is told before anybody approves, with the one command that answers it") {
  Workshop shop;
  shop.commit("resources/saw/record.json", resource("Saw of mine"));
  REQUIRE(shop.push().code == 0);
  shop.publish("resources/saw/record.json", resource("Saw of ours"));
  std::string id = shop.only(), dir = shop.place.dir().string();
  std::string command = "  maillage inbox ask --dir " + dir + " " + id +
                        " \"The place has published another version meanwhile of: resources/saw/record.json. Run git pull";
  Ended shown = run_maillage({"inbox", "show", "--dir", dir, "--lang", "fr", id});
  INFO(shown.out);
  CHECK(shown.out.find("a changé ce fichier depuis") != std::string::npos);
  CHECK(shown.out.find(command) != std::string::npos);  // in the contributor's language, whatever the operator's
  Ended refused = run_maillage({"inbox", "approve", "--dir", dir, "--lang", "fr", id});
  INFO(refused.err);
  CHECK(refused.code == 1);
  CHECK(says(refused, command));
}

TEST_CASE("what is taken and looks like a slip is said with the thanks, and states are said in words") {
  Workshop shop;
  shop.commit("resources/laser/record.json", R"({"kind": "resource", "nmae": "x", "name": "Laser", "type": "equipment", "licence": "CC-BY-SA-4.0"})");
  Ended pushed = shop.push(kForMain, {}, "fr");
  INFO(pushed.err);
  REQUIRE(pushed.code == 0);
  CHECK(says(pushed, "remote: Prise telle quelle, mais : resources/laser/record.json : champ inconnu"));
  CHECK(says(pushed, "/nmae → /name ?"));
  CHECK(says(pushed, "remote:   git fetch "));
  std::string id = shop.only(), dir = shop.place.dir().string();
  Ended shown = run_maillage({"inbox", "show", "--dir", dir, "--lang", "en", id});
  CHECK(shown.out.find("nmae (unknown field)") != std::string::npos);
  CHECK(run_maillage({"inbox", "list", "--dir", dir, "--lang", "fr"}).out.find("  attend une réponse\n") != std::string::npos);
  REQUIRE(shop.inbox("refuse", {id, "--reason", "no"}).code == 0);
  Ended all = run_maillage({"inbox", "list", "--all", "--dir", dir, "--lang", "en"});
  INFO(all.out);
  CHECK(all.out.find("  refused\n  for “Konk Ar Lab”\n") != std::string::npos);
  CHECK(all.out.find("to answer: approve") == std::string::npos);
  CHECK(says(run_maillage({"inbox", "approve", "--dir", dir, "--lang", "fr", id}), "déjà reçu sa réponse : refusée"));
}

TEST_CASE("a list says which contribution would withdraw something") {
  Workshop shop;
  REQUIRE(shop.git(shop.clone, {"rm", "-q", "profile.json"}).code == 0);
  shop.commit("resources/laser/record.json", resource("Laser"));
  REQUIRE(shop.push().code == 0);
  std::string dir = shop.place.dir().string();
  CHECK(run_maillage({"inbox", "list", "--dir", dir, "--lang", "en"}).out.find("  would withdraw: profile.json\n") != std::string::npos);
}
