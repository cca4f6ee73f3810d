// WholeTree: the whole registry as one tree that people can read: `places/<region>/<slug>-<16 hex>/…`, networks likewise.
// GIT.md "The commons".
//
// Invariant: a pure function of the held heads and of the table of communes: same heads, same tree id, on every daemon and in
// whatever order they came. The trees of places are referenced, never copied. Any thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "protocol/head.h"
#include "registry/object.h"

namespace maillage::registry {

// Where a place stands in it.
struct WholePlace {
  bool network = false;
  std::string region;  // `bretagne-53`; `unknown` without a commune that we know, `elsewhere` abroad
  std::string slug;    // may be empty
  ObjectId tree;       // what the place published
};

// Reads the profile leniently: whatever it is, the place is there. kNotFound, kMalformed when commit or tree are not
// in `source`.
Result<WholePlace> whole_place(const ObjectSource& source, const protocol::SignedHead& head);

// `bretagne-53` for what a head's cell says.
std::string region_of(const protocol::TerritoryCell& cell);

struct WholeTree {
  ObjectId root;
  std::vector<std::pair<ObjectId, Bytes>> trees;  // the root, its folders and the regions
  std::size_t places = 0, networks = 0;
};
WholeTree build_whole_tree(const std::map<protocol::PlaceId, WholePlace>& places);

}  // namespace maillage::registry
