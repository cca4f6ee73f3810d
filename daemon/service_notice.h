// sd_notify(3) in a few lines: tells systemd that the daemon is ready, reloading or stopping. Nothing happens without
// NOTIFY_SOCKET. Any thread.
#pragma once

#include <string_view>

namespace maillage::daemon {

// `state` is lines such as "READY=1" or "STOPPING=1".
void notify_service(std::string_view state);

// How often WATCHDOG=1 is to be sent, in milliseconds: half of what systemd waits; 0 when it does not watch.
long watchdog_interval_ms();

}  // namespace maillage::daemon
