#include "registry/record_difference.h"

#include <algorithm>

#include "protocol/json_pointer.h"
#include "protocol/record.h"
#include "protocol/schema.h"
#include "protocol/suggestion.h"
#include "protocol/vocabulary.h"

namespace maillage::registry {
namespace {

namespace json = boost::json;
using protocol::Language;

const json::object* child(const json::object* schema, std::string_view part, std::string_view key = {}) {
  const json::value* found = schema == nullptr ? nullptr : schema->if_contains(part);
  const json::object* object = found == nullptr ? nullptr : found->if_object();
  if (object == nullptr || key.empty()) return object;
  const json::value* inner = object->if_contains(key);
  return inner == nullptr ? nullptr : inner->if_object();
}

const json::object* field_of(const json::object* schema, std::string_view key) {
  const json::object* named = child(schema, "properties", key);
  return named != nullptr ? named : child(schema, "additionalProperties");
}

class Differences {
 public:
  explicit Differences(Language language) : language_(language) {}

  void objects(const json::object* schema, const json::object& before, const json::object& after, const std::string& pointer,
               const std::string& parent) {
    for (const std::string& key : keys(schema, before, after)) {
      const json::value *was = before.if_contains(key), *is = after.if_contains(key);
      if (was == nullptr && is == nullptr) continue;
      if (was != nullptr && is != nullptr && *was == *is) continue;
      const json::object* field = field_of(schema, key);
      std::string label = parent.empty() ? title(field, key) : parent + " › " + title(field, key);
      bool unknown = schema != nullptr && field == nullptr;
      bool nested = !unknown && (was == nullptr || was->is_object()) && (is == nullptr || is->is_object());
      static const json::object kNone;
      if (nested)
        objects(field, was ? was->get_object() : kNone, is ? is->get_object() : kNone, protocol::pointer_to(pointer, key), label);
      else
        found.push_back({protocol::pointer_to(pointer, key), label, was ? text(field, *was) : "", is ? text(field, *is) : "", unknown,
                         unknown ? near(schema, key, pointer) : ""});
    }
  }

  std::vector<FieldDifference> found;

 private:
  static std::string near(const json::object* schema, std::string_view key, const std::string& pointer) {
    std::vector<std::string_view> known;
    if (const json::object* properties = child(schema, "properties"))
      for (const auto& member : *properties) known.push_back(member.key());
    std::string_view nearest = protocol::nearest(key, known);
    return nearest.empty() ? "" : protocol::pointer_to(pointer, nearest);
  }

  static std::vector<std::string> keys(const json::object* schema, const json::object& before, const json::object& after) {
    std::vector<std::string> keys;
    auto add = [&](const json::object& object) {
      for (const auto& member : object)
        if (std::ranges::find(keys, member.key()) == keys.end()) keys.emplace_back(member.key());
    };
    if (const json::object* known = child(schema, "properties")) add(*known);
    add(before);
    add(after);
    return keys;
  }

  std::string title(const json::object* field, std::string_view key) const {
    const json::object* title = child(field, "x-title");
    const json::value* said = title == nullptr ? nullptr : title->if_contains(language_ == Language::kFrench ? "fr" : "en");
    return said != nullptr && said->is_string() ? std::string(said->get_string()) : std::string(key);
  }

  std::string text(const json::object* field, const json::value& value) const {
    if (value.is_string()) {
      const json::value* vocabulary = field == nullptr ? nullptr : field->if_contains("x-vocabulary");
      std::string_view written = value.get_string();
      if (vocabulary == nullptr || !vocabulary->is_string()) return std::string(written);
      return std::string(protocol::label(vocabulary->get_string(), written, language_));
    }
    bool french = language_ == Language::kFrench;
    if (value.is_bool()) return value.get_bool() ? (french ? "oui" : "yes") : (french ? "non" : "no");
    std::string joined;
    auto add = [&](const std::string& part) { joined += (joined.empty() ? "" : value.is_array() ? "; " : ", ") + part; };
    if (value.is_array()) {
      for (const json::value& each : value.get_array()) add(text(child(field, "items"), each));
      return joined;
    }
    if (!value.is_object()) return protocol::to_json_text(value);
    for (const auto& member : value.get_object()) {
      const json::object* inner = field_of(field, member.key());
      add(title(inner, member.key()) + (french ? " : " : ": ") + text(inner, member.value()));
    }
    return joined;
  }

  Language language_;
};

}  // namespace

std::vector<FieldDifference> record_differences(std::optional<protocol::RecordKind> kind, const json::object& before, const json::object& after,
                                                Language language) {
  Differences differences(language);
  differences.objects(kind ? &protocol::schema(*kind) : nullptr, before, after, "", "");
  return std::move(differences.found);
}

}  // namespace maillage::registry
