// A signed head: whatever decodes must encode to the very bytes it came from, and checking it must not crash.
#include <algorithm>
#include <cstdlib>

#include "protocol/head.h"

using namespace maillage::protocol;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView input(data, size);
  Reader in(input);
  auto decoded = read_signed_head(in);
  if (!decoded) return 0;
  Writer out;
  write(out, *decoded);
  if (out.size() != size - in.left() || !std::equal(out.bytes().begin(), out.bytes().end(), input.begin())) std::abort();
  (void)verify(*decoded, PublicKey{});
  return 0;
}
