// What a pushed folder changes against a published one, read from trees that any git may have written.
//
// Everything that cannot be published (a symlink, an executable, a submodule, a name outside the grammar) becomes a
// problem that names the file and what to do; the rest become edits. Bounded in entries and depth: folders shared a
// thousand times cost no more. Any thread.
#pragma once

#include <vector>

#include "protocol/problem.h"
#include "registry/publish.h"

namespace maillage::registry {

struct PushedFile {
  std::string path;
  std::optional<ObjectId> blob;  // nothing: withdrawn
};

struct PushedFiles {
  std::vector<PushedFile> files;
  std::vector<protocol::Problem> problems;
};

// The same as below, of the folders alone: no file is read. kMissingObject, kBadObject, kTooMany.
Result<PushedFiles> files_of_push(const ObjectSource& objects, const ObjectId& before, const ObjectId& after);

struct PushedChanges {
  std::vector<FileEdit> edits;  // withdrawals first
  std::vector<protocol::Problem> problems;
};

// `before` is a canonical tree. kMissingObject, kBadObject (no tree at all), kTooMany: the push as a whole is no good.
Result<PushedChanges> changes_of_push(const ObjectSource& objects, const ObjectId& before, const ObjectId& after);

}  // namespace maillage::registry
