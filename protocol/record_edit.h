// Changes one field of a record in its text, and leaves every other byte as its author wrote it: key order, layout,
// numbers as they were typed. Rationale: a "still true" must not rewrite a record that people keep by hand, and a
// number read and written again may not be the same number. Pure; any thread; linear.
#pragma once

#include <string>
#include <string_view>

#include "protocol/bytes.h"

namespace maillage::protocol {

// The record with the text field `key` set to `value` (UTF-8): in place when the record has it, else after its last
// field, laid out as the others are. What parse_record refuses, before or after, is refused.
Result<std::string> with_text_field(ByteView record, std::string_view key, std::string_view value);

}  // namespace maillage::protocol
