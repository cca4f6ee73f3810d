#include "daemon/operations.h"

#include <map>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "daemon/clock.h"
#include "daemon/endpoint_choice.h"
#include "daemon/messages.h"
#include "daemon/operation_reply.h"
#include "daemon/operations_admission.h"
#include "daemon/operations_erase.h"
#include "daemon/operations_hosting.h"
#include "daemon/operations_import.h"
#include "daemon/operations_inbox.h"
#include "daemon/operations_keys.h"
#include "daemon/operations_partners.h"
#include "registry/query.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;
using protocol::Error;
using protocol::ErrorCode;
using protocol::fail;
using protocol::Result;

// [{"path", "blob": index}] or [{"path"}] to remove.
Result<std::vector<registry::FileEdit>> edits_of(const ControlMessage& request) {
  auto malformed = fail(ErrorCode::kMalformed, "edits");
  const json::value* listed = request.body.if_contains("edits");
  if (listed == nullptr || !listed->is_array()) return malformed;
  std::vector<registry::FileEdit> edits;
  for (const json::value& one : listed->get_array()) {
    if (!one.is_object()) return malformed;
    registry::FileEdit edit{text(one.get_object(), "path"), {}};
    if (const json::value* blob = one.get_object().if_contains("blob")) {
      boost::system::error_code inexact;
      auto index = blob->is_number() ? blob->to_number<std::size_t>(inexact) : request.blobs.size();
      if (inexact || index >= request.blobs.size()) return malformed;
      edit.bytes = request.blobs[index];
    }
    edits.push_back(std::move(edit));
  }
  return edits;
}

// Addresses of a profile among the edits that other daemons will not call, or few of them: published all the same.
json::array endpoint_remarks(const ControlMessage& request, const std::vector<registry::FileEdit>& edits) {
  json::array remarks;
  for (const registry::FileEdit& edit : edits) {
    if (edit.path != "profile.json" || !edit.bytes) continue;
    for (const std::string& url : registry::read_whereabouts({}, *edit.bytes).endpoints)
      if (auto remark = endpoint_remark(url))
        remarks.push_back({{"path", edit.path}, {"code", std::string(slug(remark->code))}, {"detail", sentence(*remark, language_of(request))}});
  }
  return remarks;
}

ControlMessage published(const Operations& operations, const ControlMessage& request, const protocol::PlaceId& place,
                         tl::expected<registry::Announcement, registry::Problems> publication, json::array remarks = {}) {
  if (!publication) return refuse(request, publication.error());
  json::array changed(publication->changed.begin(), publication->changed.end());
  if (publication->place && operations.announce) {
    protocol::Published announced;
    announced.places.push_back(std::move(*publication->place));
    operations.announce(std::move(announced));
  }
  auto called = operations.registry.known_name(place);
  json::object result{{"place", place.hex()}, {"slug", called.slug}, {"name", called.name}, {"changed", std::move(changed)},
                      {"hosted", operations.registry.own_places().size() - 1}};
  if (!remarks.empty()) result["remarks"] = std::move(remarks);
  return answer(std::move(result));
}

Result<registry::Publication> publication_of(const Operations& operations, const ControlMessage& request) {
  auto place = operations.registry.own_place(text(request.body, "place"));
  if (!place) return tl::unexpected(place.error());
  auto edits = edits_of(request);
  if (!edits) return tl::unexpected(edits.error());
  return registry::Publication{*place, std::move(*edits)};
}

ControlMessage publish(const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  auto publication = publication_of(operations, request);
  if (!publication) return refuse(request, publication.error());
  json::array remarks = endpoint_remarks(request, publication->edits);
  return published(operations, request, *publication->place, operations.registry.publish(*publication->place, publication->edits, now), std::move(remarks));
}

ControlMessage confirm(const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  auto place = operations.registry.own_place(text(request.body, "place"));
  if (!place) return refuse(request, place.error());
  return published(operations, request, *place, operations.registry.confirm(*place, texts(request.body, "paths"), now));
}

ControlMessage query(const Operations& operations, const ControlMessage& request) {
  auto what = registry::what_of_name(text(request.body, "what"));
  if (!what) return refuse(request, Error{ErrorCode::kUnknownList, text(request.body, "what")});
  registry::Parameters parameters;
  for (const std::string& one : texts(request.body, "parameters")) {
    auto equals = one.find('=');
    if (equals == std::string::npos) return refuse(request, Error{ErrorCode::kNoEquals, one});
    parameters.emplace_back(one.substr(0, equals), one.substr(equals + 1));
  }
  auto parsed = registry::parse_query(*what, parameters);
  if (!parsed) return refuse(request, parsed.error());
  auto page = operations.registry.query(*parsed);
  if (page && operations.tell_keepers) operations.tell_keepers(*page);
  return page ? answer(registry::to_json(*page)) : refuse(request, page.error());
}

ControlMessage verify(const Operations& operations, const ControlMessage& request) {
  auto findings = operations.registry.verify();
  if (!findings) return refuse(request, findings.error());
  json::array listed;
  for (const registry::Finding& finding : *findings)
    listed.push_back({{"where", finding.where},
                      {"code", std::string(protocol::slug(finding.error.code))},
                      {"detail", protocol::sentence(finding.error, language_of(request))}});
  ControlMessage reply = answer({{"sound", listed.empty()}, {"findings", listed}});
  if (!listed.empty()) reply.body["error"] = listed.front();
  return reply;
}

ControlMessage counted(const ControlMessage& request, std::string_view key, const Result<std::uint64_t>& count) {
  return count ? answer({{key, *count}}) : refuse(request, count.error());
}

// `place`: the sheet that a hosted place has of its own.
ControlMessage confirm_own_sheet(const Operations& operations, const ControlMessage& request, const protocol::PlaceId& place) {
  if (auto right = operations.registry.check_own_sheet(place, text(request.body, "sheet")); !right) return refuse(request, right.error());
  auto called = operations.registry.known_name(place);
  return answer({{"confirmed", true}, {"place", place.hex()}, {"slug", called.slug}, {"name", called.name}});
}

ControlMessage status(const Operations& operations, const ControlMessage& request) {
  json::object shown = operations.registry.status();
  shown["running"] = operations.announce != nullptr;
  if (operations.tell_following) operations.tell_following(shown);
  if (operations.tell_settings) operations.tell_settings(shown, language_of(request));
  if (operations.waiting) shown["waitingPlaces"] = operations.waiting().size();
  if (auto waiting = list_waiting(operations, kWaitingGlancedMax); !waiting.empty()) shown["waiting"] = std::move(waiting);
  if (!operations.refusals.empty()) shown["refusedBy"] = operations.refusals;
  return answer(std::move(shown));
}

ControlMessage confirm_sheet(const Operations& operations, const ControlMessage& request) {
  auto place = operations.registry.own_place(text(request.body, "place"));
  if (!place) return refuse(request, place.error());
  if (*place != operations.registry.identity().place) return confirm_own_sheet(operations, request, *place);
  auto right = operations.registry.confirm_sheet(text(request.body, "sheet"));
  if (!right) return refuse(request, right.error());
  ControlMessage reply = answer({{"confirmed", *right}});
  if (!*right) reply.body["error"] = refuse(request, Error{ErrorCode::kWrongSheet, ""}).body["error"];
  return reply;
}

// With no daemon what only our disk needs is done at once; theirs has to come from a partner.
ControlMessage settle(const Operations& operations, const ControlMessage& request) {
  registry::Registry& registry = operations.registry;
  auto place = registry.own_place(text(request.body, "place"));
  if (!place) return refuse(request, place.error());
  bool take = text(request.body, "answer") == "take";
  auto answered = registry.answer_own(*place, take ? protocol::OwnHead::Answer::kTakeTheirs : protocol::OwnHead::Answer::kKeepOurs);
  if (!answered) return refuse(request, answered.error());
  if (operations.settle) {
    operations.settle();
  } else {
    registry.own_caught_up();
    if (!registry.settle_own(daemon::now()).aside.empty()) return refuse(request, Error{ErrorCode::kNobodyAnswers, "control.sock"});
    if (auto purged = registry.purge(daemon::now().wall); !purged) return refuse(request, purged.error());
  }
  auto called = registry.name_of(*place);
  return answer({{"place", place->hex()}, {"slug", called.slug}, {"name", called.name}, {"answer", take ? "take" : "keep"}});
}

}  // namespace

ControlMessage refuse(const ControlMessage& request, const Error& error) {
  ControlMessage reply;
  reply.body["error"] = {{"code", std::string(protocol::slug(error.code))}, {"detail", protocol::sentence(error, language_of(request))}};
  return reply;
}

bool writes(std::string_view verb) {
  return verb == "publish" || verb == "confirm" || verb == "sheet" || verb == "reindex" || verb == "refs" || verb == "verify" || verb == "settle" ||
         verb == "place-add" || verb == "place-export" || verb == "place-keep" || verb == "place-adopt" || verb == "import" || verb == "erase" ||
         verb.starts_with("key-") ||
         is_about_admission(verb) || (is_about_partners(verb) && verb != "partner-list") ||
         (verb.starts_with("inbox-") && verb != "inbox-show" && verb != "inbox-files");  // showing judges the pack again, which may take a while
}

std::vector<ControlMessage> perform_publications(const Operations& operations, const std::vector<std::shared_ptr<const ControlMessage>>& requests,
                                                 protocol::UnixTime now) {
  std::vector<ControlMessage> replies(requests.size());
  std::map<protocol::PlaceId, std::vector<std::size_t>> of_place;  // so that those of one place follow one another
  std::vector<Result<registry::Publication>> asked;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    asked.push_back(publication_of(operations, *requests[i]));
    if (asked[i]) of_place[*asked[i]->place].push_back(i);
    else replies[i] = refuse(*requests[i], asked[i].error());
  }
  std::vector<registry::Publication> publications;
  std::vector<std::size_t> numbers;
  for (const auto& [place, waiting] : of_place)
    for (std::size_t i : waiting) publications.push_back(std::move(*asked[i])), numbers.push_back(i);
  auto outcomes = operations.registry.publish_all(publications, now);
  for (std::size_t i = 0; i < outcomes.size(); ++i)
    replies[numbers[i]] = published(operations, *requests[numbers[i]], *publications[i].place, std::move(outcomes[i]),
                                    endpoint_remarks(*requests[numbers[i]], publications[i].edits));
  return replies;
}

ControlMessage perform(const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  std::string verb = text(request.body, "verb");
  if (verb == "publish") return publish(operations, request, now);
  if (verb == "confirm") return confirm(operations, request, now);
  if (verb == "query") return query(operations, request);
  if (verb == "status") return status(operations, request);
  if (verb == "peers") return answer({{"peers", json::array()}, {"addresses", json::array()}});
  if (verb == "verify") return verify(operations, request);
  if (verb == "reindex") return counted(request, "records", operations.registry.reindex());
  if (verb == "refs") return counted(request, "refs", operations.registry.write_refs());
  if (verb == "settle") return settle(operations, request);
  if (verb == "sheet") return confirm_sheet(operations, request);
  if (verb == "import" || verb == "import-known") return perform_import(verb, operations, request, now);
  if (verb.starts_with("erase")) return perform_erase(verb, operations, request, now);
  if (is_about_admission(verb)) return perform_admission(verb, operations, request, now);
  if (is_about_partners(verb)) return perform_partners(verb, operations, request, now);
  if (verb.starts_with("inbox-")) return perform_inbox(verb, operations, request, now);
  if (verb.starts_with("key-")) return perform_keys(verb, operations, request, now);
  if (verb.starts_with("place-")) return perform_hosting(verb, operations, request, now);
  return refuse(request, Error{ErrorCode::kUsage, verb.substr(0, 100)});
}

}  // namespace maillage::daemon
