// The communes of France and the department, region and EPCI that each belongs to, embedded in the program.
// Codes are INSEE's (an EPCI's is its SIREN); a municipal district (75111) or a commune merged into another resolves to
// the commune of today. Loaded on first use, immutable after: any thread. Data: registry/territory/communes.tsv.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/scope.h"

namespace maillage::registry {

struct Area {
  std::string_view code, name;
};

struct Commune {
  Area commune;
  Area department;
  Area region;
  Area epci;                     // empty where there is none (four islands)
  std::uint32_t population = 0;  // municipal, of the year of the table; 0 where it is not known
  std::string_view postcodes;    // sorted, separated by spaces
};

// The commune with this INSEE code today, letters in any case; nothing when there is none.
std::optional<Commune> find_commune(std::string_view insee);

struct Department {
  Area department;
  Area region;
};

// For a place whose commune is not known. `code` as the table writes it: 01, 2A, 974.
std::optional<Department> find_department(std::string_view code);

// What the code of a commune or a department lies in: a scope's table.
protocol::Areas areas_of(std::string_view code);

// The commune of today that the commune of a code that is no more became part of; nothing for a code that still is one, a
// municipal district's included. Letters in upper case.
std::optional<Area> successor_of(std::string_view code);

enum class Level : std::uint8_t { kRegion, kDepartment, kEpci, kCommune };

// Whether there is, or for a commune was, an area of that code; letters in upper case.
bool has_area(Level level, std::string_view code);

// Those of that name, hyphens, accents and case aside, at most `most`: of communes, the largest first.
std::vector<Area> areas_named(Level level, std::string_view name, std::size_t most);

// As it is shown beside its namesakes: "Saint-Denis, Seine-Saint-Denis" of a commune, of anything else its name.
std::string name_among_namesakes(Level level, const Area& area);

}  // namespace maillage::registry
