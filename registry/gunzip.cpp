#include "registry/gunzip.h"

#include <array>

#include <zlib.h>

#include "protocol/byte_size.h"

namespace maillage::registry {

using protocol::ErrorCode;
using protocol::fail;
using protocol::Result;

namespace {

constexpr std::size_t kPieceBytes = 32 * 1024;
constexpr int kGzipOnly = 15 + 16;  // the largest window, and gzip's frame around it

}  // namespace

struct Gunzip::Stream : z_stream {
  explicit Stream(std::uint64_t cap) : z_stream{}, most(cap), left(cap) {
    protocol::check(inflateInit2(this, kGzipOnly) == Z_OK, "zlib does not start");
  }
  ~Stream() { inflateEnd(this); }

  const std::uint64_t most;
  std::uint64_t left;
  bool ended = false;
};

Gunzip::Gunzip(std::uint64_t bytes_max) : stream_(std::make_unique<Stream>(bytes_max)) {}
Gunzip::~Gunzip() = default;
Gunzip::Gunzip(Gunzip&&) noexcept = default;

Result<void> Gunzip::take(protocol::ByteView bytes, const Sink& sink) {
  Stream& stream = *stream_;
  std::array<std::uint8_t, kPieceBytes> piece;
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  for (bool full = true; stream.avail_in > 0 || full;) {
    if (stream.ended) {
      if (stream.avail_in > 0) return fail(ErrorCode::kMalformed, "gzip: bytes after its end");
      return {};
    }
    stream.next_out = piece.data();
    stream.avail_out = piece.size();
    int status = inflate(&stream, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) return fail(ErrorCode::kMalformed, "gzip");
    stream.ended = status == Z_STREAM_END;
    full = stream.avail_out == 0;
    std::size_t size = piece.size() - stream.avail_out;
    if (size > stream.left) return fail(ErrorCode::kTooLarge, "gzip > " + protocol::byte_size(stream.most));
    stream.left -= size;
    if (size > 0 && !sink({piece.data(), size})) return {};
    if (status == Z_BUF_ERROR && size == 0) return {};
  }
  return {};
}

Result<void> Gunzip::finish() const {
  if (!stream_->ended) return fail(ErrorCode::kTruncated, "gzip");
  return {};
}

}  // namespace maillage::registry
