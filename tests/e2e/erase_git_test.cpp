// What stock git has of a place that erases: no object of before from any daemon, no way back for a clone, a contribution or a fetch
// of before.
#include <catch2/catch.hpp>

#include "tests/e2e/canary.h"
#include "tests/e2e/stock_git.h"

using namespace maillage::tests;
namespace fs = std::filesystem;

namespace {

const std::string kForMain = "HEAD:refs/for/main";

std::string repository(const Place& daemon, const Place& of) { return daemon.url() + "/git/" + of.id(); }

// A place that says the canary, and a clone of it from before it erases that.
struct Before {
  TemporaryDirectory folder;
  Place origin{folder.path(), "Origine"};
  StockGit git{folder.path()};
  fs::path clone = folder.path() / "clone";

  Before() {
    publish("resources/serin.json", resource(std::string("Un ") + kCanary));
    publish("resources/scie.json", resource("Scie"));
    origin.serve();
    REQUIRE(git.out(folder.path(), {"clone", "-q", repository(origin, origin), "clone"}) == "");
  }
  void publish(const std::string& path, const std::string& text) { REQUIRE(origin.publish(path, text).code == 0); }
  void erase() { REQUIRE(origin.command("erase", {"--yes", "resources/serin.json"}).code == 0); }
  std::string id_of(const std::string& what) const { return git.out(clone, {"rev-parse", what}); }
  std::string head_at(const Place& daemon) const { return git.out(folder.path(), {"ls-remote", repository(daemon, origin), "HEAD"}).substr(0, 40); }

  void commit(const std::string& path) {
    write_text(clone / path, resource("Tour"));
    REQUIRE(git(clone, {"add", "-A"}).code == 0);
    REQUIRE(git(clone, {"commit", "-q", "-m", "work"}).code == 0);
  }
  Ended push() const { return git(clone, {"push", "origin", kForMain}, {"LANGUAGE=en"}); }
  std::string only_contribution() const {
    auto list = json_of(run_maillage({"inbox", "list", "--dir", origin.dir().string(), "--json"}));
    REQUIRE(list.at("items").as_array().size() == 1);
    return text_at(list, "/items/0/id");
  }
};

std::string wants(const std::string& id) { return pkt("want " + id + " multi_ack_detailed no-done side-band-64k") + "0000" + pkt("done"); }

// A fetch whose reader stands still once the pack has begun.
Socket half_read(const Place& daemon, const Place& of, const std::string& commit) {
  Socket reader(daemon.address());
  std::string body = wants(commit);
  reader.send("POST /git/" + of.id() + "/git-upload-pack HTTP/1.1\r\nHost: " + daemon.address() +
              "\r\nContent-Type: application/x-git-upload-pack-request\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
              body);
  std::string begun = reader.receive_until("PACK");
  REQUIRE(begun.ends_with("PACK"));
  return reader;
}

}  // namespace

TEST_CASE("no commit, tree or file of before an erasure is had by its id, of the origin or of a daemon that was away") {
  Before it;
  Place away(it.folder.path(), "Absent");
  away.serve_with(it.origin);
  REQUIRE(eventually([&] { return away.count("resources") == 2; }));
  std::string told = it.head_at(it.origin);
  Words erased{told, it.id_of("HEAD~1"), it.id_of("HEAD^{tree}"), it.id_of("HEAD:resources"), it.id_of("HEAD:resources/serin.json")};
  for (const Place* daemon : {&it.origin, &away}) CHECK(post_upload(*daemon, it.origin.id(), wants(told)).find("PACK") != std::string::npos);
  CHECK(away.stop() == 0);
  it.erase();

  away.serve_with(it.origin);
  REQUIRE(eventually([&] { return it.head_at(away) == it.head_at(it.origin); }));
  REQUIRE(it.head_at(away).size() == 40);
  REQUIRE(it.head_at(away) != told);
  REQUIRE(it.git(it.folder.path(), {"init", "-q", "empty"}).code == 0);
  for (const Place* daemon : {&it.origin, &away}) {
    std::string unknown = body_of(post_upload(*daemon, it.origin.id(), wants(std::string(40, '1'))));
    REQUIRE(unknown.find("ERR upload-pack: not our ref") != std::string::npos);
    for (const std::string& id : erased) {
      INFO(id);
      REQUIRE(id.size() == 40);
      for (const std::string& where : {it.origin.id(), std::string("commons")}) CHECK(body_of(post_upload(*daemon, where, wants(id))) == unknown);
      CHECK(it.git(it.folder.path() / "empty", {"fetch", "-q", repository(*daemon, it.origin), id}).code != 0);
    }
  }
  CHECK(eventually([&] { return files_that_hold(away.dir()) == ""; }));
  for (Place* place : {&it.origin, &away}) CHECK(place->stop() == 0);
  for (Place* place : {&it.origin, &away}) CHECK(place->unsound() == "");
}

TEST_CASE("a clone of before an erasure cannot be merged back, and its owner goes on by the commands that the refusal gives") {
  Before it;
  it.erase();
  it.commit("resources/tour.json");
  Ended refused = it.push();
  INFO(refused.err);
  CHECK(refused.code != 0);
  CHECK(refused.err.find("remote: this history does not begin as the place's does") != std::string::npos);
  CHECK(refused.err.find("remote:   git fetch origin") != std::string::npos);
  CHECK(refused.err.find("remote:   git rebase --onto origin/main origin/main@{1}") != std::string::npos);

  std::string mine = it.id_of("HEAD");
  REQUIRE(it.git(it.clone, {"fetch", "-q", "origin"}).code == 0);
  REQUIRE(it.git(it.clone, {"merge", "-q", "--allow-unrelated-histories", "-m", "both", "origin/main"}).code == 0);
  Ended merged = it.push();
  CHECK(merged.code != 0);
  CHECK(merged.err.find("remote:   git rebase --onto") != std::string::npos);
  CHECK(eventually([&] { return files_that_hold(it.origin.dir()) == ""; }));

  REQUIRE(it.git(it.clone, {"reset", "-q", "--hard", mine}).code == 0);
  Ended rebased = it.git(it.clone, {"rebase", "-q", "--onto", "origin/main", "origin/main@{1}"});
  INFO(rebased.err);
  REQUIRE(rebased.code == 0);
  CHECK(it.push().code == 0);
  REQUIRE(run_maillage({"inbox", "approve", "--dir", it.origin.dir().string(), it.only_contribution()}).code == 0);
  CHECK(it.origin.count("resources", {"q=tour"}) == 1);
  CHECK(files_that_hold(it.origin.dir()) == "");
}

TEST_CASE("a contribution that waits at a place that erases is deleted, and its author reads why and what to do") {
  Before it;
  it.commit("resources/tour.json");
  REQUIRE(it.push().code == 0);
  std::string id = it.only_contribution();
  REQUIRE(fs::exists(it.origin.dir() / "inbox" / id / "pack"));
  it.erase();
  CHECK_FALSE(fs::exists(it.origin.dir() / "inbox" / id / "pack"));
  Answer state = it.origin.ask("contributions/" + id);
  CHECK(text_at(state.json(), "/state") == "refused");
  CHECK(text_at(state.json(), "/reason").find("git rebase --onto origin/main origin/main@{1}") != std::string::npos);
  std::string answers = repository(it.origin, it.origin) + "/answers/" + id;
  REQUIRE(it.git(it.clone, {"fetch", "-q", answers, "refs/answers/" + id}).code == 0);
  CHECK(it.git.out(it.clone, {"show", "FETCH_HEAD:answer.txt"}).find("git rebase --onto") != std::string::npos);
  CHECK(run_maillage({"inbox", "approve", "--dir", it.origin.dir().string(), id}).code == 1);
  CHECK(it.origin.count("resources", {"q=tour"}) == 0);
}

TEST_CASE("a clone whose reader stands still holds up no erasure, and is ended by it, on the origin and on a partner") {
  Before it;
  Words files{"resources/photos/record.json"};
  write_text(it.origin.site() / files.front(), resource("Photos"));
  for (std::uint64_t number = 0; number < 7; ++number) {
    files.push_back("resources/photos/photo-" + std::to_string(number) + ".jpg");
    write_text(it.origin.site() / files.back(), noise(number));
  }
  REQUIRE(it.origin.publish_all(files).code == 0);
  Place partner(it.folder.path(), "Partenaire");
  partner.serve_with(it.origin);
  REQUIRE(eventually([&] { return partner.count("resources") == 3; }));
  std::string commit = it.head_at(it.origin);
  REQUIRE(it.head_at(partner) == commit);
  Socket of_origin = half_read(it.origin, it.origin, commit), of_partner = half_read(partner, it.origin, commit);

  Ended erased = it.origin.command("erase", {"--yes", "resources/serin.json"});
  REQUIRE(erased.code == 0);
  CHECK(erased.out.find("\"purged\":true") != std::string::npos);
  CHECK(eventually([&] { return text_at(json_of(it.origin.command("erase", {"--status"})), "/places/0/replicas/0/name") == "Partenaire"; }));
  CHECK(eventually([&] { return json_of(it.origin.command("erase", {"--status"})).at_pointer("/places/0/replicas/0/confirmed").as_bool(); }));
  for (Place* place : {&it.origin, &partner}) CHECK(files_that_hold(place->dir()) == "");
  for (Socket* reader : {&of_origin, &of_partner}) {
    std::string rest = reader->receive_all();
    CHECK(reader->closed());
    CHECK(rest.size() < 20'000'000);
    CHECK(rest.find("this place was erased or changed meanwhile") != std::string::npos);
  }
  for (Place* place : {&it.origin, &partner}) CHECK(place->stop() == 0);
  for (Place* place : {&it.origin, &partner}) CHECK(place->unsound() == "");
}
