#include "registry/reading.h"

#include "protocol/record.h"
#include "protocol/record_kind.h"

namespace maillage::registry {

Result<boost::json::object> read_indexable(std::string_view path, ByteView json) {
  auto record = protocol::parse_record(json);
  if (!record) return record;
  auto kind = protocol::text_field(*record, "kind");
  if (!kind) return protocol::fail(ErrorCode::kMissingField, "/kind");
  auto known = protocol::kind_of_slug(*kind);
  if (!known) return protocol::fail(ErrorCode::kUnknownKind, std::string(*kind));
  if (protocol::kind_of_path(path) != known) return protocol::fail(ErrorCode::kWrongKind, std::string(*kind));
  auto name = protocol::text_field(*record, "name");
  if (!name || name->empty()) return protocol::fail(ErrorCode::kMissingField, "/name");
  return record;
}

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
