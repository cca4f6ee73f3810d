// The public HTTP API: which addresses exist and what each answers. Reads only; writes go through the control socket.
//
// `GET /api/v1/{places,networks,events,resources,needs,offers}`, `/api/v1/places/{id or slug}`, `/api/v1/status`,
// `/healthz`, `/readyz`, `/metrics`, `/problems/{slug}` and a page at `/` that lists them. Lists and places carry a strong
// ETag made of the registry's revision, so that a client which asks again gets 304 until something changes.
#pragma once

#include <functional>
#include <string>

#include <boost/json/object.hpp>

#include "daemon/config.h"
#include "daemon/route_table.h"
#include "registry/query.h"

namespace maillage::daemon {

// What the API asks of the rest of the daemon; all may be called from any worker at once.
struct ApiSource {
  std::function<protocol::Result<registry::Page>(const registry::Query&)> query;
  std::function<protocol::Result<boost::json::object>(std::string_view id_or_slug)> place;
  // Changes whenever an answer may, and differs from one start of the daemon to the next.
  std::function<std::string()> revision;
  std::function<boost::json::object()> status;
  std::function<bool()> ready;
  std::function<std::string()> metrics;
};

// `metrics` is asked at each request: a reload may change it.
RouteTable api_routes(ApiSource source, std::function<MetricsAccess()> metrics);

}  // namespace maillage::daemon
