#include "protocol/head.h"

#include <catch2/catch.hpp>

using namespace maillage::protocol;

TEST_CASE("a signed head survives encoding and decoding, and its signature holds") {
  KeyPair key(Seed{});
  Head head;
  head.epoch = 3;
  head.cell = TerritoryCell::of("FR", "29039");
  SignedHead signed_head = sign(head, key);
  Writer out;
  write(out, signed_head);
  REQUIRE(out.size() == SignedHead::kBytes);
  Reader in(out.bytes());
  auto decoded = read_signed_head(in);
  REQUIRE(decoded);
  CHECK(*decoded == signed_head);
  CHECK(verify(*decoded, key.public_key()));
  CHECK(decoded->head.cell.commune() == "29039");
}
