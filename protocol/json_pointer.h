// JSON Pointer (RFC 6901): how a problem says where in a record it is. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include <boost/json/value.hpp>

namespace maillage::protocol {

// `pointer` with one more token: `~` and `/` escaped, or an index.
std::string pointer_to(std::string_view pointer, std::string_view key);
std::string pointer_to(std::string_view pointer, std::size_t index);

// What the pointer names inside `root`, or null. An array index has no leading zero and no `-`.
const boost::json::value* find(const boost::json::value& root, std::string_view pointer);

}  // namespace maillage::protocol
