#include "daemon/git_routes.h"

namespace maillage::daemon {
namespace {

constexpr std::string_view kUploadPack = "git-upload-pack";
constexpr std::string_view kReceivePack = "git-receive-pack";

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
  return tell_refs(request, kUploadPack, source.advertise(repository_of(request)));
}

}  // namespace

void add_git_routes(RouteTable& routes, GitSource given, WorkerPool& workers, std::shared_ptr<GitLoad> load) {
  auto source = std::make_shared<const GitSource>(std::move(given));
  routes.add("/git/{repository}/info/refs", workers, [source](const HttpRequest& request) { return advertise(*source, request); });
  routes.add_exchange("/git/{repository}/git-upload-pack", workers, [source, load](const HttpRequest& request) {
    auto open = [source, repository = repository_of(request)](protocol::ByteView body) { return source->fetch(repository, body); };
    return fetch_exchange(request, load, open);
  });
}

}  // namespace maillage::daemon
