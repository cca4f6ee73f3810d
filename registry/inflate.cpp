#include "registry/inflate.h"

#include <limits>
#include <memory>

#include <zlib.h>

namespace maillage::registry {

using protocol::Bytes;
using protocol::ByteView;
using protocol::ErrorCode;
using protocol::fail;
using protocol::Result;

namespace {

struct InflateStream : z_stream {
  InflateStream() : z_stream{} { protocol::check(inflateInit(this) == Z_OK, "zlib does not start"); }
  ~InflateStream() { inflateEnd(this); }
};

struct DeflateStream : z_stream {
  DeflateStream() : z_stream{} { protocol::check(deflateInit(this, 1) == Z_OK, "zlib does not start"); }
  ~DeflateStream() { deflateEnd(this); }
};

uInt clipped(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

}  // namespace

Result<std::size_t> inflate_exactly(ByteView in, std::span<std::uint8_t> out) {
  thread_local InflateStream stream;
  inflateReset(&stream);
  std::uint8_t beyond = 0;
  stream.next_in = const_cast<Bytef*>(in.data());
  stream.avail_in = clipped(in.size());
  stream.next_out = out.empty() ? &beyond : out.data();
  stream.avail_out = out.empty() ? 1 : clipped(out.size());
  int status = inflate(&stream, Z_SYNC_FLUSH);
  if (!out.empty() && status == Z_OK && stream.avail_out == 0) {  // full, yet its end was not seen: one byte tells
    stream.next_out = &beyond;
    stream.avail_out = 1;
    status = inflate(&stream, Z_SYNC_FLUSH);
  }
  if (status != Z_STREAM_END) return fail(ErrorCode::kBadPack, "zlib stream broken, cut or too long");
  if (stream.total_out != out.size()) return fail(ErrorCode::kBadPack, "zlib stream of another size than declared");
  return static_cast<std::size_t>(stream.total_in);
}

void deflate_to(Bytes& out, ByteView in) {
  thread_local DeflateStream stream;
  deflateReset(&stream);
  std::size_t start = out.size();
  std::size_t bound = deflateBound(&stream, in.size());
  out.resize(start + bound);
  stream.next_in = const_cast<Bytef*>(in.data());
  stream.avail_in = clipped(in.size());
  stream.next_out = out.data() + start;
  stream.avail_out = clipped(bound);
  protocol::check(deflate(&stream, Z_FINISH) == Z_STREAM_END, "zlib exceeds its own bound");
  out.resize(start + stream.total_out);
}

}  // namespace maillage::registry
