// Sockets of the loopback, for the relays that stand between two daemons.
#pragma once

#include <cstdint>

namespace maillage::bench {

// Listens on a free port, which it gives. Throws when there is none.
int listening_socket(std::uint16_t& port);

// To 127.0.0.1:`port`; -1 when nobody answers.
int connected_socket(std::uint16_t port);

// What is written is sent, however little it is.
void send_at_once(int socket);

// A port that nobody listened on just now.
std::uint16_t free_port();

}  // namespace maillage::bench
