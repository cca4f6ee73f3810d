// The one error type of all layers, and Result<T>.
//
// A wrong input, a full disk or a time-out is a value, never an exception: a remote can never make us throw.
// A bug is a failed `check`, which prints the values and aborts. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <system_error>

#include <tl/expected.hpp>

namespace maillage::protocol {

enum class ErrorCode {
#define MAILLAGE_ERROR(code, slug, french, english) code,
#include "protocol/error_list.h"
#undef MAILLAGE_ERROR
};

enum class Language { kFrench, kEnglish };

// What went wrong (`code`) and about what (`context`: a short text in no language, such as a path or a number).
struct [[nodiscard]] Error {
  ErrorCode code;
  std::string context;

  bool operator==(const Error&) const = default;
};

template <class T>
using Result = tl::expected<T, Error>;

// The stable name of a code, for wire and JSON: lower case, hyphens.
std::string_view slug(ErrorCode code);

// The code with that slug; kMalformed when there is none.
ErrorCode code_of_slug(std::string_view slug);

// One sentence for a person, the context filled in.
std::string sentence(const Error& error, Language language);

// What the operating system answered, in our own words: "no such file" about `what` is kNotFound, then kDenied, kDiskFull,
// kAddressInUse, kNobodyAnswers, kTimeout; anything else is kIo with the system's name for it, such as EIO.
Error system_error(const std::error_code& reason, std::string what);

inline tl::unexpected<Error> fail(ErrorCode code, std::string context) {
  return tl::unexpected<Error>(Error{code, std::move(context)});
}

// A condition that only a bug can break: prints `what` and aborts.
void check(bool holds, std::string_view what);

}  // namespace maillage::protocol
