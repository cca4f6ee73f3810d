// The bytes of registry/territory/*.tsv, inside the program. Rationale for .incbin: a 1 MB table as a C++
// literal costs the compiler seconds and a generator run at build time costs a dependency.
#include "registry/territory_table.h"

#define MAILLAGE_EMBED(name, path)                  \
  asm(".section .rodata\n"                          \
      ".balign 8\n"                                 \
      "maillage_" name "_begin:\n"                  \
      ".incbin \"" path "\"\n"                      \
      "maillage_" name "_end:\n"                    \
      ".byte 0\n"                                   \
      ".previous\n")

MAILLAGE_EMBED("territory", MAILLAGE_TERRITORY_TABLE);
MAILLAGE_EMBED("position", MAILLAGE_POSITION_TABLE);

extern "C" {
extern const char maillage_territory_begin[] __attribute__((visibility("hidden")));
extern const char maillage_territory_end[] __attribute__((visibility("hidden")));
extern const char maillage_position_begin[] __attribute__((visibility("hidden")));
extern const char maillage_position_end[] __attribute__((visibility("hidden")));
}

namespace maillage::registry {
namespace {

std::string_view between(const char* begin, const char* end) { return {begin, static_cast<std::size_t>(end - begin)}; }

}  // namespace

std::string_view territory_table() { return between(maillage_territory_begin, maillage_territory_end); }
std::string_view position_table() { return between(maillage_position_begin, maillage_position_end); }

}  // namespace maillage::registry
