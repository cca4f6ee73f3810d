// What a row says of where it is, read once, and what each thing it says holds of a commune: for territory_repair.cpp.
// Plain values; views into the program. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "registry/territory_repair.h"
#include "registry/territory_rows.h"

namespace maillage::registry {

enum Witness : unsigned {
  kName = 1,
  kPostcode = 2,     // of the commune, or of another one in its department
  kArea = 4,         // the department; the region where no department is given
  kCoordinates = 8,  // in the department, or on its border
  // Finer, to tell candidates apart:
  kRegion = 16,
  kVeryName = 32,
  kVeryPostcode = 64,
};

struct Testimony {
  unsigned says = 0, denies = 0;

  // Independent of each other and of the name.
  static constexpr unsigned kOutside = kPostcode | kArea | kCoordinates;
};

struct ReadCode {
  bool written = false;            // "" and "0" are not
  bool zero_lost = false;
  std::string text;                // five characters, or what was written
  const CommuneRow* row = nullptr;
  bool successor = false;          // `row` is what the code's commune became part of
};

struct RowSays {
  ReadCode code;
  std::string_view name;                    // as written, empty when too long to be one
  std::string name_key;                     // for names nearly the same
  std::vector<NamedCommune> named;
  std::string postcode;
  std::vector<const CommuneRow*> at_postcode;
  std::vector<std::string_view> postcode_departments;
  std::string department, region;           // codes, empty when not given or unknown
  std::optional<GeoPoint> geo;
  std::vector<std::string_view> ground;     // departments where the point may be
  std::string_view area_slug() const { return department.empty() ? "region" : "department"; }
};

RowSays read_row(const DeclaredTerritory& declared);

Testimony testify(const RowSays& row, const CommuneRow& commune);

}  // namespace maillage::registry
