#include "daemon/git_push_routes.h"

#include <algorithm>
#include <chrono>

#include "daemon/git_fetch.h"
#include "daemon/log.h"
#include "daemon/problem.h"
#include "protocol/byte_size.h"
#include "protocol/record.h"
#include "protocol/utf8.h"
#include "registry/git/push_report.h"
#include "registry/time_zone.h"

namespace maillage::daemon {
namespace {

using protocol::Error;
using protocol::ErrorCode;
using registry::Problems;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kForMain = "refs/for/main";
constexpr std::string_view kKeep = "keep";
// What is read of a push that is too large, so that git shows our report instead of a status.
constexpr std::uint64_t kBodyBytesMax = 4 * protocol::kPushBytesMax;
// Of one line that goes to a terminal.
constexpr std::size_t kLineCharactersMax = 1'000;

struct PushLoad {
  explicit PushLoad(const PushRouteLimits& given) : limits(given), pushes(given.pushes_max, given.pushes_of_one_max), turned_away(given.turned_away_max) {}
  PushRouteLimits limits;
  Capacity pushes, turned_away;
};

Problems problem(ErrorCode code, std::string context) { return {protocol::Problem{"", "", code, std::move(context), ""}}; }
void note(Problems& problems, ErrorCode code, std::string_view context) {
  protocol::append(problems, {"", "", code, protocol::shown(context), ""});
}

class PushExchange final : public HttpExchange {
 public:
  PushExchange(std::shared_ptr<const PushSource> source, std::shared_ptr<PushLoad> load, const HttpRequest& request)
      : source_(std::move(source)), load_(std::move(load)), request_(request), language_(accepted_language(request.header("Accept-Language"))),
        share_(load_->pushes, counted_address(request.remote)), away_share_(load_->turned_away), welcome_(share_.take(1)),
        heard_(welcome_ || away_share_.take(1)), ends_(Clock::now() + load_->limits.push_time_max) {}

  std::uint64_t body_bytes_max() const override { return kBodyBytesMax + protocol::kMiB; }  // `take` refuses before, in git's words

  std::optional<HttpResponse> take(protocol::ByteView bytes) override {
    if (!heard_) return busy();
    taken_ += bytes.size();
    if (taken_ > kBodyBytesMax) return too_large();
    if (Clock::now() >= ends_) return git_refusal(request_, Error{ErrorCode::kTimeout, "git push"});
    if (opening_) return keep(bytes), std::nullopt;
    head_.insert(head_.end(), bytes.begin(), bytes.end());
    return open(false);
  }

  HttpResponse answer() override {
    if (!heard_) return busy();
    if (!opening_)
      if (auto refused = open(true)) return std::move(*refused);
    HttpResponse response;
    response.content_type = "application/x-git-receive-pack-result";
    forbid_caching(response);
    if (opening_->request.commands.empty()) return response;  // git only asks whether we are there
    answer_ = welcome_ ? judge(*place_) : turn_away();
    return response;
  }

  protocol::Result<protocol::Bytes> more() override { return std::exchange(answer_, {}); }

 private:
  HttpResponse busy() const {
    HttpResponse response = git_refusal(request_, 503, Message::kGitPushBusy);
    response.headers.emplace_back("Retry-After", "10");
    return response;
  }

  HttpResponse too_large() const {
    HttpResponse response = git_refusal(request_, Error{ErrorCode::kTooLarge, "git push > " + protocol::byte_size(protocol::kPushBytesMax)});
    response.status = 413;
    return response;
  }

  // Once all before the pack is here, and is for a place of ours, the pack goes to a folder of its own.
  std::optional<HttpResponse> open(bool whole) {
    if (request_.header("Content-Type") != "application/x-git-receive-pack-request") return git_refusal(request_, 415, Message::kGitWrongType);
    auto read = registry::read_push_opening(head_, whole);
    if (!read) return git_refusal(request_, read.error());
    if (!*read) return std::nullopt;
    opening_ = std::move(**read);
    protocol::Bytes head = std::move(head_);
    if (opening_->request.commands.empty() || !welcome_) return std::nullopt;
    auto place = source_->place(repository_of(request_));
    if (!place) return git_refusal(request_, place.error());
    place_ = *place;
    keep(protocol::ByteView(head).subspan(opening_->bytes));
    return std::nullopt;
  }

  // A push that is refused anyway is read to its end: only then git listens.
  void keep(protocol::ByteView bytes) {
    if (broken_ || !welcome_) return;
    if (!arrival_) {
      auto begun = source_->begin();
      if (begun) arrival_ = std::move(*begun);
      else broken_ = begun.error();
    }
    if (!arrival_) return;
    if (auto kept = arrival_->append(bytes); !kept) broken_ = kept.error(), arrival_.reset();
  }

  // What the commands and options ask for, before anybody looks at the pack.
  Problems check_commands() const {
    Problems problems;
    const registry::PushRequest& request = opening_->request;
    for (const registry::PushCommand& command : request.commands) {
      if (command.after.is_zero()) note(problems, ErrorCode::kPushDelete, command.ref);
      else if (command.ref != kForMain) note(problems, ErrorCode::kPushRef, command.ref);
    }
    if (request.commands.size() > 1 && problems.size() < request.commands.size()) note(problems, ErrorCode::kPushManyRefs, "");
    for (const std::string& option : request.options)
      if (option != kKeep) note(problems, ErrorCode::kPushOption, option);
    return problems;
  }

  protocol::Bytes judge(const protocol::PlaceId& place) {
    const registry::PushRequest& request = opening_->request;
    Problems problems = check_commands();
    registry::Push push;
    push.place = place;
    push.language = language_;
    push.sender = source_->sender(request_);
    push.keep = std::ranges::find(request.options, kKeep) != request.options.end();
    if (problems.empty()) push.tip = request.commands.front().after;
    if (problems.empty() && request.certificate) {
      if (auto certified = source_->certify(push, *request.certificate); !certified) note(problems, certified.error().code, certified.error().context);
    }
    if (problems.empty() && broken_) problems = problem(broken_->code, broken_->context);
    if (!problems.empty() || !arrival_) return refuse(problems.empty() ? problem(ErrorCode::kPushMalformed, "pack") : problems);
    auto outcome = source_->finish(*arrival_, push);
    arrival_.reset();
    if (!outcome) return refuse(outcome.error());
    std::vector<std::string> said = outcome->announcement ? tell_published(*outcome) : tell_waiting(*outcome);
    if (push.other_certificate) said.push_back(say(Message::kPushOtherCertificate, language_));
    return registry::report_push(request, safe(std::move(said)), "");
  }

  protocol::Bytes refuse(const Problems& problems) const {
    std::vector<std::string> said;
    for (const protocol::Problem& each : problems) said.push_back(protocol::sentence(ours(each), language_));
    if (std::ranges::find(problems, ErrorCode::kPushDelete, &protocol::Problem::code) != problems.end())
      said.push_back(say(Message::kPushRemoval, language_));
    return registry::report_push(opening_->request, safe(said), say(Message::kPushSeeAbove, language_));
  }

  // Rationale: of an answer that is no 200 git shows the status alone, and it does not try again by itself.
  protocol::Bytes turn_away() const {
    return registry::report_push(opening_->request, {}, say(Message::kGitPushBusy, language_, {protocol::shown(repository_of(request_))}));
  }

  // What is wrong with our disk is said here; a stranger reads no path of this machine.
  static protocol::Problem ours(const protocol::Problem& each) {
    if (each.code != ErrorCode::kIo && each.code != ErrorCode::kDiskFull && each.code != ErrorCode::kCorrupt) return each;
    log(LogLevel::kWarning, "push.failed", {{"code", std::string(protocol::slug(each.code))}, {"reason", each.context}});
    return {"", "", each.code, "git push", ""};
  }

  std::vector<std::string> tell_published(const registry::PushOutcome& outcome) const {
    std::vector<std::string> said;
    for (const std::string& path : outcome.announcement->changed) {
      bool withdrawn = std::ranges::binary_search(outcome.withdrawn, path);
      said.push_back(say(withdrawn ? Message::kUnpublished : Message::kPublished, language_, {path}));
    }
    if (said.empty()) said.push_back(say(Message::kNothingChanged, language_));
    remark(outcome, said);
    return said;
  }

  void remark(const registry::PushOutcome& outcome, std::vector<std::string>& said) const {
    for (const protocol::Problem& each : outcome.remarks) said.push_back(say(Message::kPushRemark, language_, {protocol::sentence(each, language_)}));
  }

  std::vector<std::string> tell_waiting(const registry::PushOutcome& outcome) const {
    const registry::Contribution& it = outcome.contribution;
    auto called = source_->name(it.place);
    std::string id = it.id.hex(), url = source_->url(request_), repository = it.place.hex();  // its name may be another's by then
    std::vector<std::string> said{say(Message::kPushReceived, language_, {called.name})};
    said.push_back(it.keep ? say(Message::kPushKeeps, language_, {it.name, it.email}) : say(Message::kPushNames, language_, {it.name}));
    if (outcome.handed_over) said.push_back(say(Message::kPushHandedOver, language_));
    std::size_t named = std::min(outcome.withdrawn.size(), registry::kNamedFilesMax);
    for (std::size_t i = 0; i < named; ++i) said.push_back(say(Message::kPushWithdraws, language_, {outcome.withdrawn[i]}));
    if (std::size_t more = outcome.withdrawn.size() - named; more > 0) said.push_back(say(Message::kAndMore, language_, {std::to_string(more)}));
    for (const std::string& field : it.reserved) said.push_back(say(Message::kPushReserved, language_, {field}));
    remark(outcome, said);
    said.push_back(say(Message::kPushNumber, language_, {id}));
    said.push_back(say(Message::kPushStatus, language_, {url, id}));
    said.push_back(say(Message::kPushAnswer, language_, {url, repository, id, id}));
    return said;
  }

  // A sentence's commands have lines of their own, to be pasted.
  static std::vector<std::string> safe(std::vector<std::string> lines) {
    std::vector<std::string> shown;
    for (std::string_view line : lines)
      for (std::size_t end = 0; end != line.npos; line.remove_prefix(end == line.npos ? line.size() : end + 1)) {
        end = line.find('\n');
        shown.push_back(protocol::shown(line.substr(0, end), kLineCharactersMax));
      }
    return shown;
  }

  std::shared_ptr<const PushSource> source_;
  std::shared_ptr<PushLoad> load_;  // outlives the share
  HttpRequest request_;
  Language language_;
  Share share_, away_share_;
  bool welcome_, heard_;
  Clock::time_point ends_;
  std::uint64_t taken_ = 0;
  protocol::Bytes head_;  // until it is whole
  std::optional<registry::PushOpening> opening_;
  std::optional<protocol::PlaceId> place_;  // once it is opened, and more than a question whether we are there
  std::unique_ptr<registry::Inbox::Arrival> arrival_;
  std::optional<Error> broken_;  // why the pack could not be kept
  protocol::Bytes answer_;
};

// State and reason, and nothing of who or what.
HttpResponse tell_state(const PushSource& source, const HttpRequest& request) {
  Language language = accepted_language(request.header("Accept-Language"));
  auto id = registry::ContributionId::parse(request.captures.front());
  auto found = id ? source.contribution(*id) : tl::unexpected(id.error());
  if (!found) {
    Problem unknown = problem_of({ErrorCode::kNoContribution, protocol::shown(request.captures.front(), 64)}, language);
    unknown.status = 404;
    return respond(unknown, request.target, language);
  }
  boost::json::object body{{"id", found->id.hex()}, {"state", std::string(registry::name_of(found->state))}};
  body["received"] = registry::format_utc(found->received);
  if (found->answered.ms != 0) body["answered"] = registry::format_utc(found->answered);
  if (!found->answer.empty()) body["reason"] = found->answer;
  HttpResponse response;
  response.body = protocol::to_json_text(body);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

HttpResponse advertise_answer(const PushSource& source, const HttpRequest& request) {
  auto id = registry::ContributionId::parse(request.captures.back());
  auto refs = id ? source.advertise_answer(repository_of(request), *id) : tl::unexpected(id.error());
  return tell_refs(request, "git-upload-pack", refs);
}

OpenFetch answer_of(std::shared_ptr<const PushSource> source, const HttpRequest& request) {
  return [source = std::move(source), repository = repository_of(request),
          id = registry::ContributionId::parse(request.captures.back())](protocol::ByteView body) -> protocol::Result<std::unique_ptr<registry::Fetch>> {
    if (!id) return tl::unexpected(id.error());
    return source->fetch_answer(repository, *id, body);
  };
}

}  // namespace

HttpResponse advertise_push(const HttpRequest& request, const protocol::Result<protocol::Bytes>& refs) {
  return tell_refs(request, "git-receive-pack", refs);
}

void add_git_push_routes(RouteTable& routes, PushSource given, WorkerPool& pushes, WorkerPool& judges, WorkerPool& fetches,
                         std::shared_ptr<GitLoad> fetch_load, const PushRouteLimits& limits) {
  auto source = std::make_shared<const PushSource>(std::move(given));
  auto load = std::make_shared<PushLoad>(limits);
  routes.add_exchange("/git/{repository}/git-receive-pack", pushes, judges, [source, load](const HttpRequest& request) {
    return std::make_unique<PushExchange>(source, load, request);
  });
  routes.add("/git/{repository}/answers/{id}/info/refs", fetches, [source](const HttpRequest& request) { return advertise_answer(*source, request); });
  routes.add_exchange("/git/{repository}/answers/{id}/git-upload-pack", fetches, [source, fetch_load](const HttpRequest& request) {
    return fetch_exchange(request, fetch_load, answer_of(source, request));
  });
  routes.add("/api/v1/contributions/{id}", RunsOn::kWorker, [source](const HttpRequest& request) { return tell_state(*source, request); });
}

}  // namespace maillage::daemon
