// Contribution: what somebody pushed to a place of ours and who they said they are, until a person here has answered;
// afterwards the answer alone. GIT.md "Contributions".
//
// Invariant: once answered, nothing of its author is left: no name, no e-mail, no key, no path, no content. Plain
// values; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "protocol/error.h"
#include "protocol/ids.h"
#include "protocol/time.h"

namespace maillage::registry {

// Random: whoever has it was given it, and may read the answer.
using ContributionId = protocol::FixedBytes<struct ContributionTag, 16>;

// Pending and asked wait for somebody here; expired is an answer that time gave, superseded one that approving a newer version gave.
enum class ContributionState { kPending, kAsked, kApproved, kRefused, kExpired, kSuperseded };

inline bool is_open(ContributionState state) { return state == ContributionState::kPending || state == ContributionState::kAsked; }
// "pending" …
std::string_view name_of(ContributionState state);
// As a person says it: "waits for an answer" …
std::string_view words_of(ContributionState state, protocol::Language language);
// The words of such a name; the name itself when it is none.
std::string_view words_of(std::string_view name, protocol::Language language);

// Files that one contribution may change: more than a person can judge, and than a documented machine has.
inline constexpr std::size_t kContributionFilesMax = 2'000;
// Paths that are kept by name: what a list shows. All of them are in the pack.
inline constexpr std::size_t kNamedFilesMax = 10;

struct Contribution {
  ContributionId id;
  protocol::PlaceId place;
  ContributionState state = ContributionState::kPending;
  protocol::UnixTime received;
  protocol::UnixTime answered;  // 0: not yet
  std::string answer;           // the question or the reason

  // While it is open.
  protocol::ObjectId base, tip;  // the commit of the place that it starts from, and its own last one
  std::string name;              // would become public
  std::string email;             // never does, unless `keep`
  std::optional<protocol::PublicKey> key;  // that signed the tip, verified
  std::string sender;            // a keyed hash of the network address, or empty: for the quota
  bool keep = false;             // the contributor's own commits are to stay
  protocol::Language language = protocol::Language::kFrench;
  std::vector<std::string> files;     // the first paths that change, kNamedFilesMax at most
  std::size_t file_count = 0;         // all of them
  std::vector<std::string> withdrawn; // the first that it would take away, kNamedFilesMax at most
  std::vector<std::string> reserved;  // fields of the profile that only an operator may change: "maintainers" …
  std::uint64_t bytes = 0;            // of its pack

  bool operator==(const Contribution&) const = default;
};

// What stays of it once it is answered.
Contribution without_content(const Contribution& contribution);

// As in `inbox/<id>/contribution.json`; and back: kCorrupt.
boost::json::object to_json(const Contribution& contribution);
protocol::Result<Contribution> read_contribution(protocol::ByteView json);

}  // namespace maillage::registry
