#include "registry/import_row.h"

#include "protocol/crypto.h"
#include "protocol/record.h"

namespace maillage::registry {
namespace {

namespace json = boost::json;
using namespace protocol;

void compare(const json::object& one, const json::object& other, const std::string& above, std::vector<std::string>& fields) {
  auto add = [&](std::string pointer) {
    bool of_copy = pointer == "/confirmed" || pointer == "/source/retrieved" || pointer == "/source/sha256";
    if (!of_copy && fields.size() < kFieldsMax) fields.push_back(std::move(pointer));
  };
  for (const auto& [key, value] : one) {
    std::string pointer = above + "/" + std::string(key);
    const json::value* there = other.if_contains(key);
    if (there != nullptr && value.is_object() && there->is_object()) compare(value.get_object(), there->get_object(), pointer, fields);
    else if (there == nullptr || *there != value) add(std::move(pointer));
  }
  for (const auto& [key, value] : other)
    if (!one.contains(key)) add(above + "/" + std::string(key));
}

}  // namespace

std::string import_row_key(std::string_view source, std::string_view id) {
  std::string row(source);
  row.append(1, '\0').append(id);
  return std::string(kImportRowPrefix).append(as_text(sha256(as_bytes(row)).bytes));
}

Hash source_hash(std::string_view source) { return sha256(as_bytes(source)); }

std::string encode(const ImportRow& row) {
  std::string value(as_text(row.place.bytes));
  value.append(as_text(row.written.bytes));
  return row.source == Hash{} ? value : value.append(as_text(row.source.bytes));
}

std::optional<ImportRow> decode_import_row(std::string_view value) {
  Reader in(as_bytes(value));
  ImportRow row{in.fixed<PlaceId>(), in.fixed<Hash>(), {}};
  if (in.left() > 0) row.source = in.fixed<Hash>();
  if (!in.finish("import row")) return std::nullopt;
  return row;
}

Hash fingerprint_of_profile(const json::object& profile) {
  json::object undated = profile;
  undated.erase("confirmed");
  return sha256(as_bytes(to_pretty_json(undated)));
}

std::vector<std::string> differing_fields(const json::object& one, const json::object& other) {
  std::vector<std::string> fields;
  compare(one, other, "", fields);
  return fields;
}

}  // namespace maillage::registry
