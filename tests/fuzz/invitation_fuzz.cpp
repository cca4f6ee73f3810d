// Invitation links: whatever somebody pastes, nothing throws, and what is read is one link.
#include "daemon/invitation_link.h"
#include "daemon/peer_url.h"
#include "daemon/qr_code.h"

using namespace maillage;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(bytes), size);
  (void)protocol::InvitationText::parse(text);
  auto link = daemon::InvitationLink::parse(text);
  if (!link) return 0;
  protocol::check(daemon::parse_peer_url(link->peer_url()).has_value(), "what a link names can be dialled");
  auto again = daemon::InvitationLink::parse(link->text());
  protocol::check(again && again->text() == link->text(), "a link reads back as it was written");
  protocol::check(daemon::QrCode::of(link->text()).has_value(), "a link fits in a QR code");
  return 0;
}
