// AnswerCommit: what became of a contribution, as a git commit that its contributor can fetch: `refs/answers/<id>` in a
// repository of its own, because protocol 0 tells of a ref to everybody or to nobody. GIT.md "A push".
//
//   commit without parent, signed by the daemon ── tree ── answer.json   id, state, received, answered, reason
//                                                       └─ answer.txt    what became of it, for a person, then the reason
//
// Invariant: a pure function of contribution, name and key; never stored; nothing in it says who contributed what. Any thread.
#pragma once

#include "protocol/crypto.h"
#include "registry/contribution.h"
#include "registry/git/head_commit.h"

namespace maillage::registry {

// `place_name`: its author. The same form as a head's commit.
HeadCommit answer_commit(const Contribution& contribution, std::string_view place_name, const protocol::KeyPair& key);

}  // namespace maillage::registry
