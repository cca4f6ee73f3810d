// Any bytes as a value of Column::kRecords: refused, or a record that encodes to the same value and makes a gist.
#include <cstdlib>

#include "registry/gist.h"
#include "registry/lexicon.h"
#include "registry/reading.h"
#include "registry/stored_record.h"

using namespace maillage::registry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  auto stored = decode_stored_record({reinterpret_cast<const char*>(bytes), size});
  if (!stored) return 0;
  auto again = decode_stored_record(encode(*stored));
  if (!again || again->json != stored->json || again->path != stored->path) std::abort();
  auto record = read_known_indexable(stored->json);
  auto what = record ? what_of(*record) : std::nullopt;
  if (!what) return 0;
  Lexicon lexicon;
  Gist gist = read_gist(lexicon, *what, *record, stored->created, stored->updated);
  if (gist.repetition) (void)gist.repetition->first_overlap(UnixTime{1'800'000'000'000}, std::nullopt);
  return 0;
}
