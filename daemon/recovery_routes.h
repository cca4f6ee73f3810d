// The addresses that `maillage recover` asks of a partner: which places a root has, then each of them whole. PROTOCOL.md §8 "Own
// heads". Made for programs, and of no use to a cache. Runs on the git workers, within what fetches may hold (git_load.h).
#pragma once

#include <functional>
#include <memory>

#include <boost/json/object.hpp>

#include "daemon/git_load.h"
#include "daemon/route_table.h"
#include "protocol/crypto.h"
#include "registry/recovery_source.h"

namespace maillage::daemon {

struct RecoverySource {
  // {"daemon", "places": [hex of a handover without pack]}
  std::function<protocol::Result<boost::json::object>(const protocol::PublicKey& root)> places;
  std::function<protocol::Result<std::unique_ptr<registry::PlaceFile>>(const protocol::PublicKey& root, const protocol::PlaceId& place)> place;
};

void add_recovery_routes(RouteTable& routes, RecoverySource source, WorkerPool& workers, std::shared_ptr<GitLoad> load);

}  // namespace maillage::daemon
