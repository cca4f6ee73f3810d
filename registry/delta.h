// git's delta format: a program of copies from a base and insertions. Pure; any thread.
#pragma once

#include "registry/object.h"

namespace maillage::registry {

struct DeltaSizes {
  std::uint64_t base, result;
};

// What a delta declares, so that its result can be refused before it is made. kBadPack.
Result<DeltaSizes> delta_sizes(ByteView delta);

// kBadPack unless the base has the declared size and the program makes exactly the declared result.
Result<Bytes> apply_delta(ByteView base, ByteView delta);

}  // namespace maillage::registry
