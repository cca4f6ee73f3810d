// Builds the pack that takes a receiver from the commits it holds to the ones it wants, for many places at once.
//
// Order is fixed (places as asked; per place newest commit first, then each commit's new folders and files), so the
// same question gives the same bytes. Objects are copied from stored packs without inflating them; memory is about
// 60 bytes an object. Any thread.
#pragma once

#include <span>

#include "registry/pack_writer.h"

namespace maillage::registry {

struct PackWish {
  ObjectId wanted;  // a commit
  ObjectId base;    // the commit that the receiver holds exactly; zero: none, the whole history is sent
};

struct BuiltPack {
  PackName name;
  std::uint32_t objects;
  std::uint64_t bytes;
};

// Everything reachable from the wanted commits and not from each one's base. A base that `source` lacks counts as zero.
// kNotFound when a wanted object is missing; kTooMany beyond kPackObjectsMax; what the sink refuses.
Result<BuiltPack> build_pack(const ObjectSource& source, std::span<const PackWish> wishes, const ByteSink& sink);

}  // namespace maillage::registry
