// registry/territory/communes.tsv, read: the regions, departments, EPCI, communes and municipal districts of France today, and
// the codes and names that are no more. For the territory files of this folder; neighbours use territory.h and
// territory_repair.h. Everything is sorted by code, and each view is into the program itself. Read on first use, immutable
// after: any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "registry/territory.h"

namespace maillage::registry {

struct CommuneRow {
  std::string_view code, name;
  std::string_view commune;    // of a municipal district: the commune it is part of; else empty
  Area epci;                   // empty where there is none
  std::uint32_t population = 0;
  std::string_view postcodes;  // separated by spaces; empty in the southern lands

  std::string_view department() const { return code.substr(0, code >= "97" ? 3 : 2); }
  bool has_postcode(std::string_view postcode) const { return postcode.size() == 5 && postcodes.find(postcode) != postcodes.npos; }
};

struct FormerRow {
  std::string_view code;
  std::string_view now;   // the commune of today; equal to `code` when only the name is no more
  std::string_view name;  // empty when it is not known
};

struct DepartmentRow {
  std::string_view code, name, region;
};

struct TerritoryRows {
  std::vector<Area> regions, epcis;
  std::vector<DepartmentRow> departments;
  std::vector<CommuneRow> communes;  // and municipal districts
  std::vector<FormerRow> formers;

  const CommuneRow* commune(std::string_view code) const;  // nothing for a code that is no more
  const FormerRow* former(std::string_view code) const;
  const DepartmentRow* department(std::string_view code) const;
  const Area* region(std::string_view code) const;
  const Area* epci(std::string_view code) const;
};

const TerritoryRows& territory_rows();

}  // namespace maillage::registry
