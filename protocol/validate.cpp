#include "protocol/validate.h"

#include <boost/json/serialize.hpp>

#include "protocol/field_format.h"
#include "protocol/json_pointer.h"
#include "protocol/moment.h"
#include "protocol/record.h"
#include "protocol/schema.h"
#include "protocol/schema_check.h"
#include "protocol/utf8.h"

namespace maillage::protocol {
namespace {

namespace json = boost::json;

std::string quoted(std::string_view text) { return json::serialize(json::string(text)); }

Problem problem(std::string pointer, ErrorCode code, std::string_view value, std::string example) {
  std::string context = shown(pointer) + ": " + shown(quoted(value), 60);
  return {{}, std::move(pointer), code, std::move(context), std::move(example)};
}

// Nothing when the record says the kind that its folder asks for.
std::optional<Problem> check_kind(const json::object& fields, std::optional<RecordKind> expected) {
  auto said = text_field(fields, "kind");
  std::string example = expected ? quoted(slug(*expected)) : "";
  if (said && !kind_of_slug(*said)) return problem("/kind", ErrorCode::kUnknownKind, *said, example);
  if (!expected) return Problem{{}, "/kind", ErrorCode::kUnknownKind, "/kind", ""};
  if (said && *said != slug(*expected)) return problem("/kind", ErrorCode::kWrongKind, *said, example);
  return std::nullopt;
}

void check_order(const json::object& fields, std::string_view first, std::string_view last, std::vector<Problem>& problems) {
  auto from = text_field(fields, first), until = text_field(fields, last);
  if (!from || !until) return;
  auto start = parse_moment(*from), end = parse_moment(*until);
  if (start && end && surely_before(*end, *start))
    append(problems, problem(pointer_to("", last), ErrorCode::kEndBeforeStart, *until, quoted(*from)));
}

const json::object* object_at(const json::value& root, std::string_view pointer) {
  const json::value* found = find(root, pointer);
  return found ? found->if_object() : nullptr;
}

void check_postcode(const json::value& record, std::vector<Problem>& problems) {
  const json::object* address = object_at(record, "/address");
  auto postcode = address ? text_field(*address, "postcode") : std::nullopt;
  if (!postcode || is_postcode(*postcode, text_field(*address, "country").value_or(""))) return;
  append(problems, problem("/address/postcode", ErrorCode::kBadPostcode, *postcode, quoted("29900")));
}

void check_legal_id(const json::value& record, std::vector<Problem>& problems) {
  const json::object* id = object_at(record, "/governance/legalId");
  auto scheme = id ? text_field(*id, "scheme") : std::nullopt;
  auto value = id ? text_field(*id, "value") : std::nullopt;
  if (!scheme || !value || is_legal_id(*scheme, *value)) return;
  std::string example = quoted(*scheme == "rna" ? "W294003217" : *scheme == "siren" ? "732829320" : "73282932000074");
  append(problems, problem("/governance/legalId/value", ErrorCode::kBadLegalId, *value, example));
}

// What takes two fields to judge, and so no schema can say.
void check_across_fields(const json::value& record, std::vector<Problem>& problems) {
  check_order(record.get_object(), "start", "end", problems);
  check_order(record.get_object(), "from", "until", problems);
  check_postcode(record, problems);
  check_legal_id(record, problems);
}

const SchemaRules& rules_of(RecordKind kind) {
  static const std::vector<SchemaRules> rules = [] {
    std::vector<SchemaRules> made;
    for (RecordKind each : record_kinds()) made.emplace_back(schema(each));
    return made;
  }();
  return rules[static_cast<std::size_t>(kind)];
}

void check_fields(RecordKind kind, const json::value& record, std::vector<Problem>& problems) {
  check_against(rules_of(kind), record, "", problems);
  check_across_fields(record, problems);
}

void assess_fields(std::string_view path, json::object fields, Assessment& result) {
  auto expected = kind_of_path(path);
  auto wrong = check_kind(fields, expected);
  json::value record(std::move(fields));
  if (wrong)
    result.problems.push_back(std::move(*wrong));
  else
    check_fields(*(result.kind = expected), record, result.problems);
  result.fields = std::move(record.get_object());
}

}  // namespace

Assessment assess(std::string_view path, ByteView bytes, json::storage_ptr room) {
  Assessment result{is_record_path(path), std::nullopt, json::object(room), {}};
  if (!result.is_record) return result;
  auto fields = parse_record(bytes, std::move(room));
  if (fields)
    assess_fields(path, std::move(*fields), result);
  else
    result.problems.push_back({{}, "", fields.error().code, fields.error().context, ""});
  for (Problem& each : result.problems) each.path = path;
  return result;
}

std::vector<Problem> validate(std::string_view path, ByteView bytes) { return assess(path, bytes).problems; }

}  // namespace maillage::protocol
