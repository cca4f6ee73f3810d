// What `git push -o keep` asks of commits that stay in the place's history for ever, under the eyes of everybody: canonical, signed,
// dated now, with nobody's e-mail address in them, and nothing that the operator would not be shown. GIT.md "Contributions".
//
// Each commit is judged against the newest commit of the place's history that it leads to: a merge takes in what the place published
// meanwhile, and what it changes is what the contributor did. Any thread.
#pragma once

#include "registry/push_check.h"
#include "registry/pushed_commit.h"

namespace maillage::registry {

// Each is judged by itself, against all that changes.
inline constexpr std::size_t kKeptCommitsMax = 50;
// How far the clocks of honest people are apart. Rationale: a commit's time becomes the public date of its records (history.h).
inline constexpr std::int64_t kKeptClockMsMax = 24LL * 3'600'000;

// A commit of the push, as `read_pushed_commit` has it; the newest comes first.
using PushedCommits = std::vector<std::pair<ObjectId, PushedCommit>>;

// Appends one problem for each fault, which names the commits that have it. kKeepUnsigned, kKeepEmail, kKeepName, kKeepMessage,
// kKeepDate, kKeepForm.
void check_kept_commits(const OpenedPush& opened, const PushedCommits& pushed, const CheckedPush& checked, protocol::UnixTime now,
                        std::vector<protocol::Problem>& problems);

// The first thing in a text that looks like the address of somebody's mailbox; "" when there is none. In nobody's mailbox:
// `.invalid` (RFC 2606), and what forges give out for commits.
std::string private_address_in(std::string_view text);

}  // namespace maillage::registry
