// Git's smart HTTP at `/git/<id, slug or commons>[.git]/…`, for stock git: clone and fetch. registry/GIT.md.
//
// Protocol version 0 whatever a client asks for; the dumb protocol is refused with a sentence that git shows. Bounded:
// fetches at once, bytes of requests that wait to be whole, objects listed; more get 503 and Retry-After. Built once, on the node
// thread; its functions run on the git workers.
#pragma once

#include <functional>
#include <memory>

#include "daemon/messages.h"
#include "daemon/route_table.h"
#include "protocol/error.h"
#include "registry/git/fetch.h"

namespace maillage::daemon {

struct GitSource {
  std::function<protocol::Result<protocol::Bytes>(std::string_view repository)> advertise;
  std::function<protocol::Result<std::unique_ptr<registry::Fetch>>(std::string_view repository, protocol::ByteView request)> fetch;
  std::function<HttpResponse(const HttpRequest& request)> advertise_push;  // git_push_routes.h; none: nothing is pushed here
};

struct GitLimits {
  std::size_t fetches_max = 64;                       // under way at once
  std::size_t waiting_bytes_max = 32 * 1024 * 1024;   // of requests that are not whole yet, all together
  std::size_t objects_max = 4'000'000;                // listed for answers under way, all together: 80 MB of names
};

// `workers` outlive the server.
void add_git_routes(RouteTable& routes, GitSource source, WorkerPool& workers, const GitLimits& limits = {});

// "{repository}" as it stands in an address, without `.git`.
std::string repository_of(const HttpRequest& request);

// A refusal as git shows it to a person: each line after "remote: ".
HttpResponse git_refusal(const HttpRequest& request, const protocol::Error& error);
HttpResponse git_refusal(const HttpRequest& request, int status, Message message);

// What keeps every cache away, as git's own server says it.
void forbid_caching(HttpResponse& response);

}  // namespace maillage::daemon
