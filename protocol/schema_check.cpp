#include "protocol/schema_check.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "protocol/field_format.h"
#include "protocol/json_pointer.h"
#include "protocol/record.h"
#include "protocol/utf8.h"
#include "protocol/vocabulary.h"

namespace maillage::protocol {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 15> kKeywords = {
    "type",  "const",    "enum",     "required",    "additionalProperties", "propertyNames", "maxProperties", "items",
    "minItems", "maxItems", "uniqueItems", "minLength", "maxLength", "minimum", "maximum"};
constexpr std::array<std::string_view, 7> kAnnotations = {"title",   "description", "examples", "default",
                                                          "$schema", "$id",         "$comment"};

bool has_type(const json::value& value, std::string_view type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_bool();
  if (type == "number") return value.is_number();
  // JSON Schema: 2.0 is an integer.
  if (type == "integer") return value.is_number() && (!value.is_double() || std::trunc(value.get_double()) == value.get_double());
  return value.is_null();
}

bool is_bound(const json::object& schema, std::string_view key, double& bound) {
  const json::value* limit = schema.if_contains(key);
  if (limit) bound = limit->to_number<double>();
  return limit != nullptr;
}

bool is_over(const json::object& schema, std::string_view key, std::size_t size) {
  double bound = 0;
  return is_bound(schema, key, bound) && static_cast<double>(size) > bound;
}

bool is_under(const json::object& schema, std::string_view key, std::size_t size) {
  double bound = 0;
  return is_bound(schema, key, bound) && static_cast<double>(size) < bound;
}

std::string shown_value(const json::value& value) {
  if (value.is_object()) return "{…}";
  if (value.is_array()) return "[…]";
  return shown(to_json_text(value), 60);
}

// A step into a value. Rationale: a pointer is written only where something is wrong, and nearly nothing is.
struct Step {
  const Step* above = nullptr;  // null: at the root, which is `key` as it stands
  std::string_view key;
  std::optional<std::size_t> index;

  std::string pointer() const {
    if (!above) return std::string(key);
    return index ? pointer_to(above->pointer(), *index) : pointer_to(above->pointer(), key);
  }
};

class Checker {
 public:
  explicit Checker(std::vector<Problem>& problems) : problems_(problems) {}

  void visit(const json::object& schema, const json::value& value, const Step& at) {
    if (full_) return;
    if (const json::value* type = schema.if_contains("type"); type && !has_type(value, type->as_string()))
      return add(at, ErrorCode::kWrongType, value, schema);
    if (!is_allowed(schema, value)) return add_unknown(at, value, schema);
    if (value.is_string()) visit_text(schema, value, at);
    if (value.is_number()) visit_number(schema, value, at);
    if (value.is_array()) visit_array(schema, value, at);
    if (value.is_object()) visit_object(schema, value.get_object(), at);
  }

 private:
  static bool is_allowed(const json::object& schema, const json::value& value) {
    const json::value* one = schema.if_contains("const");
    if (one && *one != value) return false;
    const json::value* several = schema.if_contains("enum");
    if (!several) return true;
    const json::array& allowed = several->as_array();
    return std::find(allowed.begin(), allowed.end(), value) != allowed.end();
  }

  void visit_text(const json::object& schema, const json::value& value, const Step& at) {
    std::string_view text = value.get_string();
    std::size_t length = count_code_points(text);
    bool blank = text.find_first_not_of(" \t\r\n") == std::string_view::npos;
    if (is_under(schema, "minLength", blank ? 0 : length)) return add(at, ErrorCode::kEmptyField, schema);
    if (is_over(schema, "maxLength", length)) return add(at, ErrorCode::kTextTooLong, schema);
    if (const json::value* format = schema.if_contains("format"))
      if (auto code = check_format(format->as_string(), text)) add(at, *code, value, schema);
  }

  void visit_number(const json::object& schema, const json::value& value, const Step& at) {
    double number = value.to_number<double>(), bound = 0;
    if ((is_bound(schema, "minimum", bound) && number < bound) || (is_bound(schema, "maximum", bound) && number > bound))
      add(at, ErrorCode::kOutOfRange, value, schema);
  }

  void visit_array(const json::object& schema, const json::value& value, const Step& at) {
    const json::array& items = value.get_array();
    if (is_under(schema, "minItems", items.size())) return add(at, ErrorCode::kEmptyField, schema);
    if (is_over(schema, "maxItems", items.size())) return add(at, ErrorCode::kTooManyValues, value, schema);
    const json::value* item_schema = schema.if_contains("items");
    bool unique = schema.if_contains("uniqueItems") != nullptr;
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (item_schema) visit(item_schema->as_object(), items[i], {&at, {}, i});
      // Quadratic, over at most maxItems: every list with uniqueItems has it.
      if (unique && std::find(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(i), items[i]) !=
                        items.begin() + static_cast<std::ptrdiff_t>(i))
        add({&at, {}, i}, ErrorCode::kDuplicateValue, items[i], {});
    }
  }

  void visit_object(const json::object& schema, const json::object& object, const Step& at) {
    if (is_over(schema, "maxProperties", object.size())) return add(at, ErrorCode::kTooManyValues, schema);
    const json::value* properties = schema.if_contains("properties");
    if (const json::value* names = schema.if_contains("required"))
      for (const json::value& name : names->as_array())
        if (!object.contains(name.get_string())) add_missing(at, name.get_string(), properties);
    if (properties)
      for (const auto& property : properties->as_object())
        if (const json::value* value = object.if_contains(property.key()))
          visit(property.value().as_object(), *value, {&at, property.key(), {}});
    visit_others(schema, object, at, properties);
  }

  // Fields that the schema does not name: allowed, but a map (`names {br: …}`) says what they look like.
  void visit_others(const json::object& schema, const json::object& object, const Step& at,
                    const json::value* properties) {
    const json::value* others = schema.if_contains("additionalProperties");
    const json::value* names = schema.if_contains("propertyNames");
    if (!others && !names) return;
    for (const auto& member : object) {
      if (properties && properties->as_object().contains(member.key())) continue;
      Step inside{&at, member.key(), {}};
      if (names) visit(names->as_object(), json::value(member.key()), inside);
      if (others) visit(others->as_object(), member.value(), inside);
    }
  }

  void add_missing(const Step& at, std::string_view name, const json::value* properties) {
    const json::value* field = properties ? properties->as_object().if_contains(name) : nullptr;
    add({&at, name, {}}, ErrorCode::kMissingField, field ? field->as_object() : json::object());
  }

  void add_unknown(const Step& at, const json::value& value, const json::object& schema) {
    const json::value* vocabulary = schema.if_contains("x-vocabulary");
    add(at, ErrorCode::kNotInVocabulary, value, schema);
    if (!vocabulary || !value.is_string() || full_) return;
    if (auto near = nearest_slug(vocabulary->as_string(), value.get_string()))
      problems_.back().example = to_json_text(json::value(*near));
  }

  void add(const Step& at, ErrorCode code, const json::value& value, const json::object& schema) {
    std::string pointer = at.pointer();
    add({{}, pointer, code, shown(pointer) + ": " + shown_value(value), example_of(schema)});
  }

  void add(const Step& at, ErrorCode code, const json::object& schema) {
    std::string pointer = at.pointer();
    add({{}, pointer, code, shown(pointer), example_of(schema)});
  }

  void add(Problem problem) {
    if (!full_) full_ = !append(problems_, std::move(problem));
  }

  std::vector<Problem>& problems_;
  bool full_ = false;
};

bool is_known_keyword(std::string_view key) {
  return std::find(kKeywords.begin(), kKeywords.end(), key) != kKeywords.end() ||
         std::find(kAnnotations.begin(), kAnnotations.end(), key) != kAnnotations.end() || key.starts_with("x-");
}

bool is_known_member(const json::key_value_pair& member) {
  if (member.key() == "format") return is_known_format(member.value().as_string());
  if (member.key() != "properties") return is_known_keyword(member.key());
  const json::object& properties = member.value().as_object();
  return std::all_of(properties.begin(), properties.end(),
                     [](const auto& property) { return uses_known_keywords(property.value().as_object()); });
}

}  // namespace

bool uses_known_keywords(const json::object& schema) {
  for (std::string_view key : {"items", "additionalProperties", "propertyNames"})
    if (const json::value* inner = schema.if_contains(key); inner && !uses_known_keywords(inner->as_object())) return false;
  return std::all_of(schema.begin(), schema.end(), is_known_member);
}

void check_against(const json::object& schema, const json::value& value, std::string_view pointer,
                   std::vector<Problem>& problems) {
  Checker(problems).visit(schema, value, Step{nullptr, pointer, {}});
}

std::string example_of(const json::object& schema) {
  const json::value* examples = schema.if_contains("examples");
  if (!examples || examples->as_array().empty()) return "";
  return to_json_text(examples->as_array().front());
}

}  // namespace maillage::protocol
