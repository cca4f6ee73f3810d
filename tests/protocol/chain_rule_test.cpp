// Two chains of one place: which one a node follows, and what brings it over.
#include "protocol/chain_rule.h"

#include <catch2/catch.hpp>

#include "protocol/limits.h"
#include "protocol/place_table.h"
#include "protocol/session.h"

using namespace maillage::protocol;

namespace {

KeyPair key_number(std::uint8_t number) { return KeyPair(Seed{{number}}); }

// A place whose one root signs charters, beside each other as well as one after the other.
struct Owner {
  KeyPair root = key_number(1), other_root = key_number(2);
  CharterChain genesis = [this] {
    Charter charter;
    charter.roots = {root.public_key()};
    charter.daemon_key = key_number(100).public_key();
    return CharterChain::start({charter, {}}).value();
  }();

  SignedCharter next(const CharterChain& chain, std::uint8_t daemon, bool other = false) const {
    Charter charter = chain.latest();
    charter.place = chain.place();
    charter.number = chain.size();
    charter.previous = hash_of(chain.latest());
    charter.daemon_key = key_number(daemon).public_key();
    std::vector<KeyPair> signers{chain.latest().roots.front() == other_root.public_key() ? other_root : root};
    if (other) charter.roots = {other_root.public_key()}, signers.push_back(other_root);
    return sign(charter, signers);
  }
  CharterChain with(CharterChain chain, std::initializer_list<std::uint8_t> daemons, bool other = false) const {
    for (std::uint8_t daemon : daemons) REQUIRE(chain.extend(next(chain, daemon, other && daemon == *daemons.begin())));
    return chain;
  }
  static SignedHead head(const CharterChain& chain, std::uint64_t sequence = 0) {
    Head head;
    head.place = chain.place();
    head.charter = static_cast<std::uint16_t>(chain.size() - 1);
    head.sequence = sequence;
    for (int daemon = 0; daemon < 256; ++daemon)
      if (KeyPair key = key_number(static_cast<std::uint8_t>(daemon)); key.public_key() == chain.latest().daemon_key) return sign(head, key);
    return {};
  }
};

ErrorCode told(PlaceTable& table, const CharterChain& chain, std::uint64_t sequence = 0) {
  auto judged = table.judge(Owner::head(chain, sequence), chain.charters());
  if (!judged) return judged.error().code;
  if (judged->candidate) table.adopt(*judged->candidate);
  return ErrorCode::kUsage;  // nothing was wrong
}

}  // namespace

TEST_CASE("two charters with one parent are evidence when the roots signed both, and nobody else can make any") {
  Owner owner;
  CharterChain known = owner.with(owner.genesis, {101, 103}), second = owner.with(owner.genesis, {102, 104});
  auto fork = charter_fork(known, second.charters());
  REQUIRE(fork);
  CHECK(fork->kept == known.at(1));
  CHECK(fork->other == second.at(1));
  CHECK_FALSE(charter_fork(known, known.charters()));
  CHECK_FALSE(charter_fork(known, owner.with(known, {105}).charters()));
  CHECK_FALSE(charter_fork(owner.genesis, second.charters()));
  std::vector<SignedCharter> forged = second.charters();
  forged[1].signatures[0].signature.bytes[0] ^= 1;
  CHECK_FALSE(charter_fork(known, forged));
  forged[1] = second.at(1);
  forged[1].charter.time.ms += 1;
  CHECK_FALSE(charter_fork(known, forged));
  forged[1] = sign(second.at(1).charter, std::vector{owner.other_root});
  CHECK_FALSE(charter_fork(known, forged));
}

TEST_CASE("of two charters with one parent the one that came first stays, whoever comes with the other") {
  Owner owner;
  CharterChain first = owner.with(owner.genesis, {101}), second = owner.with(owner.genesis, {102});
  CHECK_FALSE(may_replace(first, second));
  PlaceTable table;
  told(table, first);
  CHECK(told(table, second, 9) == ErrorCode::kOtherChain);
  CHECK(chain_of(first.place(), second.charters(), &first).error().code == ErrorCode::kOtherChain);
  CHECK(table.find(first.place())->chain == first);
}

TEST_CASE("one charter more, which the roots trusted now signed, brings both halves together") {
  Owner owner;
  CharterChain first = owner.with(owner.genesis, {101}), second = owner.with(owner.genesis, {102}), healed = owner.with(second, {103});
  for (const CharterChain& known : {first, second}) {
    PlaceTable table;
    told(table, known, 7);
    CHECK(may_replace(known, healed));
    auto judged = table.judge(Owner::head(healed), healed.charters());
    REQUIRE(judged);
    CHECK(judged->candidate->new_charters == (known == first ? 2 : 1));
    REQUIRE(table.accepts(*judged->candidate));
    table.adopt(*judged->candidate);
    CHECK(table.find(healed.place())->chain == healed);
  }
}

TEST_CASE("a chain of the same length, or one that only other roots signed, brings nobody over") {
  Owner owner;
  CharterChain first = owner.with(owner.genesis, {101, 104}), shorter = owner.with(owner.genesis, {102, 103});
  CHECK(chain_of(first.place(), shorter.charters(), &first).error().code == ErrorCode::kOtherChain);
  // The roots were changed in the chain that is known: the old ones count for nothing there.
  CharterChain moved = owner.with(owner.genesis, {101}, true), stolen = owner.with(owner.genesis, {102, 103, 104});
  CHECK_FALSE(may_replace(moved, stolen));
  CHECK(chain_of(moved.place(), stolen.charters(), &moved).error().code == ErrorCode::kOtherChain);
}

TEST_CASE("a wrong second chain is refused for its signatures, and one of another genesis is another place") {
  Owner owner;
  CharterChain first = owner.with(owner.genesis, {101}), healed = owner.with(owner.genesis, {102, 103});
  std::vector<SignedCharter> damaged = healed.charters();
  damaged[2].signatures[0].signature.bytes[3] ^= 1;
  CHECK(chain_of(first.place(), damaged, &first).error().code == ErrorCode::kBadSignature);
  damaged = healed.charters();
  damaged[1].charter.previous.bytes[0] ^= 1;
  CHECK_FALSE(chain_of(first.place(), damaged, &first));
  std::vector<SignedCharter> foreign = healed.charters();
  foreign[0].charter.time.ms = 5;
  CHECK(chain_of(first.place(), foreign, &first).error().code == ErrorCode::kOtherChain);
  CHECK(chain_of(first.place(), {}, &first).value() == first);
}

TEST_CASE("a chain of 256 is followed to its end, and a charter after that is refused") {
  Owner owner;
  CharterChain chain = owner.genesis;
  PlaceTable table;
  while (chain.size() < kChartersMax) REQUIRE(chain.extend(owner.next(chain, static_cast<std::uint8_t>(chain.size() % 90 + 100))));
  told(table, owner.genesis);
  CHECK(told(table, chain) == ErrorCode::kUsage);
  CHECK(table.find(chain.place())->chain.size() == 256);
  CHECK(CharterChain(chain).extend(owner.next(chain, 100)).error().code == ErrorCode::kTooMany);
}
