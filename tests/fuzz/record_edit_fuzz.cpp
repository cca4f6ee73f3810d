// Any bytes as a record with one field set: refused, or exactly that field is different.
#include <cstdlib>

#include "protocol/record.h"
#include "protocol/record_edit.h"

using namespace maillage::protocol;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  auto before = parse_record({bytes, size});
  auto after = with_text_field({bytes, size}, "confirmed", "2026-11-22");
  if (!before && after) std::abort();
  if (!before || !after) return 0;
  (*before)["confirmed"] = "2026-11-22";
  if (*parse_record(as_bytes(*after)) != *before) std::abort();
  return 0;
}
