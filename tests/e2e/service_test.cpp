// The daemon among the machine's services: signals, configuration, what it leaves behind, and TLS.
#include <catch2/catch.hpp>

#include <csignal>

#include "tests/e2e/place.h"

using namespace maillage::tests;
namespace fs = std::filesystem;

namespace {

bool logs(const Place& place, std::string_view what) {
  return eventually([&] { return place.log().find(what) != std::string::npos; });
}

}  // namespace

TEST_CASE("SIGTERM and SIGINT end the daemon with 0, sessions and requests open or not, and remove DIR/address") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Un"), two(folder.path(), "Deux");
  one.serve();
  two.serve_with(one);
  REQUIRE(eventually([&] { return one.count("places") == 2; }));
  Socket slow(one.address());
  slow.send("GET /api/v1/pla");
  CHECK(one.stop() == 0);
  CHECK_FALSE(fs::exists(one.dir() / "address"));
  CHECK_FALSE(fs::exists(one.dir() / "control.sock"));
  two.daemon().signal(SIGINT);
  CHECK(two.daemon().ended(Milliseconds(10'000)) == 0);
}

TEST_CASE("a wrong configuration refuses to start, with the line, the key and the one that was meant") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Atelier");
  write_text(place.dir() / "config.toml", "log_level = \"info\"\nlisen = \"127.0.0.1:0\"\n");
  Ended refused = place.command("serve");
  CHECK(refused.code == 1);
  INFO(refused.err);
  CHECK(refused.err.find("config.toml:2") != std::string::npos);
  CHECK(refused.err.find("lisen") != std::string::npos);
  CHECK(refused.err.find("listen") != std::string::npos);
}

TEST_CASE("SIGHUP with a wrong configuration keeps the old one, and a right one takes effect") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Atelier"), partner(folder.path(), "Partenaire");
  place.serve();
  write_text(place.dir() / "config.toml", "peers = [\"nonsense\"]\n");
  place.daemon().signal(SIGHUP);
  CHECK(logs(place, "config.kept"));
  CHECK(place.count("places") == 1);
  partner.serve();
  write_text(place.dir() / "config.toml", "peers = [\"" + partner.peer_url() + "\"]\n");
  place.daemon().signal(SIGHUP);
  CHECK(logs(place, "config.reloaded"));
  CHECK(eventually([&] { return place.count("places") == 2; }));
}

TEST_CASE("what a killed daemon left behind stops neither commands nor the next start") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Atelier");
  place.serve();
  place.kill();
  REQUIRE(fs::exists(place.dir() / "control.sock"));
  CHECK(place.publish("resources/saw.json", resource("Scie")).code == 0);
  CHECK(place.command("status").code == 0);
  place.serve();
  CHECK(place.count("resources") == 1);
  CHECK(place.publish("resources/plane.json", resource("Rabot")).code == 0);
  CHECK(place.count("resources") == 2);
}

TEST_CASE("only the owner of the folder may use its socket and read its key") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Atelier");
  place.serve();
  auto others = fs::perms::group_all | fs::perms::others_all;
  CHECK((fs::status(place.dir() / "control.sock").permissions() & others) == fs::perms::none);
  for (const auto& entry : fs::directory_iterator(place.dir()))
    if (entry.path().filename().string().find("key") != std::string::npos) CHECK((entry.status().permissions() & others) == fs::perms::none);
}

TEST_CASE("an address that is taken is a refusal with a sentence") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Un"), two(folder.path(), "Deux");
  one.serve();
  Ended refused = two.command("serve", {"--listen", one.address()});
  CHECK(refused.code == 1);
  CHECK(refused.err.find(one.address()) != std::string::npos);
}

TEST_CASE("partners talk over TLS, and a certificate that nobody vouches for is refused unless it is allowed") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Un"), two(folder.path(), "Deux");
  std::string certificate = (folder.path() / "cert.pem").string(), key = (folder.path() / "key.pem").string();
  Ended made = run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-keyout", key, "-out", certificate});
  INFO(made.err);
  REQUIRE(made.code == 0);
  write_text(one.dir() / "config.toml", "tls_cert = \"" + certificate + "\"\ntls_key = \"" + key + "\"\n");
  one.start();
  auto line = one.daemon().line();
  REQUIRE(line);
  std::string address = read_text(one.dir() / "address");
  address.pop_back();
  std::string wss = "wss://" + address + "/peer";

  two.serve({wss});
  CHECK(logs(two, "certificate"));
  CHECK(two.count("places") == 1);
  CHECK(two.stop() == 0);
  write_text(two.dir() / "config.toml", "peer_tls_verify = false\n");
  two.serve({wss});
  CHECK(eventually([&] { return two.count("places") == 2; }));
  REQUIRE(two.publish("resources/saw.json", resource("Scie")).code == 0);
  CHECK(eventually([&] { return number_at(json_of(one.command("query", {"resources", "limit=0"})), "/numberMatched") == 1; }));
}
