// A place cloned, fetched and deepened by stock git from a daemon's own port, and what the port refuses.
#include <catch2/catch.hpp>

#include "tests/e2e/stock_git.h"

using namespace maillage::tests;

namespace {

struct Workshop {
  TemporaryDirectory folder;
  Place place{folder.path(), "Konk Ar Lab", {"--commune", "29039"}};
  StockGit git{folder.path()};

  Workshop() {
    change(1);
    publish("resources/saw/readme.md", "# Scie\n");
    place.serve();
  }
  void publish(const std::string& path, const std::string& text) {
    Ended ended = place.publish(path, text);
    INFO(ended.err);
    REQUIRE(ended.code == 0);
  }
  void change(int number) { publish("resources/saw/record.json", resource("Scie " + std::to_string(number))); }
  std::string url(const std::string& repository) const { return place.url() + "/git/" + repository; }
  std::filesystem::path clone(const std::string& name, Words options = {}, const std::string& repository = "konk-ar-lab") {
    options.insert(options.begin(), {"clone", "-q"});
    options.insert(options.end(), {url(repository), name});
    Ended cloned = git(folder.path(), options);
    INFO(cloned.err);
    REQUIRE(cloned.code == 0);
    return folder.path() / name;
  }
  std::string commits(const std::filesystem::path& clone) const { return git.out(clone, {"rev-list", "--count", "HEAD"}); }
  std::string refs() const { return git.out(folder.path(), {"ls-remote", url("konk-ar-lab")}); }
  std::string id_of(const std::filesystem::path& clone, const std::string& what) const { return git.out(clone, {"rev-parse", what}); }
};

std::string wants(const std::string& id) { return pkt("want " + id + " multi_ack_detailed no-done side-band-64k") + "0000" + pkt("done"); }

}  // namespace

TEST_CASE("stock git clones a place by slug, by id, and with .git, and finds nothing wrong in it") {
  Workshop shop;
  int number = 0;
  for (std::string name : {std::string("konk-ar-lab"), shop.place.id(), std::string("konk-ar-lab.git"), shop.place.id() + ".git"}) {
    auto clone = shop.clone("clone" + std::to_string(number++), {}, name);
    CHECK(read_text(clone / "resources/saw/readme.md") == "# Scie\n");
    CHECK(shop.git.out(clone, {"branch", "--show-current"}) == "main");
    CHECK(shop.git.fsck(clone) == "");
    CHECK(shop.commits(clone) == "3");
  }
  Words log{"-c", "gpg.format=ssh", "-c", "gpg.ssh.allowedSignersFile=identity/allowed_signers", "log", "--format=%G?"};
  CHECK(shop.git.out(shop.folder.path() / "clone0", log) == "G\nG\nG");
}

TEST_CASE("a fetch after a publication brings what is new, and one after none brings nothing") {
  Workshop shop;
  auto clone = shop.clone("clone");
  for (int number = 2; number < 6; ++number) shop.change(number);
  Ended pulled = shop.git(clone, {"pull", "--no-progress"});
  CHECK(pulled.code == 0);
  CHECK(shop.commits(clone) == "7");
  CHECK(read_text(clone / "resources/saw/record.json").find("Scie 5") != std::string::npos);
  CHECK(shop.git(clone, {"pull"}).out.find("Already up to date") != std::string::npos);
  CHECK(shop.git.fsck(clone) == "");
}

TEST_CASE("a fetch finds the common commit below a contributor's own") {
  Workshop shop;
  auto clone = shop.clone("clone");
  for (int number = 0; number < 40; ++number) shop.git(clone, {"commit", "-q", "--allow-empty", "-m", "mine"});
  shop.change(2);
  Ended fetched = shop.git(clone, {"fetch"});
  INFO(fetched.err);
  CHECK(fetched.code == 0);
  CHECK(shop.git.out(clone, {"rev-list", "--count", "HEAD..origin/main"}) == "1");
  CHECK(shop.git.fsck(clone) == "");
}

TEST_CASE("a shallow clone has one commit, deepens, follows and becomes whole") {
  Workshop shop;
  for (int number = 2; number < 8; ++number) shop.change(number);
  auto clone = shop.clone("clone", {"--depth", "1"});
  CHECK(shop.commits(clone) == "1");
  CHECK(shop.git.fsck(clone) == "");
  auto fetch = [&](Words options, const std::string& count) {
    options.insert(options.begin(), "pull");
    Ended ended = shop.git(clone, options);
    INFO(ended.err);
    CHECK(ended.code == 0);
    CHECK(shop.commits(clone) == count);
    CHECK(shop.git.fsck(clone) == "");
  };
  fetch({"--depth", "3"}, "3");
  fetch({"--deepen", "2"}, "5");
  shop.change(8);
  fetch({}, "6");
  fetch({"--depth", "2"}, "2");
  fetch({"--unshallow"}, "10");
}

TEST_CASE("a mirror has the head of the place, and a partial clone is a whole one") {
  Workshop shop;
  auto mirror = shop.clone("mirror", {"--mirror"});
  CHECK(shop.git.fsck(mirror) == "");
  Ended shown = shop.git(mirror, {"cat-file", "blob", "refs/maillage/head:head"});
  CHECK(shown.out.size() == 224);
  auto partial = shop.clone("partial", {"--filter=blob:none"});
  CHECK(read_text(partial / "resources/saw/readme.md") == "# Scie\n");
}

TEST_CASE("whatever may not be wanted gets one and the same answer, byte for byte") {
  Workshop shop;
  auto clone = shop.clone("clone");
  std::string head = shop.id_of(clone, "HEAD");
  CHECK(post_upload(shop.place, "konk-ar-lab", wants(head)).find("PACK") != std::string::npos);
  std::string unknown = body_of(post_upload(shop.place, "konk-ar-lab", wants(std::string(40, '1'))));
  CHECK(unknown.find("ERR upload-pack: not our ref") != std::string::npos);
  std::string other_head;
  {
    Place other(shop.folder.path(), "Autre lieu");
    other.serve_with(shop.place);
    REQUIRE(eventually([&] { return shop.place.count("places") == 2; }));
    other_head = shop.git.out(shop.folder.path(), {"ls-remote", shop.url("autre-lieu"), "HEAD"}).substr(0, 40);
  }
  // A parent is in the history, but was told to nobody by this daemon since it started.
  for (const std::string& id : {shop.id_of(clone, "HEAD^{tree}"), shop.id_of(clone, "HEAD:profile.json"), shop.id_of(clone, "HEAD~2"),
                                shop.id_of(clone, "HEAD:identity"), other_head})
    CHECK(body_of(post_upload(shop.place, "konk-ar-lab", wants(id))) == unknown);
  CHECK(body_of(post_upload(shop.place, "konk-ar-lab", pkt("want " + head + " side-band-64k") + pkt("want " + other_head) + "0000" + pkt("done"))) == unknown);
}

TEST_CASE("a commit that was told a moment ago may still be wanted after the next publication") {
  Workshop shop;
  std::string told = shop.refs().substr(0, 40);
  shop.change(2);
  CHECK(shop.refs().substr(0, 40) != told);
  CHECK(post_upload(shop.place, "konk-ar-lab", wants(told)).find("PACK") != std::string::npos);
}

TEST_CASE("chunked and packed requests over a mebibyte are read, bombs and broken ones are refused") {
  Workshop shop;
  std::string head = shop.refs().substr(0, 40);
  std::string body = pkt("want " + head + " multi_ack_detailed no-done side-band-64k") + "0000";
  for (int number = 0; number < 30'000; ++number) {
    char id[41];
    snprintf(id, sizeof id, "%040x", number);
    body += pkt("have " + std::string(id));
  }
  body += pkt("done");
  REQUIRE(body.size() > 1'400'000);
  CHECK(post_upload(shop.place, "konk-ar-lab", in_chunks(body, 65'000), "Transfer-Encoding: chunked\r\n").find("PACK") != std::string::npos);
  write_text(shop.folder.path() / "body", body);
  std::string packed = run({"gzip", "-c", (shop.folder.path() / "body").string()}).out;
  CHECK(post_upload(shop.place, "konk-ar-lab", packed, "Content-Encoding: gzip\r\n").find("PACK") != std::string::npos);
  write_text(shop.folder.path() / "zeros", std::string(64 * 1024 * 1024, '0'));
  std::string bomb = run({"gzip", "-c", (shop.folder.path() / "zeros").string()}).out;
  CHECK(post_upload(shop.place, "konk-ar-lab", bomb, "Content-Encoding: gzip\r\n").starts_with("HTTP/1.1 413"));
  CHECK(post_upload(shop.place, "konk-ar-lab", body.substr(0, body.size() / 2)).starts_with("HTTP/1.1 400"));
  CHECK(post_upload(shop.place, "konk-ar-lab", "0009want\n").starts_with("HTTP/1.1 400"));
  std::string knocked = post_upload(shop.place, "konk-ar-lab", "0000");
  CHECK(knocked.starts_with("HTTP/1.1 200"));
  CHECK(knocked.find("application/x-git-upload-pack-result") != std::string::npos);
  CHECK(shop.git(shop.folder.path(), {"-c", "http.postBuffer=1", "clone", "-q", shop.url("konk-ar-lab"), "small-posts"}).code == 0);
}

TEST_CASE("addresses that are no repository are not found, and what is not smart HTTP is refused in words") {
  Workshop shop;
  for (std::string path : {"/git/nobody/info/refs?service=git-upload-pack", "/git/../info/refs?service=git-upload-pack",
                           "/git/..%2f..%2fetc%2fpasswd/info/refs?service=git-upload-pack", "/git/%2e%2e/info/refs?service=git-upload-pack",
                           "/git/konk-ar-lab/../../x/info/refs?service=git-upload-pack", "/git/konk-ar-lab/HEAD", "/git/konk-ar-lab/objects/info/packs",
                           "/git//info/refs?service=git-upload-pack", "/git/--upload-pack=x/info/refs?service=git-upload-pack"})
    CHECK(get(shop.place.address(), path).status == 404);
  Answer dumb = get(shop.place.address(), "/git/konk-ar-lab/info/refs", {"Accept-Language: en"});
  CHECK(dumb.status == 403);
  CHECK(dumb.body.find("smart HTTP") != std::string::npos);
  CHECK(get(shop.place.address(), "/git/konk-ar-lab/info/refs?service=git-upload-archive").status == 403);
  Answer refs = get(shop.place.address(), "/git/konk-ar-lab/info/refs?service=git-upload-pack", {"Git-Protocol: version=2"});
  CHECK(refs.status == 200);
  CHECK(refs.headers["content-type"] == "application/x-git-upload-pack-advertisement");
  CHECK(refs.headers["cache-control"] == "no-cache, max-age=0, must-revalidate");
  CHECK(refs.body.size() <= 1024);
  CHECK(refs.body.find("version 2") == std::string::npos);
  Ended lost = shop.git(shop.folder.path(), {"clone", shop.url("nobody"), "lost"}, {"LANGUAGE=en"});
  CHECK(lost.err.find("remote: ") != std::string::npos);
  // The machine's own name, which nobody configured.
  std::string port = shop.place.address().substr(shop.place.address().rfind(':') + 1), here = "vm.example:" + port;
  Words clone{"-c", "http.curloptResolve=" + here + ":127.0.0.1", "clone", "http://" + here + "/git/konk-ar-lab", "lost"};
  Ended named = shop.git(shop.folder.path(), clone, {"LANGUAGE=en"});
  INFO(named.err);
  CHECK(named.err.find("remote: This server does not answer to the name “vm.example”. To allow it, add it to host_names in config.toml.") != std::string::npos);
}

TEST_CASE("a slug that two places have is the one's that is published here, and both have their ids") {
  Workshop shop;
  Place twin(shop.folder.path(), "Konk Ar Láb");
  twin.serve_with(shop.place);
  REQUIRE(eventually([&] { return shop.place.count("places") == 2; }));
  auto refs = [&](const std::string& name) { return get(shop.place.address(), "/git/" + name + "/info/refs?service=git-upload-pack").body; };
  CHECK(refs("konk-ar-lab") == refs(shop.place.id()));
  CHECK(refs("konk-ar-lab") != refs(twin.id()));
  CHECK(shop.clone("by-id", {}, twin.id()) == shop.folder.path() / "by-id");
}

TEST_CASE("forty clones at once all end well") {
  Workshop shop;
  std::vector<std::unique_ptr<Child>> clones;
  Spawning how{shop.folder.path(), {"HOME=" + shop.folder.path().string(), "GIT_CONFIG_NOSYSTEM=1"}, {}};
  for (int number = 0; number < 40; ++number)
    clones.push_back(std::make_unique<Child>(Words{"git", "clone", "-q", shop.url("konk-ar-lab"), "many" + std::to_string(number)}, how));
  for (auto& clone : clones) CHECK(clone->ended(kPatience) == 0);
}
