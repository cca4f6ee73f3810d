// The header of one raw entry of a git pack: its type, its inflated size, and for a delta what it leans on. Every
// number is checked against the bytes there are. Pure; any thread. (git gitformat-pack(5).)
#pragma once

#include <optional>

#include "registry/inflate.h"
#include "registry/object.h"

namespace maillage::registry {

inline constexpr std::size_t kPackHeaderBytes = 12;   // "PACK", version, count
inline constexpr std::size_t kPackTrailerBytes = 20;  // SHA-1

struct RawEntry {
  std::optional<ObjectKind> kind;         // nothing: a delta
  std::uint64_t size = 0;                 // of what `stream` inflates to: the object, or the delta's program
  std::uint64_t body = 0;                 // offset of the zlib stream
  std::optional<std::uint64_t> base_offset;  // of a delta on an earlier entry
  ObjectId base_id;                       // of a delta on a named object
};

// The entry at `offset`, which is inside the pack. kBadPack for a tag or an unknown type, kTruncated.
Result<RawEntry> read_raw_entry(ByteView pack, std::uint64_t offset);

// What may still be read of `pack` from `offset` on: everything but the trailer.
ByteView pack_body(ByteView pack, std::uint64_t offset);

}  // namespace maillage::registry
