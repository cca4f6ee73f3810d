// The handshake as whoever connects meets it: two frames, their lengths first (2 bytes). Nothing opens without a key.
#include "protocol/session.h"

using namespace maillage::protocol;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  Identity identity{PlaceId{{1}}, KeyPair(Seed{{2}})};
  Hello own;
  own.place = identity.place;
  Handshake handshake(Role::kDialled, own);
  Reader in({input, size});
  while (in.left() > 0) {
    std::size_t length = in.u16();
    ByteView bytes = in.take(std::min(length, in.left()));
    auto frame = decode_frame(bytes);
    if (!frame) return 0;
    if (auto* hello = std::get_if<Hello>(&*frame)) (void)handshake.on_hello(*hello, bytes, identity, {});
    if (auto* auth = std::get_if<Auth>(&*frame)) (void)handshake.on_auth(*auth, nullptr);
    check(!handshake.open(), "nobody can have signed this nonce's transcript");
  }
  return 0;
}
