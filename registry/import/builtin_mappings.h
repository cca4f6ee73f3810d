// The mappings of registry/import/mappings/, embedded by the build; mapping.h gives them meaning. Any thread.
#pragma once

#include <span>
#include <string_view>

namespace maillage::registry {

struct BuiltinMapping {
  std::string_view name;  // "cget"
  std::string_view toml;
};

std::span<const BuiltinMapping> builtin_mapping_texts();

}  // namespace maillage::registry
