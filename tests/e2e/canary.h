// A word that is nowhere else, and a scanner that finds it in any byte of a daemon's folder.
#pragma once

#include "tests/e2e/place.h"

namespace maillage::tests {

// In a record's text, a file's name, and so in a commit's message, and in a name that the place had, which is an author's. In no folder's
// name: RocksDB's log says where it is. Nothing else here begins as it does, so that RocksDB shares no letter of it with the key before.
inline constexpr const char* kCanary = "joyeux-serin";

// Where each of `texts` is below `dir`: a line "KIND PATH TEXT" for a file that holds it, as it is or in any zlib stream that begins anywhere
// in it (every object of every pack, with an index or not), KIND being wal, sst, manifest, pack or file. RocksDB's logs are also read
// without what stands between two of their records. What RocksDB compresses begins with the third level, beyond 256 MB.
std::string files_that_hold(const std::filesystem::path& dir, const Words& texts = {kCanary});

// Whether a file of that kind is said to hold that text.
bool in_kind(const std::string& files, const std::string& kind, const std::string& text = kCanary);

}  // namespace maillage::tests
