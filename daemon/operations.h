// The verbs of the command line, as a running daemon performs them on behalf of a command, and as a command performs
// them itself on DIR when no daemon runs: one implementation for both.
//
// A request's body has "verb", "language" and the verb's own fields; a reply's has "result", or "error" {code, detail},
// and for a refused publication "problems" besides. Worker; verbs that write, from one worker at a time.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <boost/json/array.hpp>

#include "daemon/control_message.h"
#include "daemon/messages.h"
#include "protocol/node.h"
#include "registry/registry.h"

namespace maillage::daemon {

// One that nobody here let in (protocol/waiting_room.h).
struct WaitingPlace {
  protocol::PlaceId place, introducer;
  protocol::UnixTime since;
  protocol::TerritoryCell cell;  // what its head says
  protocol::UnixTime signed_at;
};

struct Operations {
  registry::Registry& registry;
  // Tells the partners; null when no daemon runs: they learn it at the next start.
  std::function<void(protocol::Published)> announce;
  // After a purge, successful or not: what these places erased has left the disk.
  std::function<void(std::vector<protocol::PlaceId>)> purged = nullptr;
  // A person answered which of two publishers counts: the daemon does it; null when none runs.
  std::function<void()> settle = nullptr;
  // Before what another daemon key signed is announced; null with `announce`.
  std::function<void(const protocol::KeyPair&)> rekey = nullptr;
  // Whom people accept, invited or joined is another set now; null when no daemon runs.
  std::function<void()> partners_changed = nullptr;
  // Null when no daemon runs: nobody waits then.
  std::function<std::vector<WaitingPlace>()> waiting = nullptr;
  // Who of those that the daemon talks to keeps what an answer lacks; what it follows, for `status`. Null when no daemon runs.
  std::function<void(registry::Page&)> tell_keepers = nullptr;
  std::function<void(boost::json::object&)> tell_following = nullptr;
  // Settings that do nothing, or were refused, for `status`; null when no daemon runs.
  std::function<void(boost::json::object&, Language)> tell_settings = nullptr;
  // Who wants nothing of this place, as SyncShell::refusals gives them.
  boost::json::array refusals = {};
};

// Whether the verb changes DIR, or (verify) must meet nothing that changes, and so waits for its turn.
bool writes(std::string_view verb);

ControlMessage perform(const Operations& operations, const ControlMessage& request, protocol::UnixTime now);

// Verbs "publish" that wait together: what is of one place becomes one head. A reply for each request, in their order.
std::vector<ControlMessage> perform_publications(const Operations& operations, const std::vector<std::shared_ptr<const ControlMessage>>& requests,
                                                 protocol::UnixTime now);

// A reply that refuses, in the request's language.
ControlMessage refuse(const ControlMessage& request, const protocol::Error& error);

}  // namespace maillage::daemon
