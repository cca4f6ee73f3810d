// What a git client is told by `git-receive-pack`: the refs before a push, and afterwards words for the person at the
// terminal and one verdict a ref. gitprotocol-pack(5); GIT.md "A push". Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "registry/git/push_request.h"

namespace maillage::registry {

// The answer to `GET …/info/refs?service=git-receive-pack`; below a kilobyte.
Bytes advertise_for_push(const ObjectId& main, std::string_view nonce);

// `said`: lines that git shows after "remote: ". `refusal`: empty, or why every ref is refused, in a few words.
Bytes report_push(const PushRequest& request, const std::vector<std::string>& said, std::string_view refusal);

}  // namespace maillage::registry
