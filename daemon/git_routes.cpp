#include "daemon/git_routes.h"

#include <atomic>

#include "daemon/problem.h"

namespace maillage::daemon {
namespace {

using protocol::Error;
using protocol::ErrorCode;

constexpr std::string_view kUploadPack = "git-upload-pack";
constexpr std::string_view kReceivePack = "git-receive-pack";

// What all fetches share. Any thread.
struct Load {
  GitLimits limits;
  std::atomic<std::size_t> fetches = 0, waiting_bytes = 0, objects = 0;
};

// A share of what is bounded, given back at the end.
class Share {
 public:
  explicit Share(std::atomic<std::size_t>& of) : of_(of) {}
  ~Share() { release(); }
  Share(const Share&) = delete;
  bool take(std::size_t more, std::size_t most) {
    taken_ += more;
    return of_.fetch_add(more) + more <= most;
  }
  void release() { of_.fetch_sub(std::exchange(taken_, 0)); }

 private:
  std::atomic<std::size_t>& of_;
  std::size_t taken_ = 0;
};

HttpResponse busy(const HttpRequest& request) {
  HttpResponse response = git_refusal(request, 503, Message::kGitBusy);
  response.headers.emplace_back("Retry-After", "5");
  return response;
}

class FetchExchange final : public HttpExchange {
 public:
  FetchExchange(const GitSource& source, Load& load, const HttpRequest& request)
      : source_(source), load_(load), request_(request), fetch_share_(load.fetches), waiting_share_(load.waiting_bytes),
        objects_share_(load.objects), welcome_(fetch_share_.take(1, load.limits.fetches_max)) {}

  std::uint64_t body_bytes_max() const override { return registry::kUploadRequestBytesMax; }

  std::optional<HttpResponse> take(protocol::ByteView bytes) override {
    if (!welcome_ || !waiting_share_.take(bytes.size(), load_.limits.waiting_bytes_max)) return busy(request_);
    body_.insert(body_.end(), bytes.begin(), bytes.end());
    return std::nullopt;
  }

  HttpResponse answer() override {
    if (!welcome_) return busy(request_);
    if (request_.header("Content-Type") != "application/x-git-upload-pack-request")
      return git_refusal(request_, 415, Message::kGitWrongType);
    auto fetch = source_.fetch(repository_of(request_), body_);
    body_ = {};
    waiting_share_.release();
    if (!fetch) return git_refusal(request_, fetch.error());
    if (!objects_share_.take((*fetch)->objects(), load_.limits.objects_max)) return busy(request_);
    fetch_ = std::move(*fetch);
    HttpResponse response;
    response.content_type = "application/x-git-upload-pack-result";
    forbid_caching(response);
    return response;
  }

  protocol::Result<protocol::Bytes> more() override { return fetch_->read(); }

 private:
  const GitSource& source_;
  Load& load_;
  HttpRequest request_;
  Share fetch_share_, waiting_share_, objects_share_;
  bool welcome_;
  protocol::Bytes body_;
  std::unique_ptr<registry::Fetch> fetch_;
};

std::string_view service_of(const HttpRequest& request) {
  for (const auto& [name, value] : request.query)
    if (name == "service") return value;
  return {};
}

HttpResponse advertise(const GitSource& source, const HttpRequest& request) {
  std::string_view service = service_of(request);
  if (service.empty()) return git_refusal(request, 403, Message::kGitDumb);
  if (service == kReceivePack && source.advertise_push) return source.advertise_push(request);
  if (service != kUploadPack) return git_refusal(request, 403, Message::kGitNoService);
  auto refs = source.advertise(repository_of(request));
  if (!refs) return git_refusal(request, refs.error());
  HttpResponse response;
  response.content_type = "application/x-git-upload-pack-advertisement";
  response.body = protocol::as_text(*refs);
  forbid_caching(response);
  return response;
}

HttpResponse plain(const HttpRequest& request, int status, std::string text) {
  HttpResponse response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(text) + "\n";
  response.headers.emplace_back("Content-Language", tag_of(accepted_language(request.header("Accept-Language"))));
  forbid_caching(response);
  return response;
}

}  // namespace

void forbid_caching(HttpResponse& response) {
  response.headers.emplace_back("Expires", "Fri, 01 Jan 1980 00:00:00 GMT");
  response.headers.emplace_back("Pragma", "no-cache");
  response.headers.emplace_back("Cache-Control", "no-cache, max-age=0, must-revalidate");
}

std::string repository_of(const HttpRequest& request) {
  std::string name = request.captures.front();
  if (name.ends_with(".git")) name.resize(name.size() - 4);
  return name;
}

HttpResponse git_refusal(const HttpRequest& request, int status, Message message) {
  Language language = accepted_language(request.header("Accept-Language"));
  return plain(request, status, say(message, language, {repository_of(request)}));
}

HttpResponse git_refusal(const HttpRequest& request, const Error& error) {
  bool unknown = error.code == ErrorCode::kNotFound || error.code == ErrorCode::kUnknownPlace;
  if (unknown) return git_refusal(request, 404, Message::kGitNoPlace);
  return plain(request, status_of(error.code), protocol::sentence(error, accepted_language(request.header("Accept-Language"))));
}

void add_git_routes(RouteTable& routes, GitSource given, WorkerPool& workers, const GitLimits& limits) {
  auto source = std::make_shared<const GitSource>(std::move(given));
  auto load = std::make_shared<Load>();
  load->limits = limits;
  routes.add("/git/{repository}/info/refs", workers, [source](const HttpRequest& request) { return advertise(*source, request); });
  routes.add_exchange("/git/{repository}/git-upload-pack", workers, [source, load](const HttpRequest& request) {
    return std::make_unique<FetchExchange>(*source, *load, request);
  });
}

}  // namespace maillage::daemon
