// A change of keys on its way: whatever the bytes, reading fails but with an error, and what is read is written as it was.
#include <algorithm>

#include "registry/renewal.h"

using namespace maillage::registry;
namespace protocol = maillage::protocol;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  protocol::ByteView bytes(input, size);
  auto renewal = decode_renewal(bytes);
  if (renewal) protocol::check(std::ranges::equal(encode(*renewal), bytes), "one encoding");
  return 0;
}
