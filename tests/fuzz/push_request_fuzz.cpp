// What comes before a pushed pack, and its certificate: a prefix never reads otherwise than the whole.
#include "registry/git/push_request.h"

using namespace maillage::registry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  ByteView bytes(input, size);
  auto read = read_push_opening(bytes, false);
  if (!read || !*read) return 0;
  const PushOpening& opening = **read;
  maillage::protocol::check(opening.bytes <= size && opening.request.commands.size() <= kPushCommandsMax, "a push request is bounded");
  auto again = read_push_opening(bytes.first(opening.bytes), true);
  maillage::protocol::check(again && *again && (*again)->bytes == opening.bytes, "the pack does not change what comes before it");
  if (opening.request.certificate) (void)signer_of(*opening.request.certificate);
  return 0;
}
