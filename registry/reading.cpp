#include "registry/reading.h"

#include "protocol/record.h"
#include "protocol/validate.h"

namespace maillage::registry {

Result<boost::json::object> read_indexable(std::string_view path, ByteView json, boost::json::storage_ptr room) {
  auto assessment = protocol::assess(path, json, std::move(room));
  if (assessment.indexable()) return std::move(assessment.fields);
  if (assessment.problems.empty()) return protocol::fail(ErrorCode::kUnknownKind, std::string(path));
  return tl::unexpected(Error{assessment.problems.front().code, assessment.problems.front().context});
}

Result<boost::json::object> read_known_indexable(ByteView json) { return protocol::parse_record(json); }

std::optional<What> what_of(const boost::json::object& record) {
  auto slug = protocol::text_field(record, "kind");
  auto kind = slug ? protocol::kind_of_slug(*slug) : std::nullopt;
  if (!kind) return std::nullopt;
  switch (*kind) {
    case protocol::RecordKind::kProfile:
      return protocol::text_field(record, "type") == "network" ? What::kNetworks : What::kPlaces;
    case protocol::RecordKind::kEvent: return What::kEvents;
    case protocol::RecordKind::kResource: return What::kResources;
    case protocol::RecordKind::kNeed: return What::kNeeds;
    case protocol::RecordKind::kOffer: return What::kOffers;
    default: return std::nullopt;
  }
}

}  // namespace maillage::registry
