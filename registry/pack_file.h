// PackFile: one stored pack with its index, both mapped. It was verified when it was adopted, so reading checks what
// zlib checks and no more; `verify` checks everything. Immutable; any thread.
#pragma once

#include <filesystem>
#include <mutex>
#include <optional>

#include "registry/file.h"
#include "registry/pack_writer.h"

namespace maillage::registry {

class PackFile : public std::enable_shared_from_this<PackFile> {
 public:
  // `stem`: the path without `.pack` or `.idx`. kIo, kCorrupt. Cost: two mmaps and the index's first kilobyte.
  static Result<std::shared_ptr<const PackFile>> open(const std::filesystem::path& stem, const PackName& name);

  const PackName& name() const { return name_; }
  std::uint64_t bytes() const { return pack_.bytes().size(); }
  std::uint32_t objects() const { return objects_; }

  // The offset of an object's entry.
  std::optional<std::uint64_t> find(const ObjectId& id) const;
  std::optional<std::uint32_t> row_of(const ObjectId& id) const;
  ObjectId id_at(std::uint32_t row) const;  // ascending
  std::uint64_t offset_at(std::uint32_t row) const;

  // kCorrupt when it cannot be inflated.
  Result<Object> read(std::uint64_t offset) const { return read(offset, 0); }

  // The raw zlib stream when the object is stored whole; nothing when it is a delta. Keeps this pack mapped.
  Result<std::optional<DeflatedObject>> read_deflated(std::uint64_t offset) const;

  // Recomputes every checksum and name: kCorrupt, with the file, when any byte of either file is not as it was.
  Result<void> verify() const;

 private:
  PackFile(MappedFile pack, MappedFile index, const PackName& name);
  Result<void> read_index();
  Result<Object> read(std::uint64_t offset, std::size_t depth) const;
  std::uint64_t end_of(std::uint64_t offset) const;

  MappedFile pack_, index_;
  PackName name_;
  std::uint32_t objects_ = 0;
  mutable std::once_flag sorted_once_;
  mutable std::vector<std::uint64_t> sorted_offsets_;  // made when first needed: where a raw entry ends
};

// What an index says of the objects of a table.
std::vector<PackIndexEntry> index_entries(const PackTable& table);

}  // namespace maillage::registry
