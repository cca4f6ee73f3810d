// Packs that no honest writer makes: any type, any declared size, any delta, any count, and a right checksum.
#pragma once

#include "registry/inflate.h"
#include "registry/sha1.h"
#include "tests/registry/git_fixture.h"

namespace maillage::tests {

class RawPack {
 public:
  RawPack& entry(unsigned type, std::uint64_t size, ByteView content, ByteView before_stream = {}) {
    last_ = body_.size() + 12;
    append_entry_header(body_, static_cast<ObjectKind>(type), size);
    body_.insert(body_.end(), before_stream.begin(), before_stream.end());
    deflate_to(body_, content);
    ++count_;
    return *this;
  }
  RawPack& blob(ByteView content) { return entry(3, content.size(), content); }
  RawPack& named_delta(const ObjectId& base, ByteView delta) { return entry(7, delta.size(), delta, base.bytes); }
  // On the entry that came just before.
  RawPack& offset_delta(ByteView delta) {
    std::uint64_t distance = body_.size() + 12 - last_;
    Bytes back{static_cast<std::uint8_t>(distance & 127)};
    while (distance >>= 7) back.insert(back.begin(), static_cast<std::uint8_t>(128 | (--distance & 127)));
    return entry(6, delta.size(), delta, back);
  }
  RawPack& raw(ByteView bytes) {
    body_.insert(body_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  RawPack& count(std::uint32_t claimed) {
    count_ = claimed;
    return *this;
  }
  Bytes finish() const {
    protocol::Writer out;
    out.text("PACK").u32(2).u32(count_).raw(body_);
    Sha1 sha1;
    sha1.update(out.bytes());
    out.fixed(sha1.finish());
    return std::move(out).take();
  }

 private:
  Bytes body_;
  std::size_t last_ = 0;
  std::uint32_t count_ = 0;
};

// A delta that copies `copied` bytes from the start of a base and adds `added`.
inline Bytes delta_of(std::uint64_t base_size, std::uint64_t result_size, std::uint8_t copied, std::string_view added) {
  protocol::Writer out;
  out.varint(base_size).varint(result_size);
  if (copied > 0) out.u8(0x90).u8(copied);
  if (!added.empty()) out.u8(static_cast<std::uint8_t>(added.size())).text(added);
  return std::move(out).take();
}

class NoObjects final : public ObjectSource {
 public:
  bool contains(const ObjectId&) const override { return false; }
  Result<Object> read(const ObjectId& id) const override { return protocol::fail(ErrorCode::kNotFound, id.hex()); }
};

class OneObject final : public ObjectSource {
 public:
  explicit OneObject(RawObject object) : object_(std::move(object)) {}
  bool contains(const ObjectId& id) const override { return id == object_.id(); }
  Result<Object> read(const ObjectId& id) const override {
    return contains(id) ? Result<Object>(Object{object_.kind, object_.bytes}) : protocol::fail(ErrorCode::kNotFound, id.hex());
  }

 private:
  RawObject object_;
};

// Two deltas that each make what the other leans on, for whoever has `base`, seven bytes or more: read by what is in the pack, neither ends.
inline RawPack ring_of_deltas(const RawObject& base) {
  Bytes longer = base.bytes;
  longer.push_back('!');
  std::uint64_t size = base.bytes.size();
  auto copied = static_cast<std::uint8_t>(size);
  RawPack pack;
  pack.named_delta(base.id(), delta_of(size, size + 1, copied, "!"));
  pack.named_delta(object_id(base.kind, longer), delta_of(size + 1, size, copied, ""));
  return pack;
}

}  // namespace maillage::tests
