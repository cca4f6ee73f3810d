// The daemon's log: one line an event on stderr, `key=value` or JSON, for people, journald and scripts alike.
//
// Invariant: a line is a line. Values are escaped, so that no peer and no request can forge a second one; nothing that
// is personal (names, messages, file names, query texts) is given to it. Any thread.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "daemon/config.h"

namespace maillage::daemon {

struct LogField {
  std::string_view key;
  std::string value;
};

// Until called, everything from kInfo on is written as text.
void open_log(const LogConfig& config);

// `event` is a fixed short name, such as "peer.opened".
void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

// The line without its time, as `log` writes it.
std::string log_line(LogFormat format, LogLevel level, std::string_view event, std::initializer_list<LogField> fields);

}  // namespace maillage::daemon
