// The control socket's messages: whatever decodes encodes again to a message that decodes to the same.
#include "daemon/control_message.h"

using namespace maillage;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  auto message = daemon::decode_control(protocol::ByteView(bytes, size));
  if (!message) return 0;
  auto again = daemon::encode(*message);
  protocol::check(again.has_value(), "a decoded control message encodes");
  auto back = daemon::decode_control(*again);
  protocol::check(back && back->blobs == message->blobs, "the same message comes back");
  return 0;
}
