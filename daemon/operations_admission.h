// `block`, `unblock`, `admit`: whom people here want nothing of, and whom they let in by name. Worker; the writer's turn.
#pragma once

#include "daemon/operations.h"

namespace maillage::daemon {

bool is_about_admission(std::string_view verb);
ControlMessage perform_admission(std::string_view verb, const Operations& operations, const ControlMessage& request, protocol::UnixTime now);

// What of it `partners` lists: {"blocked", "letIn", "waiting"}.
void list_admission(boost::json::object& into, const Operations& operations, const registry::Contacts& contacts);

}  // namespace maillage::daemon
