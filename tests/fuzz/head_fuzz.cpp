// Signed heads: what is read is written back to the same bytes.
#include <algorithm>

#include "protocol/head.h"

using namespace maillage::protocol;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  ByteView bytes(input, size);
  Reader in(bytes);
  auto head = read_signed_head(in);
  if (!head) return 0;
  Writer out;
  write(out, *head);
  check(std::ranges::equal(out.bytes(), bytes.first(SignedHead::kBytes)), "a head has one encoding");
  check(order(head->head, head->head) == 0 && !conflicts(head->head, head->head), "a head is equal to itself");
  (void)head->head.cell.country();
  (void)head->head.cell.commune();
  (void)verify(*head, PublicKey{head->head.place.bytes});
  return 0;
}
