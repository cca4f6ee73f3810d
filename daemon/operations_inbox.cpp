#include "daemon/operations_inbox.h"

#include <boost/json/array.hpp>

#include "daemon/operation_reply.h"

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

protocol::Result<ContributionId> id_of(const registry::Registry& registry, const ControlMessage& request) {
  std::string typed = text(request.body, "id");
  if (auto whole = ContributionId::parse(typed)) return *whole;
  std::optional<ContributionId> found;
  bool ambiguous = typed.size() < kIdDigitsMin;
  for (const Contribution& each : registry.contributions()) {
    if (!each.id.hex().starts_with(typed)) continue;
    ambiguous = ambiguous || found;
    found = each.id;
  }
  if (!found || ambiguous) return protocol::fail(ErrorCode::kNoContribution, typed.substr(0, 64));
  return *found;
}

ControlMessage list(const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  if (auto expired = operations.registry.expire_contributions(now); !expired) return refuse(request, expired.error());
  const json::value* asked = request.body.if_contains("all");
  bool all = asked != nullptr && asked->is_bool() && asked->get_bool();
  json::array items;
  for (const Contribution& each : operations.registry.contributions())
    if (all || registry::is_open(each.state)) items.push_back(operations.registry.summary(each));
  return answer(json::object{{"items", std::move(items)}});
}

ControlMessage approve(const Operations& operations, const ControlMessage& request, const ContributionId& id, protocol::UnixTime now) {
  auto before = operations.registry.contribution(id);
  if (!before) return refuse(request, before.error());
  auto approved = operations.registry.approve(id, now);
  if (!approved) return refuse(request, approved.error());
  json::object result = operations.registry.summary(*before);
  result["state"] = "approved";
  result["changed"] = json::array(approved->changed.begin(), approved->changed.end());
  if (approved->place) result["commit"] = approved->place->head.head.head.commit.hex();
  if (approved->place && operations.announce) {
    protocol::Published published;
    published.places.push_back(std::move(*approved->place));
    operations.announce(std::move(published));
  }
  return answer(std::move(result));
}

ControlMessage answer_with(const Operations& operations, const ControlMessage& request, const ContributionId& id, ContributionState state,
                           protocol::UnixTime now) {
  auto before = operations.registry.contribution(id);
  if (!before) return refuse(request, before.error());
  auto answered = operations.registry.answer(id, state, text(request.body, "text"), now);
  if (!answered) return refuse(request, answered.error());
  json::object result = operations.registry.summary(*before);
  result["state"] = std::string(registry::name_of(state));
  result["answer"] = text(request.body, "text");
  return answer(std::move(result));
}

}  // namespace

ControlMessage perform_inbox(std::string_view verb, const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  if (verb == "inbox-list") return list(operations, request, now);
  auto id = id_of(operations.registry, request);
  if (!id) return refuse(request, id.error());
  if (verb == "inbox-show") {
    auto shown = operations.registry.show_contribution(*id, language_of(request));
    return shown ? answer(std::move(*shown)) : refuse(request, shown.error());
  }
  if (verb == "inbox-approve") return approve(operations, request, *id, now);
  if (verb == "inbox-refuse") return answer_with(operations, request, *id, ContributionState::kRefused, now);
  if (verb == "inbox-ask") return answer_with(operations, request, *id, ContributionState::kAsked, now);
  return refuse(request, Error{ErrorCode::kUsage, std::string(verb.substr(0, 100))});
}

}  // namespace maillage::daemon
