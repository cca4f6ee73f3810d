// A node and two peers, one authenticated: whatever bytes they send, its invariants hold and it answers with frames.
// Input: a byte that says whose turn it is or what else happens, then the frame's length (2 bytes) and the frame.
#include "tests/protocol/scene.h"

using namespace maillage::tests;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  static const Author kUs(1), kPeer(2);
  Scene scene(kUs);
  scene.meet(1, kPeer, Role::kDialled);
  scene.meet(2, Author(3), Role::kDialling);
  scene.on(SessionOpened{3, Role::kDialled, false});
  Reader in({input, size});
  while (in.left() > 0) {
    std::uint8_t turn = in.u8();
    if (turn >= 0xf0) {
      scene.reads = (turn & 1) != 0;
      scene.ingest_error = (turn & 2) != 0 ? std::optional<Error>({ErrorCode::kBadPack, ""}) : std::nullopt;
      scene.pass(std::chrono::seconds((turn & 12) * 6));
      continue;
    }
    std::size_t length = in.u16();
    Bytes frame;
    ByteView taken = in.take(std::min(length, in.left()));
    frame.assign(taken.begin(), taken.end());
    scene.on(FrameReceived{SessionId{turn} % 3 + 1, frame});  // looks at every invariant
  }
  for (const auto& [session, frames] : scene.sent)
    for (const Bytes& frame : frames) check(decode_frame(frame).has_value(), "a node sends only frames");
  return 0;
}
