// What people are told of scope: with an answer, who keeps what it lacks; in `status`, what is followed here and by whom else.
// Pure; any thread.
#pragma once

#include <boost/json/object.hpp>

#include "daemon/sync_shell.h"

namespace maillage::daemon {

// Of a page that reaches beyond what is kept here: those that keep some of it, by what they said of their scope.
void tell_keepers(const Following& following, registry::Page& page);

// "scope": [{"text", "name"}], no entry: everything; "outbound" sessions, and "covering": those of them that follow all of it too;
// "holders": [{"id", "name", "address"}], daemons that hold what we lack, say those that we talk to, when there are some.
void tell_following(const Following& following, const registry::Registry& registry, boost::json::object& shown);

// "untaken": [{"place", "name"}], daemons that talk to us since a while, would keep our own place and never confirmed that they have it,
// when there are some: their people may not have let it in. `shown` has what Registry::status says.
void tell_untaken(const Following& following, protocol::UnixTime now, const std::function<std::string(const protocol::PlaceId&)>& name_of,
                  boost::json::object& shown);

}  // namespace maillage::daemon
