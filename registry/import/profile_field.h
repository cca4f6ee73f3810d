// The fields of a profile that a mapping can fill, by the names an operator writes in it, in the order in which a record
// has them. A test holds the list to the schema: every pointer exists there, with that vocabulary or format. Any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace maillage::registry {

// How cells become the value of a field.
enum class FieldShape : std::uint8_t {
  kLine,      // text on one line
  kText,      // text that keeps its lines
  kSlug,      // one slug of a vocabulary
  kSlugs,     // a list of them
  kFormat,    // text of a format of the schema (protocol/field_format.h)
  kNumber,    // a number from 0 to `most`
  kInteger,
  kCountry,   // two letters, or France
  kPlace,     // commune, postcode, INSEE code and what helps to find them: registry/territory_repair.h
  kPoint,     // latitude, longitude
  kWebsite,
  kLinks,
};

struct ProfileField {
  std::string_view key;      // in a mapping
  std::string_view pointer;  // in the record; empty when it only helps to find another
  FieldShape shape;
  std::string_view rule;     // vocabulary or format
  std::uint32_t most = 0;    // code points of a text, value of a number
  // Between the cells of several columns; empty: the first column that says something wins.
  std::string_view joint = {};
};

std::span<const ProfileField> profile_fields();

// Null when there is none of that name.
const ProfileField* find_profile_field(std::string_view key);

inline bool holds_list(const ProfileField& field) {
  return field.shape == FieldShape::kSlugs || field.shape == FieldShape::kLinks;
}

}  // namespace maillage::registry
