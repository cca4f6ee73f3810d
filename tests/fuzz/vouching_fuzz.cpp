// What trustees are asked to sign: whatever the bytes, reading fails but with an error, and what is read is written as it was.
#include <algorithm>

#include "registry/trustees.h"

using namespace maillage::registry;
namespace protocol = maillage::protocol;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  protocol::ByteView bytes(input, size);
  auto vouching = decode_vouching(bytes);
  if (!vouching) return 0;
  protocol::check(std::ranges::equal(encode_vouching(*vouching), bytes), "one encoding");
  Vouching merged = *vouching;
  merge(merged, *vouching);
  for (const protocol::SignedCharter& charter : merged) protocol::check(charter.signatures.size() <= 7, "signatures");
  return 0;
}
