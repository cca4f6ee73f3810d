#include "registry/geo.h"

#include <limits>

#include <catch2/catch.hpp>

using namespace maillage::registry;

TEST_CASE("distances on the Earth are those of an atlas") {
  GeoPoint lille{50.6292, 3.0573}, paris{48.8566, 2.3522}, concarneau{47.8753, -3.9186};
  CHECK(distance_km(lille, paris) == Approx(204).margin(2));
  CHECK(distance_km(lille, concarneau) == Approx(588).margin(6));
  CHECK(distance_km(lille, lille) == 0);
  CHECK(distance_km({0, 179.5}, {0, -179.5}) == Approx(111.2).margin(0.5));
  CHECK(distance_km({90, 0}, {-90, 0}) == Approx(20015).margin(1));
  CHECK(distance_km(lille, paris) == distance_km(paris, lille));
}

TEST_CASE("a box includes its borders and may cross the antimeridian") {
  BoundingBox lille{2.9, 50.5, 3.2, 50.7};
  CHECK(lille.contains({50.63, 3.06}));
  CHECK(lille.contains({50.5, 2.9}));
  CHECK_FALSE(lille.contains({50.63, 3.21}));
  CHECK_FALSE(lille.contains({50.71, 3.06}));
  BoundingBox pacific{160, -25, -140, -5};
  CHECK(pacific.contains({-22, 166}));
  CHECK(pacific.contains({-17, -149}));
  CHECK(pacific.contains({-17, 180}));
  CHECK(pacific.contains({-17, -180}));
  CHECK_FALSE(pacific.contains({-17, 0}));
}

TEST_CASE("a point out of range is no point") {
  CHECK(make_point(-90, 180));
  CHECK_FALSE(make_point(90.1, 0));
  CHECK_FALSE(make_point(0, -180.5));
  CHECK_FALSE(make_point(std::numeric_limits<double>::quiet_NaN(), 0));
  CHECK_FALSE(make_point(0, std::numeric_limits<double>::infinity()));
}
