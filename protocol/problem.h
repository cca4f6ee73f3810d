// Problem: one thing wrong in one file, said so that a person can mend it: where, why, and a value that would do.
// Everything wrong is listed at once, in a fixed order. Plain values; any thread.
#pragma once

#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "protocol/error.h"

namespace maillage::protocol {

// Problems listed of one record, and of one publication. Above it a list helps nobody, and a hostile record of 64 KB
// could cause ten thousand; the last one then says kTooMany.
inline constexpr std::size_t kProblemsMax = 100;

struct Problem {
  std::string path;     // of the file in the place
  std::string pointer;  // RFC 6901; empty: the whole file
  ErrorCode code = ErrorCode::kMalformed;
  std::string context;  // what fills `{}` of the code's sentence: the pointer, and the value where it helps
  std::string example;  // JSON text of a value that would do, or empty

  bool operator==(const Problem&) const = default;
};

// Adds to a list of at most kProblemsMax: what does not fit becomes one last kTooMany. False when there is no more room.
bool append(std::vector<Problem>& problems, Problem problem);

// resources/saw/record.json: /licence is missing — for example "CC-BY-SA-4.0"
std::string sentence(const Problem& problem, Language language);

// {"path", "pointer", "code", "detail", "example"}: an element of RFC 9457 `errors`.
boost::json::object to_json(const Problem& problem, Language language);

}  // namespace maillage::protocol
