// A registry of places that do not exist, made on disk as `init` and `import` would: one network that hosts them all.
#pragma once

#include <cstdint>
#include <filesystem>

namespace maillage::bench {

struct SyntheticRegistry {
  std::uint32_t places = 0;   // beside the network's own
  std::uint32_t records = 0;  // of each place, its profile among them
  unsigned seed = 0;
};

// What its places publish is the same for the same figures; their keys and ids are not. Throws when something is refused.
void make_registry(const std::filesystem::path& directory, const SyntheticRegistry& what);

// A new daemon's directory, with nothing but its own place. Throws.
void make_place(const std::filesystem::path& directory, const char* name, bool network = false);

}  // namespace maillage::bench
