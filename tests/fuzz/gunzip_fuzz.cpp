// A gzip stream from anybody, however it is cut into pieces: never more than the cap comes out, and it ends in an error or in what went in.
#include <algorithm>

#include "registry/gunzip.h"

using namespace maillage::registry;
namespace protocol = maillage::protocol;

namespace {

constexpr std::uint64_t kCap = 100'000;

struct Unpacked {
  protocol::Bytes bytes;
  bool whole = false;
};

Unpacked unpack(protocol::ByteView input, std::size_t piece) {
  Gunzip gunzip(kCap);
  Unpacked unpacked;
  auto sink = [&](protocol::ByteView bytes) {
    unpacked.bytes.insert(unpacked.bytes.end(), bytes.begin(), bytes.end());
    return true;
  };
  for (; !input.empty(); input = input.subspan(std::min(piece, input.size())))
    if (!gunzip.take(input.first(std::min(piece, input.size())), sink)) return unpacked;
  unpacked.whole = gunzip.finish().has_value();
  return unpacked;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  Unpacked at_once = unpack({input, size}, std::max<std::size_t>(size, 1)), bit_by_bit = unpack({input, size}, 7);
  protocol::check(at_once.bytes.size() <= kCap && bit_by_bit.bytes.size() <= kCap, "no more than the cap");
  protocol::check(at_once.whole == bit_by_bit.whole, "the pieces do not matter");
  protocol::check(!at_once.whole || at_once.bytes == bit_by_bit.bytes, "one input, one output");
  return 0;
}
