// A session as a whole: a node behind handshakes with real keys, and peers that send frames of every kind, well formed, in any order,
// sometimes with a byte changed. Every invariant holds after each. Input: three bytes a frame, two more from 0xc0 on for the change.
#include "tests/protocol/scene.h"

using namespace maillage::tests;

static Bytes frame_of(std::uint8_t kind, std::uint8_t a, std::uint8_t b, Author& author, const Node& node) {
  SignedHead head = author.head(a % 8, a / 64, b % 4);
  Bytes packed{'P', 'A', 'C', 'K'};
  std::uint32_t request = 1 + a % 8;
  switch (kind % 12) {
    case 0: return encode(Heads{b % 8 < 6 ? author.bundle(head) : HeadBundle{{}, {head}}});
    case 1: return encode(Want{request, {{b % 2 == 0 ? author.place() : node.places().all().begin()->first, {}}}});
    case 2: return encode(Pack{0, Pack::kFirst | Pack::kLast, {{author.place(), head, commit_of(author.place(), b)}}, packed});
    case 3: return encode(Pack{request, static_cast<std::uint8_t>(b % 8), {{author.place(), head, {}}}, packed});
    case 4: return encode(Credit{std::uint32_t{a} << b % 24});
    case 5: return encode(Evidence{author.chain().charters(), author.head(a % 8, 0, 1), author.head(a % 8, 0, 2)});
    case 6: return encode(Receipt{author.place(), UnixTime{a}, {{node.places().all().begin()->first, hash_of(head.head)}}, {}});
    case 7: return encode(b % 2 == 0 ? Sketch(SketchAsk{a}) : Sketch(SketchAll{}));
    case 8: return encode(b % 2 == 0 ? Sketch(SketchMore{a}) : Sketch(SketchDue{}));
    case 9: return encode(b % 2 == 0 ? Sketch(SketchDone{{}, {a, b}, b % 4 == 0}) : Sketch(SketchEnd{}));
    case 10: if (author.chain().size() < 8) author.rotate(a % 2);
      break;
    case 11: if (b % 2 == 0) return encode(Charters{{author.place()}});
  }
  return encode(Heads{author.bundle(author.head(b % 8))});
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  Author peers[] = {Author(2), Author(3), Author(4)};
  Scene scene(Author(1));
  SessionId last = 0;
  for (Reader in({input, std::min<std::size_t>(size, 1'024)}); in.left() > 2; scene.sent.clear(), scene.reports.clear()) {
    if (last == 0 || scene.node.peers().empty()) ++last, scene.meet(last, Author(9), last % 2 == 0 ? Role::kDialled : Role::kDialling);
    std::uint8_t kind = in.u8(), a = in.u8(), b = in.u8();
    if (kind % 64 == 13) scene.pass(std::chrono::seconds(a)), scene.reads = b % 4 != 0, scene.ingests = b % 8 != 5;
    Bytes frame = frame_of(kind, a, b, peers[kind / 12 % 3], scene.node);
    if (kind >= 0xc0 && in.left() > 1) frame[in.u8() % frame.size()] ^= in.u8();
    scene.on(FrameReceived{last, frame});  // looks at every invariant
  }
  return 0;
}
