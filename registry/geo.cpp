#include "registry/geo.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace maillage::registry {
namespace {

constexpr double kEarthRadiusKm = 6371.0088;

double radians(double degrees) { return degrees * std::numbers::pi / 180; }

}  // namespace

std::optional<GeoPoint> make_point(double lat, double lon) {
  bool in_range = std::isfinite(lat) && std::isfinite(lon) && std::abs(lat) <= 90 && std::abs(lon) <= 180;
  if (!in_range) return std::nullopt;
  return GeoPoint{lat, lon};
}

double distance_km(GeoPoint a, GeoPoint b) {
  double up = std::sin(radians(b.lat - a.lat) / 2);
  double across = std::sin(radians(b.lon - a.lon) / 2);
  double h = up * up + std::cos(radians(a.lat)) * std::cos(radians(b.lat)) * across * across;
  return 2 * kEarthRadiusKm * std::asin(std::sqrt(std::clamp(h, 0.0, 1.0)));
}

bool BoundingBox::contains(GeoPoint point) const {
  if (point.lat < south || point.lat > north) return false;
  if (west <= east) return point.lon >= west && point.lon <= east;
  return point.lon >= west || point.lon <= east;
}

}  // namespace maillage::registry
