// What an operator writes to say what a daemon follows, as the texts of protocol/scope.h: a code of INSEE, alone or after the kind
// of area ("29", "région:53", "epci:242900769"), a name ("Bretagne", "commune:Vienne"), or a place's id. Any thread.
//
// Rule: two or three characters are a department, five a commune, nine an EPCI; INSEE's regions have the numbers of departments, so
// they are named, or written after `region:`. A name alone is the region's that has it, else the department's, else that of the one EPCI or commune.
#pragma once

#include <string>
#include <string_view>

#include "protocol/error.h"

namespace maillage::registry {

// kConfigScope: what was written, and what was probably meant.
protocol::Result<std::string> scope_text(std::string_view written);

// "Finistère" of "29", "Bretagne" of "region:53"; empty for a place, and for what the table has not.
std::string name_of_scope(std::string_view text);

}  // namespace maillage::registry
