// The three kinds of git object that a place's history is made of, and where they are read from.
//
// Invariant: there is no tag, no symlink, no submodule: what cannot be named here cannot be stored. An id is git's
// SHA-1 name, computed with collision detection: a locator; trust comes from the state in a head (tree.h).
// Any thread, also for every implementation of ObjectSource. DESIGN.md "Storage".
#pragma once

#include <memory>

#include "protocol/bytes.h"
#include "protocol/ids.h"

namespace maillage::registry {

using protocol::Bytes;
using protocol::ByteView;
using protocol::Error;
using protocol::ErrorCode;
using protocol::Hash;
using protocol::ObjectId;
using protocol::Result;

enum class ObjectKind : std::uint8_t { kCommit = 1, kTree = 2, kBlob = 3 };  // the numbers that packs use

std::string_view name_of(ObjectKind kind);

struct Object {
  ObjectKind kind;
  Bytes bytes;
};

// An object as packs hold it: its zlib stream, ready to be copied. `owner` keeps `deflated` alive.
struct DeflatedObject {
  ObjectKind kind;
  std::uint64_t size;  // of the object, inflated
  ByteView deflated;
  std::shared_ptr<const void> owner;
  bool stored = false;  // lies in a stored pack: asked for again later instead of held, so that what is purged goes
};

// What the state of a folder says of a file in it.
struct BlobSummary {
  Hash sha256;
  std::uint64_t bytes;
};

struct HashedBlob {
  Bytes bytes;
  Hash sha256;
};

// git's name of an object, by libgit2's SHA-1; zero, which names nothing, when the bytes are a known collision attack.
ObjectId object_id(ObjectKind kind, ByteView bytes);

// The largest object of a kind that is ever read or stored.
std::uint64_t object_bytes_max(ObjectKind kind);

class ObjectSource {
 public:
  virtual ~ObjectSource() = default;

  virtual bool contains(const ObjectId& id) const = 0;

  // kNotFound when it is not here, kCorrupt when it is but cannot be inflated.
  virtual Result<Object> read(const ObjectId& id) const = 0;

  // The same, not inflated. Default: read and deflate.
  virtual Result<DeflatedObject> read_deflated(const ObjectId& id) const;

  // Default: read and hash. kMalformed when it is no blob.
  virtual Result<BlobSummary> summarise_blob(const ObjectId& id) const;
  virtual Result<HashedBlob> read_hashed(const ObjectId& id) const;

  // The bytes of an object that must be of this kind; kMalformed when it is another.
  Result<Bytes> read_as(ObjectKind kind, const ObjectId& id) const;
};

}  // namespace maillage::registry
