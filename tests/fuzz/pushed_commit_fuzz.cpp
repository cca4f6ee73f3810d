// Commits as any git writes them.
#include "registry/pushed_commit.h"

using namespace maillage::registry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  auto commit = read_pushed_commit(ByteView(input, size));
  if (commit) maillage::protocol::check(!commit->tree.is_zero(), "a commit has a folder");
  return 0;
}
