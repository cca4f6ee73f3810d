// What people are told of settings that do nothing, and of a reload that was refused.
#include "daemon/config_standing.h"

#include <catch2/catch.hpp>

#include "daemon/reply_fields.h"

using namespace maillage::daemon;

namespace {

std::string remarks(std::string_view toml) {
  std::string codes;
  Config config = parse_config(toml).value();
  for (const Error& remark : config_remarks(config, config.http.listen)) codes += (codes.empty() ? "" : " ") + std::string(slug(remark.code));
  return codes;
}

boost::json::object told(const ConfigStanding& standing, Language language) {
  boost::json::object shown;
  standing.tell(shown, language);
  return shown;
}

}  // namespace

TEST_CASE("settings that do nothing are told, and those that do something are not") {
  CHECK(remarks("") == "");
  CHECK(remarks("discovery = []") == "");
  CHECK(remarks("discovery = [\"profiles\", \"private\"]") == "");
  CHECK(remarks("discovery = [\"private\"]") == "config-private-alone");
  CHECK(remarks("discovery = [\"lan\"]") == "config-lan-here-only");
  CHECK(remarks("listen = \"[::1]:8420\"\ndiscovery = [\"lan\"]") == "config-lan-here-only");
  CHECK(remarks("listen = \"localhost:8420\"\ndiscovery = [\"lan\"]") == "config-lan-here-only");
  CHECK(remarks("listen = \"0.0.0.0:8420\"\ndiscovery = [\"lan\"]") == "");
  CHECK(remarks("discovery = [\"lan\", \"private\"]") == "config-private-alone config-lan-here-only");
}

TEST_CASE("a refused reload is told with its reason until one is taken, beside what is in force") {
  ConfigStanding standing;
  CHECK(told(standing, Language::kFrench).empty());
  standing.taken({{ErrorCode::kConfigPrivateAlone, "config.toml"}});
  standing.refused({ErrorCode::kConfigPeer, "config.toml:1: peers: nonsense"}, {1'700'000'000'000});
  auto shown = told(standing, Language::kEnglish);
  CHECK(text_of(list_of(shown, "configRemarks").front().get_object(), "code") == "config-private-alone");
  CHECK(text_of(object_at(shown, "configRefused"), "code") == "config-peer");
  CHECK(text_of(object_at(shown, "configRefused"), "since") == "2023-11-14T22:13:20Z");
  CHECK(text_of(object_at(shown, "configRefused"), "detail").starts_with("a peer is written"));
  CHECK(text_of(object_at(told(standing, Language::kFrench), "configRefused"), "detail").starts_with("un partenaire s'écrit"));
  boost::json::object anybody;
  standing.tell_public(anybody);
  CHECK(text_of(object_at(anybody, "configRefused"), "code") == "config-peer");
  CHECK(text_of(object_at(anybody, "configRefused"), "detail") == "");
  CHECK_FALSE(anybody.contains("configRemarks"));
  standing.taken({});
  CHECK(told(standing, Language::kFrench).empty());
}
