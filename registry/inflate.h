// zlib streams that are whole in memory, by libdeflate: two to three times as fast as zlib itself.
#pragma once

#include <span>

#include "protocol/bytes.h"

namespace maillage::registry {

// Inflates one zlib stream of exactly `out.size()` bytes from the start of `in`; returns how many bytes of `in` it took.
// Never writes or inflates beyond `out`. kBadPack when it is another size, broken, or cut. Any thread.
protocol::Result<std::size_t> inflate_exactly(protocol::ByteView in, std::span<std::uint8_t> out);

// Appends the zlib stream of `in` to `out`. Level 1: records are small, and twice as fast matters more than 8 %.
void deflate_to(protocol::Bytes& out, protocol::ByteView in);

// CRC-32 of a raw entry, as an .idx holds it; `before` is that of the bytes before these.
std::uint32_t crc_of(protocol::ByteView bytes, std::uint32_t before = 0);

}  // namespace maillage::registry
