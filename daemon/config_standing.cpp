#include "daemon/config_standing.h"

#include <boost/asio/ip/address.hpp>
#include <boost/json/array.hpp>

#include "daemon/log.h"
#include "registry/time_zone.h"

namespace maillage::daemon {

std::vector<Error> config_remarks(const Config& config, const Address& listens) {
  std::vector<Error> remarks;
  const Discovery& discovery = config.peers.discovery;
  if (discovery.private_addresses && !discovery.profiles) remarks.push_back({ErrorCode::kConfigPrivateAlone, "config.toml"});
  if (discovery.lan && is_here_only(listens)) remarks.push_back({ErrorCode::kConfigLanHereOnly, listens.text()});
  return remarks;
}

bool is_here_only(const Address& address) {
  boost::system::error_code no_literal;
  auto bound = boost::asio::ip::make_address(address.host, no_literal);
  return address.host == "localhost" || (!no_literal && bound.is_loopback());
}

boost::json::array remarks_told(const std::vector<Error>& remarks, Language language) {
  boost::json::array told;
  for (const Error& remark : remarks) told.push_back({{"code", std::string(slug(remark.code))}, {"detail", sentence(remark, language)}});
  return told;
}

void ConfigStanding::taken(std::vector<Error> remarks) {
  for (const Error& remark : remarks)
    log(LogLevel::kWarning, "config.remark", {{"code", std::string(slug(remark.code))}, {"context", remark.context}});
  told_ = std::make_shared<const Told>(Told{std::move(remarks), std::nullopt});
}

void ConfigStanding::refused(const Error& why, protocol::UnixTime when) {
  log(LogLevel::kError, "config.kept", {{"code", std::string(slug(why.code))}, {"reason", why.context}});
  told_ = std::make_shared<const Told>(Told{told_.load()->remarks, Refusal{why, when}});
}

void ConfigStanding::tell_public(boost::json::object& shown) const {
  if (auto told = told_.load(); told->refusal)
    shown["configRefused"] = {{"code", std::string(slug(told->refusal->why.code))}, {"since", registry::format_utc(told->refusal->when)}};
}

void ConfigStanding::tell(boost::json::object& shown, Language language) const {
  auto told = told_.load();
  if (!told->remarks.empty()) shown["configRemarks"] = remarks_told(told->remarks, language);
  if (!told->refusal) return;
  const auto& [why, when] = *told->refusal;
  shown["configRefused"] = {{"code", std::string(slug(why.code))}, {"detail", sentence(why, language)}, {"since", registry::format_utc(when)}};
}

}  // namespace maillage::daemon
