// Schema: what a record of a kind looks like; the one source of validation, forms, OpenAPI and documentation.
//
// The files in `schemas/` are JSON Schema draft 7 written for people: `envelope.json` is shared through `allOf` and
// `$ref`, titles are `x-title {fr, en}`, enumerations are `x-vocabulary`. `schema(kind)` is the same made
// self-contained for programs: references put in place, the envelope's fields first, `enum` from the vocabulary,
// `title` and `description` in English. Keywords used are those of schema_check.h, all of them standard; `format`
// names are those of field_format.h. `pattern` is forbidden. Any thread.
#pragma once

#include <boost/json/object.hpp>

#include "protocol/record_kind.h"

namespace maillage::protocol {

const boost::json::object& schema(RecordKind kind);

// The schema of the field `key`, or null.
const boost::json::object* field_schema(RecordKind kind, std::string_view key);

}  // namespace maillage::protocol
