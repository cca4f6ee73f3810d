// Invitations between nodes: shown, accepted, refused, and what people change while sessions are open.
#include <catch2/catch.hpp>

#include "tests/protocol/node_scene.h"

using namespace maillage::tests;
using namespace std::chrono_literals;

namespace {

const InvitationSecret kSecret{{1, 2, 3}}, kOtherSecret{{4, 5, 6}};

Partners gave(std::uint16_t uses = 1, UnixTime expires = {1'900'000'000'000}) {
  return {{}, {{id_of(kSecret), {kSecret, expires, uses}}}, {}};
}
Partners has_from(const Author& inviter, const InvitationSecret& secret = kSecret) { return {{inviter.place()}, {}, {{inviter.place(), secret}}}; }

// The answer to what `guest` showed in its session; "(none)" without.
std::string welcome(Scene& scene, SessionId session) {
  auto answers = scene.all<Welcome>(session);
  return answers.empty() ? "(none)" : answers.size() == 1 ? answers.front().code : "several";
}

// Two nodes that dial each other for real, `dialling` from a.
struct Pair {
  Pair() : a(kAnn, {.open = false}), b(kBob) {}
  void connect(SessionId session, bool a_dials) {
    std::size_t at_a = a.sent[session].size(), at_b = b.sent[session].size();
    a.on(SessionOpened{session, a_dials ? Role::kDialling : Role::kDialled, a_dials});
    b.on(SessionOpened{session, a_dials ? Role::kDialled : Role::kDialling, !a_dials});
    converse(a, b, session, at_a, at_b);
  }
  Scene a, b;
};

}  // namespace

TEST_CASE("who shows an invitation is accepted, and so is its place where strangers introduce none") {
  Scene scene(kUs, {.open = false});
  scene.on(gave());
  scene.meet(kWithEve, kEve, Role::kDialled, false);
  CHECK(scene.seen(kEve) == nullptr);
  scene.meet(kWithBob, kBob, Role::kDialled, false, kSecret);
  CHECK(welcome(scene, kWithBob) == "");
  REQUIRE(scene.seen(kBob) != nullptr);
  REQUIRE(scene.taken_in.size() == 1);
  CHECK(scene.taken_in.front().place == kBob.place());
  CHECK(scene.taken_in.front().invitation == id_of(kSecret));
  tell(scene, kWithBob, kFar, kFar.head(1));  // a partner may introduce others
  CHECK(scene.seen(kFar) != nullptr);
  CHECK(scene.all<Welcome>(kWithEve).empty());
}

TEST_CASE("an invitation for one place is used by one, who may show it again") {
  Scene scene(kUs, {.open = false});
  scene.on(gave(1));
  scene.meet(kWithBob, kBob, Role::kDialled, false, kSecret);
  scene.meet(kWithEve, kEve, Role::kDialled, false, kSecret);
  CHECK(welcome(scene, kWithEve) == "used-invitation");
  CHECK(scene.events(Event::kNotInvited) == 1);
  CHECK(scene.seen(kEve) == nullptr);
  scene.on(SessionClosed{kWithBob});
  scene.meet(kWithBob + 1, kBob, Role::kDialled, false, kSecret);
  CHECK(welcome(scene, kWithBob + 1) == "");
  CHECK(scene.taken_in.size() == 1);
}

TEST_CASE("an invitation for two places is used by two") {
  Scene scene(kUs, {.open = false});
  scene.on(gave(2));
  for (const Author* guest : {&kAnn, &kBob, &kEve}) scene.meet(guest->place().bytes[0], *guest, Role::kDialled, false, kSecret);
  CHECK(scene.taken_in.size() == 2);
  CHECK(scene.events(Event::kNotInvited) == 1);
}

TEST_CASE("an invitation is refused from the millisecond on at which it expires") {
  Scene scene(kUs, {.open = false});
  scene.on(gave(5, {scene.now.wall.ms + 1}));
  scene.meet(kWithBob, kBob, Role::kDialled, false, kSecret);
  CHECK(welcome(scene, kWithBob) == "");
  scene.now.wall.ms += 1;
  scene.meet(kWithEve, kEve, Role::kDialled, false, kSecret);
  CHECK(welcome(scene, kWithEve) == "expired-invitation");
  CHECK(scene.taken_in.size() == 1);
}

TEST_CASE("an invitation that nobody gave is refused, and its bearer stays the stranger it was") {
  Scene scene(kUs);
  scene.on(gave());
  scene.meet(kWithEve, kEve, Role::kDialled, false, kOtherSecret);
  CHECK(welcome(scene, kWithEve) == "unknown-invitation");
  CHECK(scene.taken_in.empty());
  CHECK(scene.node.peers().size() == 1);
}

TEST_CASE("a proof of another session, or changed in any byte, is refused") {
  for (std::size_t at = 0; at <= 32; ++at) {
    Scene scene(kUs, {.open = false});
    scene.on(gave());
    scene.on(SessionOpened{kWithEve, Role::kDialled, false});
    Hello hello;
    hello.nonce.bytes = {7};
    hello.place = kEve.place();
    Handshake theirs(Role::kDialling, hello);
    Bytes ours = scene.sent[kWithEve].at(0);
    Bytes auth = *theirs.on_hello(std::get<Hello>(*decode_frame(ours)), ours, kEve.identity(), kEve.bundle(kEve.head(1)));
    scene.on(FrameReceived{kWithEve, *theirs.hello()});
    auto [dialling, dialled] = theirs.hellos();
    Hash proof = at == 32 ? invitation_proof(kSecret, dialled, dialling) : invitation_proof(kSecret, dialling, dialled);
    if (at < 32) proof.bytes[at] ^= 1;
    scene.receive(kWithEve, Invited{id_of(kSecret), proof});
    scene.on(FrameReceived{kWithEve, auth});
    CHECK(welcome(scene, kWithEve) == "unknown-invitation");
    CHECK(scene.taken_in.empty());
  }
}

TEST_CASE("INVITED before HELLO, twice, or after AUTH ends the session") {
  Scene scene(kUs);
  scene.on(SessionOpened{kWithEve, Role::kDialled, false});
  scene.receive(kWithEve, Invited{});
  CHECK(scene.bye(kWithEve) == "unexpected-frame");
  scene.meet(kWithBob, kBob);
  scene.receive(kWithBob, Invited{});
  CHECK(scene.bye(kWithBob) == "unexpected-frame");
  scene.on(SessionOpened{kWithAnn, Role::kDialled, false});
  Hello hello;
  hello.nonce.bytes = {7};
  hello.place = kAnn.place();
  scene.receive(kWithAnn, hello);
  scene.receive(kWithAnn, Invited{});
  CHECK(scene.closed.count(kWithAnn) == 0);
  scene.receive(kWithAnn, Invited{});
  CHECK(scene.bye(kWithAnn) == "unexpected-frame");
}

TEST_CASE("both sides become partners by an invitation, whichever dials") {
  for (bool a_dials : {false, true}) {
    Pair pair;
    pair.a.on(gave());
    pair.b.on(has_from(kAnn));
    pair.connect(7, a_dials);
    CHECK(pair.a.taken_in.size() == 1);
    CHECK(pair.b.events(Event::kWelcomed) == 1);
    CHECK(pair.a.seen(kBob) != nullptr);
    CHECK(pair.b.seen(kAnn) != nullptr);
  }
}

TEST_CASE("who is refused hears why, and one answer counts") {
  Pair pair;
  pair.b.on(has_from(kAnn));
  pair.connect(7, false);
  REQUIRE(pair.b.events(Event::kWelcomed) == 1);
  auto welcomed = std::ranges::find(pair.b.reports, Event::kWelcomed, &Report::event);
  REQUIRE(welcomed->error);
  CHECK(welcomed->error->code == ErrorCode::kUnknownInvitation);
  for (int i = 0; i < 10; ++i) pair.b.receive(7, Welcome{"used-invitation"});
  CHECK(pair.b.events(Event::kWelcomed) == 1);
  pair.b.meet(kWithEve, kEve);
  pair.b.receive(kWithEve, Welcome{});  // nobody asked
  CHECK(pair.b.events(Event::kWelcomed) == 1);
}

TEST_CASE("nothing is shown to a place that did not invite") {
  Scene scene(kUs);
  scene.on(has_from(kAnn));
  scene.meet(kWithEve, kEve, Role::kDialling);
  CHECK(scene.all<Invited>(kWithEve).empty());
  scene.meet(kWithAnn, kAnn, Role::kDialling);
  REQUIRE(scene.all<Invited>(kWithAnn).size() == 1);
  CHECK(scene.all<Invited>(kWithAnn).front().invitation == id_of(kSecret));
}

TEST_CASE("an address at which another place answers than the one that invites is left before anything is said") {
  Scene scene(kUs);
  scene.on(has_from(kAnn));
  scene.on(SessionOpened{kWithEve, Role::kDialling, true});
  scene.node.expect(kWithEve, kAnn.place());
  Hello hello;
  hello.nonce.bytes = {7};
  hello.place = kEve.place();
  scene.receive(kWithEve, hello);
  CHECK(scene.bye(kWithEve) == "wrong-place");
  CHECK(kinds(scene, kWithEve) == "HB");
}

TEST_CASE("a liar who takes the inviter's name gets a proof that opens nothing, and no session") {
  Scene victim(kUs), inviter(kAnn, {.open = false});
  victim.on(has_from(kAnn));
  inviter.on(gave());
  victim.on(SessionOpened{kWithEve, Role::kDialling, true});
  victim.node.expect(kWithEve, kAnn.place());
  Hello hello;
  hello.nonce.bytes = {7};
  hello.place = kAnn.place();
  Handshake liar(Role::kDialled, hello);
  Bytes ours = victim.sent[kWithEve].at(0);
  Identity stolen{kAnn.place(), kEve.key()};
  Bytes auth = *liar.on_hello(std::get<Hello>(*decode_frame(ours)), ours, stolen, kAnn.bundle(kAnn.head(1)));
  victim.on(FrameReceived{kWithEve, *liar.hello()});
  auto shown = victim.all<Invited>(kWithEve);
  REQUIRE(shown.size() == 1);
  victim.on(FrameReceived{kWithEve, auth});
  CHECK(victim.bye(kWithEve) == "bad-signature");
  // Eve carries it to the inviter in a session of her own.
  inviter.on(SessionOpened{kWithEve, Role::kDialled, false});
  Hello own;
  own.nonce.bytes = {9};
  own.place = kEve.place();
  Handshake eve(Role::kDialling, own);
  Bytes theirs = inviter.sent[kWithEve].at(0);
  Bytes proved = *eve.on_hello(std::get<Hello>(*decode_frame(theirs)), theirs, kEve.identity(), kEve.bundle(kEve.head(1)));
  inviter.on(FrameReceived{kWithEve, *eve.hello()});
  inviter.receive(kWithEve, shown.front());
  inviter.on(FrameReceived{kWithEve, proved});
  CHECK(welcome(inviter, kWithEve) == "unknown-invitation");
  CHECK(inviter.taken_in.empty());
}

TEST_CASE("a session begins again when people join, or part from, the peer while it is open, and no other session does") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.meet(kWithBob, kBob);
  scene.on(has_from(kAnn));
  CHECK(scene.bye(kWithAnn) == "standing-changed");
  CHECK(scene.closed.count(kWithBob) == 0);
  scene.meet(kWithAnn + 1, kAnn);
  scene.on(has_from(kAnn));
  CHECK(scene.closed.count(kWithAnn + 1) == 0);
  scene.on(has_from(kAnn, kOtherSecret));  // a second link, after the first had expired
  CHECK(scene.bye(kWithAnn + 1) == "standing-changed");
  scene.meet(kWithAnn + 2, kAnn);
  scene.on(Partners{});
  CHECK(scene.bye(kWithAnn + 2) == "standing-changed");
  CHECK(scene.closed.count(kWithBob) == 0);
}

TEST_CASE("an invitation counts in whichever of two sessions between the same places it comes") {
  for (bool ann_is_greater : {false, true}) {
    const Author& guest = (kBob.place() < kUs.place()) == ann_is_greater ? kBob : kUs;
    const Author& host = &guest == &kBob ? kUs : kBob;
    Scene scene(host, {.open = false});
    scene.on(gave());
    scene.meet(1, guest, Role::kDialling, false);               // ours, without an invitation
    scene.meet(2, guest, Role::kDialled, false, kSecret);       // theirs, with it
    CHECK(scene.taken_in.size() == 1);
    CHECK((welcome(scene, 1) == "" || welcome(scene, 2) == ""));  // in the one that stays
    CHECK(scene.node.peers().size() == 1);
  }
}

TEST_CASE("who is accepted hears so once that is on the disk, and not before") {
  Scene scene(kUs, {.open = false});
  scene.on(gave());
  scene.accepts.reset();
  scene.meet(kWithBob, kBob, Role::kDialled, false, kSecret);
  CHECK(welcome(scene, kWithBob) == "(none)");
  REQUIRE(scene.taken_in.size() == 1);
  CHECK(scene.seen(kBob) != nullptr);  // a partner at once
  scene.on(gave());                    // read before it was written
  CHECK(scene.closed.empty());
  scene.on(Persisted{scene.taken_in.front().job, true});
  CHECK(welcome(scene, kWithBob) == "");
  scene.accepts = true;
  scene.meet(kWithEve, kEve, Role::kDialled, false, kSecret);
  CHECK(welcome(scene, kWithEve) == "used-invitation");
}

TEST_CASE("an acceptance that cannot be written is none: the session ends, and the invitation is good for the next") {
  Scene scene(kUs, {.open = false});
  scene.on(gave(1));
  scene.accepts = false;
  scene.meet(kWithBob, kBob, Role::kDialled, false, kSecret);
  CHECK(welcome(scene, kWithBob) == "(none)");
  CHECK(scene.bye(kWithBob) == "disk-full");
  scene.accepts = true;
  scene.meet(kWithBob + 1, kBob, Role::kDialled, false, kSecret);
  CHECK(welcome(scene, kWithBob + 1) == "");
  CHECK(scene.taken_in.size() == 2);
}

TEST_CASE("a session that ended before the acceptance was written leaves a partner") {
  Scene scene(kUs, {.open = false});
  scene.on(gave(1));
  scene.accepts.reset();
  scene.meet(kWithBob, kBob, Role::kDialled, false, kSecret);
  scene.on(SessionClosed{kWithBob});
  scene.on(Persisted{scene.taken_in.front().job, true});
  scene.meet(kWithBob + 1, kBob, Role::kDialled, false, kSecret);
  CHECK(welcome(scene, kWithBob + 1) == "");
  CHECK(scene.taken_in.size() == 1);
}
