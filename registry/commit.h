// Commit: a raw git commit in the one form that we accept: `tree`, `parent`*, `author`, `committer`, `gpgsig`, in that
// order and nothing else.
//
// Invariant: what `read_commit` accepts is byte for byte what `write_commit` writes for it: no NUL, no unknown header,
// no second spelling of anything. Rationale: commit signatures are malleable (moved, doubled or re-wrapped `gpgsig`),
// so the form must not be. A signature is provenance; what is trusted is the head (DESIGN.md "Trust"). Any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/object.h"
#include "registry/ssh_signature.h"

namespace maillage::registry {

// A merge of that many contributions at once is nobody's habit; each costs a walk.
inline constexpr std::size_t kCommitParentsMax = 16;

struct CommitPerson {
  std::string name;          // no < > newline, no space or punctuation at either end; never empty
  std::string email;         // no < > space newline; may be empty
  std::int64_t seconds = 0;  // since 1970, not negative
  int zone_minutes = 0;      // east of UTC, within a day
  bool operator==(const CommitPerson&) const = default;
};

struct Commit {
  ObjectId tree;
  std::vector<ObjectId> parents;  // distinct, at most kCommitParentsMax
  CommitPerson author;
  CommitPerson committer;
  std::optional<SshSignature> signature;
  std::string message;  // UTF-8, no NUL
  bool operator==(const Commit&) const = default;
};

// A name as a CommitPerson may carry it: what git forbids in it is dropped. "?" when nothing is left.
std::string person_name(std::string_view name);

// The canonical bytes. A bug when a field breaks its rule.
Bytes write_commit(const Commit& commit);

// kBadObject with the reason; kTooLarge beyond kCommitBytesMax. Does not verify the signature.
Result<Commit> read_commit(ByteView bytes);

Commit sign(Commit commit, const protocol::KeyPair& key);

// kBadSignature when there is none or it does not hold. It says who made the commit, never that it is a state.
Result<void> verify_signature(const Commit& commit);

}  // namespace maillage::registry
