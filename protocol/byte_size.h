// Sizes as a person reads them: "64 KiB", "4.3 MiB". Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

namespace maillage::protocol {

// Rounded up to a tenth, so that what is over a limit never reads as the limit itself; bytes below 1 KiB.
std::string byte_size(std::uint64_t bytes);

// "4.3 MiB > 4 MiB": what there is, and what there may be.
std::string over_size(std::uint64_t bytes, std::uint64_t most);

}  // namespace maillage::protocol
