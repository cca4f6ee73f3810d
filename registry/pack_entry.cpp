#include "registry/pack_entry.h"

namespace maillage::registry {
namespace {

using protocol::fail;

constexpr unsigned kOffsetDelta = 6, kNamedDelta = 7;

// Distance back to the base: 7 bits a byte, highest first, plus one for each byte that follows (so no two spellings).
std::uint64_t read_distance(protocol::Reader& in) {
  std::uint8_t byte = in.u8();
  std::uint64_t distance = byte & 127;
  for (int i = 0; byte & 128 && i < 8; ++i) {
    byte = in.u8();
    distance = (distance + 1) << 7 | (byte & 127);
  }
  if (byte & 128) in.refuse();
  return distance;
}

}  // namespace

ByteView pack_body(ByteView pack, std::uint64_t offset) {
  if (pack.size() < kPackTrailerBytes || offset > pack.size() - kPackTrailerBytes) return {};
  return pack.subspan(offset, pack.size() - kPackTrailerBytes - offset);
}

Result<RawEntry> read_raw_entry(ByteView pack, std::uint64_t offset) {
  ByteView body = pack_body(pack, offset);
  protocol::Reader in(body);
  RawEntry entry;
  std::uint8_t byte = in.u8();
  unsigned type = byte >> 4 & 7;
  entry.size = byte & 15;
  for (unsigned shift = 4; byte & 128 && shift < 60; shift += 7) {
    byte = in.u8();
    entry.size |= static_cast<std::uint64_t>(byte & 127) << shift;
  }
  if (byte & 128) return fail(ErrorCode::kBadPack, "entry size");
  if (type >= 1 && type <= 3) {
    entry.kind = static_cast<ObjectKind>(type);
  } else if (type == kOffsetDelta) {
    std::uint64_t distance = read_distance(in);
    if (in.failed() || distance == 0 || distance > offset - kPackHeaderBytes) return fail(ErrorCode::kBadPack, "delta base offset");
    entry.base_offset = offset - distance;
  } else if (type == kNamedDelta) {
    entry.base_id = in.fixed<ObjectId>();
  } else {
    return fail(ErrorCode::kBadPack, type == 4 ? "a tag" : "unknown entry type");
  }
  if (in.failed()) return fail(ErrorCode::kTruncated, "pack entry");
  entry.body = offset + (body.size() - in.left());
  return entry;
}

}  // namespace maillage::registry
