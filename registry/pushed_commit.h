// PushedCommit: a commit as any git of any year makes it, read for what a contribution needs of it.
//
// Lenient where `read_commit` is strict: signatures of other kinds, encodings, tags that were merged are passed over,
// because the commit itself does not stay in the place's history. Only a NUL is refused: what follows it would be
// hidden from some readers. Any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/object.h"

namespace maillage::registry {

struct PushedCommit {
  ObjectId tree;
  std::vector<ObjectId> parents;
  std::string name, email;                     // the author's, as written
  std::optional<protocol::PublicKey> signer;   // of an SSH Ed25519 signature that holds
};

// kBadObject.
Result<PushedCommit> read_pushed_commit(ByteView bytes);

}  // namespace maillage::registry
