#include "daemon/sealed_routes.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "daemon/problem.h"
#include "protocol/record.h"

namespace maillage::daemon {
namespace {

using protocol::Error;
using protocol::ErrorCode;

constexpr std::size_t kPieceBytes = 128 * 1024;

Error nothing_there(const HttpRequest& request) { return {ErrorCode::kNotFound, request.path.substr(0, 200)}; }

// Place, root, milliseconds, signature.
std::optional<registry::SealedRequest> asked_for(const HttpRequest& request) {
  auto place = protocol::PlaceId::parse(request.captures.at(0));
  auto root = protocol::PublicKey::parse(request.captures.at(1));
  const std::string& time = request.captures.at(2);
  auto signature = protocol::Signature::parse(request.captures.at(3));
  std::int64_t ms = 0;
  auto [end, failed] = std::from_chars(time.data(), time.data() + time.size(), ms);
  if (!place || !root || !signature || failed != std::errc() || end != time.data() + time.size()) return std::nullopt;
  return registry::SealedRequest{*place, {ms}, *root, *signature};
}

HttpResponse tell_names(const SealedSource& source, const HttpRequest& request) {
  auto asked = asked_for(request);
  if (!asked) return refuse(request, nothing_there(request));
  auto names = source.names(*asked);
  if (!names) return refuse(request, names.error());
  HttpResponse response;
  response.body = protocol::to_json_text(boost::json::object{{"files", boost::json::array(names->begin(), names->end())}});
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

class SealedExchange final : public HttpExchange {
 public:
  SealedExchange(const HttpRequest& request, std::shared_ptr<const SealedSource> source, std::shared_ptr<GitLoad> load)
      : source_(std::move(source)), load_(std::move(load)), request_(request), slot_(load_->fetches, counted_address(request.remote)) {}

  std::uint64_t body_bytes_max() const override { return 0; }
  std::optional<HttpResponse> take(protocol::ByteView) override { return std::nullopt; }

  HttpResponse answer() override {
    auto asked = asked_for(request_);
    if (!asked) return refuse(request_, nothing_there(request_));
    if (!slot_.take(1)) return refuse(request_, {ErrorCode::kBusy, asked->place.hex()});
    auto file = source_->file(*asked, request_.captures.back());
    if (!file) return refuse(request_, file.error());
    file_ = std::move(*file);
    HttpResponse response;
    response.content_type = "application/octet-stream";
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
  }

  protocol::Result<protocol::Bytes> more() override {
    protocol::ByteView rest = file_.bytes().subspan(sent_);
    protocol::ByteView piece = rest.first(std::min(rest.size(), kPieceBytes));
    sent_ += piece.size();
    return protocol::Bytes(piece.begin(), piece.end());
  }

 private:
  std::shared_ptr<const SealedSource> source_;
  std::shared_ptr<GitLoad> load_;  // outlives the share
  HttpRequest request_;
  Share slot_;
  registry::MappedFile file_;
  std::size_t sent_ = 0;
};

}  // namespace

void add_sealed_routes(RouteTable& routes, SealedSource given, WorkerPool& workers, std::shared_ptr<GitLoad> load) {
  auto source = std::make_shared<const SealedSource>(std::move(given));
  std::string path = "/api/v1/sealed/{place}/{root}/{time}/{signature}";
  routes.add(path, workers, [source](const HttpRequest& request) { return tell_names(*source, request); });
  routes.add_exchange(path + "/{name}", workers, [source, load](const HttpRequest& request) -> std::unique_ptr<HttpExchange> {
    return std::make_unique<SealedExchange>(request, source, load);
  });
}

}  // namespace maillage::daemon
