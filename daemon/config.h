// What the operator's file DIR/config.toml may say, and the immutable values made of it.
//
// At most 15 keys; an unknown key or a wrong value is an error with its line and a suggestion, never ignored.
// Each part of the daemon is given its own part of Config, by value; nobody reads the file again except SIGHUP, which
// makes a whole new Config or keeps the old one. What the command line says wins over the file. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.h"
#include "protocol/scope.h"

namespace maillage::daemon {

using protocol::Error;
using protocol::ErrorCode;
using protocol::Result;

struct Address {
  std::string host;  // a name or an IP literal, without brackets
  std::uint16_t port = 0;

  std::string text() const;  // "host:port", an IPv6 literal in brackets
  bool operator==(const Address&) const = default;
};

// "HOST:PORT" or "[IPV6]:PORT". kMalformed.
Result<Address> parse_address(std::string_view text);

enum class MetricsAccess { kOff, kLocal, kAll };
enum class Admission { kOpen, kInvited };
enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

struct HttpConfig {
  Address listen{"127.0.0.1", 8420};
  std::string public_url;                    // https://place.example, without the last slash; or empty
  std::string base_path;                     // "/maillage" behind a proxy that keeps it; or empty
  std::vector<std::string> host_names;       // names this daemon answers to, beside public_url's
  std::vector<std::string> trusted_proxies;  // addresses whose X-Forwarded-For is believed
  MetricsAccess metrics = MetricsAccess::kLocal;
};

struct TlsConfig {
  std::string certificate_file;  // PEM chain; both or neither
  std::string key_file;
  bool enabled() const { return !certificate_file.empty(); }
};

// Whom this daemon finds beside those that people named.
struct Discovery {
  bool profiles = true;            // endpoints of signed profiles
  bool private_addresses = false;  // among these, addresses of private networks too
  bool lan = false;                // say who we are on the local network, and hear who is there
};

struct PeerConfig {
  std::vector<std::string> urls;  // ws://HOST:PORT/peer or wss://…
  bool tls_verify = true;
  Admission admission = Admission::kOpen;
  protocol::Scope scope;  // whose content is kept; no text: everybody's
  Discovery discovery = {};
};

struct LogConfig {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kText;
};

struct Config {
  HttpConfig http;
  TlsConfig tls;
  PeerConfig peers;
  LogConfig log;
};

// What `serve` was told on its command line.
struct ConfigOverrides {
  std::optional<std::string> listen;
  std::vector<std::string> peers;  // added to the file's
  std::optional<std::string> log_level;
};

// kConfig… for any mistake, with "config.toml:LINE: KEY" in its context.
Result<Config> parse_config(std::string_view toml);

// DIR/config.toml, or the defaults when there is no such file; then the overrides. What parse_config gives, kIo.
Result<Config> load_config(const std::string& dir, const ConfigOverrides& overrides);

}  // namespace maillage::daemon
