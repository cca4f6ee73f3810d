// Raw commits: what is read is written back to the same bytes.
#include <algorithm>

#include "registry/commit.h"

using namespace maillage::registry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  ByteView bytes(input, size);
  auto commit = read_commit(bytes);
  if (!commit) return 0;
  maillage::protocol::check(std::ranges::equal(write_commit(*commit), bytes), "a commit has one encoding");
  (void)verify_signature(*commit);
  return 0;
}
