// The rules for heads of our own place that this disk did not sign: one small story each.
#include <catch2/catch.hpp>

#include "protocol/own_head.h"
#include "tests/protocol/author.h"

using namespace maillage::tests;
using namespace std::chrono_literals;

namespace {

// A daemon whose disk says that head number 5 is its own, and what it is told.
struct Story {
  explicit Story(std::optional<SignedHead> mine) : own({std::move(mine), {}, {}, {}}) {}
  Story() : Story(Author(1).head(5)) {}

  Author author{1};
  PlaceId peer = Author(2).place(), other_peer = Author(3).place();
  OwnHead own;
  Now now{Instant{} + 1h, UnixTime{1'800'000'000'000}};

  void pass(Duration time) {
    now.instant += time;
    now.wall.ms += std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  }
  void hear(const SignedHead& head) { own.heard(head, peer, now.instant); }
  // A head that a peer told, and its content compared with ours.
  void meet(const SignedHead& head, Kinship kinship) {
    hear(head);
    own.compared(head, kinship);
  }
  void publish(const SignedHead& head) { own.commit(own.after_publication(head)); }
  // Carries out what is due; gives the head that was made.
  SignedHead carry_out() {
    OwnStep step = own.next(now);
    SignedHead made = own.ledger().mine.value_or(author.head(0));
    auto sign_with = [&](const OwnCounters& counters) { made = author.head(counters.sequence, counters.epoch, 7); };
    if (auto* taken = std::get_if<OwnTakeOver>(&step)) made = taken->theirs;
    if (auto* reapplied = std::get_if<OwnReapply>(&step)) sign_with(reapplied->counters);
    if (auto* raised = std::get_if<OwnRaise>(&step)) sign_with(raised->counters);
    own.commit(own.after(step, made, now.wall));
    return made;
  }
  template <class Step>
  bool due() const {
    return std::holds_alternative<Step>(own.next(now));
  }
  template <class Step>
  Step step() const {
    REQUIRE(due<Step>());
    return std::get<Step>(own.next(now));
  }
};

}  // namespace

TEST_CASE("a restored copy takes over what its other life published on top") {
  Story story;
  story.hear(story.author.head(9));
  CHECK(story.step<OwnCompare>().theirs == story.author.head(9));
  CHECK(story.own.may_sign().error().code == ErrorCode::kIdentitySettling);
  story.own.compared(story.author.head(9), Kinship::kAhead);
  CHECK(story.carry_out() == story.author.head(9));
  CHECK(story.due<OwnRest>());
  CHECK(*story.own.may_sign() == OwnCounters{0, 0, 10});
}

TEST_CASE("what is signed before a reconciliation is told once one is complete") {
  Story story;
  CHECK_FALSE(story.own.may_tell());
  story.publish(story.author.head(6));
  CHECK(story.own.ledger().told == story.author.head(5));
  CHECK(story.due<OwnRest>());
  story.own.caught_up();
  REQUIRE(story.due<OwnTell>());
  story.carry_out();
  CHECK_FALSE(story.own.ledger().told);
  CHECK(story.own.ledger().mine == story.author.head(6));
  CHECK(story.own.may_tell());
  story.publish(story.author.head(7));
  CHECK_FALSE(story.own.ledger().told);
}

TEST_CASE("what we had told nobody is told by a peer, as our other life told it: it is taken over once") {
  Story story;
  story.publish(story.author.head(6));
  REQUIRE(story.own.ledger().told);
  story.own.caught_up();
  story.meet(story.author.head(6), Kinship::kSame);
  REQUIRE(story.due<OwnTakeOver>());
  story.carry_out();
  CHECK(story.due<OwnRest>());
  CHECK_FALSE(story.own.ledger().told);
  CHECK(*story.own.may_sign() == OwnCounters{0, 0, 7});
}

TEST_CASE("what nobody was told moves on top of what the other life had published, in the same epoch") {
  Story story;
  story.publish(story.author.head(6, 0, 1));
  story.publish(story.author.head(7, 0, 1));
  story.meet(story.author.head(6), Kinship::kBeside);  // smaller than ours, greater than what was told
  CHECK(story.due<OwnRest>());                         // more may come
  story.own.caught_up();
  auto step = story.step<OwnReapply>();
  CHECK(step.theirs == story.author.head(6));
  CHECK(step.counters == OwnCounters{0, 0, 8});
  CHECK_FALSE(step.heals);
  story.carry_out();
  CHECK_FALSE(story.own.ledger().healed);
  CHECK_FALSE(story.own.ledger().told);
  CHECK(story.due<OwnRest>());
}

TEST_CASE("a head under a new charter is told at once, and settles what was asked") {
  Story story;
  story.own.caught_up();
  story.publish(story.author.head(6));
  story.meet(story.author.head(9, 0, 1), Kinship::kBroken);
  REQUIRE(story.step<OwnAsk>().question.doubt == OwnDoubt::kHistoryBroken);
  story.carry_out();
  REQUIRE(story.own.ledger().question);
  story.author.rotate();
  SignedHead under = story.author.head(7);
  OwnHead restarted(story.own.ledger());  // nobody was heard yet
  OwnLedger ledger = restarted.after_publication(under);
  CHECK_FALSE(ledger.told);
  CHECK_FALSE(ledger.question);
  CHECK(ledger.mine == under);
}

TEST_CASE("what nobody was told outlives a crash untold") {
  Story story;
  story.publish(story.author.head(6));
  OwnHead again(story.own.ledger());
  again.heard(story.author.head(6, 0, 1), story.peer, story.now.instant);
  CHECK(std::holds_alternative<OwnCompare>(again.next(story.now)));
}

TEST_CASE("a fork is healed by the side that can see both, with an epoch more") {
  Story story;
  story.own.caught_up();
  story.publish(story.author.head(6));
  story.meet(story.author.head(8, 0, 1), Kinship::kBeside);
  auto step = story.step<OwnReapply>();
  CHECK(step.counters == OwnCounters{0, 1, 0});
  CHECK(step.heals);
  story.carry_out();
  CHECK(story.own.ledger().healed == story.now.wall);
  CHECK(*story.own.may_sign() == OwnCounters{0, 1, 1});
}

TEST_CASE("the greater side of a fork heals it alone when nobody else does") {
  Story story;
  story.own.caught_up();
  story.publish(story.author.head(6));
  story.own.forked({story.author.head(6), story.author.head(6, 0, 1)}, story.now.instant);
  CHECK(story.due<OwnRest>());
  CHECK(story.own.deadline() == story.now.instant + kForkPatience);
  story.pass(kForkPatience);
  CHECK(story.step<OwnRaise>().counters == OwnCounters{0, 1, 0});
  story.carry_out();
  CHECK(story.due<OwnRest>());
}

TEST_CASE("a fork of an epoch that is over needs no healing") {
  Story story(Author(1).head(0, 1));
  story.own.caught_up();
  story.own.forked({story.author.head(6), story.author.head(6, 0, 1)}, story.now.instant);
  story.pass(1h);
  CHECK(story.due<OwnRest>());
}

TEST_CASE("an older head with counters that we signed is a fork, our own echo is none") {
  Story story;
  story.own.caught_up();
  for (std::uint64_t sequence : {6, 7, 8}) story.publish(story.author.head(sequence));
  story.hear(story.author.head(7));
  story.hear(story.author.head(4, 0, 1));  // from before the start: not ours to judge
  story.pass(1h);
  CHECK(story.due<OwnRest>());
  story.hear(story.author.head(7, 0, 1));
  story.pass(kForkPatience);
  CHECK(story.step<OwnRaise>().heals);
}

TEST_CASE("the second fork within a day asks, and nothing is signed until somebody answers") {
  Story story;
  story.own.caught_up();
  story.meet(story.author.head(8, 0, 1), Kinship::kBeside);
  story.carry_out();
  story.pass(23h);
  SignedHead second = story.author.head(3, 1, 1);
  story.meet(second, Kinship::kBeside);
  auto ask = story.step<OwnAsk>();
  CHECK(ask.question == OwnQuestion{OwnDoubt::kTwoDaemons, second});
  story.carry_out();
  CHECK(story.own.ledger().mine->head.epoch == 1);
  CHECK(story.due<OwnRest>());
  CHECK(story.own.may_sign().error().code == ErrorCode::kIdentityInQuestion);
  story.pass(48h);
  CHECK(story.due<OwnRest>());
  SECTION("theirs") {
    story.own.answered(OwnHead::Answer::kTakeTheirs);
    CHECK(story.carry_out() == second);
  }
  SECTION("ours") {
    story.own.answered(OwnHead::Answer::kKeepOurs);
    CHECK(story.step<OwnRaise>().counters == OwnCounters{0, 2, 0});
    story.carry_out();
  }
  CHECK_FALSE(story.own.ledger().question);
  CHECK(story.own.may_sign());
}

TEST_CASE("a question outlives a restart, and its answer brings the content first") {
  Story story;
  story.own.caught_up();
  story.meet(story.author.head(0, 1), Kinship::kBroken);
  story.carry_out();
  OwnHead again(story.own.ledger());
  CHECK(again.may_sign().error().code == ErrorCode::kIdentityInQuestion);
  again.answered(OwnHead::Answer::kTakeTheirs);
  CHECK(std::holds_alternative<OwnCompare>(again.next(story.now)));
  again.compared(story.author.head(0, 1), Kinship::kBroken);
  CHECK(std::holds_alternative<OwnTakeOver>(again.next(story.now)));
}

TEST_CASE("another fork after a day heals again") {
  Story story;
  story.own.caught_up();
  story.meet(story.author.head(8, 0, 1), Kinship::kBeside);
  story.carry_out();
  story.pass(kHealGap);
  story.meet(story.author.head(3, 1, 1), Kinship::kBeside);
  CHECK(story.due<OwnReapply>());
  SECTION("but not because the clock was set back") {
    story.now.wall.ms -= 400LL * 24 * 3600 * 1000;
    CHECK(story.due<OwnAsk>());
  }
}

TEST_CASE("a broken history is never followed by itself, not even before anything was signed") {
  for (bool changed : {false, true}) {
    Story story;
    if (changed) story.publish(story.author.head(6));
    story.own.caught_up();
    story.meet(story.author.head(0, 1), Kinship::kBroken);
    CHECK(story.step<OwnAsk>().question.doubt == OwnDoubt::kHistoryBroken);
  }
}

TEST_CASE("a greater head on what we held long ago does not take our changes back") {
  Story story;
  story.own.caught_up();
  story.meet(story.author.head(9), Kinship::kBehind);
  CHECK(story.step<OwnRaise>().counters == OwnCounters{0, 1, 0});
}

TEST_CASE("a head whose content nobody has is waited for, then outdone once a day") {
  Story story;
  story.own.caught_up();
  story.hear(story.author.head(9));
  CHECK(story.own.deadline() == story.now.instant + kCompareWait);
  story.pass(kCompareWait - 1s);
  story.hear(story.author.head(10));
  CHECK(story.due<OwnCompare>());
  story.pass(1s);
  CHECK(story.step<OwnRaise>().counters == OwnCounters{0, 1, 0});
  story.carry_out();
  story.hear(story.author.head(5, 1));
  story.pass(kCompareWait);
  CHECK(story.step<OwnAsk>().question.doubt == OwnDoubt::kTwoDaemons);
}

TEST_CASE("a later epoch whose content nobody has may have erased what ours holds, so that a person is asked") {
  Story story;
  story.own.caught_up();
  story.hear(story.author.head(0, 1));
  story.pass(kCompareWait - 1s);
  CHECK(story.due<OwnCompare>());
  story.pass(1s);
  CHECK(story.step<OwnAsk>().question.doubt == OwnDoubt::kHistoryBroken);
  story.carry_out();
  CHECK(story.due<OwnRest>());
  story.own.answered(OwnHead::Answer::kKeepOurs);
  CHECK(story.step<OwnRaise>().counters == OwnCounters{0, 2, 0});
}

TEST_CASE("an epoch that nobody honest reaches asks for a new charter") {
  Story story;
  story.own.caught_up();
  story.meet(story.author.head(0, ~std::uint64_t{0}), Kinship::kBeside);
  CHECK(story.step<OwnAsk>().question.doubt == OwnDoubt::kExhausted);
}

TEST_CASE("a new charter ends the fork of the one before, and goes on counting") {
  Story story;
  story.own.caught_up();
  story.publish(story.author.head(6));
  story.own.forked({story.author.head(6), story.author.head(6, 0, 1)}, story.now.instant);
  story.author.rotate();
  story.publish(story.author.head(7));
  story.pass(1h);
  CHECK(story.due<OwnRest>());
  CHECK(*story.own.may_sign() == OwnCounters{1, 0, 8});
}

TEST_CASE("a disk that died takes what two peers agree on, or one when a person says so") {
  Story story{std::nullopt};
  CHECK(story.own.may_sign().error().code == ErrorCode::kNotFound);
  story.meet(story.author.head(4), Kinship::kBroken);
  CHECK(story.due<OwnRest>());
  SECTION("the same peer twice is one") {
    story.hear(story.author.head(4));
    CHECK(story.due<OwnRest>());
  }
  SECTION("a greater one begins anew") {
    story.own.heard(story.author.head(6), story.other_peer, story.now.instant);
    CHECK(story.step<OwnCompare>().theirs == story.author.head(6));
    story.own.compared(story.author.head(6), Kinship::kBroken);
    CHECK(story.due<OwnRest>());
  }
  SECTION("two") {
    story.own.heard(story.author.head(4), story.other_peer, story.now.instant);
    CHECK(story.carry_out() == story.author.head(4));
  }
  SECTION("one") {
    story.own.accept_alone();
    CHECK(story.carry_out() == story.author.head(4));
  }
}
