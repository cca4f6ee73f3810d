// Any text as TOML: read, or refused with a line that the text has and what was expected there.
#include <algorithm>
#include <cstdlib>

#include "registry/toml.h"

using namespace maillage::registry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(bytes), size);
  auto parsed = parse_toml(text);
  const auto* mistake = std::get_if<TomlMistake>(&parsed);
  if (mistake == nullptr) return 0;
  auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  if (mistake->line == 0 || mistake->line > lines || mistake->expected.empty()) std::abort();
  return 0;
}
