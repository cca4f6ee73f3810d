// The commune of a row of somebody's list, from what the row says of where it is. A list of real places has lost leading zeros,
// names communes that were merged years ago, and contradicts itself.
//
// The rules, in words. A code stands, or its successor does, unless both the declared department (or region) and the coordinates
// contradict it, or name and postcode agree on another commune that nothing contradicts. Without a code, name, postcode,
// department or region, and coordinates are witnesses: among the communes that bear the name (else those of the postcode) one is
// taken when no other is supported by a witness that it lacks, and what supports it outnumbers what contradicts it. Otherwise
// the row is ambiguous. Nothing is guessed: coordinates alone never decide (but in Paris, a department of one commune), since
// the table knows towns, not borders of communes.
//
// Indexes are built on first use (about 0.1 s), immutable after: any thread. 5 to 10 µs a row; below 0.5 ms whatever it holds.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/geo.h"
#include "registry/territory_names.h"

namespace maillage::registry {

// What a list says of where a row is: any of it may be empty, wrong or contradict the rest.
struct DeclaredTerritory {
  std::string insee = {};       // as written: "0", "1033" (lost leading zero), "69152" (abolished), "2a004"
  std::string commune = {};     // name as written
  std::string postcode = {};    // "1000" (lost zero), "0"
  std::string department = {};  // code or name
  std::string region = {};      // code or name in any common spelling ("Nouvelle Aquitaine", "Auvergne et Rhône-Alpes")
  std::optional<GeoPoint> geo = {};
};

enum class CodeOutcome {
  kRight,         // the code stands as it was written
  kSuccessor,     // the code is no more: `insee` is the commune that it became part of
  kRepaired,      // no readable code, or one without its zero: the rest leaves one commune
  kContradicted,  // the given code lost; `insee` is what the rest says, or empty
  kAmbiguous,     // the rest leaves several communes
  kImpossible,    // nothing to go by
};
std::string_view slug_of(CodeOutcome outcome);  // "right", "successor", …

inline constexpr std::size_t kTerritoryCandidatesMax = 8;  // as many as a person reads in a line of a report

struct TerritoryRepair {
  std::string insee;  // commune of today (a municipal district keeps its own code); empty when ambiguous or impossible
  CodeOutcome outcome = CodeOutcome::kImpossible;
  std::string postcode;                 // with its leading zero, empty when it cannot be one
  std::string department, region;       // codes: the commune's, or what the witnesses agree on without one; else empty
  std::vector<std::string> candidates;  // when there is no `insee`: INSEE codes, likeliest first
  // What decided (of a code that lost to nothing, what undid it), joined by +: code leading-zero successor name former-name
  // near-name postcode department region coordinates.
  std::string why;
  // What the row says otherwise, joined by +: code name postcode department region coordinates.
  std::string against;
};

TerritoryRepair repair_territory(const DeclaredTerritory& declared);

}  // namespace maillage::registry
