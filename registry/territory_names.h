// Names of communes, departments and regions as people write them: without accents and hyphens, "St" for Saint, "s/" for sur,
// articles there or not, before or behind, a CEDEX or a district's number at the end, a letter wrong. Built on first use,
// immutable after: any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/territory_rows.h"

namespace maillage::registry {

// Longer than any name, and than what one could write instead of one. More is no name.
inline constexpr std::size_t kTerritoryNameBytesMax = 200;

struct NamedCommune {
  const CommuneRow* row = nullptr;  // of today
  bool former = false;              // by a name that is no more
  bool exact = false;               // with its articles and small words, not only without
  friend bool operator==(const NamedCommune&, const NamedCommune&) = default;
};

// Every commune that bears the name, now or formerly. "Lyon 3e" is the district, and Lyon.
std::vector<NamedCommune> communes_named(std::string_view name);

// The communes named by the first words of a longer text ("Sainte-Anne Guadeloupe"), most words first.
std::vector<NamedCommune> communes_beginning(std::string_view name);

// What is compared below: a name without what a post office adds, case, accents and small words.
std::string near_key(std::string_view name);

// One letter wrong, missing, doubled or swapped; cut at the end; or the first words only ("Cesson" for Cesson-Sévigné).
bool is_nearly(std::string_view key, std::string_view commune);

// The communes of a department named nearly so.
std::vector<NamedCommune> communes_nearly(std::string_view key, std::string_view department);

// INSEE code of a department or region from a code ("1", "2a", "FR-BRE", of a region before 2016: "82") or a name in any common
// spelling, abbreviated ("PACA") or of before 2016 ("Rhône-Alpes"); nothing when unknown.
std::optional<std::string> region_code(std::string_view code_or_name);
std::optional<std::string> department_code(std::string_view code_or_name);

}  // namespace maillage::registry
