#include "daemon/operations_inbox.h"

#include <algorithm>

#include <boost/json/array.hpp>

#include "daemon/operation_reply.h"
#include "protocol/utf8.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;
using protocol::Error;
using protocol::ErrorCode;
using registry::Contribution;
using registry::ContributionId;
using registry::ContributionState;

// Digits of an id that are enough when nothing else begins so.
constexpr std::size_t kIdDigitsMin = 4;

// With what was answered, in words.
ControlMessage refuse_one(const ControlMessage& request, Error error) {
  if (error.code == ErrorCode::kAnswered) error.context = std::string(registry::words_of(error.context, language_of(request)));
  return refuse(request, error);
}

// What the contributor is to be told of files that the place changed since, in her language.
std::string conflict_answer(const Contribution& contribution, const std::vector<std::string>& paths) {
  std::string named;
  for (std::size_t i = 0; i < std::min(paths.size(), registry::kNamedFilesMax); ++i) named += (i == 0 ? "" : ", ") + paths[i];
  if (paths.size() > registry::kNamedFilesMax) named += "…";
  return say(Message::kPushConflictAnswer, contribution.language, {named});
}

ControlMessage show(const Operations& operations, const ControlMessage& request, const ContributionId& id) {
  auto shown = operations.registry.show_contribution(id, language_of(request));
  if (!shown) return refuse(request, shown.error());
  std::vector<std::string> paths;
  if (const json::value* files = shown->if_contains("files"))
    for (const json::value& each : files->as_array())
      if (each.as_object().contains("conflict")) paths.emplace_back(each.at("path").as_string());
  auto contribution = operations.registry.contribution(id);
  if (!paths.empty() && contribution) (*shown)["conflictAnswer"] = conflict_answer(*contribution, paths);
  return answer(std::move(*shown));
}

// The files themselves, as blobs.
ControlMessage files(const Operations& operations, const ControlMessage& request, const ContributionId& id) {
  auto found = operations.registry.contribution_files(id);
  if (!found && found.error().front().code == ErrorCode::kAnswered) return refuse_one(request, {ErrorCode::kAnswered, found.error().front().context});
  if (!found) return refuse(request, found.error());
  json::array items;
  ControlMessage reply;
  for (auto& [path, bytes] : *found) {
    if (!bytes) continue;
    items.push_back(json::object{{"path", path}, {"bytes", bytes->size()}});
    reply.blobs.push_back(std::move(*bytes));
  }
  reply.body = answer(json::object{{"items", std::move(items)}}).body;
  return reply;
}

protocol::Result<ContributionId> id_of(const registry::Registry& registry, const std::string& typed) {
  if (auto whole = ContributionId::parse(typed)) return *whole;
  auto found = registry.contributions_starting_with(typed);
  if (typed.size() < kIdDigitsMin || found.size() != 1) return protocol::fail(ErrorCode::kNoContribution, protocol::shown(typed, 64));
  return found.front();
}

ControlMessage list(const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  (void)operations.registry.expire_contributions(now);  // a full disk keeps nobody from reading
  const json::value* asked = request.body.if_contains("all");
  bool all = asked != nullptr && asked->is_bool() && asked->get_bool();
  registry::ContributionList found = operations.registry.contributions(all);
  json::array items;
  for (const Contribution& each : found.items) items.push_back(operations.registry.summary(each));
  json::object listed{{"items", std::move(items)}};
  if (found.left_off > 0) listed["leftOff"] = found.left_off;
  return answer(std::move(listed));
}

ControlMessage approve(const Operations& operations, const ControlMessage& request, const ContributionId& id, protocol::UnixTime now) {
  auto before = operations.registry.contribution(id);
  if (!before) return refuse(request, before.error());
  if (!registry::is_open(before->state)) return refuse_one(request, {ErrorCode::kAnswered, std::string(registry::name_of(before->state))});
  auto approved = operations.registry.approve(id, now);
  if (!approved) {
    ControlMessage reply = refuse(request, approved.error());
    std::vector<std::string> paths;
    for (const protocol::Problem& each : approved.error())
      if (each.code == ErrorCode::kContributionConflict) paths.push_back(each.path);
    if (!paths.empty()) reply.body["conflictAnswer"] = conflict_answer(*before, paths);
    if (!paths.empty()) reply.body["id"] = id.hex();
    return reply;
  }
  json::object result = operations.registry.summary(*before);
  result["state"] = "approved";
  result["changed"] = json::array(approved->changed.begin(), approved->changed.end());
  result["withdrawn"] = json::array(approved->withdrawn.begin(), approved->withdrawn.end());
  if (!approved->superseded.empty()) {
    json::array ids;
    for (const ContributionId& each : approved->superseded) ids.emplace_back(each.hex());
    result["superseded"] = std::move(ids);
  }
  if (approved->unanswered) result["unanswered"] = protocol::sentence(*approved->unanswered, language_of(request));
  if (approved->place) result["commit"] = approved->place->head.head.head.commit.hex();
  if (approved->place && operations.announce) {
    protocol::Published published;
    published.places.push_back(std::move(*approved->place));
    operations.announce(std::move(published));
  }
  return answer(std::move(result));
}

protocol::Result<json::object> answer_one(const Operations& operations, const ControlMessage& request, const ContributionId& id,
                                          ContributionState state, protocol::UnixTime now) {
  auto before = operations.registry.contribution(id);
  if (!before) return tl::unexpected(before.error());
  auto answered = operations.registry.answer(id, state, text(request.body, "text"), now);
  if (!answered) return tl::unexpected(answered.error());
  json::object result = operations.registry.summary(*before);
  result["state"] = std::string(registry::name_of(state));
  result["answer"] = text(request.body, "text");
  return result;
}

ControlMessage answer_with(const Operations& operations, const ControlMessage& request, const ContributionId& id, ContributionState state,
                           protocol::UnixTime now) {
  auto result = answer_one(operations, request, id, state, now);
  return result ? answer(std::move(*result)) : refuse_one(request, result.error());
}

// All of them by name first: a slip answers none. What was answered before a disk failed is answered.
ControlMessage refuse_all(const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  std::vector<ContributionId> ids;
  for (const std::string& typed : texts(request.body, "ids")) {
    auto id = id_of(operations.registry, typed);
    auto open = id ? operations.registry.contribution(*id) : tl::unexpected(id.error());
    if (!open) return refuse(request, open.error());
    if (!registry::is_open(open->state)) return refuse(request, Error{ErrorCode::kAnswered, id->hex()});
    if (std::find(ids.begin(), ids.end(), *id) == ids.end()) ids.push_back(*id);
  }
  json::array items;
  for (const ContributionId& id : ids) {
    auto result = answer_one(operations, request, id, ContributionState::kRefused, now);
    if (!result) return refuse(request, result.error());
    items.push_back(std::move(*result));
  }
  return answer(json::object{{"items", std::move(items)}});
}

}  // namespace

ControlMessage perform_inbox(std::string_view verb, const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  if (verb == "inbox-list") return list(operations, request, now);
  if (verb == "inbox-refuse" && request.body.contains("ids")) return refuse_all(operations, request, now);
  auto id = id_of(operations.registry, text(request.body, "id"));
  if (!id) return refuse(request, id.error());
  if (verb == "inbox-show") return show(operations, request, *id);
  if (verb == "inbox-files") return files(operations, request, *id);
  if (verb == "inbox-approve") return approve(operations, request, *id, now);
  if (verb == "inbox-refuse") return answer_with(operations, request, *id, ContributionState::kRefused, now);
  if (verb == "inbox-ask") return answer_with(operations, request, *id, ContributionState::kAsked, now);
  return refuse(request, Error{ErrorCode::kUsage, std::string(verb.substr(0, 100))});
}

}  // namespace maillage::daemon
