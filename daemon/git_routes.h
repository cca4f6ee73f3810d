// Git's smart HTTP at `/git/<id, slug or commons>[.git]/…`, for stock git: clone and fetch. registry/GIT.md.
//
// Protocol version 0 whatever a client asks for; the dumb protocol is refused with a sentence that git shows. Bounded
// by GitLoad; more get 503 and Retry-After. Built once, on the node thread; its functions run on the git workers.
#pragma once

#include <functional>
#include <memory>

#include "daemon/git_fetch.h"
#include "daemon/route_table.h"

namespace maillage::daemon {

struct GitSource {
  std::function<protocol::Result<protocol::Bytes>(std::string_view repository)> advertise;
  std::function<protocol::Result<std::unique_ptr<registry::Fetch>>(std::string_view repository, protocol::ByteView request)> fetch;
  std::function<HttpResponse(const HttpRequest& request)> advertise_push;  // git_push_routes.h; none: nothing is pushed here
};

// `workers` outlive the server.
void add_git_routes(RouteTable& routes, GitSource source, WorkerPool& workers, std::shared_ptr<GitLoad> load);

}  // namespace maillage::daemon
