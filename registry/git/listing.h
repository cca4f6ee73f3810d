// Listing: which objects a git client lacks, from the commits that it wants and those that it has, with the shallow
// boundaries of both sides. What `git pack-objects --revs --thin` would find, but never a delta. GIT.md "What is sent".
//
// Invariant: every object that is listed is reached by a wanted commit; every object that the client needs and lacks is
// listed. Merges are followed over all parents. Memory: about 60 bytes an object while it lists, 20 after. Any thread.
#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "registry/object.h"

namespace maillage::registry {

using ObjectSet = std::unordered_set<ObjectId>;

// Objects of one answer. Rationale: 2 million are 40 MB of names; what is larger is cloned in parts, place by place.
inline constexpr std::size_t kListedObjectsMax = 2'000'000;

struct ClientCommits {
  std::vector<ObjectId> wants;
  std::vector<ObjectId> haves;  // all of them in the wants' histories
  ObjectSet shallow;            // commits that end the history for this client, on either side
};

// How what the client has already is told from what is new.
enum class Compare {
  kWhole,    // by everything in the trees of the commits that it has: for places, whose trees are small
  kParents,  // each commit with its first parent, unchanged folders unread: for the tree of everything
};

// kNotFound (an object went away), kMalformed, kTooMany. Commits first come first, each before its folders and files.
Result<std::vector<ObjectId>> list_objects(const ObjectSource& source, const ClientCommits& commits, Compare compare);

// What `deepen` makes of the boundary.
struct Deepened {
  std::vector<ObjectId> shallow;    // new ones
  std::vector<ObjectId> unshallow;  // the client's that are no boundary any more
};

// The commits at distance depth - 1 of `from` that have parents; and which of `client_shallow` are nearer than that.
Result<Deepened> deepen(const ObjectSource& source, const std::vector<ObjectId>& from, std::uint32_t depth, const ObjectSet& client_shallow);

// Which of `candidates` are `from` or its ancestors. Cost: as much history as it takes to find them all; the
// whole of it when one is not there.
Result<ObjectSet> ancestors_among(const ObjectSource& source, const std::vector<ObjectId>& from, ObjectSet candidates);

// A commit's folder and parents, whatever else it holds.
struct CommitLinks {
  ObjectId tree;
  std::vector<ObjectId> parents;
};
Result<CommitLinks> read_links(const ObjectSource& source, const ObjectId& commit);

}  // namespace maillage::registry
