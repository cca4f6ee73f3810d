// The verbs about partners: invite, partner-list, invitation-revoke, join, part. Worker; all but the list from the writer.
#pragma once

#include "daemon/operations.h"

namespace maillage::daemon {

// Those that this file performs.
bool is_about_partners(std::string_view verb);

ControlMessage perform_partners(std::string_view verb, const Operations& operations, const ControlMessage& request, protocol::UnixTime now);

}  // namespace maillage::daemon
