// Contributions that became public otherwise, or cannot any more: none goes on waiting for an answer that nobody can give.
#include "tests/registry/hub.h"
#include "tests/registry/push_fixture.h"

using namespace maillage::tests;
using maillage::protocol::ErrorCode;
using maillage::protocol::Language;
namespace protocol = maillage::protocol;

namespace {

// Her commit again, with this text in the laser's record, so much later.
PushFixture::Outcome amend(PushFixture& it, const std::string& name, std::int64_t later_ms) {
  it.write("resources/laser/record.json", it.record(name));
  it.commit("--amend");
  return it.push(it.push_of(it.tip()), it.pack(), {kPushNow.ms + later_ms});
}

PushFixture::Outcome contribute(PushFixture& it) {
  it.clone();
  it.write("resources/laser/record.json", it.record("Laser"));
  return it.contribute();
}

void trust(PushFixture& it, const protocol::PublicKey& key) {
  it.publish("profile.json", R"({"kind": "profile", "name": "Konk Ar Lab", "maintainers": [{"name": "Jeanne", "key": ")" + ssh_public_key(key) + R"("}]})");
}

Contribution again(PushFixture& it, const PushFixture::Outcome& outcome) { return must(it.registry->contribution(outcome->contribution.id)); }

}  // namespace

TEST_CASE("a commit that waits and is then pushed with a maintainer's certificate is answered as approved") {
  PushFixture it;
  auto waits = contribute(it);
  auto key = it.sign_with("key");
  trust(it, key);
  Push push = it.push_of(it.tip());
  push.certified = key;
  auto straight = it.push(push, it.pack());
  REQUIRE(straight);
  REQUIRE(straight->announcement);
  CHECK(again(it, waits).state == ContributionState::kApproved);
  CHECK(again(it, waits).name.empty());
  it.reopen();
  CHECK(again(it, waits).state == ContributionState::kApproved);
}

TEST_CASE("approving a version of the same author's that covers an older one closes that, and says which is published") {
  PushFixture it;
  auto older = contribute(it);
  must(it.registry->answer(older->contribution.id, ContributionState::kAsked, "Which laser?", kPushNow));
  auto newer = amend(it, "Laser Trotec", 1);
  REQUIRE(newer);
  auto approved = it.registry->approve(newer->contribution.id, {kPushNow.ms + 2});
  REQUIRE(approved);
  CHECK(approved->superseded == std::vector<ContributionId>{older->contribution.id});
  it.reopen();
  CHECK(again(it, older).state == ContributionState::kSuperseded);
  CHECK(again(it, older).answer.find(newer->contribution.id.hex()) != std::string::npos);
  CHECK(it.registry->contributions(false).items.empty());
}

TEST_CASE("what another person sent, what came later, and what has a file more go on waiting") {
  PushFixture it;
  auto older = contribute(it);
  auto newer = amend(it, "Laser Trotec", 1);
  REQUIRE(newer);
  it.write("resources/plane.json", it.record("Rabot"));
  auto larger = amend(it, "Laser et rabot", -1);
  REQUIRE(larger);
  it.git("config user.name 'Paul Martin'"), it.git("rm -q resources/plane.json"), it.git("commit -q --amend --reset-author --no-edit");
  auto others = amend(it, "Laser de Paul", -2);
  REQUIRE(others);
  auto approved = it.registry->approve(older->contribution.id, {kPushNow.ms + 2});
  REQUIRE(approved);
  CHECK(approved->superseded.empty());
  for (const auto& each : {newer, larger, others}) CHECK(again(it, each).state == ContributionState::kPending);
}

TEST_CASE("a name alone does not close what was signed with a key") {
  PushFixture it;
  it.clone();
  it.sign_with("key");
  it.write("resources/laser/record.json", it.record("Laser"));
  it.commit("-S");
  auto older = it.push();
  REQUIRE(older);
  auto newer = amend(it, "Laser Trotec", 1);
  REQUIRE(newer);
  REQUIRE_FALSE(newer->contribution.key);
  auto approved = it.registry->approve(newer->contribution.id, {kPushNow.ms + 2});
  REQUIRE(approved);
  CHECK(approved->superseded.empty());
  CHECK(again(it, older).state == ContributionState::kPending);
}

TEST_CASE("a push to a place that is handed over is told so, and once it is adopted there, where to push instead") {
  PushFixture it;
  Hub next("Compagnie");
  auto network = next.registry->identity().place;
  std::string profile = R"({"kind": "profile", "name": "Compagnie", "endpoints": ["wss://compagnie.example/peer"]})";
  REQUIRE(next.registry->publish(network, {{"profile.json", bytes_of(profile)}}, kPushNow));
  auto added = it.registry->add_place({"Atelier", false, "", {}, {}}, std::nullopt, kPushNow);
  REQUIRE(added);
  it.place = added->place;
  auto before = contribute(it);
  CHECK_FALSE(before->handed_over);
  auto file = it.registry->export_place(it.place, next.registry->successor(), {it.sheet}, kPushNow);
  REQUIRE(file);
  auto meanwhile = amend(it, "Laser Trotec", 1);
  REQUIRE(meanwhile);
  CHECK(meanwhile->handed_over);
  CHECK(it.registry->approve(before->contribution.id, kPushNow).error().front().code == ErrorCode::kHandedOver);
  REQUIRE(next.registry->adopt_place(*file, {next.sheet}, kPushNow));
  must(it.registry->answer_for_moved(kPushNow));
  CHECK(again(it, before).state == ContributionState::kPending);
  Hub::hear(*it.registry, *next.registry);
  must(it.registry->answer_for_moved(kPushNow));
  for (const auto& each : {before, meanwhile}) {
    Contribution closed = again(it, each);
    CHECK(closed.state == ContributionState::kRefused);
    CHECK(closed.answer.find("git push https://compagnie.example/git/" + it.place.hex() + " HEAD:refs/for/main") != std::string::npos);
    CHECK(closed.name.empty());
  }
}
