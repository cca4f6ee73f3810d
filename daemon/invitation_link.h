// The link that makes two places partners: `https://place.example/join#…`. What follows `#` is never sent to the server
// whose page the link opens (RFC 3986 §3.5). Any thread.
#pragma once

#include <string>
#include <string_view>

#include "protocol/error.h"
#include "protocol/invitation.h"

namespace maillage::daemon {

struct InvitationLink {
  std::string base;  // how the inviting daemon is reached: http(s)://HOST[:PORT][/BASE], no slash at the end
  protocol::InvitationText invitation;

  std::string text() const;
  // The address to dial: ws for http, wss for https.
  std::string peer_url() const;

  // kBadInvitation; kCutInvitation when its end is missing. White space around it, as copying leaves it, is passed over.
  static protocol::Result<InvitationLink> parse(std::string_view text);
};

// `url` without the slashes at its end, when it is one that a link can begin with: http or https, no user, query or
// fragment. kMalformed otherwise.
protocol::Result<std::string> invitation_base(std::string_view url);

}  // namespace maillage::daemon
