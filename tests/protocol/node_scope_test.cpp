// A node that keeps some of the content of all places: what it asks for, of whom, and what it lets go.
#include <catch2/catch.hpp>

#include "tests/protocol/node_scene.h"

using namespace maillage::tests;

namespace {

Areas areas_of(std::string_view code) {
  if (code.starts_with("29")) return {"29", "53", ""};
  if (code.starts_with("35")) return {"35", "53", ""};
  return {};
}

constexpr auto kBrest = "29019", kRennes = "35238", kLyon = "69123";

SignedHead in(const Author& author, std::uint64_t sequence, std::string_view commune, const Addressed& addressed = {}) {
  Head head = author.head(sequence).head;
  head.cell = TerritoryCell::of("FR", commune);
  head.addressed = addressed;
  return sign(head, author.key());
}

Addressed speaks_to(const Author& author) {
  Addressed addressed;
  addressed.add(author.place());
  return addressed;
}

Follow follow(const std::vector<std::string>& texts) { return {Scope::of(texts).value(), {}}; }

struct Follower : Scene {
  explicit Follower(const std::vector<std::string>& texts) : Follower(kUs, texts) {}
  Follower(const Author& own, const std::vector<std::string>& texts) : Scene(own, Admission{}, follow(texts), areas_of) { on(follow(texts)); }

  std::set<PlaceId> wanted(SessionId session) {
    std::set<PlaceId> places;
    for (const Want& want : all<Want>(session))
      for (const WantedPlace& each : want.places) places.insert(each.place);
    return places;
  }
  bool wants(SessionId session, const Author& author) { return wanted(session).contains(author.place()); }
  // Whatever the last WANT asks for comes.
  void give(SessionId session, std::vector<SignedHead> heads) { answer_want(session, heads); }
  bool holds_any(const Author& author) const {
    const PlaceState* state = node.places().find(author.place());
    return state != nullptr && state->held_head() != nullptr;
  }
};

// Ann is connected, and has given what her own place publishes.
void meet_ann(Follower& scene) {
  scene.meet(kWithAnn, kAnn);
  scene.agree(kWithAnn);
  scene.give(kWithAnn, {kAnn.head(1)});
}

// Ann with all that these heads sign, told and given.
void hold(Follower& scene, const Author& author, const SignedHead& head) {
  tell(scene, kWithAnn, author, head);
  scene.give(kWithAnn, {head});
  REQUIRE(scene.holds(author));
}

}  // namespace

TEST_CASE("every head is kept and told, and content is asked for where the scope covers it") {
  Follower scene({"29"});
  scene.meet(kWithAnn, kAnn, Role::kDialled, false);
  scene.meet(kWithFar, kFar, Role::kDialled, false);
  scene.agree(kWithFar);
  scene.receive(kWithAnn, Heads{{kBob.chain().charters(), {in(kBob, 3, kBrest)}}});
  scene.receive(kWithAnn, Heads{{kEve.chain().charters(), {in(kEve, 3, kRennes)}}});
  CHECK(scene.seen(kBob) != nullptr);
  CHECK(scene.seen(kEve) != nullptr);
  CHECK(scene.wants(kWithAnn, kBob));
  CHECK_FALSE(scene.wants(kWithAnn, kEve));
  std::size_t told = 0;
  for (const Heads& heads : scene.all<Heads>(kWithFar))
    for (const SignedHead& head : heads.bundle.heads) told += head.head.place == kBob.place() || head.head.place == kEve.place();
  CHECK(told == 2);
}

TEST_CASE("whose scope is everything asks for all, and says so with no text") {
  Follower scene({});
  scene.meet(kWithAnn, kAnn);
  scene.give(kWithAnn, {});
  tell(scene, kWithAnn, kBob, in(kBob, 3, ""));
  CHECK(scene.wants(kWithAnn, kBob));
  CHECK(scene.all<Hello>(kWithAnn).front().scope.empty());
}

TEST_CASE("HELLO says the scope") {
  Follower scene({"region:53", "29"});
  scene.meet(kWithAnn, kAnn);
  CHECK(scene.all<Hello>(kWithAnn).front().scope == std::vector<std::string>{"29", "region:53"});
}

TEST_CASE("out of the scope are also kept: whom a person accepted, and places that may speak to one of ours") {
  Follower scene({"29"});
  SECTION("a peer that we dial") {
    scene.meet(kWithAnn, kAnn, Role::kDialling, true);
    CHECK(scene.node.follows(*scene.node.places().find(kAnn.place())));
  }
  SECTION("not a stranger that dialled us") {
    scene.meet(kWithAnn, kAnn, Role::kDialled, false);
    CHECK_FALSE(scene.node.follows(*scene.node.places().find(kAnn.place())));
  }
  SECTION("a partner") {
    scene.meet(kWithAnn, kAnn, Role::kDialled, false);
    tell(scene, kWithAnn, kBob, in(kBob, 1, kLyon));
    CHECK_FALSE(scene.wants(kWithAnn, kBob));
    scene.agree(kWithAnn);
    scene.on(Partners{{kBob.place()}, {}, {}});
    CHECK(scene.wants(kWithAnn, kBob));
  }
  SECTION("one that speaks to us") {
    scene.meet(kWithAnn, kAnn, Role::kDialled, false);
    tell(scene, kWithAnn, kBob, in(kBob, 1, kLyon, speaks_to(kUs)));
    CHECK(scene.wants(kWithAnn, kBob));
  }
  SECTION("one that speaks to a place that we host") {
    scene.on(Follow{Scope::of({"29"}).value(), {kEve.place()}});
    scene.meet(kWithAnn, kAnn, Role::kDialled, false);
    tell(scene, kWithAnn, kBob, in(kBob, 1, kLyon, speaks_to(kEve)));
    tell(scene, kWithAnn, kEve, in(kEve, 1, kLyon));
    CHECK(scene.wants(kWithAnn, kBob));
    scene.give(kWithAnn, {});
    CHECK(scene.wants(kWithAnn, kEve));
  }
}

TEST_CASE("a peer is not asked for what its scope does not cover, but for its own places") {
  Follower scene({"region:53"});
  scene.meet(kWithAnn, kAnn, Role::kDialled, false, {}, {"35"});
  tell(scene, kWithAnn, kBob, in(kBob, 3, kBrest));
  CHECK(scene.wanted(kWithAnn).empty());
  tell(scene, kWithAnn, kAnn, in(kAnn, 3, kBrest));
  CHECK(scene.wanted(kWithAnn) == std::set{kAnn.place()});
  scene.give(kWithAnn, {});

  scene.meet(kWithBob, kFar, Role::kDialled, false, {}, {"29"});
  tell(scene, kWithBob, kBob, in(kBob, 3, kBrest));
  CHECK(scene.wants(kWithBob, kBob));
}

TEST_CASE("a peer that follows more from now on is asked for it") {
  Follower scene({});
  scene.meet(kWithAnn, kAnn, Role::kDialled, false, {}, {"35"});
  scene.agree(kWithAnn);
  scene.give(kWithAnn, {kAnn.head(1)});
  tell(scene, kWithAnn, kBob, in(kBob, 3, kBrest));
  CHECK_FALSE(scene.wants(kWithAnn, kBob));
  scene.receive(kWithAnn, ScopeNow{{"35", "29"}});
  CHECK(scene.wants(kWithAnn, kBob));
}

TEST_CASE("a pack is pushed only to peers that keep the place, the others are told the head") {
  Follower scene({});
  scene.meet(kWithAnn, kAnn, Role::kDialled, false, {}, {"35"});
  scene.agree(kWithAnn);
  scene.meet(kWithBob, kBob, Role::kDialled, false, {}, {"29"});
  scene.agree(kWithBob);
  for (SessionId id : {kWithAnn, kWithBob}) scene.sent[id].clear();
  SignedHead next = in(kUs, 2, kBrest);
  scene.on(Published{{{kUs.candidate(next), kUs.head(1).head.commit, std::make_shared<const Bytes>(kPackBytes)}}});
  CHECK(scene.all<Pack>(kWithBob).size() == 1);
  CHECK(scene.all<Pack>(kWithAnn).empty());
  CHECK(scene.all<Heads>(kWithAnn).size() == 1);
}

TEST_CASE("a wider scope is told to peers, and what it adds is fetched") {
  Follower scene({"29"});
  meet_ann(scene);
  tell(scene, kWithAnn, kEve, in(kEve, 3, kRennes));
  CHECK_FALSE(scene.wants(kWithAnn, kEve));
  scene.on(follow({"29", "35"}));
  CHECK(scene.all<ScopeNow>(kWithAnn) == std::vector{ScopeNow{{"29", "35"}}});
  CHECK(scene.wants(kWithAnn, kEve));
  scene.give(kWithAnn, {in(kEve, 3, kRennes)});
  CHECK(scene.holds(kEve));
  scene.on(follow({"35", "29"}));  // the same
  CHECK(scene.all<ScopeNow>(kWithAnn).size() == 1);
  CHECK(scene.let_go.empty());
}

TEST_CASE("a scope that changes between HELLO and AUTH is told when the session opens") {
  Follower scene({"29"});
  scene.on(SessionOpened{kWithAnn, Role::kDialled, false});
  scene.on(follow({"35"}));
  CHECK(scene.sent[kWithAnn].size() == 1);
  Hello hello;
  hello.place = kAnn.place();
  Handshake theirs(Role::kDialling, hello);
  Bytes ours = scene.sent[kWithAnn].at(0);
  Bytes auth = *theirs.on_hello(std::get<Hello>(*decode_frame(ours)), ours, kAnn.identity(), kAnn.bundle(kAnn.head(1)));
  scene.on(FrameReceived{kWithAnn, *theirs.hello()});
  scene.on(FrameReceived{kWithAnn, auth});
  CHECK(scene.all<ScopeNow>(kWithAnn) == std::vector{ScopeNow{{"35"}}});
}

TEST_CASE("a narrower scope lets go of what falls out, never of our own, and the heads stay") {
  Follower scene({});
  meet_ann(scene);
  hold(scene, kBob, in(kBob, 3, kBrest));
  hold(scene, kEve, in(kEve, 3, kRennes));
  scene.on(follow({"29"}));
  REQUIRE(scene.let_go.size() == 1);
  CHECK(scene.let_go.front().places == std::vector{kEve.place()});
  CHECK_FALSE(scene.holds_any(kEve));
  CHECK(*scene.seen(kEve) == in(kEve, 3, kRennes));
  CHECK(scene.holds(kBob));
  CHECK(scene.node.places().find(kUs.place())->holds_seen);
  CHECK(scene.events(Event::kReleased) == 1);

  SECTION("and comes back with a wider one") {
    scene.on(follow({"region:53"}));
    CHECK(scene.all<Want>(kWithAnn).back().places == std::vector<WantedPlace>{{kEve.place(), {}}});
    scene.give(kWithAnn, {in(kEve, 3, kRennes)});
    CHECK(scene.holds(kEve));
  }
  SECTION("and is answered as not held") {
    scene.receive(kWithAnn, Want{7, {{kEve.place(), {}}}});
    auto packs = scene.all<Pack>(kWithAnn);
    REQUIRE(packs.size() == 1);
    CHECK_FALSE(packs.front().places.front().head);
  }
}

TEST_CASE("what was let go is told by a receipt that names no head, once it has left the disk") {
  Follower scene({});
  scene.meet(kWithAnn, kAnn);
  scene.agree(kWithAnn);
  scene.give(kWithAnn, {kAnn.head(1)});
  hold(scene, kEve, in(kEve, 3, kRennes));
  scene.on(follow({"29"}));
  REQUIRE_FALSE(scene.holds_any(kEve));
  std::size_t before = scene.all<Receipt>(kWithAnn).size();
  scene.on(Purged{{kEve.place(), kUs.place(), kFar.place()}});  // ours, and one that is not known
  REQUIRE(scene.all<Receipt>(kWithAnn).size() == before + 1);
  CHECK(scene.all<Receipt>(kWithAnn).back().items == std::vector<Receipt::Item>{{kEve.place(), Hash{}}});
}

TEST_CASE("a receipt that is owed says nothing of what is let go meanwhile, until it has left the disk") {
  Follower scene({});
  scene.meet(kWithAnn, kAnn);
  scene.agree(kWithAnn);
  scene.give(kWithAnn, {kAnn.head(1)});
  hold(scene, kEve, in(kEve, 3, kRennes));
  scene.on(SessionClosed{kWithAnn});
  scene.on(Purged{{kEve.place()}});  // nobody is there who could be told
  scene.on(follow({"29"}));
  REQUIRE_FALSE(scene.holds_any(kEve));
  scene.meet(kWithBob, kBob);
  scene.agree(kWithBob);
  scene.pass(std::chrono::seconds(5));
  CHECK(scene.all<Receipt>(kWithBob).empty());
  scene.on(Purged{{kEve.place()}});
  REQUIRE(scene.all<Receipt>(kWithBob).size() == 1);
  CHECK(scene.all<Receipt>(kWithBob).back().items == std::vector<Receipt::Item>{{kEve.place(), Hash{}}});
}

TEST_CASE("content that is followed again before it has left the disk is told by its own receipt") {
  Follower scene({});
  scene.meet(kWithAnn, kAnn);
  scene.agree(kWithAnn);
  scene.give(kWithAnn, {kAnn.head(1)});
  hold(scene, kEve, in(kEve, 3, kRennes));
  scene.on(follow({"29"}));
  scene.on(follow({}));
  scene.give(kWithAnn, {in(kEve, 3, kRennes)});
  scene.on(Purged{{kEve.place()}});
  CHECK(scene.all<Receipt>(kWithAnn).back().items == std::vector<Receipt::Item>{{kEve.place(), hash_of(in(kEve, 3, kRennes).head)}});
}

TEST_CASE("what could not be let go stays held, and is tried again a minute later") {
  Follower scene({});
  meet_ann(scene);
  hold(scene, kEve, in(kEve, 3, kRennes));
  scene.releases = false;
  scene.on(follow({"29"}));
  REQUIRE(scene.let_go.size() == 1);
  scene.on(Released{scene.let_go.front().job, false, {}});
  CHECK(scene.holds(kEve));
  scene.pass(std::chrono::seconds(30));
  CHECK(scene.let_go.size() == 1);
  scene.releases = true;
  scene.pass(std::chrono::seconds(31));
  CHECK(scene.let_go.size() == 2);
  CHECK_FALSE(scene.holds_any(kEve));
}

TEST_CASE("a place that is followed again while its content goes is fetched again") {
  Follower scene({});
  meet_ann(scene);
  hold(scene, kEve, in(kEve, 3, kRennes));
  scene.releases = false;
  scene.on(follow({"29"}));
  scene.on(follow({}));
  CHECK(scene.holds(kEve));
  std::size_t before = scene.all<Want>(kWithAnn).size();
  scene.on(Released{scene.let_go.front().job, true, {kEve.place()}});
  CHECK_FALSE(scene.holds_any(kEve));
  CHECK(scene.all<Want>(kWithAnn).size() == before + 1);
}

TEST_CASE("content on its way when the scope narrows is let go once it is here") {
  Follower scene({});
  meet_ann(scene);
  tell(scene, kWithAnn, kEve, in(kEve, 3, kRennes));
  scene.on(follow({"29"}));
  CHECK(scene.let_go.empty());
  scene.give(kWithAnn, {in(kEve, 3, kRennes)});
  CHECK(scene.let_go.size() == 1);
  CHECK_FALSE(scene.holds_any(kEve));
}

TEST_CASE("a place that moves out is let go, a minute after the last at the earliest, and one that moves in is fetched") {
  Follower scene({"29"});
  meet_ann(scene);
  hold(scene, kBob, in(kBob, 3, kBrest));
  tell(scene, kWithAnn, kBob, in(kBob, 4, kRennes));
  CHECK(scene.let_go.size() == 1);
  CHECK_FALSE(scene.holds_any(kBob));
  CHECK(scene.seen(kBob)->head.sequence == 4);

  tell(scene, kWithAnn, kBob, in(kBob, 5, kBrest));
  scene.give(kWithAnn, {in(kBob, 5, kBrest)});
  CHECK(scene.holds(kBob));
  tell(scene, kWithAnn, kBob, in(kBob, 6, kRennes));
  CHECK(scene.let_go.size() == 1);  // in and out again: not at each head
  scene.pass(std::chrono::seconds(61));
  CHECK(scene.let_go.size() == 2);
  CHECK_FALSE(scene.holds_any(kBob));
}

TEST_CASE("the content of a peer that a person named stays while it is down, after a start too, and goes when it is named no more") {
  auto ann = in(kAnn, 1, kLyon);
  Follower scene({"29"});
  scene.node.restore({kAnn.chain(), ann, nullptr, true, false, nullptr});
  Partners people;
  people.named = {kAnn.place()};
  scene.on(people);
  scene.on(follow({"29"}));  // as when the settings are read again
  CHECK(scene.let_go.empty());
  CHECK(scene.holds(kAnn));
  scene.on(Partners{});
  REQUIRE(scene.let_go.size() == 1);
  CHECK(scene.let_go.front().places == std::vector{kAnn.place()});
}

TEST_CASE("a peer that a person named is followed from its session on, until it is named no more") {
  Follower scene({"29"});
  scene.meet(kWithAnn, kAnn, Role::kDialling, true);
  auto follows = [&] { return scene.node.follows(*scene.node.places().find(kAnn.place())); };
  CHECK(follows());
  scene.on(SessionClosed{kWithAnn});
  CHECK(follows());
  scene.on(Partners{});
  CHECK_FALSE(follows());
}

TEST_CASE("nothing is let go before it is said once what is followed") {
  Scene scene(kUs, Scene::Admission{}, follow({"29"}), areas_of);
  scene.node.restore({kEve.chain(), in(kEve, 1, kRennes), nullptr, true, false, nullptr});
  scene.on(Partners{});
  scene.pass(std::chrono::minutes(2));
  CHECK(scene.let_go.empty());
  scene.on(follow({"29"}));
  CHECK(scene.let_go.size() == 1);
}

TEST_CASE("more than a write's worth is let go in several") {
  Follower scene({});
  std::vector<std::unique_ptr<Author>> many;
  for (std::size_t i = 0; i < kReleasePlacesMax + 1; ++i) {
    many.push_back(std::make_unique<Author>(1000 + i));
    scene.node.restore({many.back()->chain(), in(*many.back(), 1, kRennes), nullptr, true, false, nullptr});
  }
  scene.on(follow({"29"}));
  REQUIRE(scene.let_go.size() == 2);
  CHECK(scene.let_go[0].places.size() == kReleasePlacesMax);
  CHECK(scene.let_go[1].places.size() == 1);
  for (const auto& author : many) CHECK_FALSE(scene.holds_any(*author));
}

// ---- who holds it

namespace {

// A session with a peer that keeps this.
void keep(Follower& scene, SessionId id, const Author& peer, const std::vector<std::string>& texts) {
  scene.meet(id, peer, Role::kDialled, false, {}, texts);
  scene.agree(id);
}

}  // namespace

TEST_CASE("what is not held is answered with at most four daemons that hold it, who signs it first") {
  Follower scene({"35"});
  keep(scene, kWithAnn, kAnn, {});
  tell(scene, kWithAnn, kBob, in(kBob, 3, kBrest));
  auto asked = [&] {
    scene.sent[kWithAnn].clear();
    scene.receive(kWithAnn, Want{7, {{kBob.place(), {}}}});
    REQUIRE(scene.all<Pack>(kWithAnn).size() == 1);
    return scene.all<Holders>(kWithAnn);
  };
  CHECK(asked().empty());
  keep(scene, kWithFar, kFar, {"35"});
  CHECK(asked().empty());

  std::vector<Author> others;
  for (std::uint64_t i = 0; i < 5; ++i) others.emplace_back(100 + i);
  for (std::uint64_t i = 0; i < 5; ++i) {
    keep(scene, 100 + i, others[i], {"29"});
    auto holders = asked();
    REQUIRE(holders.size() == 1);
    CHECK(holders.front().places.front().place == kBob.place());
    CHECK(holders.front().places.front().by.size() == std::min<std::uint64_t>(i + 1, kHoldersMax));
  }
  scene.on(Reached{100, "wss://cent.example/peer"});
  keep(scene, kWithBob, kBob, {"69"});  // its own place all the same
  Holders last = asked().front();
  REQUIRE(last.places.front().by.size() == 4);
  CHECK(last.daemons.at(last.places.front().by.front()).place == kBob.place());
}

TEST_CASE("who asks for what is held gets no holders") {
  Follower scene({});
  keep(scene, kWithAnn, kAnn, {});
  keep(scene, kWithFar, kFar, {});
  scene.receive(kWithAnn, Want{7, {{kUs.place(), {}}}});
  CHECK(scene.all<Holders>(kWithAnn).empty());
}

TEST_CASE("of what nobody here keeps a peer is asked who does, and who is named is asked for it") {
  Follower scene({"29"});
  keep(scene, kWithAnn, kAnn, {"35"});
  tell(scene, kWithAnn, kBob, in(kBob, 3, kBrest));
  CHECK(scene.all<Where>(kWithAnn).empty());
  scene.pass(kAnswerGrace);
  CHECK(scene.all<Where>(kWithAnn) == std::vector{Where{{kBob.place()}}});

  SECTION("a daemon that we know nothing of is told to people, once") {
    Holders holders{{{kFar.place(), "wss://far.example/peer"}}, {{kBob.place(), {0}}}};
    scene.receive(kWithAnn, holders);
    scene.receive(kWithAnn, holders);
    REQUIRE(scene.events(Event::kHolderNamed) == 1);
    auto report = std::ranges::find(scene.reports, Event::kHolderNamed, &Report::event);
    CHECK(report->place == kFar.place());
    CHECK(report->error->context == "wss://far.example/peer");
  }
  SECTION("one that is here is asked, whatever its scope says") {
    keep(scene, kWithFar, kFar, {"69"});
    CHECK_FALSE(scene.wants(kWithFar, kBob));
    scene.receive(kWithAnn, Holders{{{kFar.place(), ""}}, {{kBob.place(), {0}}}});
    CHECK(scene.wants(kWithFar, kBob));
  }
  SECTION("and nothing is asked that is not wanted") {
    keep(scene, kWithFar, kFar, {"69"});
    tell(scene, kWithAnn, kEve, in(kEve, 3, kRennes));
    scene.receive(kWithAnn, Holders{{{kFar.place(), ""}}, {{kEve.place(), {0}}}});
    CHECK_FALSE(scene.wants(kWithFar, kEve));
  }
  SECTION("nor where, once somebody here keeps it") {
    scene.meet(kWithFar, kFar, Role::kDialled, false, {}, {"29"});
    scene.agree(kWithFar);
    scene.agree(kWithAnn);  // the next reconciliation
    scene.pass(kAnswerGrace);
    CHECK(scene.all<Where>(kWithAnn).size() == 1);
  }
}

TEST_CASE("who holds a place is answered with ourselves first, after who signs it") {
  Follower scene({});
  keep(scene, kWithAnn, kAnn, {"35"});
  scene.give(kWithAnn, {kAnn.head(1)});
  keep(scene, kWithFar, kFar, {"29"});
  scene.on(Reached{kWithFar, "wss://far.example/peer"});
  scene.give(kWithFar, {kFar.head(1)});
  tell(scene, kWithFar, kBob, in(kBob, 3, kBrest));
  scene.give(kWithFar, {in(kBob, 3, kBrest)});
  REQUIRE(scene.holds(kBob));
  Where where{{kBob.place(), kEve.place()}};
  std::ranges::sort(where.places);
  scene.receive(kWithAnn, where);
  auto answers = scene.all<Holders>(kWithAnn);
  REQUIRE(answers.size() == 1);
  CHECK(answers.front() == Holders{{{kUs.place(), ""}, {kFar.place(), "wss://far.example/peer"}}, {{kBob.place(), {0, 1}}}});
}

TEST_CASE("a peer that asks who holds what without end is refused") {
  Follower scene({});
  keep(scene, kWithAnn, kAnn, {});
  for (std::size_t i = 0; i < kUselessBurst / kWhereCost; ++i) scene.receive(kWithAnn, Where{{kBob.place()}});
  CHECK(scene.bye(kWithAnn) == "rate-limited");
}

TEST_CASE("frames of scope before AUTH end the session") {
  for (const Bytes& bytes : {encode(ScopeNow{}), encode(Where{{kBob.place()}}), encode(Holders{})}) {
    Follower scene({});
    scene.on(SessionOpened{kWithAnn, Role::kDialled, false});
    scene.on(FrameReceived{kWithAnn, bytes});
    CHECK(scene.bye(kWithAnn) == "unexpected-frame");
  }
}

TEST_CASE("two nodes of different scopes agree on all heads, and each has the content of its own") {
  Follower west(kUs, {"29"}), east(kAnn, {"35"});
  std::vector<std::unique_ptr<Author>> places;
  for (std::uint64_t i = 0; i < 20; ++i) {
    places.push_back(std::make_unique<Author>(200 + i));
    SignedHead head = in(*places.back(), 1, i % 2 == 0 ? kBrest : kRennes);
    Follower& origin = i % 4 < 2 ? west : east;  // so that each has some of the other's
    origin.node.restore({places.back()->chain(), head, nullptr, true, false, nullptr});
  }
  west.on(SessionOpened{7, Role::kDialling, true});
  east.on(SessionOpened{7, Role::kDialled, false});
  std::size_t at_west = 0, at_east = 0;
  converse(west, east, 7, at_west, at_east);
  for (std::uint64_t i = 0; i < 20; ++i) {
    REQUIRE(west.seen(*places[i]) != nullptr);
    REQUIRE(east.seen(*places[i]) != nullptr);
    CHECK(*west.seen(*places[i]) == *east.seen(*places[i]));
  }
  // What one lacks and follows is only on the other side, whose scope does not have it: it says so when asked.
  CHECK(west.wanted(7) == std::set{kAnn.place()});
  west.pass(kAnswerGrace);
  east.pass(kAnswerGrace);
  converse(west, east, 7, at_west, at_east);
  west.on(follow({"29"}));
  east.on(follow({"35"}));
  for (std::uint64_t i = 0; i < 20; ++i) {
    CHECK(west.holds_any(*places[i]) == (i % 2 == 0));
    CHECK(east.holds_any(*places[i]) == (i % 2 == 1));
  }
}

TEST_CASE("who is named as a holder and has nothing is not asked again each time that it is named") {
  Scene scene(kUs);
  scene.meet(kWithAnn, kAnn);
  scene.meet(kWithBob, kBob);
  scene.answer_want(kWithAnn, std::vector{kAnn.head(1)});
  scene.answer_want(kWithBob, std::vector{kBob.head(1)});
  tell(scene, kWithAnn, kFar, kFar.head(1));
  scene.answer_want(kWithAnn, {});
  std::size_t before = scene.all<Want>(kWithBob).size();
  for (int named = 0; named < 3; ++named) {
    std::size_t asked = scene.all<Want>(kWithBob).size();
    scene.receive(kWithAnn, Holders{{{kBob.place(), ""}}, {{kFar.place(), {0}}}});
    if (scene.all<Want>(kWithBob).size() > asked) scene.answer_want(kWithBob, {});
  }
  CHECK(scene.all<Want>(kWithBob).size() == before + 1);
  tell(scene, kWithBob, kFar, kFar.head(1));  // it has it now
  CHECK(scene.all<Want>(kWithBob).size() == before + 2);
}
