// What becomes of a sealed file in the hands of its place's people: the place as it was, in a bare git repository that stock git
// clones. The content is checked as a peer's is, though its roots have sealed it. One thread.
#pragma once

#include <filesystem>

#include "registry/keys.h"

namespace maillage::registry {

// Makes `folder`/NAME/store.git, whose branch main is what the place had last; gives its path. NAME is the sealed file's own.
// kWrongSheet, kMalformed, kTruncated, kCorrupt; what check_pack refuses; kExists when the folder is there.
protocol::Result<std::filesystem::path> unseal_into(const std::filesystem::path& folder, protocol::ByteView file, const RecoverySheet& sheet);

}  // namespace maillage::registry
