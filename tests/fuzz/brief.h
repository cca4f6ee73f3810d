// The fuzz targets by their names: the list is made by CMake from the files there are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

struct FuzzTarget {
  const char* name;
  int (*run)(const std::uint8_t*, std::size_t);
};

extern const std::vector<FuzzTarget> kFuzzTargets;
