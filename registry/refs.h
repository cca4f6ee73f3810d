// Writes refs for whoever wants stock git on the store itself (`maillage refs`). RocksDB stays the truth: nothing here
// ever reads them back. One thread.
#pragma once

#include <string>
#include <vector>

#include "registry/object.h"

namespace maillage::registry {

struct NamedCommit {
  std::string name;  // a full ref name: `refs/places/<place id>`
  ObjectId commit;
};

// Replaces `git_directory`/packed-refs as a whole, durably, by rename. kMalformed for a name that git refuses; kIo.
Result<void> write_refs(const std::string& git_directory, std::vector<NamedCommit> refs);

}  // namespace maillage::registry
