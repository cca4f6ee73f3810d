// The verbs `erase` and `erase-status`: a place begins anew without a past, and who has confirmed it. Worker.
#pragma once

#include "daemon/operations.h"

namespace maillage::daemon {

ControlMessage perform_erase(std::string_view verb, const Operations& operations, const ControlMessage& request, protocol::UnixTime now);

}  // namespace maillage::daemon
