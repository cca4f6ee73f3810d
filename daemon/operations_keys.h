// The verbs of keys, as operations.h performs them: other keys for every place that this daemon signs for. Worker, the writer.
#pragma once

#include "daemon/operations.h"

namespace maillage::daemon {

ControlMessage perform_keys(std::string_view verb, const Operations& operations, const ControlMessage& request, protocol::UnixTime now);

}  // namespace maillage::daemon
