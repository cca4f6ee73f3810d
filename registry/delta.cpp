#include "registry/delta.h"

namespace maillage::registry {
namespace {

using protocol::fail;

// Git's size: 7 bits a byte, lowest first.
std::uint64_t read_size(protocol::Reader& in) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 63; shift += 7) {
    std::uint8_t byte = in.u8();
    value |= static_cast<std::uint64_t>(byte & 127) << shift;
    if (byte < 128) return value;
  }
  in.refuse();
  return 0;
}

// A copy instruction: up to four bytes of offset and three of size, each present when its bit is set.
ByteView copied(protocol::Reader& in, std::uint8_t instruction, ByteView base) {
  std::uint64_t offset = 0, size = 0;
  for (unsigned i = 0; i < 4; ++i)
    if (instruction >> i & 1) offset |= static_cast<std::uint64_t>(in.u8()) << (8 * i);
  for (unsigned i = 0; i < 3; ++i)
    if (instruction >> (4 + i) & 1) size |= static_cast<std::uint64_t>(in.u8()) << (8 * i);
  if (size == 0) size = 0x10000;
  if (offset > base.size() || size > base.size() - offset) {
    in.refuse();
    return {};
  }
  return base.subspan(offset, size);
}

}  // namespace

Result<DeltaSizes> delta_sizes(ByteView delta) {
  protocol::Reader in(delta);
  std::uint64_t base = read_size(in);
  std::uint64_t result = read_size(in);
  if (in.failed()) return fail(ErrorCode::kBadPack, "delta header");
  return DeltaSizes{base, result};
}

Result<Bytes> apply_delta(ByteView base, ByteView delta) {
  protocol::Reader in(delta);
  std::uint64_t base_size = read_size(in);
  std::uint64_t result_size = read_size(in);
  if (in.failed() || base_size != base.size()) return fail(ErrorCode::kBadPack, "delta of another base");
  Bytes result;
  result.reserve(result_size);
  while (in.left() > 0) {
    std::uint8_t instruction = in.u8();
    if (instruction == 0) return fail(ErrorCode::kBadPack, "delta instruction 0");
    ByteView piece = instruction & 0x80 ? copied(in, instruction, base) : in.take(instruction);
    if (in.failed() || piece.size() > result_size - result.size()) return fail(ErrorCode::kBadPack, "delta out of bounds");
    result.insert(result.end(), piece.begin(), piece.end());
  }
  if (in.failed() || result.size() != result_size) return fail(ErrorCode::kBadPack, "delta result size");
  return result;
}

}  // namespace maillage::registry
