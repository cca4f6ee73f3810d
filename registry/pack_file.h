// PackFile: one stored pack with its index, both mapped. It was verified when it was adopted, so reading checks what
// zlib checks and no more; `verify` checks everything. Immutable; any thread.
#pragma once

#include <filesystem>
#include <optional>

#include "registry/file.h"
#include "registry/pack_writer.h"

namespace maillage::registry {

class PackFile {
 public:
  // `stem`: the path without `.pack` or `.idx`. kIo, kCorrupt. Cost: two mmaps; nothing is read.
  static Result<std::shared_ptr<const PackFile>> open(const std::filesystem::path& stem, const PackName& name);

  const PackName& name() const { return name_; }
  std::uint64_t bytes() const { return pack_.bytes().size(); }
  std::uint32_t objects() const { return objects_; }

  std::optional<std::uint64_t> find(const ObjectId& id) const;  // offset
  ObjectId id_at(std::uint32_t index) const;                    // ascending

  Result<Object> read(std::uint64_t offset) const;

  // The raw zlib stream when the object is stored whole; nothing when it is a delta.
  Result<std::optional<DeflatedObject>> read_deflated(std::uint64_t offset) const;

  Result<void> verify() const;

 private:
  PackFile(MappedFile pack, MappedFile index, const PackName& name);
  std::uint64_t offset_at(std::uint32_t index) const;

  MappedFile pack_, index_;
  PackName name_;
  std::uint32_t objects_ = 0;
};

}  // namespace maillage::registry
