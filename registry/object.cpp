#include "registry/object.h"

#include <git2.h>

#include "protocol/crypto.h"
#include "protocol/limits.h"
#include "registry/inflate.h"

namespace maillage::registry {

using protocol::check;
using protocol::fail;

std::string_view name_of(ObjectKind kind) {
  return kind == ObjectKind::kCommit ? "commit" : kind == ObjectKind::kTree ? "tree" : "blob";
}

ObjectId object_id(ObjectKind kind, ByteView bytes) {
  static const int started = git_libgit2_init();
  check(started > 0, "libgit2 does not start");
  git_oid oid;
  ObjectId id;
  // The numbers of ObjectKind are git_object_t's. An error is a detected collision (or no memory).
  if (git_odb_hash(&oid, bytes.data(), bytes.size(), static_cast<git_object_t>(kind)) == 0)
    std::memcpy(id.bytes.data(), oid.id, id.bytes.size());
  return id;
}

std::uint64_t object_bytes_max(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kCommit: return protocol::kCommitBytesMax;
    case ObjectKind::kTree: return protocol::kTreeBytesMax;
    case ObjectKind::kBlob: return protocol::kFileBytesMax;
  }
  return 0;
}

Result<DeflatedObject> ObjectSource::read_deflated(const ObjectId& id) const {
  auto object = read(id);
  if (!object) return tl::unexpected(object.error());
  auto stream = std::make_shared<Bytes>();
  deflate_to(*stream, object->bytes);
  return DeflatedObject{object->kind, object->bytes.size(), *stream, stream};
}

Result<BlobSummary> ObjectSource::summarise_blob(const ObjectId& id) const {
  auto bytes = read_as(ObjectKind::kBlob, id);
  if (!bytes) return tl::unexpected(bytes.error());
  return BlobSummary{protocol::sha256(*bytes), bytes->size()};
}

Result<HashedBlob> ObjectSource::read_hashed(const ObjectId& id) const {
  auto bytes = read_as(ObjectKind::kBlob, id);
  if (!bytes) return tl::unexpected(bytes.error());
  Hash sha256 = protocol::sha256(*bytes);
  return HashedBlob{std::move(*bytes), sha256};
}

Result<Bytes> ObjectSource::read_as(ObjectKind kind, const ObjectId& id) const {
  auto object = read(id);
  if (!object) return tl::unexpected(object.error());
  if (object->kind != kind)
    return fail(ErrorCode::kMalformed, id.hex() + ": " + std::string(name_of(object->kind)) + ", not " + std::string(name_of(kind)));
  return std::move(object->bytes);
}

}  // namespace maillage::registry
