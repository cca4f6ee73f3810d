#include "registry/list_copy.h"

#include <algorithm>
#include <vector>

#include <boost/json/array.hpp>

#include "protocol/crypto.h"
#include "protocol/record.h"
#include "registry/time_zone.h"

namespace maillage::registry {
namespace {

namespace json = boost::json;
using namespace protocol;

json::object* source_of(json::object& record) {
  json::value* source = record.if_contains("source");
  return source != nullptr ? source->if_object() : nullptr;
}

std::optional<std::string_view> source_text(const json::object& record, std::string_view key) {
  const json::value* source = record.if_contains("source");
  return source != nullptr && source->is_object() ? text_field(source->get_object(), key) : std::nullopt;
}

// Records are at most kRecordDepthMax deep.
json::value in_key_order(const json::value& value) {
  if (const json::array* list = value.if_array()) {
    json::array ordered;
    for (const json::value& each : *list) ordered.push_back(in_key_order(each));
    return ordered;
  }
  const json::object* object = value.if_object();
  if (object == nullptr) return value;
  std::vector<std::string_view> keys;
  for (const auto& entry : *object) keys.emplace_back(entry.key());
  std::sort(keys.begin(), keys.end());
  json::object ordered;
  for (std::string_view key : keys) ordered.emplace(key, in_key_order(object->at(key)));
  return ordered;
}

std::optional<std::int64_t> moment_of(const json::object& record, std::string_view key) {
  auto text = text_field(record, key);
  auto moment = text ? parse_moment(*text, TimeZone("")) : std::nullopt;
  return moment ? std::optional(moment->at.ms) : std::nullopt;
}

void keep_confirmation(json::object& record, const json::object& published) {
  auto before = moment_of(published, "confirmed"), listed = moment_of(record, "confirmed");
  if (before && (!listed || *before > *listed)) record["confirmed"] = published.at("confirmed");
}

}  // namespace

std::string copy_digest(const json::object& record) {
  json::object said = record;
  said.erase("confirmed");
  if (json::object* source = source_of(said)) source->erase("retrieved"), source->erase("sha256");
  return to_hex(sha256(as_bytes(to_json_text(in_key_order(said)))).bytes);
}

Touched touched_since_copied(const json::object& record) {
  auto digest = source_text(record, "sha256");
  if (!digest) return Touched::kUnknown;
  return *digest == copy_digest(record) ? Touched::kNo : Touched::kYes;
}

bool is_own_word(const json::object& profile) {
  const json::value* source = profile.if_contains("source");
  return source == nullptr || !source->is_object() || !source->get_object().contains("retrieved");
}

json::object copy_over(json::object listed, const json::object* published, UnixTime now) {
  std::string digest = copy_digest(listed);
  bool same = published != nullptr && copy_digest(*published) == digest;
  std::string day;
  if (same) day = source_text(*published, "retrieved").value_or("");
  json::object& source = listed.at("source").as_object();
  if (!source.contains("retrieved")) source["retrieved"] = day.empty() ? format_utc(now).substr(0, 10) : day;
  bool of_before = same && source_text(listed, "retrieved") == std::string_view(day) && !source_text(*published, "sha256");
  if (!of_before) source["sha256"] = digest;
  if (published != nullptr) keep_confirmation(listed, *published);
  return listed;
}

}  // namespace maillage::registry
