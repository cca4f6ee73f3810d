#include "daemon/git_fetch.h"

#include "daemon/problem.h"

namespace maillage::daemon {
namespace {

using protocol::Error;
using protocol::ErrorCode;

HttpResponse busy(const HttpRequest& request) {
  HttpResponse response = git_refusal(request, 503, Message::kGitBusy);
  response.headers.emplace_back("Retry-After", "5");
  return response;
}

class FetchExchange final : public HttpExchange {
 public:
  FetchExchange(const HttpRequest& request, std::shared_ptr<GitLoad> load, OpenFetch open)
      : open_(std::move(open)), load_(std::move(load)), request_(request), fetch_share_(load_->fetches, counted_address(request.remote)),
        waiting_share_(load_->waiting_bytes, counted_address(request.remote)), objects_share_(load_->objects, counted_address(request.remote)),
        welcome_(fetch_share_.take(1)), ends_(Clock::now() + load_->limits.fetch_time_max) {}

  std::uint64_t body_bytes_max() const override { return registry::kUploadRequestBytesMax; }

  std::optional<HttpResponse> take(protocol::ByteView bytes) override {
    if (!welcome_ || !waiting_share_.take(bytes.size())) return busy(request_);
    if (is_late()) return git_refusal(request_, late());
    body_.insert(body_.end(), bytes.begin(), bytes.end());
    return std::nullopt;
  }

  HttpResponse answer() override {
    if (!welcome_) return busy(request_);
    if (request_.header("Content-Type") != "application/x-git-upload-pack-request")
      return git_refusal(request_, 415, Message::kGitWrongType);
    auto fetch = open_(body_);
    body_ = {};
    waiting_share_.release();
    if (!fetch) return git_refusal(request_, fetch.error());
    if (!objects_share_.take((*fetch)->objects())) return busy(request_);
    fetch_ = std::move(*fetch);
    HttpResponse response;
    response.content_type = "application/x-git-upload-pack-result";
    forbid_caching(response);
    return response;
  }

  protocol::Result<protocol::Bytes> more() override {
    if (is_late()) return tl::unexpected(late());
    return fetch_->read();
  }

 private:
  using Clock = std::chrono::steady_clock;

  // What a fetch holds, others wait for: also one that never quite stalls ends.
  bool is_late() const { return Clock::now() >= ends_; }
  static Error late() { return {ErrorCode::kTimeout, "git fetch"}; }

  OpenFetch open_;
  std::shared_ptr<GitLoad> load_;  // outlives the shares
  HttpRequest request_;
  Share fetch_share_, waiting_share_, objects_share_;
  bool welcome_;
  Clock::time_point ends_;
  protocol::Bytes body_;
  std::unique_ptr<registry::Fetch> fetch_;
};

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

HttpResponse tell_refs(const HttpRequest& request, std::string_view service, const protocol::Result<protocol::Bytes>& refs) {
  if (!refs) return git_refusal(request, refs.error());
  HttpResponse response;
  response.content_type = "application/x-" + std::string(service) + "-advertisement";
  response.body = protocol::as_text(*refs);
  forbid_caching(response);
  return response;
}

std::unique_ptr<HttpExchange> fetch_exchange(const HttpRequest& request, std::shared_ptr<GitLoad> load, OpenFetch open) {
  return std::make_unique<FetchExchange>(request, std::move(load), std::move(open));
}

}  // namespace maillage::daemon
