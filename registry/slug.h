// Slug: a place's name as an address can carry it: "L'Hôtel Pasteur" → `l-hotel-pasteur`. A convenience for people;
// two places may have the same one, and then it answers for the one that is published or shown here, or for neither: the place id
// is the name that counts. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace maillage::registry {

// Long enough for "collectif-des-tiers-lieux-de-la-metropole-lilloise", and a segment of a path (limits.h).
inline constexpr std::size_t kSlugBytesMax = 64;

// Words of a-z and 0-9 joined by single hyphens, at most kSlugBytesMax, cut between words if it can be. Accents are
// dropped, œ is oe, other scripts are put in Latin letters. Empty when nothing is left. slug_of(slug_of(x)) is slug_of(x).
std::string slug_of(std::string_view name);

}  // namespace maillage::registry
