#include "protocol/schema.h"

#include <map>

#include <boost/json/parse.hpp>

#include "protocol/embedded_files.h"
#include "protocol/json_pointer.h"
#include "protocol/vocabulary.h"

namespace maillage::protocol {
namespace {

namespace json = boost::json;

// The files are our own and a test reads every one: what is wrong in them is a bug, found when it is written.
class Resolver {
 public:
  Resolver() {
    for (const EmbeddedFile& file : embedded_files())
      if (file.path.starts_with("schemas/")) files_[std::string(file.path.substr(8))] = json::parse(file.text);
  }

  json::object resolve_file(std::string_view name) {
    auto at = files_.find(name);
    check(at != files_.end(), "schemas: a file that does not exist is named");
    return resolve(at->second.as_object());
  }

 private:
  json::object resolve(json::object schema) {
    if (const json::value* reference = schema.if_contains("$ref")) {
      json::object target = referred(reference->as_string());
      schema.erase("$ref");
      overlay(target, schema);
      schema = std::move(target);
    }
    include_bases(schema);
    name_and_enumerate(schema);
    for (std::string_view key : {"items", "additionalProperties", "propertyNames"})
      if (json::value* inner = schema.if_contains(key)) *inner = resolve(inner->as_object());
    if (json::value* properties = schema.if_contains("properties"))
      for (auto& property : properties->as_object()) property.value() = resolve(property.value().as_object());
    return schema;
  }

  json::object referred(std::string_view reference) {
    std::size_t hash = reference.find('#');
    auto file = files_.find(reference.substr(0, hash));
    check(file != files_.end(), "schemas: a reference to no file");
    const json::value* found =
        hash == std::string_view::npos ? &file->second : find(file->second, reference.substr(hash + 1));
    check(found != nullptr, "schemas: a reference to nothing");
    return found->as_object();
  }

  // `allOf` names what the kind extends: its fields come first, and a field that both describe is both together.
  void include_bases(json::object& schema) {
    const json::value* bases = schema.if_contains("allOf");
    if (!bases) return;
    json::object properties;
    json::array required;
    auto include = [&](const json::object& part) {
      if (const json::value* fields = part.if_contains("properties"))
        for (const auto& field : fields->as_object()) overlay_field(properties, field);
      if (const json::value* names = part.if_contains("required"))
        required.insert(required.end(), names->as_array().begin(), names->as_array().end());
    };
    for (const json::value& base : bases->as_array()) include(referred(base.as_object().at("$ref").as_string()));
    include(schema);
    schema.erase("allOf");
    schema["required"] = std::move(required);
    schema["properties"] = std::move(properties);
  }

  static void overlay_field(json::object& properties, const json::key_value_pair& field) {
    json::value& at = properties[field.key()];
    if (at.is_null()) at.emplace_object();
    overlay(at.as_object(), field.value().as_object());
  }

  static void overlay(json::object& target, const json::object& source) {
    for (const auto& member : source) target[member.key()] = member.value();
  }

  static void name_and_enumerate(json::object& schema) {
    if (const json::value* title = schema.if_contains("x-title")) schema["title"] = title->at("en");
    if (const json::value* text = schema.if_contains("x-description")) schema["description"] = text->at("en");
    const json::value* name = schema.if_contains("x-vocabulary");
    if (!name) return;
    const Vocabulary* vocabulary = find_vocabulary(name->as_string());
    check(vocabulary != nullptr, "schemas: a vocabulary that does not exist");
    json::array slugs;
    for (const VocabularyEntry& entry : vocabulary->entries) slugs.emplace_back(entry.slug);
    schema["enum"] = std::move(slugs);
  }

  std::map<std::string, json::value, std::less<>> files_;
};

std::map<RecordKind, json::object> resolve_all() {
  Resolver resolver;
  std::map<RecordKind, json::object> schemas;
  for (RecordKind kind : record_kinds()) schemas[kind] = resolver.resolve_file(std::string(slug(kind)) + ".json");
  return schemas;
}

}  // namespace

const json::object& schema(RecordKind kind) {
  static const std::map<RecordKind, json::object> schemas = resolve_all();
  return schemas.at(kind);
}

const json::object* field_schema(RecordKind kind, std::string_view key) {
  const json::value* field = schema(kind).at("properties").as_object().if_contains(key);
  return field ? &field->get_object() : nullptr;
}

}  // namespace maillage::protocol
