// ContentStore: the git objects of all places. A seam: `store.git` in a daemon, a twin that models durable and
// un-synced bytes in a simulation; one contract suite runs on both (tests/registry/content_store_contract.h).
//
// How a pack comes in, and why a crash at any point loses nothing (STORAGE.md "Ingest"):
//   stage → append… → check_pack (ingest.h) → adopt (durable, still marked `.keep`) → StateStore::write → release
// Invariant: a pack without `.keep` is whole, indexed and serves a committed batch; one with `.keep` may be discarded.
// Reading: any thread. stage, adopt, release, discard: serialised by the caller.
#pragma once

#include <vector>

#include "registry/object.h"

namespace maillage::registry {

class PackTable;

// The SHA-1 at a pack's end, which is also its name on disk.
struct PackName {
  ObjectId checksum;
  auto operator<=>(const PackName&) const = default;
};

// A pack that arrives, in quarantine: invisible to every reader. The destructor removes it.
class StagedPack {
 public:
  virtual ~StagedPack() = default;

  // kTooLarge beyond the cap it was staged with, kDiskFull, kIo; the pack is useless then.
  virtual Result<void> append(ByteView bytes) = 0;

  // The pack as received so far; valid until the next append, adopt, or destruction.
  virtual Result<ByteView> bytes() = 0;
};

class ContentStore : public ObjectSource {
 public:
  // A new quarantined pack of at most `bytes_max`.
  virtual Result<std::unique_ptr<StagedPack>> stage(std::uint64_t bytes_max) = 0;

  // Makes the pack durable and its objects readable, marked `.keep`. Bases that a thin pack leans on are copied in,
  // so that a stored pack needs no other. `table` is of `staged`'s bytes. On error nothing is adopted.
  virtual Result<PackName> adopt(StagedPack& staged, const PackTable& table) = 0;

  // The batch that needs it is durable: the mark goes. Fine when it is not marked.
  virtual Result<void> release(const PackName& name) = 0;

  // Deletes a pack that still is marked; does nothing to any other (the same pack may have been adopted before).
  virtual Result<void> discard(const PackName& name) = 0;

  // Packs that still are marked. At start: what a crash left between adopt and release.
  virtual Result<std::vector<PackName>> kept() const = 0;

  // Whether that pack has this object.
  virtual bool holds(const PackName& name, const ObjectId& id) const = 0;
};

}  // namespace maillage::registry
