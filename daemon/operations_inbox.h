// The verbs of `inbox`: what waits, and what somebody here answers. Worker.
#pragma once

#include "daemon/operations.h"

namespace maillage::daemon {

// inbox-list {"all"}, inbox-show, inbox-approve, inbox-refuse and inbox-ask {"id", "text"}. An id may be cut short, as
// long as it names one contribution; inbox-refuse takes "ids" as well, and then answers {"items": […]}, or answers none.
// inbox-list answers {"items": […]}, Registry::summary each with "newer" when its author corrected it since, and
// "leftOff": how many more there are. inbox-approve adds "changed", "withdrawn" (those of them that are no more) and
// "commit", "superseded" (older versions that it closes); "unanswered" says why the answer will be written later. Where the place
// has changed a file since, inbox-show and the refusal of inbox-approve have "conflictAnswer", what the contributor is to be told, in
// her language. inbox-files answers {"items": [{"path", "bytes"}]} and as many blobs: the files as they would become.
ControlMessage perform_inbox(std::string_view verb, const Operations& operations, const ControlMessage& request, protocol::UnixTime now);

}  // namespace maillage::daemon
