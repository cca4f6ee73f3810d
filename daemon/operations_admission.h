// `block`, `unblock`, `admit`: whom people here want nothing of, and whom they let in by name. Worker; the writer's turn.
#pragma once

#include "daemon/operations.h"

namespace maillage::daemon {

bool is_about_admission(std::string_view verb);
ControlMessage perform_admission(std::string_view verb, const Operations& operations, const ControlMessage& request, protocol::UnixTime now);

// Of those that wait, so many in an answer: all that there can be, or what a person reads at a glance.
inline constexpr std::size_t kWaitingListedMax = protocol::kWaitingPlacesMax;
inline constexpr std::size_t kWaitingGlancedMax = 5;

// What their heads and we know of them: {"place", "slug", "name", "since", "commune": by the head, "signed": when, "introducer", "introducerName"} each.
boost::json::array list_waiting(const Operations& operations, std::size_t most);

// A blocked place is listed as that alone, whatever it was before and will be again.
bool is_blocked(const registry::Contacts& contacts, const protocol::PlaceId& place);

// What of it `partners` lists: {"blocked", "letIn", "waiting"}; "partner" and "letIn", when true, say what a blocked one is again once it is not.
void list_admission(boost::json::object& into, const Operations& operations, const registry::Contacts& contacts);

}  // namespace maillage::daemon
