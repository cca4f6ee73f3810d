// Which addresses a stranger may make us call: those of the public internet. Any thread.
#pragma once

#include <string_view>

#include <boost/asio/ip/address.hpp>

namespace maillage::daemon {

// Not loopback, not a private or link-local network, not multicast, nothing that is reserved (RFC 6890), whatever way it is written:
// an IPv4 address inside an IPv6 one is judged as itself.
bool is_public(const boost::asio::ip::address& address);

// An IP literal that is not public; a name is judged when it is resolved.
bool is_private_literal(std::string_view host);

}  // namespace maillage::daemon
