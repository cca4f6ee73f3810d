// What waits, and what an answer makes of it.
#include <boost/json.hpp>

#include "protocol/record.h"
#include "registry/shown_contribution.h"
#include "tests/registry/push_fixture.h"

using namespace maillage::tests;
using maillage::protocol::ErrorCode;
using maillage::protocol::Language;
namespace fs = std::filesystem;
namespace protocol = maillage::protocol;

namespace {

// A contribution of one new record, on its way.
Contribution contribute(PushFixture& it, bool keep = false) {
  it.clone();
  if (keep) it.sign_with("key"), it.git("config user.email jeanne@users.noreply.example");
  it.write("resources/laser/record.json", it.record("Laser"));
  it.commit(keep ? "-S" : "");
  auto outcome = it.push(keep);
  if (!outcome) FAIL(sentence(outcome.error().front(), Language::kEnglish));
  return outcome->contribution;
}

std::string head_commit(PushFixture& it) {
  return std::string(it.registry->place(it.place.hex())->at("head").at("commit").as_string());
}

void sound(PushFixture& it) {
  auto findings = must(it.registry->verify());
  for (const auto& finding : findings) FAIL(finding.where << " " << finding.error.context);
}

bool holds_text(const fs::path& folder, const std::string& text) {
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && protocol::as_text(must(read_file(entry.path(), 1u << 30))).find(text) != std::string_view::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("an approved contribution is one daemon-signed commit that names its author and never the e-mail") {
  PushFixture it;
  Contribution contribution = contribute(it);
  auto approved = it.registry->approve(contribution.id, kPushNow);
  REQUIRE(approved);
  CHECK(approved->changed == std::vector<std::string>{"resources/laser/record.json"});
  CHECK_FALSE(it.published("resources/laser/record.json").empty());
  it.fetch();
  CHECK(it.git("log -1 --format='%an <%ae>, %cn' origin/main") == "Jeanne Dupont <contributor@maillage.invalid>, Konk Ar Lab\n");
  CHECK(it.git("cat-file commit origin/main").find("personne.example") == std::string::npos);
  sound(it);
}

TEST_CASE("what an answered contribution leaves is its answer, also on the disk, also after a restart") {
  for (bool approve : {true, false}) {
    PushFixture it;
    Contribution contribution = contribute(it);
    CHECK(holds_text(it.dir() / "inbox", "jeanne@personne.example"));
    if (approve) REQUIRE(it.registry->approve(contribution.id, kPushNow));
    else must(it.registry->answer(contribution.id, ContributionState::kRefused, "not ours", kPushNow));
    it.reopen();
    Contribution answered = must(it.registry->contribution(contribution.id));
    CHECK(answered.state == (approve ? ContributionState::kApproved : ContributionState::kRefused));
    CHECK(answered.answer == (approve ? "" : "not ours"));
    CHECK(answered.name.empty());
    CHECK(answered.email.empty());
    CHECK(answered.files.empty());
    CHECK_FALSE(holds_text(it.dir() / "inbox", "Jeanne"));
    CHECK_FALSE(fs::exists(it.dir() / "inbox" / contribution.id.hex() / "pack"));
    CHECK(it.registry->approve(contribution.id, kPushNow).error().front().code == ErrorCode::kAnswered);
    CHECK(it.registry->show_contribution(contribution.id, Language::kEnglish));
  }
}

TEST_CASE("nothing of the inbox is in the object store") {
  PushFixture it;
  Contribution contribution = contribute(it);
  it.reopen();
  CHECK_FALSE(holds_text(it.dir() / "store.git", "Laser"));
  std::string asked = output_of("git -C " + (it.dir() / "store.git").string() + " cat-file -e " + contribution.tip.hex() + " || echo absent");
  CHECK(asked.find("absent") != std::string::npos);
}

TEST_CASE("a contribution is shown field by field, in words, beside what is published") {
  PushFixture it;
  it.clone();
  it.write("resources/saw.json", R"({"kind": "resource", "name": "Scie sauteuse", "type": "space", "licence": "CC-BY-SA-4.0"})");
  it.write("resources/notes.md", "hello\n");
  auto outcome = it.contribute();
  auto shown = it.show(outcome, Language::kFrench);
  const auto& files = shown.at("files").as_array();
  REQUIRE(files.size() == 2);
  CHECK(files[0].at("after") == "hello\n");
  CHECK(files[0].at("change") == "added");
  const auto& fields = files[1].at("fields").as_array();
  REQUIRE(fields.size() == 2);
  CHECK(fields[0].at("label") == "Nom");
  CHECK(fields[0].at("before") == "Scie");
  CHECK(fields[0].at("after") == "Scie sauteuse");
  CHECK(fields[1].at("after") == "Espace");
}

TEST_CASE("a file that the place changed since is a conflict, named with what the contributor does") {
  PushFixture it;
  it.clone();
  it.write("resources/saw.json", it.record("Scie de Jeanne"));
  it.write("resources/new.json", it.record("Neuf"));
  auto outcome = it.contribute();
  CHECK_FALSE(it.show(outcome).at("files").as_array()[1].as_object().contains("conflict"));
  it.publish("resources/saw.json", it.record("Scie du lieu"));
  auto shown = it.show(outcome);
  CHECK_FALSE(shown.at("files").as_array()[0].as_object().contains("conflict"));
  CHECK(shown.at("files").as_array()[1].at("path") == "resources/saw.json");
  CHECK(shown.at("files").as_array()[1].at("conflict") == true);
  auto approved = it.registry->approve(outcome->contribution.id, kPushNow);
  REQUIRE_FALSE(approved);
  REQUIRE(approved.error().size() == 1);
  CHECK(approved.error().front().path == "resources/saw.json");
  CHECK(approved.error().front().code == ErrorCode::kContributionConflict);
  CHECK(it.published("resources/new.json").empty());
  CHECK(must(it.registry->contribution(outcome->contribution.id)).state == ContributionState::kPending);
  it.publish("resources/saw.json", it.record("Scie"));  // as it was
  CHECK(it.registry->approve(outcome->contribution.id, kPushNow));
  CHECK(it.published("resources/saw.json") == it.record("Scie de Jeanne"));
}

TEST_CASE("with keep the contributor's own commit becomes the place's state, signatures and all") {
  PushFixture it;
  Contribution contribution = contribute(it, true);
  auto approved = it.registry->approve(contribution.id, kPushNow);
  if (!approved) FAIL(sentence(approved.error().front(), Language::kEnglish));
  CHECK(head_commit(it) == contribution.tip.hex());
  it.reopen();
  sound(it);
  CHECK(it.registry->approve(contribution.id, kPushNow).error().front().code == ErrorCode::kAnswered);
}

TEST_CASE("with keep and a place that moved on, a merge signed by the daemon has both as parents") {
  PushFixture it;
  Contribution contribution = contribute(it, true);
  it.publish("resources/plane.json", it.record("Rabot"));
  std::string before = head_commit(it);
  REQUIRE(it.registry->approve(contribution.id, kPushNow));
  it.fetch();
  CHECK(it.git("log -1 --format=%P origin/main") == before + " " + contribution.tip.hex() + "\n");
  CHECK_FALSE(it.published("resources/plane.json").empty());
  CHECK_FALSE(it.published("resources/laser/record.json").empty());
  sound(it);
  it.publish("resources/after.json", it.record("Ensuite"));
  it.reopen();
  sound(it);
}

TEST_CASE("a merge of the contributor's that puts the place's commits second is merged again, not followed") {
  PushFixture it;
  it.clone();
  it.sign_with("key");
  it.git("config user.email jeanne@users.noreply.example");
  it.write("resources/new.json", it.record("Neuf"));
  it.commit("-S");
  it.publish("resources/plane.json", it.record("Rabot"));
  it.fetch();
  it.git("merge -q -S --no-edit origin/main");
  auto outcome = it.push(true);
  REQUIRE(outcome);
  std::string before = head_commit(it);
  REQUIRE(it.registry->approve(outcome->contribution.id, kPushNow));
  it.fetch();
  CHECK(it.git("log -1 --format=%P origin/main") == before + " " + outcome->contribution.tip.hex() + "\n");
  sound(it);
}

TEST_CASE("keep is refused to a commit that brings what the next takes away, which nobody would be shown") {
  PushFixture it;
  it.clone();
  it.sign_with("key"), it.git("config user.email jeanne@users.noreply.example");
  it.write("resources/new.json", it.record("Neuf"));
  it.commit("-S");
  it.write("resources/gone.json", it.record("Parti"));
  it.commit("-S");
  it.git("rm -q resources/gone.json");
  it.commit("-S");
  auto outcome = it.push(true);
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().front().context.find("resources/gone.json") != std::string::npos);
  CHECK(outcome.error().front().code == ErrorCode::kKeepForm);
}

TEST_CASE("keep is refused to a commit that is not signed, or that names a real e-mail address, with the commands") {
  PushFixture it;
  it.clone();
  it.write("resources/new.json", it.record("Neuf"));
  it.commit();
  auto outcome = it.push(true);
  std::string said;
  REQUIRE_FALSE(outcome);
  for (const auto& problem : outcome.error()) said += sentence(problem, Language::kEnglish) + "\n";
  CHECK(said.find("git config user.email") != std::string::npos);
  CHECK(said.find("git commit --amend --reset-author --no-edit -S") != std::string::npos);
  CHECK(said.find("signed with an SSH Ed25519 key") != std::string::npos);
}

TEST_CASE("peers take in a history with a contributor's commits and a merge") {
  PushFixture it;
  Contribution contribution = contribute(it, true);
  it.publish("resources/plane.json", it.record("Rabot"));
  REQUIRE(it.registry->approve(contribution.id, kPushNow));
  PushFixture peer;
  it.tell(peer);
  CHECK(peer.registry->file(it.place, "resources/laser/record.json"));
  sound(peer);
}

TEST_CASE("a place holds a hundred contributions that wait, one key and one address fewer, and the refusal says how many") {
  TemporaryDirectory folder;
  auto inbox = must(Inbox::open(folder.path()));
  auto waiting = [&](std::uint8_t place, std::uint8_t key, const std::string& sender) -> Result<void> {
    auto arrival = must(inbox->begin());
    must(arrival->append(bytes_of("PACK")));
    Contribution contribution;
    contribution.id = arrival->id();
    contribution.place.bytes[0] = place;
    if (key != 0) contribution.key = protocol::PublicKey{{key}};
    contribution.sender = sender;
    if (auto room = inbox->room_for(contribution); !room) return room;
    return inbox->keep(*arrival, contribution);
  };
  for (std::size_t i = 0; i < kInboxKeyMax; ++i) must(waiting(1, 1, ""));
  CHECK(waiting(2, 1, "").error() == Error{ErrorCode::kInboxSenderFull, "20 contributions"});
  for (std::size_t i = 0; i < kInboxSenderMax; ++i) must(waiting(1, 0, "near"));
  CHECK(waiting(2, 0, "near").error() == Error{ErrorCode::kInboxSenderFull, "20 contributions"});
  for (std::size_t i = kInboxKeyMax + kInboxSenderMax; i < kInboxPlaceMax; ++i) must(waiting(1, 0, ""));
  CHECK(waiting(1, 0, "").error() == Error{ErrorCode::kInboxPlaceFull, "100 contributions"});
  must(waiting(2, 0, ""));
  CHECK(must(Inbox::open(folder.path()))->open_count() == 101);
}

TEST_CASE("large contributions of one address leave room for others' at the place, and those of a place for other places") {
  TemporaryDirectory folder;
  auto inbox = must(Inbox::open(folder.path()));
  auto waiting = [&](std::uint8_t place, std::uint8_t key, const std::string& sender) -> Result<void> {
    auto arrival = must(inbox->begin());
    must(arrival->append(bytes_of("PACK")));
    Contribution contribution;
    contribution.id = arrival->id();
    contribution.place.bytes[0] = place;
    if (key != 0) contribution.key = protocol::PublicKey{{key}};
    contribution.sender = sender;
    contribution.bytes = 20 << 20;  // as if
    if (auto room = inbox->room_for(contribution); !room) return room;
    return inbox->keep(*arrival, contribution);
  };
  for (int i = 0; i < 3; ++i) must(waiting(1, 0, "near"));
  CHECK(waiting(1, 0, "near").error() == Error{ErrorCode::kInboxSenderFull, "64 MiB"});
  CHECK(waiting(2, 0, "near").error() == Error{ErrorCode::kInboxSenderFull, "64 MiB"});
  for (int i = 0; i < 3; ++i) must(waiting(1, 1, ""));
  CHECK(waiting(2, 1, "").error() == Error{ErrorCode::kInboxSenderFull, "64 MiB"});
  CHECK(waiting(1, 0, "far").error() == Error{ErrorCode::kInboxPlaceFull, "128 MiB"});
  for (std::uint8_t i = 0; i < 19; ++i) must(waiting(2 + i / 6, 0, ""));
  CHECK(waiting(9, 0, "far").error() == Error{ErrorCode::kInboxFull, "512 MiB"});
}

TEST_CASE("a pack that arrives asks for room again and again, and stops where there is none") {
  TemporaryDirectory folder;
  auto inbox = must(Inbox::open(folder.path()));
  std::vector<std::uint64_t> asked;
  auto arrival = must(inbox->begin([&](std::uint64_t bytes) -> Result<void> {
    asked.push_back(bytes);
    return asked.size() < 4 ? Result<void>{} : protocol::fail(ErrorCode::kDiskFull, "here");
  }));
  Bytes piece(kRoomLookBytes / 2);
  for (int i = 0; i < 5; ++i) must(arrival->append(piece));
  CHECK(asked == std::vector<std::uint64_t>(2, kRoomLookBytes));
  must(arrival->append(Bytes(kRoomLookBytes * 3 / 2 - 1)));
  CHECK(asked.back() == kRoomLookBytes * 3 / 2 - 1);
  CHECK(arrival->append(Bytes(1)).error().code == ErrorCode::kDiskFull);
}

TEST_CASE("a contribution that cannot be expired keeps no other from expiring, and nobody from contributing") {
  PushFixture it;
  Contribution older = contribute(it);
  it.write("resources/plane.json", it.record("Rabot"));
  it.commit();
  auto newer = it.push(it.push_of(it.tip()), it.pack(), {kPushNow.ms + 1});
  REQUIRE(newer);
  fs::create_directory(it.dir() / "inbox" / newer->contribution.id.hex() / "contribution.json.new");  // no file can be written there
  protocol::UnixTime later{kPushNow.ms + 31LL * 86'400'000};
  CHECK(it.registry->expire_contributions(later).error().code == ErrorCode::kIo);
  CHECK(must(it.registry->contribution(newer->contribution.id)).state == ContributionState::kPending);
  CHECK(must(it.registry->contribution(older.id)).state == ContributionState::kExpired);
  it.write("resources/drill.json", it.record("Perceuse"));
  it.commit();
  CHECK(it.push(it.push_of(it.tip()), it.pack(), later));
}

TEST_CASE("whoever reads a contribution is told of the one by which its author corrected it") {
  PushFixture it;
  Contribution first = contribute(it);
  CHECK_FALSE(it.registry->summary(first).contains("newer"));
  auto push_at = [&](const std::string& path, const std::string& name, std::int64_t after) {
    it.write(path, it.record(name));
    it.commit("--amend");
    return it.push(it.push_of(it.tip()), it.pack(), {kPushNow.ms + after})->contribution;
  };
  it.git("config user.name 'Paul Martin'"), it.git("commit -q --amend --reset-author --no-edit");
  push_at("resources/laser/record.json", "Laser de Paul", 1);
  CHECK_FALSE(it.registry->summary(first).contains("newer"));  // another person's
  it.git("config user.name 'Jeanne Dupont'"), it.git("reset -q --hard origin/main");
  it.write("resources/notes.md", "x\n");
  it.commit();
  REQUIRE(it.push(it.push_of(it.tip()), it.pack(), {kPushNow.ms + 2}));
  CHECK_FALSE(it.registry->summary(first).contains("newer"));  // other files
  Contribution second = push_at("resources/laser/record.json", "Laser 60 W", 3), third = push_at("resources/laser/record.json", "Laser 80 W", 4);
  CHECK(it.registry->summary(first).at("newer").as_string() == third.id.hex());
  CHECK(it.registry->summary(second).at("newer").as_string() == third.id.hex());
  CHECK_FALSE(it.registry->summary(third).contains("newer"));
  must(it.registry->answer(third.id, ContributionState::kRefused, "no", kPushNow));
  CHECK(it.registry->summary(first).at("newer").as_string() == second.id.hex());
}

TEST_CASE("a contribution that waited thirty days expires, and its answer goes ninety days later") {
  PushFixture it;
  Contribution contribution = contribute(it);
  protocol::UnixTime later{kPushNow.ms + 31LL * 86'400'000}, last{kPushNow.ms + 130LL * 86'400'000};
  must(it.registry->expire_contributions(later));
  CHECK(must(it.registry->contribution(contribution.id)).state == ContributionState::kExpired);
  CHECK_FALSE(holds_text(it.dir() / "inbox", "Jeanne"));
  must(it.registry->expire_contributions(last));
  CHECK(it.registry->contribution(contribution.id).error().code == ErrorCode::kNoContribution);
  CHECK(fs::is_empty(it.dir() / "inbox"));
}

TEST_CASE("a question leaves the contribution waiting, an empty answer is none") {
  PushFixture it;
  Contribution contribution = contribute(it);
  CHECK(it.registry->answer(contribution.id, ContributionState::kAsked, " ", kPushNow).error().code == ErrorCode::kEmptyAnswer);
  must(it.registry->answer(contribution.id, ContributionState::kAsked, "Which laser?", kPushNow));
  Contribution asked = must(it.registry->contribution(contribution.id));
  CHECK(asked.state == ContributionState::kAsked);
  CHECK(asked.answer == "Which laser?");
  CHECK(it.registry->approve(contribution.id, kPushNow));
}

TEST_CASE("a maintainer's certified push goes straight in, another key's waits") {
  PushFixture it;
  it.clone();
  auto key = it.sign_with("key");
  it.publish("profile.json", R"({"kind": "profile", "name": "Konk Ar Lab", "maintainers": [{"name": "Jeanne", "key": ")" + ssh_public_key(key) + R"("}]})");
  it.fetch();
  it.git("reset -q --hard origin/main");
  it.write("resources/new.json", it.record("Neuf"));
  it.commit();
  Push push = it.push_of(it.tip());
  push.certified = protocol::PublicKey{{7}};
  auto waits = it.push(push, it.pack());
  REQUIRE(waits);
  CHECK_FALSE(waits->announcement);
  push.certified = key;
  auto outcome = it.push(push, it.pack());
  REQUIRE(outcome);
  CHECK(outcome->contribution.state == ContributionState::kApproved);
  REQUIRE(outcome->announcement);
  CHECK_FALSE(it.published("resources/new.json").empty());
}

namespace {

// A description in the inbox, under its arrival's number.
Result<void> keep_named(Inbox& inbox, const std::string& name, ContributionId* id = nullptr) {
  auto arrival = must(inbox.begin());
  must(arrival->append(bytes_of("PACK")));
  Contribution contribution;
  contribution.id = arrival->id();
  contribution.place.bytes[0] = 1;
  contribution.name = name;
  contribution.bytes = 4;
  if (id) *id = contribution.id;
  return inbox.keep(*arrival, contribution);
}

std::string json_of(const boost::json::object& object) { return protocol::to_json_text(object); }

}  // namespace

TEST_CASE("a contribution of two thousand files is kept over a restart, one file more is refused with their number") {
  PushFixture it;
  it.clone();
  for (int i = 0; i < 2'000; ++i) it.write("resources/plans-" + std::to_string(i / 100) + "/sheet-" + std::to_string(i) + ".md", "x\n");
  auto outcome = it.contribute();
  it.reopen();
  Contribution kept = must(it.registry->contribution(outcome->contribution.id));
  CHECK(kept.file_count == 2'000);
  CHECK(kept.files.size() == kNamedFilesMax);
  CHECK(it.registry->summary(kept).at("fileCount") == 2'000);
  it.write("resources/plans-20/last.md", "x\n");
  it.commit();
  CHECK(PushFixture::problems(it.push()) == std::vector<std::pair<std::string, ErrorCode>>{{"", ErrorCode::kContributionFiles}});
}

TEST_CASE("a description that would not be read back is refused, and nothing of it stays") {
  TemporaryDirectory folder;
  auto inbox = must(Inbox::open(folder.path()));
  CHECK(keep_named(*inbox, std::string(300'000, 'n')).error().code == ErrorCode::kTooLarge);
  must(keep_named(*inbox, std::string(200'000, 'n')));
  CHECK(std::distance(fs::directory_iterator(folder.path() / "inbox"), fs::directory_iterator()) == 1);
  CHECK(must(Inbox::open(folder.path()))->open_count() == 1);
}

TEST_CASE("what the inbox takes on the disk is counted whole: descriptions, folders and answers too") {
  TemporaryDirectory folder;
  auto inbox = must(Inbox::open(folder.path()));
  ContributionId id;
  must(keep_named(*inbox, std::string(100'000, 'n'), &id));
  CHECK(inbox->bytes_on_disk() >= 100'000 + 2 * 4'096);
  CHECK(must(Inbox::open(folder.path()))->bytes_on_disk() == inbox->bytes_on_disk());
  must(inbox->answer(id, ContributionState::kRefused, "no", kPushNow));
  CHECK(inbox->bytes_on_disk() == 2 * 4'096);
  CHECK(must(Inbox::open(folder.path()))->bytes_on_disk() == inbox->bytes_on_disk());
}

TEST_CASE("a list has those that wait, the oldest first, then answers, as many as asked for, and counts the others") {
  TemporaryDirectory folder;
  auto inbox = must(Inbox::open(folder.path()));
  ContributionId last;
  for (int i = 0; i < 5; ++i) must(keep_named(*inbox, "n", &last));
  must(inbox->answer(last, ContributionState::kRefused, "no", kPushNow));
  CHECK(inbox->list(true, 3).items.size() == 3);
  CHECK(inbox->list(true, 3).left_off == 2);
  CHECK(inbox->list(true).items.back().id == last);
  must(inbox->answer(inbox->list(false).items.front().id, ContributionState::kRefused, "no", {kPushNow.ms + 1}));
  CHECK(inbox->list(true).items.at(3).answered.ms == kPushNow.ms + 1);  // those that wait, then the newest answers
  CHECK(inbox->list(true).items.back().id == last);
  CHECK(inbox->list(false).items.size() == 3);
  CHECK(inbox->list(false).left_off == 0);
  CHECK(inbox->starting_with(last.hex().substr(0, 20)) == std::vector<ContributionId>{last});
  CHECK(inbox->starting_with("").size() == 2);
}

TEST_CASE("an approval that a crash cut off before its answer is answered at the next start") {
  PushFixture it;
  Contribution contribution = contribute(it);
  fs::path folder = it.dir() / "inbox" / contribution.id.hex(), saved = it.dir() / "saved";
  fs::copy(folder, saved, fs::copy_options::recursive);
  REQUIRE(it.registry->approve(contribution.id, kPushNow));
  it.registry.reset();
  fs::remove_all(folder);
  fs::rename(saved, folder);  // as the disk was when the place was published and nothing more
  it.reopen();
  Contribution answered = must(it.registry->contribution(contribution.id));
  CHECK(answered.state == ContributionState::kApproved);
  CHECK(answered.answered == kPushNow);
  CHECK_FALSE(fs::exists(folder / "pack"));
  CHECK_FALSE(holds_text(it.dir() / "inbox", "Jeanne"));
  CHECK(it.registry->answer(contribution.id, ContributionState::kRefused, "no", kPushNow).error().code == ErrorCode::kAnswered);
}

TEST_CASE("a text is shown in whole characters, as text only when it is UTF-8, and what is cut is said") {
  PushFixture it;
  it.clone();
  std::string accents = "x";  // the limit falls inside an é
  while (accents.size() < 70'000) accents += "é";
  it.write("resources/accents.md", accents);
  it.write("resources/latin.md", "caf\xe9, a word that no JSON may hold\n");
  auto outcome = it.contribute();
  auto shown = it.show(outcome);
  CHECK(boost::json::parse(json_of(shown)) == boost::json::value(shown));
  const auto& files = shown.at("files").as_array();
  REQUIRE(files.size() == 2);
  CHECK(files[0].at("after").as_string().size() == 65'535);
  CHECK(files[0].at("cut") == true);
  CHECK(files[0].at("bytes") == accents.size());
  CHECK_FALSE(files[1].as_object().contains("after"));
  CHECK(files[1].at("bytes") == 35);
  CHECK(shown.at("cut") == 1);
}

TEST_CASE("what is shown of a contribution stays within four mebibytes, and the files that do not fit are counted") {
  PushFixture it;
  it.clone();
  for (int i = 0; i < 80; ++i) it.write("resources/text-" + std::to_string(i) + ".md", std::string(64 * 1024, 'a'));
  auto outcome = it.contribute();
  auto shown = it.show(outcome);
  CHECK(shown.at("files").as_array().size() == 80);
  CHECK(shown.at("cut") == 16);
  CHECK(json_of(shown).size() < kShownBytesMax + 64 * 1024);
}

TEST_CASE("with keep each commit is shown as it would become public, oldest first, and without it none is") {
  PushFixture it;
  it.clone();
  it.sign_with("key"), it.git("config user.email jeanne@users.noreply.example");
  it.write("resources/first.json", it.record("Premier"));
  it.git("add -A"), it.git("commit -q -S -m 'Premier message'");
  it.write("resources/second.json", it.record("Second"));
  it.git("add -A"), it.git("commit -q -S -m 'Second message' --author 'Paul <paul@users.noreply.example>'");
  auto kept = it.push(true);
  REQUIRE(kept);
  auto shown = it.registry->show_contribution(kept->contribution.id, Language::kEnglish);
  REQUIRE(shown);
  const auto& commits = shown->at("commits").as_array();
  REQUIRE(commits.size() == 2);
  CHECK(commits[0].at("message") == "Premier message\n");
  CHECK(commits[0].at("author") == boost::json::value{{"name", "Jeanne Dupont"}, {"email", "jeanne@users.noreply.example"}});
  CHECK_FALSE(commits[0].as_object().contains("committer"));
  CHECK(commits[1].at("author").at("name") == "Paul");
  CHECK(commits[1].at("committer").at("name") == "Jeanne Dupont");
  auto squashed = it.push(false);
  REQUIRE(squashed);
  CHECK_FALSE(it.registry->show_contribution(squashed->contribution.id, Language::kEnglish)->contains("commits"));
}

TEST_CASE("an approval says which of its files were withdrawn") {
  PushFixture it;
  it.clone();
  it.git("rm -q resources/saw.json profile.json");
  it.write("resources/new.json", it.record("Neuf"));
  auto outcome = it.contribute();
  CHECK(outcome->withdrawn == std::vector<std::string>{"profile.json", "resources/saw.json"});
  CHECK(it.push()->withdrawn == outcome->withdrawn);  // the same one again
  auto approved = it.registry->approve(outcome->contribution.id, kPushNow);
  REQUIRE(approved);
  CHECK(approved->changed == std::vector<std::string>{"profile.json", "resources/new.json", "resources/saw.json"});
  CHECK(approved->withdrawn == std::vector<std::string>{"profile.json", "resources/saw.json"});
}

TEST_CASE("the files of a contribution are given whole, what it withdraws is not among them, and an answered one has none") {
  PushFixture it;
  it.clone();
  std::string photo = "\xff\xd8" + std::string(100'000, '\0');
  it.write("resources/new/record.json", it.record("Neuf"));
  it.write("resources/new/photo.jpg", photo);
  it.git("rm -q resources/saw.json");
  auto outcome = it.contribute();
  CHECK(it.registry->summary(outcome->contribution).at("withdrawn") == boost::json::value{"resources/saw.json"});
  it.reopen();
  CHECK(must(it.registry->contribution(outcome->contribution.id)).withdrawn == std::vector<std::string>{"resources/saw.json"});
  auto files = it.registry->contribution_files(outcome->contribution.id);
  REQUIRE(files);
  REQUIRE(files->size() == 3);
  CHECK(files->at("resources/new/photo.jpg") == bytes_of(photo));
  CHECK_FALSE(files->at("resources/saw.json"));
  must(it.registry->answer(outcome->contribution.id, ContributionState::kRefused, "no", kPushNow));
  CHECK(it.registry->contribution_files(outcome->contribution.id).error().front().code == ErrorCode::kAnswered);
}
