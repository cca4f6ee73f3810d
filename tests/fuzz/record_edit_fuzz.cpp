// Any bytes as a record with one field set: refused, or that field has the value and the others are as before. Values
// are compared by kind: Boost.JSON may read the last digit of a long decimal differently where the text is longer.
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
  auto changed = parse_record(as_bytes(*after));
  if (!changed || text_field(*changed, "confirmed") != "2026-11-22" || changed->size() != before->size()) std::abort();
  for (const auto& field : *before)
    if (!changed->contains(field.key()) || changed->at(field.key()).kind() != field.value().kind()) std::abort();
  return 0;
}
