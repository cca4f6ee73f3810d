#include <csignal>
#include <iostream>

#include "daemon/command.h"
#include "daemon/service.h"

namespace maillage::daemon {

int run_serve(const std::filesystem::path& dir, const ConfigOverrides& overrides, const Terminal& terminal) {
  auto service = Service::start(dir, overrides);
  if (!service) return complain(service.error(), terminal);
  std::string address = (*service)->address().text();
  conclude(boost::json::object{{"address", address}}, say(Message::kListening, terminal.language, {address}), terminal);
  (*service)->run();
  return kDone;
}

}  // namespace maillage::daemon
