// A full disk: new work is refused with a sentence, reading goes on, and with room again so does everything.
#include <catch2/catch.hpp>

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "tests/e2e/place.h"

using namespace maillage::tests;
namespace fs = std::filesystem;

namespace {

// A small file system of its own, in a mount namespace of this test: it vanishes with the test, whatever happens.
struct SmallDisk {
  explicit SmallDisk(fs::path where, const std::string& size = "48m") : path(std::move(where)) {
    fs::create_directories(path);
    if (::unshare(CLONE_NEWNS) != 0) enter_as_user();
    bool ours = ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    mounted = ours && ::mount("tmpfs", path.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted) ::umount2(path.c_str(), MNT_DETACH);
  }

  // Who is not root may mount in a user namespace of its own, where that is allowed.
  static void enter_as_user() {
    auto user = std::to_string(::getuid()), group = std::to_string(::getgid());
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return;
    write_text("/proc/self/setgroups", "deny");
    write_text("/proc/self/uid_map", user + " " + user + " 1");
    write_text("/proc/self/gid_map", group + " " + group + " 1");
  }

  void fill() const {
    int file = ::open((path / "ballast").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    std::string block(64 * 1024, 'x');
    for (std::size_t size = block.size(); size > 0; size /= 2)
      while (::write(file, block.data(), size) > 0) continue;
    ::close(file);
  }
  void free() const { fs::remove(path / "ballast"); }

  fs::path path;
  bool mounted = false;
};

}  // namespace

TEST_CASE("a full disk refuses publications and syncs with a sentence, keeps answering, and work goes on with room again") {
  TemporaryDirectory folder;
  SmallDisk disk(folder.path() / "disk");
  if (!disk.mounted) {
    WARN("SKIPPED: no small file system can be mounted here (" << std::strerror(errno) << "): run as root, or allow user namespaces");
    return;
  }
  Place partner(folder.path(), "Partenaire");
  Place place(disk.path, "Atelier");
  partner.serve();
  place.serve_with(partner);
  REQUIRE(place.publish("resources/before.json", resource("Avant")).code == 0);
  REQUIRE(eventually([&] { return place.count("places") == 2; }));
  write_text(place.site() / "resources/during.json", resource("Pendant"));

  disk.fill();
  Ended refused = place.publish_all({"resources/during.json"});
  INFO(refused.out << refused.err);
  CHECK(refused.code == 1);
  CHECK_FALSE(refused.err.empty());
  CHECK(text_at(json_of(refused), "/error/code") == "disk-full");
  CHECK(place.count("resources") == 1);
  REQUIRE(partner.publish("events/party.json", event("Fête")).code == 0);
  REQUIRE(partner.publish("offers/coffee.json", R"({"kind": "offer", "name": "Café"})").code == 0);
  CHECK(place.count("places") == 2);
  CHECK(get(place.address(), "/readyz").status == 200);
  CHECK(place.count("resources", {"q=pendant"}) == 0);

  disk.free();
  CHECK(eventually([&] { return place.publish_all({"resources/during.json"}).code == 0; }));
  CHECK(place.count("resources") == 2);
  place.kill();
  place.serve_with(partner);
  CHECK(place.count("resources") == 2);
  CHECK(eventually([&] { return place.count("events") == 1 && place.count("offers") == 1; }));
  CHECK(eventually([&] { return partner.count("resources") == 2; }));
  CHECK(place.stop() == 0);
  CHECK(place.unsound() == "");
}

TEST_CASE("an import that a full disk stops tells what it did before, beside the reason") {
  TemporaryDirectory folder;
  SmallDisk disk(folder.path() / "disk", "32m");
  if (!disk.mounted) {
    WARN("SKIPPED: no small file system can be mounted here (" << std::strerror(errno) << "): run as root, or allow user namespaces");
    return;
  }
  Place hub(disk.path, "Réseau", {"--network"});
  std::string rows = "id;nom;texte\n";
  for (int i = 1; i <= 1'900; ++i)  // a chunk of small places, and one of nearly 8 MB: more than the room that is kept in reserve
    rows += std::to_string(i) + ";Lieu " + std::to_string(i) + ";" + (i > 1'000 ? std::string(7'900, 'x') : "") + "\n";
  write_text(folder.path() / "list.csv", rows);
  write_text(folder.path() / "list.toml", "[source]\nname = \"Liste\"\nid = \"id\"\n[profile]\nname = \"nom\"\ndescription = \"texte\"\n");
  Words words{"--mapping", (folder.path() / "list.toml").string(), (folder.path() / "list.csv").string()};
  bool json = GENERATE(true, false);
  Words command{"import", "--dir", hub.dir().string()};
  if (json) command.push_back("--json");
  command.insert(command.end(), words.begin(), words.end());
  Ended stopped = run_maillage(command);
  INFO(stopped.out.substr(0, 1'000) << stopped.err);
  CHECK(stopped.code == 1);
  CHECK(stopped.err.find("the disk is full") != std::string::npos);
  if (json) {
    CHECK(text_at(json_of(stopped), "/error/code") == "disk-full");
    CHECK(number_at(json_of(stopped), "/report/outcomes/created") == 1'000);
  } else {
    CHECK(stopped.out.find("    1,000  new places\n") != std::string::npos);
  }
  CHECK(hub.count("places") == 1'000);
}
