// Writes git packs (version 2, whole objects only) and their index (.idx version 2).
//
// Rationale for no deltas: records are small and mostly new; a delta costs the receiver more than it saves the wire
// (STORAGE.md "Packs", measured). The same objects in the same order give the same bytes. One writer, one thread.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "registry/content_store.h"
#include "registry/sha1.h"

namespace maillage::registry {

// Takes the next bytes of a stream; an error stops the writer.
using ByteSink = std::function<Result<void>(ByteView)>;

// What an .idx says of one object.
struct PackIndexEntry {
  ObjectId id;
  std::uint32_t crc32;
  std::uint64_t offset;
};

class PackWriter {
 public:
  // `objects` is exactly how many will be added.
  PackWriter(std::uint32_t objects, ByteSink sink);

  Result<void> add(const ObjectId& id, ObjectKind kind, ByteView bytes);
  Result<void> add(const ObjectId& id, const DeflatedObject& object);
  // The same in pieces: memory is one of them. Every byte of `object.deflated` is appended, then `end` is called.
  void begin(const ObjectId& id, const DeflatedObject& object) { begin_entry(id, object.kind, object.size); }
  Result<void> append(ByteView deflated);
  Result<void> end() { return end_entry(); }

  // Writes what is left and the trailer.
  Result<PackName> finish();

  const std::vector<PackIndexEntry>& entries() const { return entries_; }
  std::uint64_t bytes() const { return written_ + buffer_.size(); }

 private:
  void note_crc();
  void begin_entry(const ObjectId& id, ObjectKind kind, std::uint64_t size);
  Result<void> end_entry();
  Result<void> flush();

  ByteSink sink_;
  Sha1 sha1_;
  Bytes buffer_;  // not yet handed to the sink
  std::uint64_t written_ = 0;
  std::size_t entry_start_ = 0;  // in buffer_: of what of the entry is not in its CRC yet
  std::uint32_t expected_;
  std::vector<PackIndexEntry> entries_;
};

// The type-and-size header of a raw pack entry.
void append_entry_header(Bytes& out, ObjectKind kind, std::uint64_t size);

// The whole .idx of a pack; sorts `entries`.
Bytes encode_pack_index(std::vector<PackIndexEntry> entries, const PackName& pack);

}  // namespace maillage::registry
