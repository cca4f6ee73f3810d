// What stock git and ssh-keygen see: a place can be read and checked without our software.
#include <catch2/catch.hpp>

#include "tests/e2e/place.h"

using namespace maillage::tests;

TEST_CASE("after refs, stock git clones a place and verifies the signatures with what the clone itself says") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Un"), two(folder.path(), "Deux");
  REQUIRE(one.publish("resources/saw/record.json", resource("Scie")).code == 0);
  REQUIRE(one.publish("resources/saw/readme.md", "# Scie\n").code == 0);
  one.serve();
  two.serve_with(one);
  REQUIRE(eventually([&] { return two.count("resources") == 1; }));
  Ended refs = two.command("refs");
  CHECK(number_at(json_of(refs), "/refs") == 2);

  Spawning how{folder.path(), {"LC_ALL=C", "HOME=" + folder.path().string(), "GIT_CONFIG_NOSYSTEM=1"}, {}};
  std::string store = (two.dir() / "store.git").string();
  Ended cloned = run({"git", "clone", "-q", "--no-checkout", "-c", "remote.origin.fetch=+refs/places/*:refs/remotes/origin/*", store, "clone"}, "", how);
  INFO(cloned.err);
  REQUIRE(cloned.code == 0);
  how.folder = folder.path() / "clone";
  Ended out = run({"git", "checkout", "-q", "-b", "place", "origin/" + one.id()}, "", how);
  INFO(out.err);
  REQUIRE(out.code == 0);
  CHECK(read_text(how.folder / "resources/saw/readme.md") == "# Scie\n");
  CHECK(read_text(how.folder / "resources/saw/record.json").find("Scie") != std::string::npos);

  Words log{"git", "-c", "gpg.format=ssh", "-c", "gpg.ssh.allowedSignersFile=identity/allowed_signers", "log", "--format=%G?"};
  Ended signatures = run(log, "", how);
  INFO(signatures.err);
  CHECK(signatures.out == "G\nG\nG\n");
  Ended shown = run({"git", "-c", "gpg.format=ssh", "-c", "gpg.ssh.allowedSignersFile=identity/allowed_signers", "log", "--show-signature"}, "", how);
  CHECK((shown.out + shown.err).find("Good \"git\" signature") != std::string::npos);
  CHECK(run({"git", "fsck", "--full", "--strict"}, "", how).code == 0);
}
