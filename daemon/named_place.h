// Places as people name them: what is typed for one, and what is told of one. Worker.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "registry/registry.h"

namespace maillage::daemon {

// The place that a word means: its id; else the one of `candidates` whose id begins with these digits, registry::kPlaceDigitsMin at least, or
// whose short name that is. A whole id may be that of a place which nobody here knows.
// kZeroPlace; kAmbiguousName, naming them; kFewDigits; `unknown`, when none is meant.
protocol::Result<protocol::PlaceId> place_meant(const registry::Registry& registry, std::string_view word, std::span<const protocol::PlaceId> candidates,
                                                protocol::ErrorCode unknown);

// Of all places that are known here, and of `others`.
protocol::Result<protocol::PlaceId> known_place_meant(const registry::Registry& registry, std::string_view word, std::vector<protocol::PlaceId> others,
                                                      protocol::ErrorCode unknown);

// {"place", "slug", "name"}: the last two empty when no profile of it is here.
boost::json::object named(const registry::Registry& registry, const protocol::PlaceId& place);

// "Concarneau (29)"; abroad "BE"; empty when the cell says nothing.
std::string commune_told(const protocol::TerritoryCell& cell);

}  // namespace maillage::daemon
