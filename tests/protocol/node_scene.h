// What the tests of the node share: authors, sessions, and the frames that they send by hand.
#pragma once

#include "tests/protocol/scene.h"

namespace maillage::tests {

inline const Author kUs(1), kAnn(2), kBob(3), kEve(4), kFar(5);
inline constexpr SessionId kWithAnn = 10, kWithBob = 20, kWithEve = 30, kWithFar = 40;

inline Error bad_content() { return {ErrorCode::kWrongState, "place"}; }

// The frame types that went to a session, as one letter each.
inline std::string kinds(Scene& scene, SessionId session) {
  static constexpr char kLetters[] = "HASOWPCERBILTYQDNU";
  std::string text;
  for (const Bytes& bytes : scene.sent[session]) text += kLetters[decode_frame(bytes)->index()];
  return text;
}

// Heads of `author` told to a session.
inline void tell(Scene& scene, SessionId session, const Author& author, const SignedHead& head) {
  scene.receive(session, Heads{author.bundle(head)});
}

inline void push(Scene& scene, SessionId session, const SignedHead& head, const ObjectId& base, ByteView bytes) {
  scene.receive(session, Pack{0, Pack::kFirst | Pack::kLast, {{head.head.place, head, base}}, bytes});
}

inline const Bytes kPackBytes{'P', 'A', 'C', 'K'};

// Frames that went out to one session since `from`, all bytes together.
inline std::size_t bytes_after(Scene& scene, SessionId session, std::size_t from) {
  std::size_t total = 0;
  for (std::size_t i = from; i < scene.sent[session].size(); ++i) total += scene.sent[session][i].size();
  return total;
}

// Carries frames between two scenes that share the session number until neither says anything.
inline void converse(Scene& a, Scene& b, SessionId session, std::size_t& at_a, std::size_t& at_b) {
  bool moved = true;
  while (std::exchange(moved, false)) {
    for (; at_a < a.sent[session].size(); ++at_a, moved = true) b.on(FrameReceived{session, Bytes(a.sent[session][at_a])});
    for (; at_b < b.sent[session].size(); ++at_b, moved = true) a.on(FrameReceived{session, Bytes(b.sent[session][at_b])});
  }
}

// Known to a node from the start, its content too.
inline void know(Scene& scene, const Author& author, const SignedHead& head) {
  scene.node.restore({author.chain(), head, nullptr, true, false, nullptr});
}

// Two scenes in one session, which the first one dials.
struct TwoNodes {
  Scene dialling{kUs}, dialled{kAnn};
  std::size_t at_dialling = 0, at_dialled = 0;

  void meet() {
    dialling.on(SessionOpened{1, Role::kDialling, true});
    dialled.on(SessionOpened{1, Role::kDialled, true});
    talk();
  }
  void talk() { converse(dialling, dialled, 1, at_dialling, at_dialled); }
  void pass(Duration time) {
    dialling.pass(time);
    dialled.pass(time);
    talk();
  }
};

// How many parts of one kind a node said about its sketches.
template <class Part>
std::size_t sketch_parts(Scene& scene, SessionId session) {
  auto all = scene.all<Sketch>(session);
  return static_cast<std::size_t>(std::ranges::count_if(all, [](const Sketch& part) { return std::holds_alternative<Part>(part); }));
}

}  // namespace maillage::tests
