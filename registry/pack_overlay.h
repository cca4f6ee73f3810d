// A store with a quarantined pack in front of it: what would be there if the pack were adopted. Any thread.
#pragma once

#include "registry/pack_reader.h"

namespace maillage::registry {

class PackOverlay final : public ObjectSource {
 public:
  // Both must outlive it.
  PackOverlay(const PackTable& table, const ObjectSource& store) : table_(table), store_(store) {}

  bool contains(const ObjectId& id) const override { return table_.find(id) || store_.contains(id); }
  Result<Object> read(const ObjectId& id) const override {
    auto index = table_.find(id);
    if (!index) return store_.read(id);
    const PackEntry& entry = table_.entries()[*index];
    auto bytes = table_.inflate(entry);
    if (!bytes) return tl::unexpected(bytes.error());
    return Object{entry.kind, std::move(*bytes)};
  }
  // Rationale: the table hashed every blob while it was inflated to be named; it is not inflated again for the state.
  Result<BlobSummary> summarise_blob(const ObjectId& id) const override {
    auto index = table_.find(id);
    if (!index) return store_.summarise_blob(id);
    const PackEntry& entry = table_.entries()[*index];
    if (entry.kind != ObjectKind::kBlob) return protocol::fail(ErrorCode::kMalformed, id.hex() + ": not a blob");
    return BlobSummary{entry.sha256, entry.size};
  }
  Result<HashedBlob> read_hashed(const ObjectId& id) const override {
    auto index = table_.find(id);
    if (!index) return store_.read_hashed(id);
    const PackEntry& entry = table_.entries()[*index];
    if (entry.kind != ObjectKind::kBlob) return protocol::fail(ErrorCode::kMalformed, id.hex() + ": not a blob");
    auto bytes = table_.inflate(entry);
    if (!bytes) return tl::unexpected(bytes.error());
    return HashedBlob{std::move(*bytes), entry.sha256};
  }

 private:
  const PackTable& table_;
  const ObjectSource& store_;
};

}  // namespace maillage::registry
