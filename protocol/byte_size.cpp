#include "protocol/byte_size.h"

#include <string_view>

namespace maillage::protocol {

std::string byte_size(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  std::uint64_t unit = 1024;
  std::string_view name = " KiB";
  for (std::string_view larger : {" MiB", " GiB"}) {
    if (bytes < unit * 1024) break;
    unit *= 1024;
    name = larger;
  }
  std::uint64_t whole = bytes / unit, tenths = (bytes % unit * 10 + unit - 1) / unit;
  if (tenths == 10) ++whole, tenths = 0;
  return std::to_string(whole) + (tenths > 0 ? "." + std::to_string(tenths) : "") + std::string(name);
}

std::string over_size(std::uint64_t bytes, std::uint64_t most) { return byte_size(bytes) + " > " + byte_size(most); }

}  // namespace maillage::protocol
