// The addresses that `maillage unseal` asks of a partner, signed as a root of the place: which sealed files are kept of it, then each of
// them. registry/STORAGE.md "Sealed files". Runs on the git workers, within what fetches may hold (git_load.h).
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "daemon/git_load.h"
#include "daemon/route_table.h"
#include "registry/registry.h"

namespace maillage::daemon {

struct SealedSource {
  std::function<protocol::Result<std::vector<std::string>>(const registry::SealedRequest& request)> names;
  std::function<protocol::Result<registry::MappedFile>(const registry::SealedRequest& request, std::string_view name)> file;
};

void add_sealed_routes(RouteTable& routes, SealedSource source, WorkerPool& workers, std::shared_ptr<GitLoad> load);

}  // namespace maillage::daemon
