// Record: the JSON object that a record file holds, read from bytes that anybody may have written.
//
// What comes out keeps the promises that plain JSON does not make: at most kRecordBytesMax bytes, kRecordDepthMax
// objects and arrays inside each other, kRecordStringBytesMax a text, valid UTF-8 without NUL, finite numbers, no
// key twice in an object. Key order and unknown fields are kept. Never throws. RECORDS.md "Bytes". Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "protocol/bytes.h"

namespace maillage::protocol {

// kTooLarge, kNotJson and kNotUtf8 (context: line:column), kHasBom, kDuplicateKey, kTooDeep, kTextTooLong, kHasNul, kNotObject.
// The record is made in `room`, which outlives it.
Result<boost::json::object> parse_record(ByteView bytes, boost::json::storage_ptr room = {});

// The text of a field; nothing when it is missing or no text.
std::optional<std::string_view> text_field(const boost::json::object& record, std::string_view key);

// The bytes that tools write: two spaces of indentation, one field a line, lists of plain values on one, LF at the end.
std::string to_pretty_json(const boost::json::value& value);

// The same on one line, without blanks: what goes to a program. Both write numbers as people do: 50.6365.
std::string to_json_text(const boost::json::value& value);

}  // namespace maillage::protocol
