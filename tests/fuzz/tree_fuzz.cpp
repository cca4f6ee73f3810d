// Raw trees: what is read is written back to the same bytes.
#include <algorithm>

#include "registry/tree.h"

using namespace maillage::registry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  ByteView bytes(input, size);
  auto entries = read_tree(bytes);
  if (!entries) return 0;
  maillage::protocol::check(std::ranges::equal(write_tree(*entries), bytes), "a tree has one encoding");
  return 0;
}
