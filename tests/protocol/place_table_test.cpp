#include "protocol/place_table.h"

#include <algorithm>
#include <random>

#include <catch2/catch.hpp>

#include "tests/protocol/author.h"

using namespace maillage::tests;
using Verdict = PlaceTable::Verdict;

namespace {

// A head as it travels: with the charters that it needs.
struct Told {
  SignedHead head;
  std::vector<SignedCharter> charters;
};

// Every counter varies, with conflicts and a rotation, over a few places.
std::vector<Told> everything_said() {
  std::vector<Told> told;
  for (std::uint64_t number : {1, 2, 3}) {
    Author author(number);
    for (int charter = 0; charter < 2; ++charter) {
      for (std::uint64_t epoch : {0, 1})
        for (std::uint64_t sequence : {1, 2, 3})
          for (std::uint64_t salt : {0, 1}) told.push_back({author.head(sequence, epoch, salt), author.chain().charters()});
      author.rotate();
    }
  }
  return told;
}

void tell(PlaceTable& table, const Told& told) {
  auto judged = table.judge(told.head, told.charters);
  REQUIRE(judged);
  if (judged->candidate) table.adopt(*judged->candidate);
  if (judged->fork) table.record_fork(*judged->fork);
}

// What must not depend on the order: the greatest head of each place, and its chain.
std::map<PlaceId, std::pair<Hash, std::size_t>> outcome(const PlaceTable& table) {
  std::map<PlaceId, std::pair<Hash, std::size_t>> all;
  for (const auto& [place, state] : table.all()) all[place] = {hash_of(state.seen.head), state.chain.size()};
  return all;
}

Verdict verdict(const PlaceTable& table, const SignedHead& head) { return table.judge(head, {})->verdict; }

}  // namespace

TEST_CASE("a merge gives the same in whatever order heads come, and however often") {
  std::vector<Told> told = everything_said();
  std::mt19937_64 random(7);
  PlaceTable first;
  for (const Told& one : told) tell(first, one);
  for (int round = 0; round < 20; ++round) {
    std::ranges::shuffle(told, random);
    PlaceTable table;
    for (const Told& one : told) {
      tell(table, one);
      if (random() % 2 == 0) tell(table, told[random() % told.size()]);
    }
    CHECK(outcome(table) == outcome(first));
  }
}

TEST_CASE("merging two tables is merging what both were told") {
  std::vector<Told> told = everything_said();
  std::mt19937_64 random(8);
  std::ranges::shuffle(told, random);
  auto merged = [](const std::vector<std::span<const Told>>& parts) {
    PlaceTable table;
    for (std::span<const Told> part : parts) {
      PlaceTable alone;
      for (const Told& one : part) tell(alone, one);
      for (const auto& [place, state] : alone.all()) tell(table, {state.seen, state.chain.charters()});
    }
    return outcome(table);
  };
  std::span<const Told> all(told);
  auto a = all.subspan(0, 10), b = all.subspan(10, 10), c = all.subspan(20);
  CHECK(merged({a, b, c}) == merged({c, a, b}));
  CHECK(merged({a, b, c}) == merged({a, b, b, c, a}));
}

TEST_CASE("held never passes seen and never goes back, whatever comes") {
  std::vector<Told> told = everything_said();
  std::mt19937_64 random(9);
  for (int round = 0; round < 10; ++round) {
    std::ranges::shuffle(told, random);
    PlaceTable table;
    std::map<PlaceId, SignedHead> held_before;
    for (const Told& one : told) {
      tell(table, one);
      table.hold(told[random() % told.size()].head);
      for (const auto& [place, state] : table.all()) {
        const SignedHead* held = state.held_head();
        if (held == nullptr) continue;
        CHECK((order(held->head, state.seen.head) <= 0));
        auto before = held_before.try_emplace(place, *held).first;
        CHECK((order(held->head, before->second.head) >= 0));
        before->second = *held;
      }
    }
  }
}

TEST_CASE("a head is judged beside what is seen") {
  Author author(1);
  PlaceTable table;
  CHECK(table.judge(author.head(2), {}).error().code == ErrorCode::kUnknownPlace);
  tell(table, {author.head(2), author.chain().charters()});
  CHECK(verdict(table, author.head(1)) == Verdict::kOlder);
  CHECK(verdict(table, author.head(2)) == Verdict::kSame);
  CHECK(verdict(table, author.head(3)) == Verdict::kNewer);
  CHECK(verdict(table, author.head(2, 0, 9)) == Verdict::kConflicting);
  CHECK(verdict(table, author.head(1, 1)) == Verdict::kNewer);
  CHECK(table.size() == 1);
}

TEST_CASE("a newer or conflicting head that its daemon key did not sign is refused") {
  Author author(1);
  PlaceTable table;
  tell(table, {author.head(2), author.chain().charters()});
  for (SignedHead forged : {author.head(3), author.head(2, 0, 5)}) {
    forged.signature.bytes[0] ^= 1;
    CHECK(table.judge(forged, {}).error().code == ErrorCode::kBadSignature);
  }
}

TEST_CASE("charters act only through a head under them") {
  Author author(1);
  PlaceTable table;
  SignedHead old_head = author.head(5);
  tell(table, {author.head(1), author.chain().charters()});
  author.rotate();
  CHECK(table.judge(old_head, author.chain().charters()).error().code == ErrorCode::kBadCharter);
  CHECK(table.find(author.place())->chain.size() == 1);
  CHECK(table.judge(author.head(0), {}).error().code == ErrorCode::kMissingCharter);
  tell(table, {author.head(0), author.chain().charters()});
  CHECK(table.find(author.place())->chain.size() == 2);
  CHECK(verdict(table, old_head) == Verdict::kOlder);
}

TEST_CASE("one fork a reign is kept, and dropped when a higher epoch is seen") {
  Author author(1);
  PlaceTable table;
  tell(table, {author.head(1), author.chain().charters()});
  Fork fork{author.head(1), author.head(1, 0, 1)};
  CHECK(table.record_fork(fork));
  CHECK_FALSE(table.record_fork({author.head(1), author.head(1, 0, 2)}));
  Hash forked = PlaceTable::element(*table.find(author.place()));
  CHECK(forked == sketch_element(table.find(author.place())->seen.head, true));
  tell(table, {author.head(2), {}});
  CHECK(table.find(author.place())->fork != nullptr);
  tell(table, {author.head(1, 1), {}});
  CHECK(table.find(author.place())->fork == nullptr);
  CHECK_FALSE(table.record_fork(fork));  // of a reign that is over
  CHECK_FALSE(table.record_fork({Author(2).head(1), Author(2).head(1, 0, 1)}));
}

TEST_CASE("a candidate that was overtaken, or whose charters contradict ours by now, is not adopted") {
  Author author(1);
  PlaceTable table;
  tell(table, {author.head(1), author.chain().charters()});
  Candidate overtaken = *table.judge(author.head(2), {})->candidate;
  tell(table, {author.head(3), {}});
  CHECK_FALSE(table.accepts(overtaken));
  CHECK_FALSE(table.adopt(overtaken));
  CHECK(table.find(author.place())->seen.head.sequence == 3);

  // Two charters number 1, both properly signed: whichever is adopted first stays.
  Charter other = author.chain().latest();
  KeyPair root(seed_of(1, 1)), key(seed_of(1, 77));
  other.place = author.place();
  other.number = 1;
  other.previous = hash_of(author.chain().latest());
  other.daemon_key = key.public_key();
  CharterChain other_chain = author.chain();
  REQUIRE(other_chain.extend(sign(other, std::vector{root})));
  Head head = author.head(9).head;
  head.charter = 1;
  Candidate contradicting = *table.judge(sign(head, key), other_chain.charters())->candidate;
  author.rotate();
  tell(table, {author.head(0), author.chain().charters()});
  CHECK_FALSE(table.adopt(contradicting));
  CHECK(table.find(author.place())->chain == author.chain());
}

TEST_CASE("content of a head that is older than what is seen is held without being what is seen") {
  Author author(1);
  PlaceTable table;
  tell(table, {author.head(1), author.chain().charters()});
  CHECK_FALSE(table.hold(author.head(2)));
  CHECK(table.hold(author.head(1)));
  CHECK(table.find(author.place())->holds_seen);
  tell(table, {author.head(3), {}});
  CHECK_FALSE(table.find(author.place())->holds_seen);
  CHECK(table.find(author.place())->held_head()->head.sequence == 1);
  CHECK(table.hold(author.head(2)));
  CHECK_FALSE(table.hold(author.head(1)));
  CHECK(table.hold(author.head(3)));
  CHECK(table.find(author.place())->holds_seen);
  CHECK(table.find(author.place())->held == nullptr);
}
