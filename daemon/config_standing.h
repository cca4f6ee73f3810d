// ConfigStanding: what people are told of the settings in force: those that do nothing, and a reload that was refused, until one is taken.
// Replaced whole; any thread.
#pragma once

#include <atomic>
#include <memory>

#include <boost/json/object.hpp>

#include "daemon/config.h"
#include "daemon/messages.h"
#include "protocol/time.h"

namespace maillage::daemon {

// What a configuration says in vain to a daemon that listens there.
std::vector<Error> config_remarks(const Config& config, const Address& listens);
// Whether whoever listens there is heard by its own machine alone.
bool is_here_only(const Address& address);

// {"code", "detail"} each.
boost::json::array remarks_told(const std::vector<Error>& remarks, Language language);

class ConfigStanding {
 public:
  // A configuration is in force, and how it differs from what its author meant.
  void taken(std::vector<Error> remarks);
  // Another was not taken; what was in force stays.
  void refused(const Error& why, protocol::UnixTime when);

  // "configRefused": {"code", "detail", "since"} and "configRemarks": [{"code", "detail"}], when there are some.
  void tell(boost::json::object& shown, Language language) const;
  // "configRefused": {"code", "since"} alone: what the file says is its operator's business.
  void tell_public(boost::json::object& shown) const;

 private:
  struct Refusal {
    Error why;
    protocol::UnixTime when;
  };
  struct Told {
    std::vector<Error> remarks;
    std::optional<Refusal> refusal;
  };
  std::atomic<std::shared_ptr<const Told>> told_{std::make_shared<const Told>()};
};

}  // namespace maillage::daemon
