#include "registry/slug.h"

#include <catch2/catch.hpp>

#include "protocol/path.h"

using maillage::registry::kSlugBytesMax;
using maillage::registry::slug_of;

TEST_CASE("a slug is the name as people would type it in an address") {
  CHECK(slug_of("Konk Ar Lab") == "konk-ar-lab");
  CHECK(slug_of("L'Hôtel Pasteur") == "l-hotel-pasteur");
  CHECK(slug_of("L\u2019Hôtel Pasteur") == "l-hotel-pasteur");
  CHECK(slug_of("La Chapelle-d'Armentières : le Cyber-centre !") == "la-chapelle-d-armentieres-le-cyber-centre");
  CHECK(slug_of("Le Chœur des Œuvres & Cie") == "le-choeur-des-oeuvres-cie");
  CHECK(slug_of("E\u0301cole no\u0308el") == "ecole-noel");
  CHECK(slug_of("  3D--Lab_59  ") == "3d-lab-59");
  CHECK(slug_of("Straße ÆGIR Łódź") == "strasse-aegir-lodz");
}

TEST_CASE("other scripts are put in Latin letters") {
  CHECK(slug_of("Москва") == "moskva");
  CHECK(slug_of("Αθήνα") == "athena");
}

TEST_CASE("nothing left gives no slug") {
  CHECK(slug_of("").empty());
  CHECK(slug_of(" ’!? ").empty());
}

TEST_CASE("a long name is cut between words") {
  std::string name = "Collectif des tiers-lieux de la métropole lilloise et de tout ce qui l'entoure";
  CHECK(slug_of(name) == "collectif-des-tiers-lieux-de-la-metropole-lilloise-et-de-tout-ce");
  CHECK(slug_of(std::string(500, 'x')) == std::string(kSlugBytesMax, 'x'));
}

TEST_CASE("a slug is a segment of the path grammar and its own slug, whatever the bytes") {
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; b += 5) {
      std::string name = {'x', static_cast<char>(a), static_cast<char>(b), 'y'};
      std::string slug = slug_of(name);
      REQUIRE(maillage::protocol::check_path(slug));
      REQUIRE(slug_of(slug) == slug);
    }
}
