// The bytes of registry/territory/communes.tsv, inside the program. Rationale for .incbin: a 1 MB table as a C++
// literal costs the compiler seconds and a generator run at build time costs a dependency.
#include "registry/territory_table.h"

asm(".section .rodata\n"
    ".balign 8\n"
    "maillage_territory_begin:\n"
    ".incbin \"" MAILLAGE_TERRITORY_TABLE "\"\n"
    "maillage_territory_end:\n"
    ".byte 0\n"
    ".previous\n");

extern "C" {
extern const char maillage_territory_begin[] __attribute__((visibility("hidden")));
extern const char maillage_territory_end[] __attribute__((visibility("hidden")));
}

namespace maillage::registry {

std::string_view territory_table() {
  return {maillage_territory_begin, static_cast<std::size_t>(maillage_territory_end - maillage_territory_begin)};
}

}  // namespace maillage::registry
