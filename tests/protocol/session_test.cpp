#include "protocol/session.h"

#include <catch2/catch.hpp>

#include "tests/protocol/author.h"

using namespace maillage::tests;

namespace {

// One side of a handshake.
struct Side {
  Author author;
  Handshake handshake;

  Side(Author who, Role role, std::uint64_t nonce) : author(std::move(who)), handshake(role, hello(author, nonce)) {}

  static Hello hello(const Author& author, std::uint64_t nonce) {
    Hello frame;
    frame.nonce = SeededRandom(nonce).fixed<Nonce>();
    frame.place = author.place();
    return frame;
  }
  // What we answer to the other's HELLO.
  Result<Auth> greet(ByteView frame) {
    auto answer = handshake.on_hello(std::get<Hello>(*decode_frame(frame)), frame, author.identity(), author.bundle(author.head(1)));
    if (!answer) return tl::unexpected(answer.error());
    return std::get<Auth>(*decode_frame(*answer));
  }
};

struct Pair {
  Side dialling, dialled;
  Auth of_dialling, of_dialled;

  explicit Pair(Author a = Author(1), Author b = Author(2), std::uint64_t nonce = 1)
      : dialling(std::move(a), Role::kDialling, nonce), dialled(std::move(b), Role::kDialled, nonce + 1) {
    of_dialled = *dialled.greet(*dialling.handshake.hello());
    of_dialling = *dialling.greet(*dialled.handshake.hello());
  }
};

ErrorCode code(const Result<CharterChain>& result) {
  REQUIRE_FALSE(result);
  return result.error().code;
}

}  // namespace

TEST_CASE("two sides that speak for their places open a session and know each other's chain") {
  Pair pair;
  auto at_dialled = pair.dialled.handshake.on_auth(pair.of_dialling, nullptr);
  auto at_dialling = pair.dialling.handshake.on_auth(pair.of_dialled, &pair.dialled.author.chain());
  REQUIRE(at_dialled);
  REQUIRE(at_dialling);
  CHECK(*at_dialled == pair.dialling.author.chain());
  CHECK(pair.dialled.handshake.open());
  CHECK(pair.dialling.handshake.open());
  CHECK(pair.dialled.handshake.peer() == pair.dialling.author.place());
}

TEST_CASE("the AUTH of one session opens no other") {
  Pair first(Author(1), Author(2), 1), second(Author(1), Author(2), 100);
  CHECK(code(second.dialled.handshake.on_auth(first.of_dialling, nullptr)) == ErrorCode::kBadSignature);
  CHECK_FALSE(second.dialled.handshake.open());
}

TEST_CASE("what one role signed does not open the other") {
  // The thief stands between and shows the dialled side its own role's signature.
  Side dialling(Author(1), Role::kDialling, 1), impostor(Author(1), Role::kDialled, 1), dialled(Author(2), Role::kDialled, 2);
  REQUIRE(dialled.greet(*dialling.handshake.hello()));
  Auth wrong_role = *impostor.greet(*dialled.handshake.hello());
  CHECK(code(dialled.handshake.on_auth(wrong_role, nullptr)) == ErrorCode::kBadSignature);
}

TEST_CASE("a signature over HELLOs that came changed on the way opens nothing") {
  Side dialling(Author(1), Role::kDialling, 1), dialled(Author(2), Role::kDialled, 2);
  Bytes changed = *dialling.handshake.hello();
  changed[40] ^= 1;  // a byte of the place id
  Hello other = std::get<Hello>(*decode_frame(changed));
  REQUIRE(dialled.handshake.on_hello(other, changed, dialled.author.identity(), dialled.author.bundle(dialled.author.head(1))));
  Auth auth = *dialling.greet(*dialled.handshake.hello());
  CHECK_FALSE(dialled.handshake.on_auth(auth, nullptr));
}

TEST_CASE("only the place's own daemon key opens its sessions") {
  Pair pair;
  Auth forged = pair.of_dialling;
  forged.signature = Author(3).key().sign(as_bytes("peer-auth-1\n"));
  CHECK(code(pair.dialled.handshake.on_auth(forged, nullptr)) == ErrorCode::kBadSignature);
}

TEST_CASE("an AUTH carries the sender's own head under the sender's own chain") {
  Author third(3);
  Pair pair;
  Auth foreign_chain = pair.of_dialling;
  foreign_chain.own = third.bundle(third.head(1));
  CHECK(code(pair.dialled.handshake.on_auth(foreign_chain, nullptr)) == ErrorCode::kBadCharter);
  Auth foreign_head = pair.of_dialling;
  foreign_head.own.heads = {third.head(1)};
  CHECK(code(pair.dialled.handshake.on_auth(foreign_head, nullptr)) == ErrorCode::kBadHead);
  Auth no_chain = pair.of_dialling;
  no_chain.own.charters.clear();
  CHECK(code(pair.dialled.handshake.on_auth(no_chain, nullptr)) == ErrorCode::kUnknownPlace);
  CHECK(pair.dialled.handshake.on_auth(no_chain, &pair.dialling.author.chain()));
}

TEST_CASE("a daemon key that a later charter replaced opens nothing where that charter is known") {
  Author rotated(1);
  rotated.rotate();
  Pair pair;
  CHECK(code(pair.dialled.handshake.on_auth(pair.of_dialling, &rotated.chain())) == ErrorCode::kBadHead);
  Pair renewed(rotated);
  CHECK(renewed.dialled.handshake.on_auth(renewed.of_dialling, &Author(1).chain()));
}

TEST_CASE("a daemon restored from before a charter that kept its key may come in, and learn that charter") {
  Author restored(1);
  Charter next = restored.chain().latest();
  next.place = restored.place();
  next.number = 1;
  next.previous = hash_of(restored.chain().latest());
  CharterChain known = restored.chain();
  REQUIRE(known.extend(sign(next, std::vector{KeyPair(seed_of(1, 1))})));
  Pair pair;
  CHECK(pair.dialled.handshake.on_auth(pair.of_dialling, &known));
  CHECK(pair.dialled.handshake.open());
}

TEST_CASE("a chain that contradicts the known one is refused as another chain") {
  Author one(1), other(1);
  one.rotate();
  other.rotate();
  other.rotate();
  // Same genesis, another charter 1: time differs.
  Charter contradicting = other.chain().at(1).charter;
  contradicting.time.ms = 5;
  auto chain = chain_of(one.place(), std::vector{one.chain().at(0), sign(contradicting, {})}, &one.chain());
  CHECK(code(chain) == ErrorCode::kOtherChain);
}

TEST_CASE("frames out of order are refused: AUTH before HELLO, either of them twice") {
  Pair pair;
  Side fresh(Author(2), Role::kDialled, 9);
  CHECK(code(fresh.handshake.on_auth(pair.of_dialling, nullptr)) == ErrorCode::kUnexpectedFrame);
  CHECK(pair.dialled.greet(*pair.dialling.handshake.hello()).error().code == ErrorCode::kUnexpectedFrame);
  REQUIRE(pair.dialled.handshake.on_auth(pair.of_dialling, nullptr));
  CHECK(code(pair.dialled.handshake.on_auth(pair.of_dialling, nullptr)) == ErrorCode::kUnexpectedFrame);
}

TEST_CASE("a place refuses a session with itself, and a protocol it does not speak") {
  Side here(Author(1), Role::kDialling, 1), same(Author(1), Role::kDialled, 2), stranger(Author(2), Role::kDialled, 3);
  CHECK(here.greet(*same.handshake.hello()).error().code == ErrorCode::kSamePlace);
  Hello later = Side::hello(Author(2), 3);
  later.version = 2;
  CHECK(here.greet(encode(later)).error().code == ErrorCode::kUnsupportedVersion);
}

TEST_CASE("a head counts under its charter only from that charter's minimum epoch on") {
  Author author(1);
  CHECK(verify_under(author.head(1), author.chain()));
  CHECK(verify_under(Author(2).head(1), author.chain()).error().code == ErrorCode::kBadSignature);
  author.rotate();
  SignedHead under_rotated = author.head(1);
  CHECK(verify_under(under_rotated, Author(1).chain()).error().code == ErrorCode::kMissingCharter);
  CHECK(verify_under(under_rotated, author.chain()));
}
