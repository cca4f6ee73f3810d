#include "daemon/operations_erase.h"

#include <boost/json/array.hpp>

#include "daemon/log.h"
#include "daemon/operation_reply.h"
#include "daemon/reply_fields.h"
#include "registry/time_zone.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;
using protocol::Error;
using protocol::ErrorCode;

json::object named(const registry::Registry& registry, const protocol::PlaceId& place) {
  auto called = registry.name_of(place);
  return {{"place", place.hex()}, {"slug", called.slug}, {"name", called.name}};
}

ControlMessage erase(const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  registry::Registry& registry = operations.registry;
  auto place = registry.own_place(text(request.body, "place"));
  if (!place) return refuse(request, place.error());
  json::object result = named(registry, *place);  // by the name that may go
  auto erased = registry.erase(*place, {texts(request.body, "paths"), is_true(request.body, "wholePlace")}, now);
  if (!erased) return refuse(request, erased.error());
  result["changed"] = json::array(erased->changed.begin(), erased->changed.end());
  result["epoch"] = erased->place->head.head.head.epoch;
  // Partners are told first: their disks are many, ours is one.
  if (operations.announce) {
    protocol::Published published;
    published.places.push_back(std::move(*erased->place));
    operations.announce(std::move(published));
  }
  auto purged = registry.purge(now);
  if (operations.purged) operations.purged(purged.value_or(std::vector<protocol::PlaceId>()));
  result["purged"] = purged.has_value();
  if (!purged) {
    result["waits"] = protocol::sentence(purged.error(), language_of(request));
    log(LogLevel::kWarning, "registry.purge_failed", {{"reason", purged.error().context}});
  }
  return answer(std::move(result));
}

json::object coverage_of(const registry::Registry& registry, const registry::Coverage& coverage) {
  json::object entry = named(registry, coverage.place);
  entry["erased"] = registry::format_utc(coverage.erased);
  entry["purgedHere"] = coverage.purged_here;
  json::array replicas;
  for (const auto& replica : coverage.replicas)
    replicas.push_back({{"replica", replica.replica.hex()}, {"name", registry.name_of(replica.replica).name},
                        {"confirmed", replica.confirmed}, {"keepsNothing", replica.keeps_nothing}, {"since", registry::format_utc(replica.since)}});
  entry["replicas"] = std::move(replicas);
  return entry;
}

// Of the place that is named, or of all that ever erased something.
ControlMessage erase_status(const Operations& operations, const ControlMessage& request) {
  std::string wanted = text(request.body, "place");
  std::vector<protocol::PlaceId> places = operations.registry.own_places();
  if (!wanted.empty()) {
    auto place = operations.registry.own_place(wanted);
    if (!place) return refuse(request, place.error());
    places = {*place};
  }
  json::array listed;
  for (const protocol::PlaceId& place : places) {
    auto coverage = operations.registry.coverage(place);
    if (!coverage) return refuse(request, coverage.error());
    if (coverage->erased.ms != 0) listed.push_back(coverage_of(operations.registry, *coverage));
  }
  return answer(json::object{{"places", std::move(listed)}});
}

}  // namespace

ControlMessage perform_erase(std::string_view verb, const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  if (verb == "erase") return erase(operations, request, now);
  if (verb == "erase-status") return erase_status(operations, request);
  return refuse(request, Error{ErrorCode::kUsage, std::string(verb.substr(0, 100))});
}

}  // namespace maillage::daemon
