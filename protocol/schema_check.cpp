#include "protocol/schema_check.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
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

// What begins a key, and how long it is: decides nearly every comparison without reading it.
struct KeyName {
  std::uint64_t start = 0;
  std::size_t size = 0;
  explicit KeyName(std::string_view key) : size(key.size()) { std::memcpy(&start, key.data(), std::min(key.size(), sizeof start)); }
  auto operator<=>(const KeyName&) const = default;
};

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

}  // namespace

struct SchemaRules::Rules {
  explicit Rules(const json::object& of);
  ~Rules();
  Rules(Rules&&) noexcept;

  struct Field;
  struct Named {
    KeyName name;
    std::size_t field;
  };
  struct Bounds {
    double least = -std::numeric_limits<double>::infinity(), most = std::numeric_limits<double>::infinity();
    bool holds(double value) const { return value >= least && value <= most; }
  };

  // Which of `fields` has that key; their number: none.
  std::size_t field_of(std::string_view key) const;
  const json::object* schema_of(std::string_view field) const {
    const json::value* found = properties_ ? properties_->as_object().if_contains(field) : nullptr;
    return found ? &found->as_object() : nullptr;
  }

  const json::object& schema;
  std::string_view type, format;  // empty: none
  const json::value* one = nullptr;
  const json::array* several = nullptr;
  Bounds length, number, count;  // of a text, of a number, of a list
  double properties_max = std::numeric_limits<double>::infinity();
  bool unique = false;
  std::vector<std::string_view> required;
  std::vector<Field> fields;   // in the order of the schema
  std::vector<Named> by_name;  // ascending
  std::unique_ptr<const Rules> items, others, names;

 private:
  void read_bounds() {
    auto read = [this](std::string_view key, double& bound) {
      if (const json::value* limit = schema.if_contains(key)) bound = limit->to_number<double>();
    };
    read("minLength", length.least), read("maxLength", length.most);
    read("minimum", number.least), read("maximum", number.most);
    read("minItems", count.least), read("maxItems", count.most);
    read("maxProperties", properties_max);
  }
  std::unique_ptr<const Rules> inner(std::string_view key) const {
    const json::value* found = schema.if_contains(key);
    return found ? std::make_unique<const Rules>(found->as_object()) : nullptr;
  }

  const json::value* properties_ = nullptr;
};

struct SchemaRules::Rules::Field {
  std::string_view key;
  Rules rules;
};

SchemaRules::Rules::Rules(const json::object& of) : schema(of) {
  if (const json::value* found = of.if_contains("type")) type = found->as_string();
  one = of.if_contains("const");
  if (const json::value* found = of.if_contains("enum")) several = &found->as_array();
  if (const json::value* found = of.if_contains("format")) format = found->as_string();
  unique = of.contains("uniqueItems");
  read_bounds();
  if (const json::value* found = of.if_contains("required"))
    for (const json::value& name : found->as_array()) required.emplace_back(name.as_string());
  properties_ = of.if_contains("properties");
  if (properties_)
    for (const auto& property : properties_->as_object()) {
      by_name.push_back({KeyName(property.key()), fields.size()});
      fields.push_back({property.key(), Rules(property.value().as_object())});
    }
  std::ranges::sort(by_name, {}, &Named::name);
  items = inner("items"), others = inner("additionalProperties"), names = inner("propertyNames");
}

SchemaRules::Rules::~Rules() = default;
SchemaRules::Rules::Rules(Rules&&) noexcept = default;

std::size_t SchemaRules::Rules::field_of(std::string_view key) const {
  KeyName name(key);
  auto at = std::ranges::lower_bound(by_name, name, {}, &Named::name);
  for (; at != by_name.end() && at->name == name; ++at)
    if (fields[at->field].key == key) return at->field;
  return fields.size();
}

SchemaRules::SchemaRules(const json::object& schema) : rules_(std::make_unique<const Rules>(schema)) {}
SchemaRules::~SchemaRules() = default;
SchemaRules::SchemaRules(SchemaRules&&) noexcept = default;

namespace {

using Rules = SchemaRules::Rules;

class Checker {
 public:
  explicit Checker(std::vector<Problem>& problems) : problems_(problems) {}

  void visit(const Rules& rules, const json::value& value, const Step& at) {
    if (full_) return;
    if (!rules.type.empty() && !has_type(value, rules.type)) return add(at, ErrorCode::kWrongType, value, rules.schema);
    if (!is_allowed(rules, value)) return add_unknown(at, value, rules.schema);
    if (value.is_string()) visit_text(rules, value, at);
    if (value.is_number() && !rules.number.holds(value.to_number<double>())) add(at, ErrorCode::kOutOfRange, value, rules.schema);
    if (value.is_array()) visit_array(rules, value, at);
    if (value.is_object()) visit_object(rules, value.get_object(), at);
  }

 private:
  static bool is_allowed(const Rules& rules, const json::value& value) {
    if (rules.one && *rules.one != value) return false;
    return !rules.several || std::find(rules.several->begin(), rules.several->end(), value) != rules.several->end();
  }

  void visit_text(const Rules& rules, const json::value& value, const Step& at) {
    std::string_view text = value.get_string();
    bool blank = text.find_first_not_of(" \t\r\n") == std::string_view::npos;
    // Characters are counted only where their number can matter: there are as many as bytes at most, a quarter at least.
    auto bytes = static_cast<double>(text.size());
    bool counts = bytes > rules.length.most || bytes < 4 * rules.length.least;
    double length = blank ? 0 : counts ? static_cast<double>(count_code_points(text)) : rules.length.least;
    if (length < rules.length.least) return add(at, ErrorCode::kEmptyField, rules.schema);
    if (counts && static_cast<double>(count_code_points(text)) > rules.length.most) return add(at, ErrorCode::kTextTooLong, rules.schema);
    if (rules.format.empty()) return;
    if (auto code = check_format(rules.format, text)) add(at, *code, value, rules.schema);
  }

  void visit_array(const Rules& rules, const json::value& value, const Step& at) {
    const json::array& items = value.get_array();
    auto count = static_cast<double>(items.size());
    if (count < rules.count.least) return add(at, ErrorCode::kEmptyField, rules.schema);
    if (count > rules.count.most) return add(at, ErrorCode::kTooManyValues, value, rules.schema);
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (rules.items) visit(*rules.items, items[i], {&at, {}, i});
      // Quadratic, over at most maxItems: every list with uniqueItems has it.
      if (rules.unique && std::find(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(i), items[i]) !=
                              items.begin() + static_cast<std::ptrdiff_t>(i))
        add({&at, {}, i}, ErrorCode::kDuplicateValue, items[i], {});
    }
  }

  void visit_object(const Rules& rules, const json::object& object, const Step& at) {
    if (static_cast<double>(object.size()) > rules.properties_max) return add(at, ErrorCode::kTooManyValues, rules.schema);
    for (std::string_view name : rules.required)
      if (!object.contains(name)) add_missing(at, name, rules);
    // The values of the schema's fields, in the order of the schema, so that the problems are.
    std::vector<const json::value*> values(rules.fields.size(), nullptr);
    for (const auto& member : object)
      if (std::size_t field = rules.field_of(member.key()); field < values.size()) values[field] = &member.value();
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i]) visit(rules.fields[i].rules, *values[i], {&at, rules.fields[i].key, {}});
    if (rules.others || rules.names) visit_others(rules, object, at);
  }

  // Fields that the schema does not name: allowed, but a map (`names {br: …}`) says what they look like.
  void visit_others(const Rules& rules, const json::object& object, const Step& at) {
    for (const auto& member : object) {
      if (rules.field_of(member.key()) < rules.fields.size()) continue;
      Step inside{&at, member.key(), {}};
      if (rules.names) visit(*rules.names, json::value(member.key()), inside);
      if (rules.others) visit(*rules.others, member.value(), inside);
    }
  }

  void add_missing(const Step& at, std::string_view name, const Rules& rules) {
    const json::object* field = rules.schema_of(name);
    add({&at, name, {}}, ErrorCode::kMissingField, field ? *field : json::object());
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

void check_against(const SchemaRules& rules, const json::value& value, std::string_view pointer, std::vector<Problem>& problems) {
  Checker(problems).visit(rules.rules(), value, Step{nullptr, pointer, {}});
}

void check_against(const json::object& schema, const json::value& value, std::string_view pointer,
                   std::vector<Problem>& problems) {
  check_against(SchemaRules(schema), value, pointer, problems);
}

std::string example_of(const json::object& schema) {
  const json::value* examples = schema.if_contains("examples");
  if (!examples || examples->as_array().empty()) return "";
  return to_json_text(examples->as_array().front());
}

}  // namespace maillage::protocol
