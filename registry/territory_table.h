// The text of registry/territory/communes.tsv, embedded by the build; territory.h gives it meaning. Any thread.
#pragma once

#include <string_view>

namespace maillage::registry {

std::string_view territory_table();

}  // namespace maillage::registry
