// The version of this program, as the build says it.
#pragma once

#include <string_view>

namespace maillage::daemon {

inline constexpr std::string_view kVersion = MAILLAGE_VERSION;

}  // namespace maillage::daemon
