// Where the departments and the larger communes of France are (registry/territory/positions.tsv): enough to tell that a point
// contradicts a department, never enough to tell its commune. Outlines are Natural Earth's at 1:10,000,000, some kilometres
// off and without small islands, where towns stand in for them; the southern lands have neither. Read on first use, immutable after: any thread.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "registry/geo.h"

namespace maillage::registry {

// Rationale: the outlines are off by kilometres, and a geocoder may be too. With 5 km, of 4,200 points of the census and the
// France services list none contradicts a department that its row rightly names. A point this near to a border speaks for both sides.
inline constexpr double kBorderKm = 5;

struct Town {
  std::string_view commune;  // INSEE code
  GeoPoint point;
};

// Codes of the departments on whose land the point is, or within kBorderKm of it; empty at sea, abroad, out of range.
std::vector<std::string_view> departments_at(GeoPoint point);

// At most `count` towns of these departments within `km` of the point, nearest first. About 20 µs.
std::vector<Town> towns_near(GeoPoint point, double km, const std::vector<std::string_view>& departments, std::size_t count);

}  // namespace maillage::registry
