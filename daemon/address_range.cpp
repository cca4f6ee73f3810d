#include "daemon/address_range.h"

#include <algorithm>
#include <array>
#include <string>

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

namespace maillage::daemon {
namespace {

namespace ip = boost::asio::ip;

struct Range {
  std::uint32_t first;
  unsigned bits;
};
// RFC 6890 and what came after it: not for everybody to reach.
constexpr auto kReserved = std::to_array<Range>({
    {0x00000000, 8}, {0x0a000000, 8}, {0x64400000, 10}, {0x7f000000, 8}, {0xa9fe0000, 16}, {0xac100000, 12}, {0xc0000000, 24}, {0xc0000200, 24},
    {0xc0586300, 24}, {0xc0a80000, 16}, {0xc6120000, 15}, {0xc6336400, 24}, {0xcb007100, 24}, {0xe0000000, 3},
});

bool is_public_v4(std::uint32_t address) {
  return std::ranges::none_of(kReserved, [&](const Range& range) { return (address >> (32 - range.bits)) == (range.first >> (32 - range.bits)); });
}

std::uint32_t v4_at(const ip::address_v6::bytes_type& bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 | std::uint32_t{bytes[at + 2]} << 8 | bytes[at + 3];
}

bool is_public_v6(const ip::address_v6& address) {
  if (address.is_v4_mapped()) return is_public_v4(ip::make_address_v4(ip::v4_mapped, address).to_uint());
  auto bytes = address.to_bytes();
  if (bytes[0] == 0x20 && bytes[1] == 0x02) return is_public_v4(v4_at(bytes, 2));  // 6to4
  bool documentation = bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] == 0x0d && bytes[3] == 0xb8;
  bool special = bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] < 0x02;  // 2001::/23: Teredo and others
  return bytes[0] >> 5 == 1 && !documentation && !special;                 // 2000::/3 is all that is given out
}

}  // namespace

bool is_public(const ip::address& address) { return address.is_v4() ? is_public_v4(address.to_v4().to_uint()) : is_public_v6(address.to_v6()); }

bool is_private_literal(std::string_view host) {
  boost::system::error_code no_literal;
  auto address = ip::make_address(std::string(host), no_literal);
  return !no_literal && !is_public(address);
}

}  // namespace maillage::daemon
