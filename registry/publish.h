// Prepares a publication: from what a place holds and what somebody wants to change, either the files that really
// change or everything that is wrong with it. Nothing is written here. DESIGN.md "What a place's history looks like".
//
// Refused: paths outside the grammar, `identity/`, files and places beyond the caps of limits.h, records that fail
// their schema or stand where no record is looked for (kStrayRecord), a file where a folder is (and the other way
// round), both forms of one resource. Names that differ only by case cannot meet: the grammar has one case. Any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/problem.h"
#include "registry/tree.h"

namespace maillage::registry {

// One change to a place's files: new bytes, or withdrawal (of a file, or of a folder with all it holds).
struct FileEdit {
  std::string path;
  std::optional<Bytes> bytes;
};

// By path; nothing: withdrawn. Fit for Draft::files.
using FileChanges = std::map<std::string, std::optional<Bytes>>;

// `tree` is the place's root folder now, absent for a place that has published nothing. Files that would not change
// are left out, so the result may be empty. At most kProblemsMax problems, in the order of the edits, then what
// concerns the place as a whole. Cost: reads every folder of the place, and no file but those replaced.
tl::expected<FileChanges, std::vector<protocol::Problem>> prepare_publication(const ObjectSource& source,
                                                                              const std::optional<ObjectId>& tree,
                                                                              TreeCache& cache,
                                                                              const std::vector<FileEdit>& edits);

// The edits that say "still true, checked on `date`" of the records at `paths`: their bytes with `confirmed` set and
// nothing else changed. kNotFound, or what is no record (kMalformed), as problems.
tl::expected<std::vector<FileEdit>, std::vector<protocol::Problem>> prepare_confirmation(
    const ObjectSource& source, const std::optional<ObjectId>& tree, const std::vector<std::string>& paths,
    std::string_view date);

}  // namespace maillage::registry
