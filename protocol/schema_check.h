// SchemaCheck: a value against a schema of schema.h, with everything wrong told as problems in the order of the
// schema: RFC 6901 pointers, our codes, and the schema's own examples.
//
// Keywords: type const enum required properties additionalProperties(schema) propertyNames(format) maxProperties
// items minItems maxItems uniqueItems minLength maxLength minimum maximum format. Others are annotations; a test holds
// our schemas to these and to this meaning by comparing with valijson, an independent implementation.
// Rationale for our own: valijson reports English prose without pointers, and has to be told a string apart from its
// sentence; these 150 lines say where, why and what instead, and recurse no deeper than the schema. Any thread.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "protocol/problem.h"

namespace maillage::protocol {

// True when every keyword below `schema` is one that `check_against` knows, or an annotation that it may ignore.
bool uses_known_keywords(const boost::json::object& schema);

// A schema as it is asked for each record: its keywords are looked up once, not at every value. The schema outlives it.
class SchemaRules {
 public:
  explicit SchemaRules(const boost::json::object& schema);
  ~SchemaRules();
  SchemaRules(SchemaRules&&) noexcept;

  struct Rules;
  const Rules& rules() const { return *rules_; }

 private:
  std::unique_ptr<const Rules> rules_;
};

// Appends at most kProblemsMax problems, without path.
void check_against(const SchemaRules& rules, const boost::json::value& value, std::string_view pointer, std::vector<Problem>& problems);
void check_against(const boost::json::object& schema, const boost::json::value& value, std::string_view pointer,
                   std::vector<Problem>& problems);

// The first example of a schema as JSON text, or empty.
std::string example_of(const boost::json::object& schema);

}  // namespace maillage::protocol
