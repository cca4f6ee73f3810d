#include <catch2/catch.hpp>

#include "daemon/config.h"
#include "daemon/log.h"
#include "daemon/messages.h"
#include "daemon/peer_url.h"

using namespace maillage::daemon;

namespace {

// The refusal's slug and context.
std::string refusal(std::string_view toml) {
  auto config = parse_config(toml);
  REQUIRE_FALSE(config);
  return std::string(maillage::protocol::slug(config.error().code)) + " " + config.error().context;
}

}  // namespace

TEST_CASE("by default profiles are followed to public addresses, and the list says all of what is wanted") {
  CHECK(parse_config("")->peers.discovery.profiles);
  CHECK_FALSE(parse_config("")->peers.discovery.private_addresses);
  CHECK_FALSE(parse_config("")->peers.discovery.lan);
  auto none = parse_config("discovery = []");
  REQUIRE(none);
  CHECK_FALSE(none->peers.discovery.profiles);
  auto all = parse_config("discovery = [\"lan\", \"profiles\", \"private\", \"lan\"]");
  REQUIRE(all);
  CHECK((all->peers.discovery.profiles && all->peers.discovery.private_addresses && all->peers.discovery.lan));
  CHECK(parse_config("discovery = [\"wifi\"]").error().code == ErrorCode::kConfigChoice);
  CHECK(parse_config("discovery = \"lan\"").error().code == ErrorCode::kConfigTexts);
}

TEST_CASE("an empty configuration gives the defaults") {
  auto config = parse_config("");
  REQUIRE(config);
  CHECK(config->http.listen == Address{"127.0.0.1", 8420});
  CHECK(config->peers.tls_verify);
  CHECK(config->http.metrics == MetricsAccess::kLocal);
}

TEST_CASE("every key of the configuration is read") {
  auto config = parse_config(R"(
listen = "[::1]:9000"
public_url = "https://lieu.example/"
base_path = "/maillage/"
host_names = ["a.example"]
trusted_proxies = ["127.0.0.1"]
metrics = "all"
tls_cert = "cert.pem"
tls_key = "key.pem"
peers = ["ws://127.0.0.1:8421/peer", "wss://autre.example"]
peer_tls_verify = false
admission = "invited"
log_level = "debug"
log_format = "json"
)");
  REQUIRE(config);
  CHECK(config->http.listen == Address{"::1", 9000});
  CHECK(config->http.public_url == "https://lieu.example");
  CHECK(config->http.base_path == "/maillage");
  CHECK(config->http.metrics == MetricsAccess::kAll);
  CHECK(config->peers.urls.size() == 2);
  CHECK_FALSE(config->peers.tls_verify);
  CHECK(config->peers.admission == Admission::kInvited);
  CHECK(config->log.format == LogFormat::kJson);
  CHECK(config->tls.enabled());
}

TEST_CASE("an unknown key is refused with its line and the nearest known key") {
  CHECK(refusal("\nlistn = \"x\"") == "config-unknown-key config.toml:2: listn: → listen ?");
  CHECK(refusal("completely_different = 1") == "config-unknown-key config.toml:1: completely_different");
}

TEST_CASE("a value of the wrong kind is refused with what was expected") {
  CHECK(refusal("listen = 8420") == "config-text config.toml:1: listen");
  CHECK(refusal("log_level = \"loud\"") == R"(config-choice config.toml:1: log_level: "debug" | "info" | "warning" | "error")");
  CHECK(refusal("peers = [\"http://x/\"]") == "config-peer config.toml:1: peers: http://x/");
  CHECK(refusal("peers = \"ws://x/peer\"") == "config-texts config.toml:1: peers");
  CHECK(refusal("peer_tls_verify = 1") == "config-truth config.toml:1: peer_tls_verify");
  CHECK(refusal("listen = \"8420\"") == "config-address config.toml:1: listen: 8420");
  CHECK(refusal("public_url = \"lieu.example\"") == "config-url config.toml:1: public_url: lieu.example");
  CHECK(refusal("base_path = \"x\"") == "config-path config.toml:1: base_path: x");
  CHECK(refusal("tls_cert = \"a\"") == "config-tls-pair config.toml");
  CHECK(refusal("\nlisten = ").starts_with("config-syntax config.toml:2"));
}

TEST_CASE("the command line wins over the file and adds peers") {
  ConfigOverrides overrides{"127.0.0.1:0", {"ws://a:1/peer"}, "error"};
  auto config = load_config("/nonexistent", overrides);
  REQUIRE(config);
  CHECK(config->http.listen.port == 0);
  CHECK(config->peers.urls == std::vector<std::string>{"ws://a:1/peer"});
  CHECK(config->log.level == LogLevel::kError);
  CHECK_FALSE(load_config("/nonexistent", {"nonsense", {}, {}}));
  CHECK_FALSE(load_config("/nonexistent", {{}, {"tcp://a"}, {}}));
}

TEST_CASE("an address is HOST:PORT, IPv6 in brackets") {
  CHECK(parse_address("[::1]:80")->text() == "[::1]:80");
  CHECK(parse_address("localhost:0")->port == 0);
  for (auto wrong : {"", ":80", "localhost", "localhost:", "localhost:65536", "localhost:8x", "::1:80"}) CHECK_FALSE(parse_address(wrong));
}

TEST_CASE("a peer's URL is taken apart, with the defaults of its scheme") {
  auto url = parse_peer_url("wss://lieu.example");
  REQUIRE(url);
  CHECK(url->tls);
  CHECK(url->port == "443");
  CHECK(url->target == "/peer");
  CHECK(parse_peer_url("ws://[::1]:8420/peer")->host == "::1");
  CHECK(parse_peer_url("ws://[::1]:8420/peer")->host_header() == "[::1]:8420");
  for (auto wrong : {"", "ws://", "http://a/", "ws://user@a/", "ws://a/#f", "ws://a:0/", "ws://a b/", "ws:///peer"}) CHECK_FALSE(parse_peer_url(wrong));
}

TEST_CASE("a log line stays one line whatever its values are") {
  std::string line = log_line(LogFormat::kText, LogLevel::kInfo, "peer.closed", {{"reason", "a\nlevel=error event=\"forged\""}, {"code", "1009"}});
  CHECK(line == R"(level=info event=peer.closed reason="a\nlevel=error event=\"forged\"" code=1009)");
  CHECK(log_line(LogFormat::kJson, LogLevel::kWarning, "x", {{"k", "v"}}) == R"("level":"warning","event":"x","k":"v")");
}

TEST_CASE("the language is what Accept-Language prefers, French when it says nothing we speak") {
  CHECK(accepted_language("") == Language::kFrench);
  CHECK(accepted_language("en") == Language::kEnglish);
  CHECK(accepted_language("en;q=0.3, fr;q=0.8") == Language::kFrench);
  CHECK(accepted_language("de, en-US;q=0.7, fr;q=0.2") == Language::kEnglish);
  CHECK(accepted_language("de, *") == Language::kFrench);
  CHECK(accepted_language(",;q=,;;=,en;q=9") == Language::kFrench);
  CHECK(terminal_language("en") == Language::kEnglish);
}

TEST_CASE("a scope is read from codes, names and places, and nothing is everything") {
  CHECK(parse_config("")->peers.scope.everything());
  CHECK(parse_config("scope = []")->peers.scope.everything());
  auto config = parse_config("scope = [\"Bretagne\", \"département:59\", \"29\", \"Finistère\", \"" + std::string(64, 'A') + "\"]");
  REQUIRE(config);
  CHECK(config->peers.scope.texts() == std::vector<std::string>{"29", "59", std::string(64, 'a'), "region:53"});
}

TEST_CASE("what cannot be followed is refused with its line and what was probably meant") {
  CHECK(refusal("\nscope = [\"29\", \"region:29\"]") == "config-scope config.toml:2: scope: \"region:29\" → \"29\" (Finistère) ?");
  CHECK(refusal("scope = \"29\"").starts_with("config-texts"));
  std::string many = "scope = [";
  for (int i = 0; i < 65; ++i) many += "\"29\", ";
  CHECK(refusal(many + "]").starts_with("config-scope-many config.toml:1: scope: 65"));
}
