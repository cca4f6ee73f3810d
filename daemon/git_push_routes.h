// `git push` to `/git/<id or slug>/git-receive-pack`, and where its answer is read: `/api/v1/contributions/{id}` and, with
// git, `/git/<id or slug>/answers/{id}`. registry/GIT.md "A push".
//
// A pack goes to the inbox's own folder as it comes, on a worker of its own, and is judged on another, which then waits for the
// writer: no push holds up a fetch, a question, or the packs that others send. Bounded: pushes at once, bytes, and the
// time that one may take. The answer speaks the language of the push. Built once, on the node thread; its functions run on
// the two push workers, those of one push never at once.
#pragma once

#include <functional>
#include <memory>

#include "daemon/git_load.h"
#include "daemon/route_table.h"
#include "protocol/ids.h"
#include "registry/git/fetch.h"
#include "registry/git/push_request.h"
#include "registry/registry.h"

namespace maillage::daemon {

struct PushSource {
  // What a push to this repository is told before: the place, and its advertisement.
  std::function<protocol::Result<protocol::Bytes>(std::string_view repository)> advertise;
  std::function<protocol::Result<protocol::PlaceId>(std::string_view repository)> place;
  std::function<protocol::Result<std::unique_ptr<registry::Inbox::Arrival>>()> begin;
  // Registry::certify.
  std::function<protocol::Result<void>(registry::Push&, const registry::PushCertificate&)> certify;
  // Judges and takes it; waits for the writer.
  std::function<tl::expected<registry::PushOutcome, registry::Problems>(registry::Inbox::Arrival&, const registry::Push&)> finish;
  std::function<registry::Index::PlaceName(const protocol::PlaceId&)> name;
  std::function<protocol::Result<registry::Contribution>(const registry::ContributionId&)> contribution;
  // What git reads of an answer.
  std::function<protocol::Result<protocol::Bytes>(std::string_view repository, const registry::ContributionId&)> advertise_answer;
  std::function<protocol::Result<std::unique_ptr<registry::Fetch>>(std::string_view repository, const registry::ContributionId&,
                                                                    protocol::ByteView request)> fetch_answer;
  // `https://place.example/base`, as this request reaches us.
  std::function<std::string(const HttpRequest&)> url;
  // Stands for the client's address in a quota; empty for this machine's own, which a proxy may share with everybody.
  std::function<std::string(const HttpRequest&)> sender;
};

struct PushRouteLimits {
  std::size_t pushes_max = 16;               // under way at once
  std::size_t pushes_of_one_max = 4;         // from one address
  std::size_t turned_away_max = 64;          // beyond those, read to their end and dropped, so that git shows why; each 64 KiB
  std::chrono::seconds push_time_max{900};   // 32 MiB at 36 KB/s
};

// `pushes`: one thread, which takes packs in; `judges`: one, which waits for the writer; `fetches` and `fetch_load` as
// in add_git_routes. All outlive the server.
void add_git_push_routes(RouteTable& routes, PushSource source, WorkerPool& pushes, WorkerPool& judges, WorkerPool& fetches,
                         std::shared_ptr<GitLoad> fetch_load, const PushRouteLimits& limits = {});

// The answer to `info/refs?service=git-receive-pack`.
HttpResponse advertise_push(const HttpRequest& request, const protocol::Result<protocol::Bytes>& refs);

}  // namespace maillage::daemon
