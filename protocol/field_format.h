// Field formats: what `format` in our schemas means, beyond what JSON Schema can say without regular expressions.
// Rationale: `pattern` is forbidden in our schemas; a hostile text against a backtracking engine costs seconds.
//
//   moment partial-date time-zone rrule   moment.h; IANA name; RFC 5545 rule
//   language spdx country currency        BCP 47; SPDX id or expression; ISO 3166; ISO 4217
//   insee                                 French commune: 29039, 2A004, 97411
//   url endpoint email phone              http(s); ws(s) with path; plausible forms, nothing is contacted
//   place-id sha256 address reference reference-or-url ssh-key
// Pure; any thread; linear in the text.
#pragma once

#include <optional>
#include <string_view>

#include "protocol/error.h"

namespace maillage::protocol {

bool is_known_format(std::string_view format);

// Nothing when `text` has that format; otherwise the code of what it is not. An unknown format accepts everything.
std::optional<ErrorCode> check_format(std::string_view format, std::string_view text);

// What depends on a second field. Country: two letters or empty for France.
bool is_postcode(std::string_view text, std::string_view country);
// `siret` and `siren` by their control digit, `rna` by its form; any other scheme accepts everything.
bool is_legal_id(std::string_view scheme, std::string_view text);

}  // namespace maillage::protocol
