// Invitation: a person's word, given in advance, that whoever has it is a partner. PROTOCOL.md §7 "Invitations".
//
// What is handed over is a secret; what crosses a session is a proof of it, good for that session only, so that whoever
// listens or answers in the inviter's stead learns nothing. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/ids.h"
#include "protocol/time.h"

namespace maillage::protocol {

using InvitationSecret = FixedBytes<struct InvitationSecretTag, 16>;
using InvitationId = FixedBytes<struct InvitationIdTag, 16>;  // may be shown and logged

struct Invitation {
  InvitationSecret secret;
  UnixTime expires;
  std::uint16_t uses = 1;  // places that may still come by it

  bool operator==(const Invitation&) const = default;
};

// The first half of SHA-256("place-invitation-1\n" ‖ secret).
InvitationId id_of(const InvitationSecret& secret);

// SHA-256("place-invitation-proof-1\n" ‖ secret ‖ SHA-256(dialling side's HELLO frame) ‖ SHA-256(dialled side's)).
Hash invitation_proof(const InvitationSecret& secret, const Hash& dialling_hello, const Hash& dialled_hello);

// What an invitation link says after its `#`: who invites, and the secret. 64 characters of base64url.
struct InvitationText {
  PlaceId from;
  InvitationSecret secret;

  std::string text() const;
  static Result<InvitationText> parse(std::string_view text);  // kBadInvitation

  bool operator==(const InvitationText&) const = default;
};

}  // namespace maillage::protocol
