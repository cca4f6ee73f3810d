// The verbs about places that this daemon hosts: place-add, place-list, place-successor, place-export, place-adopt. Worker.
#pragma once

#include "daemon/operations.h"

namespace maillage::daemon {

ControlMessage perform_hosting(std::string_view verb, const Operations& operations, const ControlMessage& request, protocol::UnixTime now);

}  // namespace maillage::daemon
