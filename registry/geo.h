// Points and boxes on the Earth (WGS84 degrees) and the distance between two points. Any thread; plain values.
#pragma once

#include <optional>

namespace maillage::registry {

struct GeoPoint {
  double lat = 0;  // -90 … 90
  double lon = 0;  // -180 … 180
  bool operator==(const GeoPoint&) const = default;
};

// Nothing unless both are finite and in range.
std::optional<GeoPoint> make_point(double lat, double lon);

// Great-circle distance in km (haversine, mean radius 6371.0088 km): within 0.5 % of the ellipsoid.
double distance_km(GeoPoint a, GeoPoint b);

// As in RFC 7946: west > east means that the box crosses the antimeridian. Borders belong to the box.
struct BoundingBox {
  double west = 0, south = 0, east = 0, north = 0;
  bool contains(GeoPoint point) const;
};

}  // namespace maillage::registry
