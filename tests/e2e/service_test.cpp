// The daemon among the machine's services: signals, configuration, what it leaves behind, and TLS.
#include <catch2/catch.hpp>

#include <csignal>

#include <boost/json/serialize.hpp>
#include <unistd.h>

#include "protocol/bytes.h"
#include "tests/e2e/place.h"
#include "tests/locations.h"

using namespace maillage::tests;
namespace fs = std::filesystem;

namespace {

bool logs(const Place& place, std::string_view what) {
  return eventually([&] { return place.log().find(what) != std::string::npos; });
}

// A publication of many records, as the bytes that a command sends over the control socket: one file under many names,
// so that few reads take it in.
std::string large_publication(std::size_t records) {
  boost::json::array edits;
  for (std::size_t i = 0; i < records; ++i) edits.push_back({{"path", "resources/saw-" + std::to_string(i) + ".json"}, {"blob", 0}});
  std::string file = resource("Scie");
  boost::json::object body{{"verb", "publish"}, {"language", "en"}, {"edits", edits}, {"blobs", boost::json::array{file.size()}}};
  std::string json = boost::json::serialize(body);
  maillage::protocol::Writer out;
  out.u32(static_cast<std::uint32_t>(json.size())).text(json).text(file);
  return std::string(maillage::protocol::as_text(out.bytes()));
}

std::size_t partners(const Place& place) {
  boost::json::value shown = json_of(place.command("peers"));
  const auto* peers = shown.is_object() ? shown.get_object().if_contains("peers") : nullptr;
  return peers != nullptr && peers->is_array() ? peers->get_array().size() : 0;
}

// A certificate for "localhost" that nobody else vouches for, as lines of config.toml.
std::string self_signed(const fs::path& folder) {
  std::string certificate = (folder / "cert.pem").string(), key = (folder / "key.pem").string();
  Ended made = run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-keyout", key, "-out", certificate});
  INFO(made.err);
  REQUIRE(made.code == 0);
  return "tls_cert = \"" + certificate + "\"\ntls_key = \"" + key + "\"\n";
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
  constexpr std::size_t kRecords = 200;
  Socket publisher((one.dir() / "control.sock").string());
  REQUIRE(publisher.send(large_publication(kRecords)));
  // What was sent before these were asked has been read when they are answered.
  for (int i = 0; i < 3; ++i) REQUIRE(one.ask("status").status == 200);
  CHECK(one.stop() == 0);
  std::string reply = publisher.receive_all();
  INFO(reply << one.log());
  CHECK(reply.find("resources/saw-199.json") != std::string::npos);
  CHECK(one.count("resources") == kRecords);
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
  auto status = json_of(place.command("status"));
  CHECK(text_at(status, "/configRefused/code") == "config-peer");
  CHECK(text_at(status, "/configRefused/detail").find("config.toml:1: peers: nonsense") != std::string::npos);
  CHECK(text_at(place.ask("status").json(), "/configRefused/code") == "config-peer");
  CHECK(text_at(place.ask("status").json(), "/configRefused/detail") == "");
  Ended said = run_maillage({"status", "--dir", place.dir().string()});
  CHECK(said.out.find("The earlier settings stay in force") != std::string::npos);
  CHECK(said.out.find("All is well") == std::string::npos);
  partner.serve();
  write_text(place.dir() / "config.toml", "peers = [\"" + partner.peer_url() + "\"]\n");
  place.daemon().signal(SIGHUP);
  CHECK(logs(place, "config.reloaded"));
  CHECK(eventually([&] { return place.count("places") == 2; }));
  CHECK(text_at(json_of(place.command("status")), "/configRefused/code") == "");
}

TEST_CASE("settings that do nothing are told by status, while the daemon runs and when it does not") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Atelier");
  write_text(place.dir() / "config.toml", "discovery = [\"private\", \"lan\"]\n");
  if (GENERATE(false, true)) place.serve();
  auto status = json_of(place.command("status"));
  CHECK(text_at(status, "/configRemarks/0/code") == "config-private-alone");
  CHECK(text_at(status, "/configRemarks/1/code") == "config-lan-here-only");
  CHECK(run_maillage({"status", "--dir", place.dir().string()}).out.find("does nothing without \"profiles\"") != std::string::npos);
  if (place.running()) return;
  write_text(place.dir() / "config.toml", "lisen = \"127.0.0.1:0\"\n");
  CHECK(run_maillage({"status", "--dir", place.dir().string()}).out.find("or the daemon will not start") != std::string::npos);
}

TEST_CASE("SIGHUP with another address to listen on says that it needs a restart, and takes the rest") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Atelier");
  write_text(place.dir() / "config.toml", "listen = \"127.0.0.1:0\"\n");
  auto log = folder.path() / "serve.log";
  Child daemon({kBinary, "serve", "--dir", place.dir().string(), "--json"}, {{}, {}, log});
  REQUIRE(daemon.line());
  std::string address = read_text(place.dir() / "address");
  write_text(place.dir() / "config.toml", "listen = \"127.0.0.1:9\"\nmetrics = \"off\"\n");
  daemon.signal(SIGHUP);
  CHECK(eventually([&] { return read_text(log).find("config.reloaded") != std::string::npos; }));
  CHECK(read_text(log).find("config-needs-restart") != std::string::npos);
  address.pop_back();
  CHECK(get(address, "/metrics").status == 404);
  CHECK(get(address, "/readyz").status == 200);
}

TEST_CASE("what is wrong with a TLS file is said in both languages, without the words of a library") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Atelier");
  auto certificate = (folder.path() / "cert.pem").string();
  write_text(place.dir() / "config.toml", "tls_cert = \"" + certificate + "\"\ntls_key = \"" + certificate + "\"\n");
  auto refusal = [&](const char* language) { return run_maillage({"serve", "--dir", place.dir().string()}, "", {{}, {language}, {}}).err; };
  CHECK(refusal("LC_ALL=fr_FR.UTF-8").find("introuvable") != std::string::npos);
  write_text(certificate, "not a certificate");
  std::string french = refusal("LC_ALL=fr_FR.UTF-8"), english = refusal("LC_ALL=en_GB.UTF-8");
  CHECK(french.find("n'est pas un certificat au format PEM : " + certificate + "\n") != std::string::npos);
  CHECK(english.find("not a certificate in PEM format: " + certificate + "\n") != std::string::npos);
}

TEST_CASE("SIGHUP takes TLS and /metrics away, and ends the sessions to partners that were removed") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Atelier"), partner(folder.path(), "Partenaire");
  partner.serve();
  write_text(place.dir() / "config.toml", self_signed(folder.path()) + "peers = [\"" + partner.peer_url() + "\"]\n");
  place.start();
  REQUIRE(place.daemon().line());
  std::string address = read_text(place.dir() / "address");
  address.pop_back();
  REQUIRE(eventually([&] { return partners(place) == 1; }));
  CHECK(get(address, "/healthz").status == 0);
  write_text(place.dir() / "config.toml", "metrics = \"off\"\n");
  place.daemon().signal(SIGHUP);
  REQUIRE(logs(place, "config.reloaded"));
  CHECK(get(address, "/healthz").status == 200);
  CHECK(get(address, "/metrics").status == 404);
  CHECK(eventually([&] { return partners(place) + partners(partner) == 0; }));
}

TEST_CASE("SIGHUP closes the door to newcomers that nobody here invited") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Atelier"), newcomer(folder.path(), "Nouveau");
  place.serve();
  write_text(place.dir() / "config.toml", "admission = \"invited\"\n");
  place.daemon().signal(SIGHUP);
  REQUIRE(logs(place, "config.reloaded"));
  newcomer.serve_with(place);
  REQUIRE(eventually([&] { return newcomer.count("places") == 2; }));
  CHECK(logs(place, "sync.not_admitted"));
  CHECK(place.count("places") == 1);
}

TEST_CASE("/metrics shows what the registry holds, and own publications were received from nobody") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Atelier");
  place.serve();
  REQUIRE(place.publish("resources/saw.json", resource("Scie")).code == 0);
  std::string metrics = get(place.address(), "/metrics").body;
  CAPTURE(metrics);
  CHECK(metrics.find("maillage_index_documents{kind=\"resources\"} 1\n") != std::string::npos);
  CHECK(metrics.find("maillage_storage_bytes{kind=\"git\"} ") != std::string::npos);
  CHECK(metrics.find("maillage_sync_objects_total") == std::string::npos);
}

TEST_CASE("a folder that belongs to somebody else is a refusal that says so, with a daemon and without") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Atelier");
  if (GENERATE(false, true)) place.serve();
  Words command{kBinary, "status", "--dir", place.dir().string(), "--json"};
  if (::geteuid() == 0) {
    fs::permissions(folder.path(), fs::perms::others_exec | fs::perms::others_read, fs::perm_options::add);
    command.insert(command.begin(), {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"});
  } else {
    fs::permissions(place.dir(), fs::perms::none);
  }
  Ended refused = run(command, "", {{}, {"LC_ALL=en_GB.UTF-8"}, {}});
  fs::permissions(place.dir(), fs::perms::owner_all);
  INFO(refused.out << refused.err);
  CHECK(refused.code == 1);
  CHECK(text_at(json_of(refused), "/error/code") == "denied");
  CHECK(refused.err.find("permission denied") != std::string::npos);
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
  write_text(one.dir() / "config.toml", self_signed(folder.path()));
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
