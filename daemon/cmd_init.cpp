#include "daemon/clock.h"
#include "daemon/command.h"
#include "registry/registry.h"

namespace maillage::daemon {

int run_init(const InitOptions& options, const Terminal& terminal) {
  registry::NewPlace place{options.name, options.network, options.commune, options.lat, options.lon};
  auto created = registry::Registry::create(options.dir, place, now().wall);
  if (!created) return complain(created.error(), terminal);
  boost::json::object result{{"place", created->place.hex()}, {"slug", created->slug}, {"recovery_sheet", created->recovery_sheet}};
  std::string said = say(Message::kInitDone, terminal.language, {options.name, created->place.hex(), created->slug});
  said += "\n\n" + say(Message::kInitSheet, terminal.language) + "\n\n  " + created->recovery_sheet + "\n\n";
  said += say(Message::kInitNext, terminal.language, {options.dir.string()});
  return conclude(result, said, terminal);
}

}  // namespace maillage::daemon
