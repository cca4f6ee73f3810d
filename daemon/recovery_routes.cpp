#include "daemon/recovery_routes.h"

#include "daemon/problem.h"
#include "protocol/record.h"

namespace maillage::daemon {
namespace {

using protocol::Error;
using protocol::ErrorCode;

// What is not asked for with a key that is one is found by nobody.
Error nothing_there(const HttpRequest& request) { return {ErrorCode::kNotFound, request.path.substr(0, 200)}; }

HttpResponse tell_places(const RecoverySource& source, const HttpRequest& request) {
  auto root = protocol::PublicKey::parse(request.captures.front());
  if (!root) return refuse(request, nothing_there(request));
  auto places = source.places(*root);
  if (!places) return refuse(request, places.error());
  HttpResponse response;
  response.body = protocol::to_json_text(*places);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

class PlaceExchange final : public HttpExchange {
 public:
  PlaceExchange(const HttpRequest& request, std::shared_ptr<const RecoverySource> source, std::shared_ptr<GitLoad> load)
      : source_(std::move(source)), load_(std::move(load)), request_(request), slot_(load_->fetches, counted_address(request.remote)),
        objects_(load_->objects) {}

  std::uint64_t body_bytes_max() const override { return 0; }
  std::optional<HttpResponse> take(protocol::ByteView) override { return std::nullopt; }

  HttpResponse answer() override {
    auto root = protocol::PublicKey::parse(request_.captures.front());
    auto place = protocol::PlaceId::parse(request_.captures.back());
    if (!root || !place) return refuse(request_, nothing_there(request_));
    Error busy{ErrorCode::kBusy, place->hex()};
    if (!slot_.take(1)) return refuse(request_, busy);
    auto file = source_->place(*root, *place);
    if (!file) return refuse(request_, file.error());
    if (!objects_.take((*file)->objects())) return refuse(request_, busy);
    file_ = std::move(*file);
    HttpResponse response;
    response.content_type = "application/octet-stream";
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
  }

  protocol::Result<protocol::Bytes> more() override { return file_->read(); }

 private:
  std::shared_ptr<const RecoverySource> source_;
  std::shared_ptr<GitLoad> load_;  // outlives the shares
  HttpRequest request_;
  Share slot_, objects_;
  std::unique_ptr<registry::PlaceFile> file_;
};

}  // namespace

void add_recovery_routes(RouteTable& routes, RecoverySource given, WorkerPool& workers, std::shared_ptr<GitLoad> load) {
  auto source = std::make_shared<const RecoverySource>(std::move(given));
  routes.add("/api/v1/recovery/{root}", workers, [source](const HttpRequest& request) { return tell_places(*source, request); });
  routes.add_exchange("/api/v1/recovery/{root}/{place}", workers, [source, load](const HttpRequest& request) -> std::unique_ptr<HttpExchange> {
    return std::make_unique<PlaceExchange>(request, source, load);
  });
}

}  // namespace maillage::daemon
