// The whole registry cloned by stock git, followed through changes and restarts; and a clone checked without our program.
#include <catch2/catch.hpp>

#include "tests/e2e/stock_git.h"
#include "tests/locations.h"

using namespace maillage::tests;

namespace {

std::string must_publish(const Place& place, const std::string& path, const std::string& text) {
  Ended ended = place.publish(path, text);
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  return text;
}

std::string folder_of(const Place& place, const std::string& region) {
  return "places/" + region + "/" + place.slug() + "-" + place.id().substr(0, 16);
}

std::string tree_in_status(const Place& place) { return text_at(place.ask("status").json(), "/commons/tree"); }

}  // namespace

TEST_CASE("the whole registry is cloned as one tree, the same on every daemon, and pulled through changes and restarts") {
  TemporaryDirectory folder;
  StockGit git(folder.path());
  Place one(folder.path(), "Konk Ar Lab", {"--commune", "29039"}), two(folder.path(), "Ruche", {"--commune", "59350"});
  must_publish(one, "resources/saw/record.json", resource("Scie"));
  must_publish(one, "resources/saw/readme.md", "# Scie\n");
  one.serve();
  two.serve_with(one);
  REQUIRE(eventually([&] { return one.count("places") == 2 && two.count("resources") == 1; }));

  CHECK(git.out(folder.path(), {"clone", "-q", one.url() + "/git/commons", "clone"}) == "");
  auto clone = folder.path() / "clone";
  CHECK(read_text(clone / folder_of(one, "bretagne-53") / "resources/saw/readme.md") == "# Scie\n");
  CHECK(read_text(clone / folder_of(two, "hauts-de-france-32") / "profile.json").find("Ruche") != std::string::npos);
  CHECK(git.fsck(clone) == "");
  CHECK(git.out(clone, {"rev-parse", "HEAD^{tree}"}) == tree_in_status(one));
  CHECK(git.out(folder.path(), {"ls-remote", two.url() + "/git/commons.git", "HEAD"}).size() > 40);
  CHECK(tree_in_status(two) == tree_in_status(one));

  // A minute has not passed: the next tree is made after a restart.
  must_publish(one, "resources/saw/readme.md", "# Scie circulaire\n");
  CHECK(git(clone, {"pull"}).out.find("Already up to date") != std::string::npos);
  REQUIRE(one.stop() == 0);
  one.serve();
  git(clone, {"remote", "set-url", "origin", one.url() + "/git/commons"});
  Ended pulled = git(clone, {"pull", "--ff-only"});
  INFO(pulled.err);
  CHECK(pulled.code == 0);
  CHECK(read_text(clone / folder_of(one, "bretagne-53") / "resources/saw/readme.md") == "# Scie circulaire\n");
  CHECK(git.out(clone, {"rev-list", "--count", "HEAD"}) == "2");
  CHECK(git.fsck(clone) == "");
  one.kill();
  one.serve();
  git(clone, {"remote", "set-url", "origin", one.url() + "/git/commons"});
  CHECK(git(clone, {"pull", "--ff-only"}).out.find("Already up to date") != std::string::npos);
  CHECK(git.out(folder.path(), {"clone", "-q", "--depth", "1", one.url() + "/git/commons", "shallow"}) == "");
  CHECK(git.fsck(folder.path() / "shallow") == "");
  CHECK(git(folder.path() / "shallow", {"fetch", "--unshallow"}).code == 0);
  CHECK(git.out(folder.path() / "shallow", {"rev-list", "--count", "HEAD"}) == "2");
  CHECK(git.fsck(folder.path() / "shallow") == "");
  CHECK(one.unsound() == "");
}

TEST_CASE("a clone is checked by the script alone, with git, openssl and the place's id, and a changed one is refused") {
  TemporaryDirectory folder;
  StockGit git(folder.path());
  Place place(folder.path(), "Konk Ar Lab");
  must_publish(place, "resources/saw/record.json", resource("Scie"));
  must_publish(place, "resources/saw/readme.md", "# Scie\n");
  place.serve();
  CHECK(git.out(folder.path(), {"clone", "-q", place.url() + "/git/konk-ar-lab", "clone"}) == "");
  auto clone = folder.path() / "clone";
  auto verify = [&](const std::string& id) {
    Spawning how{clone, {"HOME=" + folder.path().string(), "GIT_CONFIG_NOSYSTEM=1"}, {}};
    return run({std::string(kSourceDir) + "/deploy/verify-clone", id}, "", how);
  };
  Ended sound = verify(place.id());
  INFO(sound.out << sound.err);
  CHECK(sound.code == 0);
  CHECK(sound.out.find("charter 0, epoch 0, sequence 2") != std::string::npos);
  CHECK(verify(std::string(64, '0')).code != 0);
  for (const std::string& wrong : {std::string(), std::string("konk-ar-lab"), place.id().substr(0, 16), std::string(64, 'x')})
    CHECK(verify(wrong).err.starts_with("verify-clone: usage: verify-clone PLACE_ID"));
  Ended none = run({std::string(kSourceDir) + "/deploy/verify-clone"}, "", {clone, {"HOME=" + folder.path().string()}, {}});
  CHECK(none.err.starts_with("verify-clone: usage: verify-clone PLACE_ID"));
  // A commit of one's own above the signed one is fine.
  write_text(clone / "resources/saw/readme.md", "# Mine\n");
  git(clone, {"commit", "-qam", "mine"});
  CHECK(verify(place.id()).out.find("yours above it: 1") != std::string::npos);

  // Somebody between us and the daemon: with another head, another content under the signed name, or another history.
  git(clone, {"remote", "remove", "origin"});
  CHECK(verify(place.id()).code == 0);
  std::string good = git.out(clone, {"rev-parse", "refs/maillage/head"});
  std::string forge = "set -e; git cat-file blob " + good + ":head > h; printf 'X' | dd of=h bs=1 seek=15 conv=notrunc status=none; "
                      "t=$(printf '100644 blob %s\tcharters\n100644 blob %s\thead\n' $(git rev-parse " + good +
                      ":charters) $(git hash-object -w h) | git mktree); git -c user.name=x -c user.email=x update-ref refs/maillage/head $(git "
                      "-c user.name=x -c user.email=x commit-tree -m x $t)";
  Ended forged = run({"bash", "-c", forge}, "", {clone, {"HOME=" + folder.path().string()}, {}});
  INFO(forged.err);
  REQUIRE(forged.code == 0);
  CHECK(verify(place.id()).err.find("not signed") != std::string::npos);
  git(clone, {"update-ref", "refs/maillage/head", good});
  CHECK(verify(place.id()).code == 0);
  git(clone, {"checkout", "-q", "--orphan", "other"});
  git(clone, {"commit", "-qm", "other"});
  CHECK(verify(place.id()).err.find("does not descend") != std::string::npos);
}

TEST_CASE("a clone of a place that changed its charter proves itself too") {
  TemporaryDirectory folder;
  StockGit git(folder.path());
  Place old_host(folder.path(), "Ancien"), new_host(folder.path(), "Nouveau");
  std::string old_dir = old_host.dir().string(), new_dir = new_host.dir().string(), file = (folder.path() / "voyageur").string();
  std::string id = text_at(json_of(run_maillage({"place", "add", "--dir", old_dir, "--name", "Voyageur", "--json"})), "/place");
  std::string code = run_maillage({"place", "code", "--dir", new_dir}).out;
  code.resize(code.find('\n'));
  Ended left = run_maillage({"place", "export", "--dir", old_dir, "--place", id, "--to", code, file}, old_host.sheet() + "\n");
  INFO(left.err << left.out);
  REQUIRE(left.code == 0);
  Ended taken = run_maillage({"place", "adopt", "--dir", new_dir, file}, new_host.sheet() + "\n");
  INFO(taken.err << taken.out);
  REQUIRE(taken.code == 0);
  new_host.serve();
  CHECK(git.out(folder.path(), {"clone", "-q", new_host.url() + "/git/" + id, "clone"}) == "");
  Ended verified = run({std::string(kSourceDir) + "/deploy/verify-clone", id}, "", {folder.path() / "clone", {"HOME=" + folder.path().string()}, {}});
  INFO(verified.err);
  CHECK(verified.out.find("charter 1") != std::string::npos);
}
