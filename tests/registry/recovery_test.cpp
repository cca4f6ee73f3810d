// Which head a lost place goes on from, out of what partners tell.
#include <catch2/catch.hpp>

#include "registry/recovery.h"
#include "tests/protocol/author.h"

using namespace maillage::protocol;
using namespace maillage::registry;
using namespace maillage::tests;

namespace {

Handover told(const Author& author, std::uint64_t sequence) { return {author.chain().charters(), author.head(sequence), std::nullopt, {}}; }
PublicKey root_of(const Author& author) { return author.chain().latest().roots.front(); }

}  // namespace

TEST_CASE("the greatest head that two partners tell is gone on from, and a greater one that one alone tells is not") {
  Author one(1);
  std::vector<Testimony> partners{{told(one, 9)}, {told(one, 5)}, {told(one, 5)}};
  auto choice = choose_recovery(root_of(one), partners, false);
  REQUIRE(choice.agreed.size() == 1);
  CHECK(choice.agreed.front().head == one.head(5));
  CHECK(choice.undecided.empty());
  CHECK(choose_recovery(root_of(one), partners, true).agreed.front().head == one.head(9));
}

TEST_CASE("a partner that says the same twice is one partner, and one that is behind or leaves a place out decides nothing") {
  Author one(1);
  std::vector<Testimony> twice{{told(one, 9), told(one, 9)}};
  CHECK(choose_recovery(root_of(one), twice, false).undecided == std::vector{one.place()});
  std::vector<Testimony> behind{{told(one, 9)}, {told(one, 5)}};
  CHECK(choose_recovery(root_of(one), behind, false).undecided == std::vector{one.place()});
  std::vector<Testimony> silent{{told(one, 9)}, {}};
  CHECK(choose_recovery(root_of(one), silent, false).agreed.empty());
}

TEST_CASE("nobody makes up a place or a head: what is not signed by its keys, or has another root, is passed over") {
  Author one(1), other(2);
  Handover forged = told(one, 9);
  forged.head.signature.bytes[0] ^= 1;
  Handover mixed = told(one, 9);
  mixed.head = other.head(9);
  Handover bare = told(one, 9);
  bare.charters.clear();
  std::vector<Testimony> partners{{forged, mixed, bare, told(other, 3)}, {forged, mixed, bare, told(other, 3)}};
  auto choice = choose_recovery(root_of(one), partners, true);
  CHECK(choice.agreed.empty());
  CHECK(choice.undecided.empty());
  CHECK(own_of(root_of(one), choice.agreed).is_zero());
}
