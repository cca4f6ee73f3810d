#include "registry/import_row.h"

#include <cstring>

#include "protocol/crypto.h"
#include "protocol/record.h"

namespace maillage::registry {
namespace {

namespace json = boost::json;
using namespace protocol;

constexpr std::string_view kPrefix = "import ";

void compare(const json::object& one, const json::object& other, const std::string& above, std::vector<std::string>& fields) {
  auto add = [&](std::string pointer) {
    bool dates = pointer == "/confirmed" || pointer == "/source/retrieved";
    if (!dates && fields.size() < kFieldsMax) fields.push_back(std::move(pointer));
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
  return std::string(kPrefix).append(as_text(sha256(as_bytes(row)).bytes));
}

std::string encode(const ImportRow& row) { return std::string(as_text(row.place.bytes)).append(as_text(row.written.bytes)); }

std::optional<ImportRow> decode_import_row(std::string_view value) {
  if (value.size() != PlaceId::kSize + Hash::kSize) return std::nullopt;
  ImportRow row;
  std::memcpy(row.place.bytes.data(), value.data(), PlaceId::kSize);
  std::memcpy(row.written.bytes.data(), value.data() + PlaceId::kSize, Hash::kSize);
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
