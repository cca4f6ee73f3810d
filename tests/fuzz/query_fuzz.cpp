// Any text as `list?key=value&…`: refused with a code, or a question whose cursor is refused or read.
#include <cstdlib>

#include "registry/cursor.h"

using namespace maillage::registry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(bytes), size);
  std::size_t mark = text.find('?');
  auto what = what_of_name(text.substr(0, mark));
  if (!what || mark == std::string_view::npos) return 0;
  text.remove_prefix(mark + 1);
  Parameters parameters;
  while (!text.empty()) {
    std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    std::size_t equals = std::min(pair.find('='), pair.size());
    parameters.emplace_back(pair.substr(0, equals), pair.substr(std::min(pair.size(), equals + 1)));
  }
  auto query = parse_query(*what, parameters);
  if (!query) return 0;
  if (query->limit > kQueryLimitMax || (query->radius_km && !query->near)) std::abort();
  if (auto position = decode_cursor(*query, query->after)) (void)encode_cursor(*query, *position);
  return 0;
}
