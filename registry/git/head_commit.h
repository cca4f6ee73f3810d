// HeadCommit: `refs/maillage/head`: a place's signed head and the charters it needs, as git objects that stock git can
// fetch, so that whoever has a clone and the place id can check it without us (deploy/verify-clone).
//
//   commit without parent ── tree ── head      the 224 bytes of the signed head
//                                 └─ charters  the signed charters up to the head's, genesis first
//
// Invariant: a pure function of head and charters, the same on every daemon; never stored, never signed: the head is. Any thread.
#pragma once

#include <unordered_map>

#include "protocol/charter.h"
#include "protocol/head.h"
#include "registry/object.h"

namespace maillage::registry {

using LooseObjects = std::unordered_map<ObjectId, Object>;

struct HeadCommit {
  ObjectId commit;
  LooseObjects objects;
};

// `chain` has the charter that the head names.
HeadCommit head_commit(const protocol::SignedHead& head, const protocol::CharterChain& chain);

// A few objects that are not in the store, above it.
class AboveStore final : public ObjectSource {
 public:
  AboveStore(const ObjectSource& store, LooseObjects objects) : store_(store), objects_(std::move(objects)) {}

  bool contains(const ObjectId& id) const override { return objects_.contains(id) || store_.contains(id); }
  Result<Object> read(const ObjectId& id) const override;
  Result<DeflatedObject> read_deflated(const ObjectId& id) const override;

 private:
  const ObjectSource& store_;
  LooseObjects objects_;
};

}  // namespace maillage::registry
