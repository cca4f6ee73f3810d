#include "daemon/config.h"

#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "daemon/peer_url.h"
#include "protocol/suggestion.h"
#include "protocol/utf8.h"
#include "registry/scope_text.h"
#include "registry/toml.h"

namespace maillage::daemon {
namespace {

constexpr std::uintmax_t kConfigBytesMax = 64 * 1024;  // people write this file by hand

// What is wrong with a value: the refusal, and what its sentence names beside the place in the file.
struct Wrong {
  ErrorCode code;
  std::string detail = {};
};
using Problem = std::optional<Wrong>;
using registry::TomlValue;

Problem text(const TomlValue& node, std::string& into) {
  const std::string* value = node.as<std::string>();
  if (value == nullptr) return Wrong{ErrorCode::kConfigText};
  into = *value;
  return {};
}

Problem texts(const TomlValue& node, std::vector<std::string>& into) {
  const auto* list = node.as<registry::TomlArray>();
  if (list == nullptr) return Wrong{ErrorCode::kConfigTexts};
  for (const TomlValue& entry : *list)
    if (auto wrong = text(entry, into.emplace_back())) return wrong;
  return {};
}

// One of `words`, by its position in an enumeration that starts at 0.
template <class Enum, std::size_t Count>
Problem choice(std::string_view word, const std::array<std::string_view, Count>& words, Enum& into) {
  for (std::size_t i = 0; i < Count; ++i)
    if (words[i] == word) {
      into = static_cast<Enum>(i);
      return {};
    }
  std::string expected;
  for (std::string_view one : words) expected += (expected.empty() ? "\"" : "\" | \"") + std::string(one);
  return Wrong{ErrorCode::kConfigChoice, expected + "\""};
}

template <class Enum, std::size_t Count>
Problem choice(const TomlValue& node, const std::array<std::string_view, Count>& words, Enum& into) {
  std::string word;
  if (auto wrong = text(node, word)) return wrong;
  return choice(word, words, into);
}

constexpr std::array<std::string_view, 3> kMetricsWords{"off", "local", "all"};
constexpr std::array<std::string_view, 2> kAdmissionWords{"open", "invited"};
constexpr std::array<std::string_view, 4> kLevelWords{"debug", "info", "warning", "error"};
constexpr std::array<std::string_view, 2> kFormatWords{"text", "json"};

Problem set_listen(std::string_view value, Config& config) {
  auto address = parse_address(value);
  if (!address) return Wrong{ErrorCode::kConfigAddress, std::string(value)};
  config.http.listen = *address;
  return {};
}

Problem set_peers(const std::vector<std::string>& urls, Config& config) {
  for (const std::string& url : urls) {
    if (!parse_peer_url(url)) return Wrong{ErrorCode::kConfigPeer, url};
    config.peers.urls.push_back(url);
  }
  return {};
}

constexpr std::array<std::string_view, 3> kDiscoveryWords{"profiles", "private", "lan"};

Problem set_discovery(const TomlValue& node, Config& config) {
  std::vector<std::string> words;
  if (auto wrong = texts(node, words)) return wrong;
  Discovery& discovery = config.peers.discovery;
  discovery = {false, false, false};
  for (const std::string& word : words) {
    enum class Way { kProfiles, kPrivate, kLan } way{};
    if (auto wrong = choice(word, kDiscoveryWords, way)) return wrong;
    discovery.profiles = discovery.profiles || way == Way::kProfiles;
    discovery.private_addresses = discovery.private_addresses || way == Way::kPrivate;
    discovery.lan = discovery.lan || way == Way::kLan;
  }
  return {};
}

Problem set_public_url(const TomlValue& node, Config& config) {
  std::string& url = config.http.public_url;
  if (auto wrong = text(node, url)) return wrong;
  while (url.ends_with('/')) url.pop_back();
  if (!url.starts_with("http://") && !url.starts_with("https://")) return Wrong{ErrorCode::kConfigUrl, url};
  return {};
}

Problem set_base_path(const TomlValue& node, Config& config) {
  std::string& path = config.http.base_path;
  if (auto wrong = text(node, path)) return wrong;
  while (path.ends_with('/')) path.pop_back();
  if (!path.empty() && !path.starts_with('/')) return Wrong{ErrorCode::kConfigPath, path};
  return {};
}

Problem set_scope(const TomlValue& node, Config& config) {
  std::vector<std::string> written, texts_of_scope;
  if (auto wrong = texts(node, written)) return wrong;
  if (written.size() > protocol::kScopeTextsMax) return Wrong{ErrorCode::kConfigScopeMany, std::to_string(written.size())};
  for (const std::string& one : written) {
    auto text_of_scope = registry::scope_text(one);
    if (!text_of_scope) return Wrong{text_of_scope.error().code, text_of_scope.error().context};
    texts_of_scope.push_back(std::move(*text_of_scope));
  }
  auto scope = protocol::Scope::of(texts_of_scope);
  if (!scope) return Wrong{ErrorCode::kConfigScope, scope.error().context};
  config.peers.scope = std::move(*scope);
  return {};
}

struct Key {
  std::string_view name;
  Problem (*read)(const TomlValue&, Config&);
};

constexpr auto kKeys = std::to_array<Key>({
    {"listen", [](const TomlValue& node, Config& config) {
       std::string value;
       auto wrong = text(node, value);
       return wrong ? wrong : set_listen(value, config);
     }},
    {"public_url", set_public_url},
    {"base_path", set_base_path},
    {"host_names", [](const TomlValue& node, Config& config) { return texts(node, config.http.host_names); }},
    {"trusted_proxies", [](const TomlValue& node, Config& config) { return texts(node, config.http.trusted_proxies); }},
    {"metrics", [](const TomlValue& node, Config& config) { return choice(node, kMetricsWords, config.http.metrics); }},
    {"tls_cert", [](const TomlValue& node, Config& config) { return text(node, config.tls.certificate_file); }},
    {"tls_key", [](const TomlValue& node, Config& config) { return text(node, config.tls.key_file); }},
    {"peers", [](const TomlValue& node, Config& config) {
       std::vector<std::string> urls;
       auto wrong = texts(node, urls);
       return wrong ? wrong : set_peers(urls, config);
     }},
    {"peer_tls_verify", [](const TomlValue& node, Config& config) -> Problem {
       const bool* value = node.as<bool>();
       if (value == nullptr) return Wrong{ErrorCode::kConfigTruth};
       config.peers.tls_verify = *value;
       return {};
     }},
    {"admission", [](const TomlValue& node, Config& config) { return choice(node, kAdmissionWords, config.peers.admission); }},
    {"scope", set_scope},
    {"discovery", set_discovery},
    {"log_level", [](const TomlValue& node, Config& config) { return choice(node, kLevelWords, config.log.level); }},
    {"log_format", [](const TomlValue& node, Config& config) { return choice(node, kFormatWords, config.log.format); }},
});
static_assert(kKeys.size() <= 15, "everything else belongs in the interface");

tl::unexpected<Error> wrong_at(std::size_t line, std::string_view key, const Wrong& wrong) {
  std::string context = "config.toml:" + std::to_string(line);
  if (!key.empty()) context += ": " + std::string(key);
  if (!wrong.detail.empty()) context += ": " + wrong.detail;
  return protocol::fail(wrong.code, context);
}

tl::unexpected<Error> unknown_key(std::string_view key, std::size_t line) {
  std::array<std::string_view, kKeys.size()> names;
  for (std::size_t i = 0; i < kKeys.size(); ++i) names[i] = kKeys[i].name;
  std::string_view suggestion = protocol::nearest(key, names);
  std::string what = suggestion.empty() ? "" : "→ " + std::string(suggestion) + " ?";
  return wrong_at(line, protocol::shown(key, 60), {ErrorCode::kConfigUnknownKey, what});
}

Result<void> apply(const ConfigOverrides& overrides, Config& config) {
  Problem wrong;
  if (overrides.listen) wrong = set_listen(*overrides.listen, config);
  if (wrong) return protocol::fail(ErrorCode::kBadListen, *overrides.listen);
  for (const std::string& url : overrides.peers)
    if (!parse_peer_url(url)) return protocol::fail(ErrorCode::kBadPeer, url);
  config.peers.urls.insert(config.peers.urls.end(), overrides.peers.begin(), overrides.peers.end());
  if (overrides.log_level) wrong = choice(*overrides.log_level, kLevelWords, config.log.level);
  if (wrong) return protocol::fail(ErrorCode::kBadLogLevel, *overrides.log_level);
  return {};
}

Result<std::string> read_config_file(const std::string& path) {
  std::error_code error;
  auto size = std::filesystem::file_size(path, error);
  if (error == std::errc::no_such_file_or_directory) return std::string();
  if (error) return tl::unexpected(protocol::system_error(error, path));
  if (size > kConfigBytesMax) return protocol::fail(ErrorCode::kTooLarge, path);
  std::ifstream file(path);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  if (!file) return size == 0 ? Result<std::string>("") : protocol::fail(ErrorCode::kIo, path);
  return bytes.str();
}

}  // namespace

std::string Address::text() const {
  std::string shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return shown + ":" + std::to_string(port);
}

Result<Address> parse_address(std::string_view text) {
  auto malformed = protocol::fail(ErrorCode::kMalformed, std::string(text.substr(0, 100)));
  auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return malformed;
  std::string_view host = text.substr(0, colon), digits = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos) return malformed;
  Address address{std::string(host), 0};
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (host.empty() || error != std::errc{} || end != digits.data() + digits.size()) return malformed;
  return address;
}

Result<Config> parse_config(std::string_view toml_text) {
  auto parsed = registry::parse_toml(toml_text);
  if (auto* mistake = std::get_if<registry::TomlMistake>(&parsed)) return wrong_at(mistake->line, {}, {ErrorCode::kConfigSyntax, mistake->expected});
  Config config;
  for (const auto& [key, node] : std::get<registry::TomlTable>(parsed)) {
    const Key* known = nullptr;
    for (const Key& candidate : kKeys)
      if (candidate.name == key) known = &candidate;
    if (known == nullptr) return unknown_key(key, node.line);
    if (auto wrong = known->read(node, config)) return wrong_at(node.line, key, *wrong);
  }
  if (config.tls.certificate_file.empty() != config.tls.key_file.empty())
    return protocol::fail(ErrorCode::kConfigTlsPair, "config.toml");
  return config;
}

Result<Config> load_config(const std::string& dir, const ConfigOverrides& overrides) {
  auto text = read_config_file(dir + "/config.toml");
  if (!text) return tl::unexpected(text.error());
  auto config = parse_config(*text);
  if (!config) return config;
  if (auto done = apply(overrides, *config); !done) return tl::unexpected(done.error());
  return config;
}

}  // namespace maillage::daemon
