#include "registry/pack_writer.h"

#include <algorithm>

#include "registry/inflate.h"
#include "registry/pack_entry.h"

namespace maillage::registry {
namespace {

// Handed to the sink at once: few calls for small objects, and one frame's chunk for a session.
constexpr std::size_t kFlushBytes = 128 * 1024;
// Offsets from here on go to the index's table of 64-bit ones.
constexpr std::uint64_t kWideOffset = 0x80000000;

}  // namespace

void append_entry_header(Bytes& out, ObjectKind kind, std::uint64_t size) {
  auto byte = static_cast<std::uint8_t>(static_cast<unsigned>(kind) << 4 | (size & 15));
  for (size >>= 4; size > 0; size >>= 7) {
    out.push_back(byte | 128);
    byte = size & 127;
  }
  out.push_back(byte);
}

PackWriter::PackWriter(std::uint32_t objects, ByteSink sink) : sink_(std::move(sink)), expected_(objects) {
  protocol::Writer header;
  header.text("PACK").u32(2).u32(objects);
  buffer_ = std::move(header).take();
  entries_.reserve(objects);
}

void PackWriter::begin_entry(const ObjectId& id, ObjectKind kind, std::uint64_t size) {
  entry_start_ = buffer_.size();
  entries_.push_back({id, 0, written_ + entry_start_});
  append_entry_header(buffer_, kind, size);
}

void PackWriter::note_crc() {
  entries_.back().crc32 = crc_of(ByteView(buffer_).subspan(entry_start_), entries_.back().crc32);
  entry_start_ = buffer_.size();
}

Result<void> PackWriter::end_entry() {
  note_crc();
  return buffer_.size() < kFlushBytes ? Result<void>{} : flush();
}

Result<void> PackWriter::flush() {
  sha1_.update(buffer_);
  auto done = sink_(buffer_);
  written_ += buffer_.size();
  buffer_.clear();
  return done;
}

Result<void> PackWriter::add(const ObjectId& id, ObjectKind kind, ByteView bytes) {
  begin_entry(id, kind, bytes.size());
  deflate_to(buffer_, bytes);
  return end_entry();
}

Result<void> PackWriter::add(const ObjectId& id, const DeflatedObject& object) {
  begin(id, object);
  if (auto done = append(object.deflated); !done) return done;
  return end();
}

Result<void> PackWriter::append(ByteView deflated) {
  while (!deflated.empty()) {
    ByteView piece = deflated.first(std::min(deflated.size(), kFlushBytes));
    buffer_.insert(buffer_.end(), piece.begin(), piece.end());
    deflated = deflated.subspan(piece.size());
    if (buffer_.size() < kFlushBytes) continue;
    note_crc();
    if (auto done = flush(); !done) return done;
    entry_start_ = 0;
  }
  return {};
}

Result<PackName> PackWriter::finish() {
  protocol::check(entries_.size() == expected_, "a pack holds as many objects as it was made for");
  if (auto done = flush(); !done) return tl::unexpected(done.error());
  PackName name{sha1_.finish()};
  written_ += name.checksum.bytes.size();
  if (auto done = sink_(name.checksum.bytes); !done) return tl::unexpected(done.error());
  return name;
}

Bytes encode_pack_index(std::vector<PackIndexEntry> entries, const PackName& pack) {
  std::ranges::sort(entries, {}, &PackIndexEntry::id);
  protocol::Writer out(8 + 1024 + entries.size() * 28 + 40);
  out.u32(0xff744f63).u32(2);
  std::size_t below = 0;
  for (unsigned first = 0; first < 256; ++first) {
    while (below < entries.size() && entries[below].id.bytes[0] == first) ++below;
    out.u32(static_cast<std::uint32_t>(below));
  }
  for (const PackIndexEntry& entry : entries) out.fixed(entry.id);
  for (const PackIndexEntry& entry : entries) out.u32(entry.crc32);
  std::vector<std::uint64_t> wide;
  for (const PackIndexEntry& entry : entries) {
    bool is_wide = entry.offset >= kWideOffset;
    out.u32(static_cast<std::uint32_t>(is_wide ? kWideOffset | wide.size() : entry.offset));
    if (is_wide) wide.push_back(entry.offset);
  }
  for (std::uint64_t offset : wide) out.u64(offset);
  out.fixed(pack.checksum);
  Sha1 sha1;
  sha1.update(out.bytes());
  out.fixed(sha1.finish());
  return std::move(out).take();
}

}  // namespace maillage::registry
