// Whereabouts: of any profile and any row, what is read is within the limits and reads back as it was written.
#include "protocol/admission.h"
#include "registry/whereabouts.h"

using namespace maillage;

static void look(const registry::Whereabouts& read) {
  protocol::check(read.endpoints.size() <= registry::kEndpointsMax, "endpoints are bounded");
  protocol::check(read.neighbours.size() <= protocol::kNeighboursMax, "neighbours are bounded");
  auto again = registry::decode_whereabouts(read.place, registry::encode(read));
  protocol::check(again && again->endpoints == read.endpoints && again->neighbours == read.neighbours, "a row reads back");
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  look(registry::read_whereabouts({}, {bytes, size}));
  auto row = registry::decode_whereabouts({}, protocol::as_text({bytes, size}));
  if (row) look(*row);
  return 0;
}
