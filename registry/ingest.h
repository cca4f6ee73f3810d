// Judges a quarantined pack against the heads that it was sent for, before a single byte of it is adopted.
//
// A pack passes when every object is canonical, nothing is missing from what its heads reach, each head's history has
// exactly one parentless commit, each root folder's state is what its head signed, a place's caps hold, and the pack
// holds nothing but what its heads reach. STORAGE.md "Ingest" says which attack each rule answers. Any thread, but
// no other pack is adopted or discarded meanwhile.
#pragma once

#include <span>
#include <vector>

#include "protocol/head.h"
#include "registry/history.h"
#include "registry/pack_reader.h"
#include "registry/tree.h"

namespace maillage::registry {

struct ExpectedPlace {
  protocol::SignedHead head;  // its signature was verified by the caller
  ObjectId base;              // the commit held until now, on which the pack is built; zero: the pack is whole
};

struct CheckedPack {
  PackTable table;                           // to adopt it with; points into the staged pack
  std::vector<Result<PlaceChanges>> places;  // in the order asked; or why that place is refused

  // Only then may the pack be adopted. Otherwise: drop it and ask for each place alone, so that one bad place costs
  // that place only.
  bool accepted() const;
};

// `table`: the pack's, when it was read before. An error refuses the pack as a whole: what PackTable::read refuses, kStowaway.
// Of a place: kBadObject, kMissingObject, kManyRoots, kWrongState, kTooLarge, kTooMany.
Result<CheckedPack> check_pack(const ObjectSource& store, StagedPack& staged, std::span<const ExpectedPlace> places,
                               TreeCache& cache, const PackLimits& limits = {}, const KnownCreation& known = {},
                               std::optional<PackTable> table = {});

}  // namespace maillage::registry
