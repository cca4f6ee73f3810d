#include "registry/inflate.h"

#include <memory>

#include <libdeflate.h>

namespace maillage::registry {

using protocol::Bytes;
using protocol::ByteView;
using protocol::ErrorCode;
using protocol::fail;
using protocol::Result;

namespace {

constexpr int kLevel = 1;

struct Free {
  void operator()(libdeflate_decompressor* decompressor) const { libdeflate_free_decompressor(decompressor); }
  void operator()(libdeflate_compressor* compressor) const { libdeflate_free_compressor(compressor); }
};
using Decompressor = std::unique_ptr<libdeflate_decompressor, Free>;
using Compressor = std::unique_ptr<libdeflate_compressor, Free>;

}  // namespace

Result<std::size_t> inflate_exactly(ByteView in, std::span<std::uint8_t> out) {
  thread_local Decompressor decompressor(libdeflate_alloc_decompressor());
  protocol::check(decompressor != nullptr, "libdeflate does not start");
  std::uint8_t nothing = 0;
  std::size_t taken = 0, made = 0;
  auto result = libdeflate_zlib_decompress_ex(decompressor.get(), in.data(), in.size(), out.empty() ? &nothing : out.data(), out.size(),
                                              &taken, &made);
  if (result != LIBDEFLATE_SUCCESS) return fail(ErrorCode::kBadPack, "zlib stream broken, cut or too long");
  if (made != out.size()) return fail(ErrorCode::kBadPack, "zlib stream of another size than declared");
  return taken;
}

void deflate_to(Bytes& out, ByteView in) {
  thread_local Compressor compressor(libdeflate_alloc_compressor(kLevel));
  protocol::check(compressor != nullptr, "libdeflate does not start");
  std::size_t start = out.size();
  out.resize(start + libdeflate_zlib_compress_bound(compressor.get(), in.size()));
  std::size_t made = libdeflate_zlib_compress(compressor.get(), in.data(), in.size(), out.data() + start, out.size() - start);
  protocol::check(made > 0, "libdeflate exceeds its own bound");
  out.resize(start + made);
}

std::uint32_t crc_of(ByteView bytes, std::uint32_t before) { return libdeflate_crc32(before, bytes.data(), bytes.size()); }

}  // namespace maillage::registry
