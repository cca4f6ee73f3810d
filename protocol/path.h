// The names that files of a place may have: the path grammar of DESIGN "What a place's history looks like".
//
//   path    = segment *3("/" segment)
//   segment = [a-z0-9] [a-z0-9._-]{0,62} [a-z0-9], or one of [a-z0-9] alone
//
// without `..`, and with a stem (what comes before the first dot) that is no device name of Windows: con prn aux nul
// com0-9 lpt0-9. Rationale: symlink, `.git*`, Unicode look-alike, case and Windows attacks are not fought, they
// cannot be written down. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/error.h"

namespace maillage::protocol {

// Files and folders that one folder should hold: above it, people get lost and an edit rewrites a long tree. Advice,
// never a refusal; events are filed by month for it.
inline constexpr std::size_t kFolderEntriesAdvised = 100;

// Nothing, or the first thing wrong, from left to right: kPathEmpty, kPathAbsolute, kPathParent, kPathTooDeep,
// kPathSegmentTooLong, kPathGitName, kPathWrongCase (only then: context is "path → suggestion"), kPathBadName, kPathReservedName.
Result<void> check_path(std::string_view path);

// A path of the grammar close to what was meant: lower case, accents dropped (œ → oe), anything else a hyphen.
// Nothing when no path can be made of it (`..`, absolute, too deep, nothing left of a segment).
std::optional<std::string> suggest_path(std::string_view path);

// Everything before the first `/`; the whole path when it has none.
std::string_view top_folder(std::string_view path);

}  // namespace maillage::protocol
