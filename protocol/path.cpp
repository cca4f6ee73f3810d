#include "protocol/path.h"

#include <algorithm>
#include <vector>

#include "protocol/limits.h"
#include "protocol/utf8.h"

namespace maillage::protocol {
namespace {

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_inner(char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
char lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = lower(c);
  return result;
}

// Windows opens a device for `nul`, `NUL.txt` and `nul.tar.gz` alike: only what precedes the first dot counts.
bool is_device(std::string_view segment) {
  std::string_view stem = segment.substr(0, segment.find('.'));
  if (stem == "con" || stem == "prn" || stem == "aux" || stem == "nul") return true;
  return stem.size() == 4 && (stem.starts_with("com") || stem.starts_with("lpt")) && stem[3] >= '0' && stem[3] <= '9';
}

// Rationale for a word of their own: no other name is near to what was meant, since nothing was.
bool is_gits_own(std::string_view segment) { return lower(segment).starts_with(".git"); }

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  for (std::size_t start = 0;;) {
    std::size_t slash = path.find('/', start);
    segments.push_back(path.substr(start, slash - start));
    if (slash == std::string_view::npos) return segments;
    start = slash + 1;
  }
}

bool is_name(std::string_view segment) {
  return !segment.empty() && is_alphanumeric(segment.front()) && is_alphanumeric(segment.back()) &&
         std::all_of(segment.begin(), segment.end(), is_inner);
}

Result<void> check_segment(std::string_view segment, std::string_view path) {
  if (segment.empty()) return fail(ErrorCode::kPathEmpty, shown(path));
  if (segment.find("..") != std::string_view::npos) return fail(ErrorCode::kPathParent, shown(path));
  if (segment.size() > kPathSegmentBytesMax) return fail(ErrorCode::kPathSegmentTooLong, shown(path));
  if (is_gits_own(segment)) return fail(ErrorCode::kPathGitName, shown(path));
  if (!is_name(segment)) {
    bool only_case = is_name(lower(segment));
    return fail(only_case ? ErrorCode::kPathWrongCase : ErrorCode::kPathBadName, shown(path));
  }
  if (is_device(segment)) return fail(ErrorCode::kPathReservedName, shown(path));
  return {};
}

// U+00C0 … U+017F without their accents: Latin-1 and Latin Extended-A, the letters of France's languages and of its
// neighbours'. `?` becomes a hyphen. Rationale: the protocol layer has no ICU, and a suggestion need not be perfect.
constexpr std::string_view kLatin =
    "aaaaaa?ceeeeiiiidnooooo-ouuuuyt?aaaaaa?ceeeeiiiidnooooo-ouuuuyty"  // U+00C0 – U+00FF
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii??jjkkklllllll"  // U+0100 – U+013F
    "lllnnnnnnnnnoooooo??rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs"; // U+0140 – U+017F
static_assert(kLatin.size() == 192);

std::string fold(char32_t code_point) {
  if (code_point < 0x80) {
    char c = lower(static_cast<char>(code_point));
    return is_inner(c) ? std::string(1, c) : "-";
  }
  if (code_point >= 0x300 && code_point < 0x370) return "";  // combining accents, as macOS writes file names
  if (code_point == 0xc6 || code_point == 0xe6) return "ae";
  if (code_point == 0x152 || code_point == 0x153) return "oe";
  if (code_point == 0xdf) return "ss";
  if (code_point >= 0xc0 && code_point < 0x180 && kLatin[code_point - 0xc0] != '?')
    return std::string(1, kLatin[code_point - 0xc0]);
  return "-";
}

std::string fold_segment(std::string_view segment) {
  std::string folded;
  for (std::size_t i = 0; i < segment.size();) {
    CodePoint next = first_code_point(segment.substr(i));
    i += next.bytes;
    std::string letters = fold(next.value);
    if (letters == "-" && (folded.empty() || folded.back() == '-')) continue;
    if (letters == "." && !folded.empty() && folded.back() == '-') folded.pop_back();
    folded += letters;
  }
  if (folded.size() > kPathSegmentBytesMax) folded.resize(kPathSegmentBytesMax);
  while (!folded.empty() && !is_alphanumeric(folded.back())) folded.pop_back();
  std::size_t start = 0;
  while (start < folded.size() && !is_alphanumeric(folded[start])) ++start;
  return folded.substr(start);
}

Result<void> first_problem(std::string_view path) {
  if (path.empty()) return fail(ErrorCode::kPathEmpty, "\"\"");
  if (path.front() == '/') return fail(ErrorCode::kPathAbsolute, shown(path));
  auto segments = split(path);
  for (std::string_view segment : segments)
    if (auto checked = check_segment(segment, path); !checked) return checked;
  if (segments.size() > kPathDepthMax) return fail(ErrorCode::kPathTooDeep, shown(path));
  return {};
}

}  // namespace

std::optional<std::string> suggest_path(std::string_view path) {
  if (first_problem(path)) return std::string(path);
  std::string suggestion;
  for (std::string_view segment : split(path)) {
    if (segment.empty() || segment.find("..") != std::string_view::npos || is_gits_own(segment)) return std::nullopt;
    if (!suggestion.empty()) suggestion += '/';
    suggestion += fold_segment(segment);
  }
  if (!first_problem(suggestion)) return std::nullopt;
  return suggestion;
}

Result<void> check_path(std::string_view path) {
  auto checked = first_problem(path);
  if (checked) return checked;
  Error error = checked.error();
  bool mendable = error.code == ErrorCode::kPathWrongCase || error.code == ErrorCode::kPathBadName;
  if (auto better = mendable ? suggest_path(path) : std::nullopt) error.context += " → " + *better;
  return tl::unexpected(std::move(error));
}

std::string_view top_folder(std::string_view path) { return path.substr(0, path.find('/')); }

}  // namespace maillage::protocol
