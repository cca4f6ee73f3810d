// State: the one hash that says exactly which files a place has, with which bytes. PROTOCOL.md and RECORDS.md "State".
//
//   hash(file)   = SHA-256(its bytes)
//   hash(folder) = SHA-256(its lines: name SP hex LF), hex = lower-case hash of the file or folder of that name
//
// Lines are in git's order of a tree: by bytes, a folder compared as if its name ended in `/`. An empty folder does
// not exist, but the root of an empty place does: the hash of no line. Rationale: the lines do not say file or folder,
// because git's tree, which names the same entries and is parsed beside it, does. Pure; any thread.
#pragma once

#include <map>
#include <span>
#include <string>

#include "protocol/crypto.h"

namespace maillage::protocol {

struct StateEntry {
  std::string name;
  bool folder = false;
  Hash hash;
};

// Git's order of tree entries.
bool before_in_tree(std::string_view a, bool a_is_folder, std::string_view b, bool b_is_folder);

// Entries in any order, of distinct names. One SHA-256 over ~130 bytes an entry: cache it by git tree id, then an
// edit costs its path.
Hash folder_hash(std::span<const StateEntry> entries);

// The state of a whole place from its files: path → SHA-256 of the bytes. For tests, small places and verification.
Hash state_of(const std::map<std::string, Hash>& files);

}  // namespace maillage::protocol
