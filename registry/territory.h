// The communes of France and the department, region and EPCI that each belongs to, embedded in the program.
// Codes are INSEE's (an EPCI's is its SIREN); a municipal district (75111) or a commune merged into another resolves to
// the commune of today. Loaded on first use, immutable after: any thread. Data: registry/territory/communes.tsv.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace maillage::registry {

struct Area {
  std::string_view code, name;
};

struct Commune {
  Area commune;
  Area department;
  Area region;
  Area epci;  // empty where there is none (four islands)
};

// The commune with this INSEE code today, letters in any case; nothing when there is none.
std::optional<Commune> find_commune(std::string_view insee);

}  // namespace maillage::registry
