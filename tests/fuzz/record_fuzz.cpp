// Any bytes as a record: refused with a code, or a value that can be written and read again.
#include <cstdlib>

#include "protocol/limits.h"
#include "protocol/record.h"

using namespace maillage::protocol;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  auto record = parse_record({bytes, size});
  if (!record) return 0;
  std::string text = to_pretty_json(*record);
  if (text.size() > kRecordBytesMax) return 0;  // indentation may take it over the bound
  auto again = parse_record(as_bytes(text));
  if (!again || again->size() != record->size()) std::abort();
  return 0;
}
