#include "daemon/operations_import.h"

#include <algorithm>

#include <boost/json/array.hpp>

#include "daemon/operation_reply.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;
using Outcome = registry::Imported::Outcome;

ControlMessage import_chunk(const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  auto is_true = [&](std::string_view key) { return request.body.contains(key) && request.body.at(key) == json::value(true); };
  auto imported = operations.registry.import_profiles(request.blobs, {is_true("dryRun"), is_true("overwrite")}, now);
  protocol::Published published;
  for (registry::Imported& each : imported)
    if (each.place) published.places.push_back(std::move(*each.place));
  if (!published.places.empty() && operations.announce) operations.announce(std::move(published));
  json::array outcomes;
  json::object problems, fields, handed_over;
  for (std::size_t i = 0; i < imported.size(); ++i) {
    // Its neighbours of an earlier group may be published; the next import finds them unchanged.
    if (imported[i].outcome == Outcome::kFailed) return refuse(request, imported[i].problems);
    bool handed = !imported[i].problems.empty() && imported[i].problems.front().code == protocol::ErrorCode::kHandedOver;
    outcomes.emplace_back(handed ? kImportHandedOver : slug(imported[i].outcome));
    if (!imported[i].fields.empty()) fields[std::to_string(i)] = json::array(imported[i].fields.begin(), imported[i].fields.end());
    if (handed) handed_over[std::to_string(i)] = imported[i].problems.front().context;
    if (imported[i].problems.empty()) continue;
    json::array sentences;
    for (const protocol::Problem& problem : imported[i].problems) sentences.emplace_back(protocol::sentence(problem, language_of(request)));
    problems[std::to_string(i)] = std::move(sentences);
  }
  json::object result{{"outcomes", std::move(outcomes)}, {"problems", std::move(problems)}, {"fields", std::move(fields)}};
  result["handedOver"] = std::move(handed_over);
  return answer(std::move(result));
}

json::array listed(const registry::ImportedList& list) {
  json::array places;
  for (const registry::ListedPlace& place : list.places) places.push_back(json::object{{"row", place.row}, {"id", place.id}, {"name", place.name}});
  return places;
}

ControlMessage known_places(const Operations& operations, const ControlMessage& request) {
  auto list = operations.registry.imported_list(text(request.body, "source"));
  if (!list) return refuse(request, list.error());
  json::array others;
  if (list->places.empty()) {
    auto lists = operations.registry.imported_lists();
    if (!lists) return refuse(request, lists.error());
    for (const registry::ImportedList& other : *lists)
      others.push_back(json::object{{"source", other.source}, {"url", other.url}, {"known", listed(other)}});
  }
  return answer(json::object{{"known", listed(*list)}, {"others", std::move(others)}});
}

}  // namespace

std::string_view slug(Outcome outcome) {
  switch (outcome) {
    case Outcome::kCreated: return "created";
    case Outcome::kChanged: return "changed";
    case Outcome::kUnchanged: return "unchanged";
    case Outcome::kElsewhere: return "elsewhere";
    case Outcome::kKept: return "kept";
    case Outcome::kWithdrawn: return "withdrawn";
    case Outcome::kRefused: return "refused";
    case Outcome::kFailed: return "failed";
  }
  return {};
}

ControlMessage perform_import(std::string_view verb, const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  if (verb == "import") return import_chunk(operations, request, now);
  return known_places(operations, request);
}

}  // namespace maillage::daemon
