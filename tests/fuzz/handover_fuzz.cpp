// A place on its way to another daemon: whatever the bytes, reading fails but with an error, and what is read is written as it was.
#include <algorithm>

#include "registry/handover.h"

using namespace maillage::registry;
namespace protocol = maillage::protocol;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  protocol::ByteView bytes(input, size);
  auto handover = decode_handover(bytes);
  if (handover) protocol::check(std::ranges::equal(encode(*handover), bytes), "one encoding");
  return 0;
}
