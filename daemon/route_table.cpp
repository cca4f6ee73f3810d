#include "daemon/route_table.h"

#include <algorithm>
#include <optional>

#include "daemon/problem.h"

namespace maillage::daemon {
namespace {

constexpr std::string_view kAllowed = "GET, HEAD, OPTIONS";
constexpr std::string_view kExchangeAllowed = "POST, OPTIONS";

std::string_view next_segment(std::string_view& path) {
  auto slash = path.find('/');
  std::string_view segment = path.substr(0, slash);
  path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash);
  if (path.starts_with('/')) path.remove_prefix(1);
  return segment;
}

std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path) {
  std::vector<std::string> captures;
  if (std::count(pattern.begin(), pattern.end(), '/') != std::count(path.begin(), path.end(), '/')) return {};
  if (!path.starts_with('/')) return {};
  pattern.remove_prefix(1);
  path.remove_prefix(1);
  while (!pattern.empty() || !path.empty()) {
    std::string_view expected = next_segment(pattern), actual = next_segment(path);
    if (expected.starts_with('{') && !actual.empty()) captures.emplace_back(actual);
    else if (expected != actual) return {};
  }
  return captures;
}

HttpResponse not_found(const HttpRequest& request) {
  Language language = accepted_language(request.header("Accept-Language"));
  Problem problem{404, std::string(protocol::slug(protocol::ErrorCode::kNotFound)),
                  say(Message::kNoSuchPage, language, {request.path}), {}};
  return respond(problem, request, language);
}

HttpResponse not_allowed(const HttpRequest& request, std::string_view allowed) {
  Language language = accepted_language(request.header("Accept-Language"));
  Problem problem{405, std::string(protocol::slug(protocol::ErrorCode::kMethodNotAllowed)),
                  say(Message::kMethodNotAllowedDetail, language, {request.method, allowed}), {}};
  HttpResponse response = respond(problem, request, language);
  response.headers.emplace_back("Allow", allowed);
  return response;
}

// The answer to OPTIONS, which a browser of another site asks before some GETs.
HttpResponse preflight() {
  HttpResponse response;
  response.status = 204;
  response.content_type.clear();
  response.headers = {{"Allow", std::string(kAllowed)},
                      {"Access-Control-Allow-Origin", "*"},
                      {"Access-Control-Allow-Methods", std::string(kAllowed)},
                      {"Access-Control-Allow-Headers", "Accept, Accept-Language, If-None-Match"},
                      {"Access-Control-Max-Age", "86400"}};
  return response;
}

}  // namespace

void RouteTable::add(std::string path, RunsOn runs_on, Route::Function answer) {
  routes_.push_back({std::move(path), runs_on, std::move(answer), nullptr, nullptr});
}

void RouteTable::add(std::string path, WorkerPool& workers, Route::Function answer) {
  routes_.push_back({std::move(path), RunsOn::kWorker, std::move(answer), nullptr, &workers});
}

void RouteTable::add_exchange(std::string path, WorkerPool& workers, OpenExchange open) {
  routes_.push_back({std::move(path), RunsOn::kWorker, nullptr, std::move(open), &workers});
}

void RouteTable::add_exchange(std::string path, WorkerPool& workers, WorkerPool& answerers, OpenExchange open) {
  routes_.push_back({std::move(path), RunsOn::kWorker, nullptr, std::move(open), &workers, &answerers});
}

RouteTable::Found RouteTable::find(HttpRequest& request) const {
  for (const Route& route : routes_) {
    auto captures = match(route.path, request.path);
    if (!captures) continue;
    bool carries = route.exchange != nullptr;
    if (request.method == "OPTIONS") return {nullptr, preflight()};
    bool fits = carries ? request.method == "POST" : request.method == "GET" || request.method == "HEAD";
    if (!fits) return {nullptr, not_allowed(request, carries ? kExchangeAllowed : kAllowed)};
    request.captures = std::move(*captures);
    return {&route, {}};
  }
  return {nullptr, not_found(request)};
}

}  // namespace maillage::daemon
