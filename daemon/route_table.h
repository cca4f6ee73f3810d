// Which function answers which address: `GET /api/v1/places/{id}` → function.
//
// Built once at start, then only read: any thread. A route answers GET and HEAD, or carries an exchange for POST (git's
// smart HTTP); every other method is 405 with Allow, unknown paths 404, both as problems in the reader's language.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/http_exchange.h"
#include "daemon/worker_pool.h"

namespace maillage::daemon {

// Where a route's function runs: on the node's thread when it reads what only that thread may, else on a worker.
enum class RunsOn { kNode, kWorker };

struct Route {
  using Function = std::function<HttpResponse(const HttpRequest&)>;
  std::string path;  // segments, `{name}` matches exactly one segment that is not empty
  RunsOn runs_on = RunsOn::kWorker;
  Function answer;            // to GET and HEAD
  OpenExchange exchange;      // to POST; a route has one of the two
  WorkerPool* workers = nullptr;  // null: those of the server
  WorkerPool* answerers = nullptr;  // of an exchange, for `answer` alone; null: `workers`
};

class RouteTable {
 public:
  void add(std::string path, RunsOn runs_on, Route::Function answer);
  // Answered on workers of its own, which outlive the server and its io_context: what takes long holds up no question.
  void add(std::string path, WorkerPool& workers, Route::Function answer);
  void add_exchange(std::string path, WorkerPool& workers, OpenExchange open);
  // The same, with an answer that takes long made elsewhere: bodies go on coming in meanwhile.
  void add_exchange(std::string path, WorkerPool& workers, WorkerPool& answerers, OpenExchange open);

  // Either the route, with `request.captures` filled, or the answer that refuses.
  struct Found {
    const Route* route = nullptr;
    HttpResponse refusal;
  };
  Found find(HttpRequest& request) const;

  // The templates, in the order they were added: the `route` label of metrics is one of them.
  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

}  // namespace maillage::daemon
