#include "registry/import/profile_field.h"

#include <array>

namespace maillage::registry {
namespace {

using enum FieldShape;

constexpr auto kFields = std::to_array<ProfileField>({
    {"name", "/name", kLine, "", 200},
    {"description", "/description", kText, "", 4'000, "\n\n"},
    {"language", "/language", kFormat, "language"},
    {"licence", "/licence", kFormat, "spdx"},
    {"confirmed", "/confirmed", kFormat, "moment"},
    {"type", "/type", kSlug, "profile-types"},
    {"activities", "/activities", kSlugs, "activities", 50},
    {"stage", "/stage", kSlug, "stages"},
    {"street", "/address/street", kLine, "", 200, ", "},
    {"postcode", "/address/postcode", kPlace, ""},
    {"commune", "/address/commune", kPlace, "", 100},
    {"insee", "/address/insee", kPlace, "insee"},
    {"department", "", kPlace, ""},
    {"region", "", kPlace, ""},
    {"country", "/address/country", kCountry, "country"},
    {"lat", "/geo/lat", kPoint, ""},
    {"lon", "/geo/lon", kPoint, ""},
    {"opening_hours", "/openingHours", kLine, "", 1'000},
    {"surface", "/surface", kNumber, "", 10'000'000},
    {"capacity", "/capacity", kInteger, "", 1'000'000},
    {"desks", "/desks", kInteger, "", 100'000},
    {"opened", "/opened", kFormat, "partial-date"},
    {"governance", "/governance/model", kSlug, "governance-models"},
    {"legal_form", "/governance/legalForm", kLine, "", 200},
    {"siret", "/governance/legalId", kFormat, "siret"},
    {"rna", "/governance/legalId", kFormat, "rna"},
    {"services", "/services", kSlugs, "services", 50},
    {"audiences", "/audiences", kSlugs, "audiences", 50},
    {"wheelchair", "/access/wheelchair", kSlug, "wheelchair"},
    {"transport", "/access/transport", kLine, "", 500},
    {"fees", "/fees", kSlugs, "fees", 50},
    {"programmes", "/programmes", kSlugs, "programmes", 50},
    {"email", "/contacts/email", kFormat, "email"},
    {"phone", "/contacts/phone", kFormat, "phone"},
    {"website", "/contacts/website", kWebsite, "url"},
    {"links", "/contacts/links", kLinks, "url", 20},
});

}  // namespace

std::span<const ProfileField> profile_fields() { return kFields; }

const ProfileField* find_profile_field(std::string_view key) {
  for (const ProfileField& field : kFields)
    if (field.key == key) return &field;
  return nullptr;
}

}  // namespace maillage::registry
