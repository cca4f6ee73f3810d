#include "registry/ground.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>

#include "registry/table_text.h"
#include "registry/territory_table.h"

namespace maillage::registry {
namespace {

constexpr double kKmPerDegree = 111.2;

struct Ring {
  std::string_view department;
  std::vector<GeoPoint> points;  // the last is the first
  BoundingBox box;               // and kBorderKm around
};

struct Ground {
  std::vector<Ring> rings;
  std::vector<Town> towns;  // by code
};

double degrees_in(std::string_view text) {
  int thousandths = 0;
  std::from_chars(text.data(), text.data() + text.size(), thousandths);
  return thousandths / 1000.0;
}

Ring read_ring(std::string_view department, std::string_view line) {
  Ring ring{department, {}, {180, 90, -180, -90}};
  GeoPoint at;
  while (!line.empty()) {
    at.lat += degrees_in(take_until(' ', line));
    at.lon += degrees_in(take_until(' ', line));
    ring.points.push_back(at);
    BoundingBox& box = ring.box;
    box = {std::min(box.west, at.lon), std::min(box.south, at.lat), std::max(box.east, at.lon), std::max(box.north, at.lat)};
  }
  double up = kBorderKm / kKmPerDegree, aside = up / std::cos(ring.box.north * std::numbers::pi / 180) * 1.2;
  ring.box = {ring.box.west - aside, ring.box.south - up, ring.box.east + aside, ring.box.north + up};
  return ring;
}

Ground read(std::string_view table) {
  Ground ground;
  while (!table.empty()) {
    std::string_view line = take_until('\n', table);
    std::string_view kind = take_until('\t', line), code = take_until('\t', line);
    if (kind == "O") ground.rings.push_back(read_ring(code, line));
    if (kind != "T") continue;
    double lat = degrees_in(take_until('\t', line));
    ground.towns.push_back({code, {lat, degrees_in(line)}});
  }
  return ground;
}

const Ground& ground() {
  static const Ground read_once = read(position_table());
  return read_once;
}

// Kilometres east and north of a point nearby: flat, right to 1 % within 100 km.
struct Flat {
  explicit Flat(GeoPoint from) : origin(from), shrink(std::cos(from.lat * std::numbers::pi / 180)) {}
  GeoPoint operator()(GeoPoint point) const {
    return {(point.lat - origin.lat) * kKmPerDegree, (point.lon - origin.lon) * kKmPerDegree * shrink};
  }
  GeoPoint origin;
  double shrink;
};

// From the origin to the segment, squared.
double km2_to(GeoPoint a, GeoPoint b) {
  double north = b.lat - a.lat, east = b.lon - a.lon;
  double length = north * north + east * east;
  double along = length > 0 ? std::clamp(-(a.lat * north + a.lon * east) / length, 0.0, 1.0) : 0;
  double lat = a.lat + along * north, lon = a.lon + along * east;
  return lat * lat + lon * lon;
}

bool is_at(const Ring& ring, const Flat& flat) {
  bool inside = false;
  for (std::size_t i = 1; i < ring.points.size(); ++i) {
    GeoPoint a = flat(ring.points[i - 1]), b = flat(ring.points[i]);
    if (km2_to(a, b) <= kBorderKm * kBorderKm) return true;
    // A ray to the east crosses the segment.
    if ((a.lat > 0) != (b.lat > 0) && a.lon - a.lat * (b.lon - a.lon) / (b.lat - a.lat) > 0) inside = !inside;
  }
  return inside;
}

void add_once(std::vector<std::string_view>& codes, std::string_view code) {
  if (std::ranges::find(codes, code) == codes.end()) codes.push_back(code);
}

std::string_view department_of(const Town& town) { return town.commune.substr(0, town.commune >= "97" ? 3 : 2); }

struct Away {
  double km;
  const Town* town;
};

std::vector<Away> towns_within(GeoPoint point, double km) {
  std::vector<Away> near;
  Flat flat(point);
  for (const Town& town : ground().towns) {
    GeoPoint there = flat(town.point);
    double square = there.lat * there.lat + there.lon * there.lon;
    if (square <= km * km) near.push_back({std::sqrt(square), &town});
  }
  return near;
}

}  // namespace

std::vector<std::string_view> departments_at(GeoPoint point) {
  std::vector<std::string_view> found;
  if (!make_point(point.lat, point.lon)) return found;
  Flat flat(point);
  for (const Ring& ring : ground().rings)
    if (ring.box.contains(point) && is_at(ring, flat)) add_once(found, ring.department);
  if (!found.empty()) return found;
  for (const Away& each : towns_within(point, kBorderKm)) add_once(found, department_of(*each.town));
  return found;
}

std::vector<Town> towns_near(GeoPoint point, double km, const std::vector<std::string_view>& departments, std::size_t count) {
  if (!make_point(point.lat, point.lon)) return {};
  std::vector<Away> near = towns_within(point, km);
  std::erase_if(near, [&](const Away& each) { return std::ranges::find(departments, department_of(*each.town)) == departments.end(); });
  std::ranges::sort(near, {}, [](const Away& each) { return std::pair(each.km, each.town->commune); });
  std::vector<Town> towns;
  for (std::size_t i = 0; i < std::min(count, near.size()); ++i) towns.push_back(*near[i].town);
  return towns;
}

}  // namespace maillage::registry
