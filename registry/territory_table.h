// The texts of registry/territory/*.tsv, embedded by the build. territory_rows.h and ground.h give them meaning. Any thread.
#pragma once

#include <string_view>

namespace maillage::registry {

std::string_view territory_table();  // communes.tsv
std::string_view position_table();   // positions.tsv

}  // namespace maillage::registry
