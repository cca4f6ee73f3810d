#include "protocol/error.h"

#include <array>
#include <cstdio>
#include <cstdlib>

namespace maillage::protocol {
namespace {

struct Row {
  std::string_view slug, french, english;
};

constexpr auto kRows = std::to_array<Row>({
#define MAILLAGE_ERROR(code, slug, french, english) {slug, french, english},
#include "protocol/error_list.h"
#undef MAILLAGE_ERROR
});

const Row& row(ErrorCode code) { return kRows[static_cast<std::size_t>(code)]; }

}  // namespace

std::string_view slug(ErrorCode code) { return row(code).slug; }

ErrorCode code_of_slug(std::string_view wanted) {
  for (std::size_t i = 0; i < kRows.size(); ++i)
    if (kRows[i].slug == wanted) return static_cast<ErrorCode>(i);
  return ErrorCode::kMalformed;
}

std::string sentence(const Error& error, Language language) {
  const Row& texts = row(error.code);
  std::string text(language == Language::kFrench ? texts.french : texts.english);
  if (auto at = text.find("{}"); at != std::string::npos) text.replace(at, 2, error.context);
  return text;
}

Error system_error(const std::error_code& reason, std::string what) {
  if (reason == std::errc::no_such_file_or_directory) return {ErrorCode::kNotFound, std::move(what)};
  if (reason == std::errc::permission_denied || reason == std::errc::operation_not_permitted) return {ErrorCode::kDenied, std::move(what)};
  if (reason == std::errc::no_space_on_device) return {ErrorCode::kDiskFull, std::move(what)};
  if (reason == std::errc::address_in_use) return {ErrorCode::kAddressInUse, std::move(what)};
  if (reason == std::errc::connection_refused) return {ErrorCode::kNobodyAnswers, std::move(what)};
  return {ErrorCode::kIo, what + ": " + reason.message()};
}

void check(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "maillage: bug: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

}  // namespace maillage::protocol
