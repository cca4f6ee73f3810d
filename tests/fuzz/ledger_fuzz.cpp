// Any bytes as the row of what we signed: refused, or a ledger that is written as the same bytes.
#include <cstdlib>

#include "registry/own_heads.h"

using namespace maillage;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  auto ledger = registry::read_ledger({bytes, size});
  if (!ledger) return 0;
  registry::WriteBatch batch;
  registry::put_ledger(batch, {}, *ledger);
  const auto& row = batch.changes().front().value;
  if (row ? protocol::as_bytes(*row).size() != size : size != 1) std::abort();
  return 0;
}
