// Makes the next commits of places: the daemon's own writing, staged as one pack like any other that comes in.
//
// stage_commits → sign a head over `commit` and `state` → check_pack → adopt → StateStore::write → release. Any thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "protocol/charter.h"
#include "registry/commit.h"
#include "registry/content_store.h"
#include "registry/tree.h"

namespace maillage::registry {

struct Draft {
  std::optional<ObjectId> parent;                       // the commit held now; nothing: the first one, or an erasure
  std::optional<ObjectId> tree;                         // what `files` changes; usually the parent's
  std::map<std::string, std::optional<Bytes>> files;    // by path; nothing: withdraw. Paths were checked
  CommitPerson author;
  CommitPerson committer;
  std::string message;
};

struct StagedCommit {
  ObjectId commit;
  ObjectId tree;
  Hash state;  // for the head
};

struct StagedCommits {
  std::vector<StagedCommit> commits;  // in the order of the drafts
  std::unique_ptr<StagedPack> pack;   // the commits and what the store does not have yet, each object once
};

// Nothing is visible until the pack is adopted. Memory: the new files of all drafts. kNotFound when a path to withdraw
// is not there; kTooLarge, kTooMany.
Result<StagedCommits> stage_commits(ContentStore& store, std::span<const Draft> drafts,
                                    const protocol::KeyPair& daemon_key, TreeCache& cache);

// The same of one draft.
struct StagedDraft : StagedCommit {
  std::unique_ptr<StagedPack> pack;
};
Result<StagedDraft> stage_commit(ContentStore& store, const Draft& draft, const protocol::KeyPair& daemon_key, TreeCache& cache);

// The e-mail address that a place's daemon commits with: `<place id>@maillage.invalid`, in no one's mailbox.
std::string place_email(const protocol::PlaceId& place);

// `identity/charters`: the signed charters in wire form, one after the other, genesis first.
Bytes identity_charters(const protocol::CharterChain& chain);

// `identity/allowed_signers`: every daemon key of the chain, as `git log --show-signature` reads them.
std::string identity_allowed_signers(const protocol::CharterChain& chain);

}  // namespace maillage::registry
