// Chains of charters: what is read is written back to the same bytes, and no chain grows without its roots.
#include <algorithm>
#include <optional>

#include "protocol/charter.h"

using namespace maillage::protocol;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  ByteView bytes(input, size);
  Reader in(bytes);
  std::optional<CharterChain> chain;
  while (in.left() > 0) {
    std::size_t before = in.left();
    auto charter = read_signed_charter(in);
    if (!charter) return 0;
    Writer out;
    write(out, *charter);
    check(std::ranges::equal(out.bytes(), bytes.subspan(size - before, before - in.left())), "one encoding");
    if (chain) {
      if (!chain->extend(*charter)) return 0;
    } else if (auto started = CharterChain::start(*charter)) {
      chain = *started;
    }
  }
  return 0;
}
