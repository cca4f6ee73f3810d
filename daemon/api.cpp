#include "daemon/api.h"

#include <memory>

#include "daemon/messages.h"
#include "daemon/problem.h"
#include "protocol/crypto.h"
#include "protocol/record.h"

namespace maillage::daemon {
namespace {

using registry::What;

constexpr std::string_view kWhatNames[] = {"places", "networks", "events", "resources", "needs", "offers"};
constexpr Message kWhatTitles[] = {Message::kPlaces, Message::kNetworks, Message::kEvents, Message::kResources, Message::kNeeds, Message::kOffers};

Language language_of(const HttpRequest& request) { return accepted_language(request.header("Accept-Language")); }

HttpResponse json_response(const boost::json::object& body) {
  HttpResponse response;
  response.body = protocol::to_json_text(body);
  response.headers = {{"Access-Control-Allow-Origin", "*"}};
  return response;
}

// What a client or a shared cache may keep, and for how long.
void make_cacheable(HttpResponse& response, const std::string& tag) {
  response.headers.emplace_back("ETag", tag);
  response.headers.emplace_back("Cache-Control", "public, max-age=60, stale-while-revalidate=600");
  response.headers.emplace_back("Vary", "Accept, Accept-Language");
}

std::string entity_tag(const ApiSource& source, const HttpRequest& request) {
  std::string revision = source.revision();
  std::string_view language = tag_of(language_of(request));
  auto hash = protocol::sha256({protocol::as_bytes(revision), protocol::as_bytes("\n"), protocol::as_bytes(language), protocol::as_bytes("\n"),
                                protocol::as_bytes(request.target)});
  return "\"" + hash.hex().substr(0, 32) + "\"";
}

// If-None-Match: `*`, or a list of tags; a weak tag compares as its strong one (RFC 9110 §13.1.2).
bool unchanged(const HttpRequest& request, std::string_view tag) {
  std::string_view list = request.header("If-None-Match");
  if (list == "*") return true;
  while (!list.empty()) {
    auto comma = list.find(',');
    std::string_view one = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == tag) return true;
  }
  return false;
}

// Runs `make` unless the client has its answer already.
HttpResponse cached(const ApiSource& source, const HttpRequest& request, const std::function<HttpResponse()>& make) {
  std::string tag = entity_tag(source, request);
  HttpResponse response;
  if (unchanged(request, tag)) {
    response.status = 304;
    response.content_type.clear();
    response.headers = {{"Access-Control-Allow-Origin", "*"}};
  } else {
    response = make();
    if (response.status != 200) return response;
  }
  make_cacheable(response, tag);
  return response;
}

// The same question, one page further.
std::string next_link(const HttpRequest& request, const std::string& cursor) {
  std::string target = request.target.substr(0, request.target.find('?')) + "?";
  for (const auto& [key, value] : request.query)
    if (key != "after") target += encode_parameter(key) + "=" + encode_parameter(value) + "&";
  return "<" + target + "after=" + encode_parameter(cursor) + ">; rel=\"next\"";
}

HttpResponse list(const ApiSource& source, What what, const HttpRequest& request) {
  auto query = registry::parse_query(what, request.query);
  if (!query) return refuse(request, query.error());
  return cached(source, request, [&] {
    auto page = source.query(*query);
    if (!page) return refuse(request, page.error());
    HttpResponse response = json_response(registry::to_json(*page));
    if (!page->next.empty()) response.headers.emplace_back("Link", next_link(request, page->next));
    return response;
  });
}

HttpResponse place(const ApiSource& source, const HttpRequest& request) {
  return cached(source, request, [&] {
    auto found = source.place(request.captures.front());
    return found ? json_response(*found) : refuse(request, found.error());
  });
}

HttpResponse uncached(boost::json::object body, int status = 200) {
  HttpResponse response = json_response(body);
  response.status = status;
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

HttpResponse metrics_page(const ApiSource& source, MetricsAccess access, const HttpRequest& request) {
  if (access == MetricsAccess::kOff) return refuse(request, {ErrorCode::kNotFound, request.path});
  if (access == MetricsAccess::kLocal && !request.local) {
    Language language = language_of(request);
    return respond({403, "metrics", say(Message::kMetricsForbidden, language), {}}, request.target, language);
  }
  HttpResponse response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = source.metrics();
  response.headers = {{"Cache-Control", "no-store"}};
  return response;
}

void add_link(std::string& page, std::string_view target, std::string_view text) {
  page.append("<li><a href=\"").append(target).append("\">").append(text).append("</a> <code>").append(target).append("</code></li>\n");
}

// No script, no style, no image: the strictest policy holds. Links are relative, so that a base path holds too.
HttpResponse page_of(const HttpRequest& request, Message heading, std::string_view inside) {
  Language language = language_of(request);
  std::string title = say(heading, language);
  HttpResponse response;
  response.content_type = "text/html; charset=utf-8";
  std::string& page = response.body;
  page.append("<!doctype html>\n<html lang=\"").append(tag_of(language)).append("\"><head><meta charset=\"utf-8\">");
  page.append("<meta name=\"viewport\" content=\"width=device-width\"><title>").append(title).append("</title></head>\n<body><main><h1>");
  page.append(title).append("</h1>\n").append(inside).append("</main></body></html>\n");
  response.headers = {{"Content-Language", std::string(tag_of(language))},
                      {"Vary", "Accept-Language"},
                      {"Cache-Control", "public, max-age=60"}};
  return response;
}

// What an invitation link opens in a browser. The secret stays there: it stands behind the `#`, which no server is sent,
// so that this page cannot draw the link's QR code.
HttpResponse join_page(const HttpRequest& request) {
  std::string inside = "<p>" + say(Message::kJoinPageText, language_of(request)) + "</p>\n<pre>maillage join --dir DIR '…'</pre>";
  return page_of(request, Message::kJoinPageTitle, inside);
}

HttpResponse landing(const HttpRequest& request) {
  Language language = language_of(request);
  std::string inside = "<p>" + say(Message::kLandingText, language) + "</p>\n<ul>\n";
  for (std::size_t i = 0; i < registry::kWhats; ++i)
    add_link(inside, "api/v1/" + std::string(kWhatNames[i]), say(kWhatTitles[i], language));
  add_link(inside, "api/v1/status", say(Message::kStatus, language));
  return page_of(request, Message::kLandingTitle, inside + "</ul>");
}

// What a problem's `type` leads to: its sentence in both languages.
HttpResponse explain(const HttpRequest& request) {
  const std::string& slug = request.captures.front();
  auto code = protocol::code_of_slug(slug);
  if (protocol::slug(code) != slug) return refuse(request, {ErrorCode::kNotFound, slug.substr(0, 64)});
  HttpResponse response;
  response.content_type = "text/plain; charset=utf-8";
  response.body = protocol::sentence({code, "…"}, Language::kFrench) + "\n" + protocol::sentence({code, "…"}, Language::kEnglish) + "\n";
  return response;
}

}  // namespace

RouteTable api_routes(ApiSource given, std::function<MetricsAccess()> metrics) {
  auto source = std::make_shared<const ApiSource>(std::move(given));
  RouteTable routes;
  routes.add("/", RunsOn::kNode, landing);
  routes.add("/join", RunsOn::kNode, join_page);
  for (std::size_t i = 0; i < registry::kWhats; ++i) {
    auto what = static_cast<What>(i);
    routes.add("/api/v1/" + std::string(kWhatNames[i]), RunsOn::kWorker, [source, what](const HttpRequest& request) { return list(*source, what, request); });
  }
  routes.add("/api/v1/places/{place}", RunsOn::kWorker, [source](const HttpRequest& request) { return place(*source, request); });
  routes.add("/api/v1/status", RunsOn::kWorker, [source](const HttpRequest&) { return uncached(source->status()); });
  routes.add("/healthz", RunsOn::kNode, [](const HttpRequest&) { return uncached({{"healthy", true}}); });
  routes.add("/readyz", RunsOn::kNode, [source](const HttpRequest&) {
    bool ready = source->ready();
    return uncached({{"ready", ready}}, ready ? 200 : 503);
  });
  routes.add("/metrics", RunsOn::kWorker, [source, metrics](const HttpRequest& request) { return metrics_page(*source, metrics(), request); });
  routes.add("/problems/{slug}", RunsOn::kNode, explain);
  return routes;
}

}  // namespace maillage::daemon
