// A chain of signed charters: whatever decodes must encode to the bytes it came from, and a chain built of it stays valid.
#include <algorithm>
#include <cstdlib>

#include "protocol/charter.h"

using namespace maillage::protocol;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ByteView input(data, size);
  Reader in(input);
  auto genesis = read_signed_charter(in);
  if (!genesis) return 0;
  Writer out;
  write(out, *genesis);
  if (out.size() != size - in.left() || !std::equal(out.bytes().begin(), out.bytes().end(), input.begin())) std::abort();
  auto chain = CharterChain::start(*genesis);
  if (!chain) return 0;
  while (in.left() != 0) {
    auto next = read_signed_charter(in);
    if (!next || !chain->extend(*next)) break;
    if (chain->latest().number + 1 != chain->size()) std::abort();
  }
  return 0;
}
