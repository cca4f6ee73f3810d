// Any bytes as a path: refused or accepted, and a suggestion is itself a path.
#include <cstdlib>

#include "protocol/path.h"
#include "protocol/record_kind.h"

using namespace maillage::protocol;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string_view path = as_text({bytes, size});
  bool accepted = check_path(path).has_value();
  auto suggestion = suggest_path(path);
  if (suggestion && !check_path(*suggestion)) std::abort();
  if (accepted && suggestion != path) std::abort();
  if (auto address = address_of(PlaceId{}, path); address && *parse_address(to_text(*address)) != *address) std::abort();
  if (auto address = parse_address(path); address && to_text(*address) != path) std::abort();
  return 0;
}
