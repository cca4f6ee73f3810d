// Frames: what is read is written back to bytes that read the same.
#include <algorithm>

#include "protocol/frame.h"

using namespace maillage::protocol;

namespace {
struct Encode {
  template <class T>
  Bytes operator()(const T& frame) const { return encode(frame); }
  Bytes operator()(const Unknown& frame) const { return {frame.type}; }
};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  auto frame = decode_frame({input, size});
  if (!frame) return 0;
  Bytes once = std::visit(Encode{}, *frame);
  auto again = decode_frame(once);
  check(again.has_value() && again->index() == frame->index(), "what was read can be written");
  check(std::visit(Encode{}, *again) == once, "a frame that was read has one encoding");
  return 0;
}
