// OutgoingPack: the pack that takes a receiver from the commits it holds to the ones it wants, for many places at once,
// made as it is read.
//
// Order is fixed (places as asked; per place newest commit first, then each commit's new folders and files), so the
// same question to the same store gives the same bytes. Objects are copied from stored packs without inflating them, a
// piece at a time; between two reads no stored pack is held. Memory is about 60 bytes an object and one chunk, and besides
// one object that is not stored whole (a delta) while it is sent. One thread at a time.
#pragma once

#include <optional>
#include <span>

#include "protocol/limits.h"
#include "registry/pack_writer.h"

namespace maillage::registry {

struct PackWish {
  ObjectId wanted;  // a commit
  ObjectId base;    // the commit that the receiver holds exactly; zero: none, the whole history is sent
};

struct PackEnough {
  std::uint64_t bytes = protocol::kAnswerBytesEnough;  // as packs hold them
  std::size_t objects = protocol::kAnswerObjectsEnough;
};

class OutgoingPack {
 public:
  // Lists everything reachable from the wanted commits and not from each one's base. A base that `source` lacks counts
  // as zero. kNotFound when a wanted commit or folder is missing, kTooMany beyond kPackObjectsMax.
  // `source` must outlive the pack. Cost: every commit and folder to be sent is read.
  static Result<OutgoingPack> open(const ObjectSource& source, std::span<const PackWish> wishes);

  // The same for the first wishes only: at least one, and no more once there is `enough`, or when another would go over
  // kPackObjectsMax. Cost: besides, each object to be sent is looked up.
  static Result<OutgoingPack> open_first(const ObjectSource& source, std::span<const PackWish> wishes, const PackEnough& enough = {});

  // The pack of exactly these objects, in this order (git/listing.h).
  static OutgoingPack of(const ObjectSource& source, std::vector<ObjectId> ids) { return OutgoingPack(source, std::move(ids)); }

  // The next bytes, at most `bytes_max`; empty when there are none left. kNotFound when an
  // object went away meanwhile: what was read is useless then.
  Result<Bytes> read(std::size_t bytes_max);

  bool done() const { return finished_ && waiting_->empty(); }
  std::size_t objects() const { return ids_.size(); }
  std::size_t wishes() const { return wishes_; }  // how many of them it fulfils

 private:
  OutgoingPack(const ObjectSource& source, std::vector<ObjectId> ids);
  Result<void> write_next();

  const ObjectSource* source_;
  std::vector<ObjectId> ids_;
  std::size_t wishes_ = 0;
  std::size_t next_ = 0;
  std::uint64_t next_bytes_ = 0, sent_ = 0;  // of its stream; what of it is written
  std::optional<DeflatedObject> held_;       // the same, when it would have to be made again for each piece
  bool finished_ = false;
  std::unique_ptr<Bytes> waiting_;  // written, not yet read; where the writer's sink appends
  PackWriter writer_;
};

}  // namespace maillage::registry
