// The git part of `maillage verify`: every stored pack is intact, and every held head's objects are all here, canonical,
// and amount to the state that it signs. Any thread.
#pragma once

#include <functional>
#include <span>

#include "protocol/head.h"
#include "registry/object_store.h"

namespace maillage::registry {

// Everything wrong, each with a context that names the pack or the place. Empty: all is well. Reads every byte.
std::vector<Error> verify_objects(const ObjectStore& store, std::span<const protocol::SignedHead> held);

}  // namespace maillage::registry
