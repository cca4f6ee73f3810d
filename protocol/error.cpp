#include "protocol/error.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>

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

namespace {

// "ENOSPC", "asio.ssl:336130315": what to look up, the same in every language.
std::string name_of(const std::error_code& reason) {
  bool system = reason.category() == std::generic_category() || reason.category() == std::system_category();
  const char* name = system ? ::strerrorname_np(reason.value()) : nullptr;
  return name != nullptr ? name : std::string(reason.category().name()) + ":" + std::to_string(reason.value());
}

}  // namespace

Error system_error(const std::error_code& reason, std::string what) {
  if (reason == std::errc::no_such_file_or_directory) return {ErrorCode::kNotFound, std::move(what)};
  if (reason == std::errc::permission_denied || reason == std::errc::operation_not_permitted) return {ErrorCode::kDenied, std::move(what)};
  if (reason == std::errc::no_space_on_device) return {ErrorCode::kDiskFull, std::move(what)};
  if (reason == std::errc::address_in_use) return {ErrorCode::kAddressInUse, std::move(what)};
  if (reason == std::errc::connection_refused) return {ErrorCode::kNobodyAnswers, std::move(what)};
  if (reason == std::errc::timed_out) return {ErrorCode::kTimeout, std::move(what)};
  return {ErrorCode::kIo, what + " (" + name_of(reason) + ")"};
}

void check(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "maillage: bug: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

}  // namespace maillage::protocol
