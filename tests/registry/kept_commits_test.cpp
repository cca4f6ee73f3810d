// What `-o keep` lets into the place's history for ever, and what it keeps out.
#include "registry/kept_commits.h"
#include "tests/registry/push_fixture.h"

using namespace maillage::tests;
using maillage::protocol::ErrorCode;
using maillage::protocol::Language;
namespace protocol = maillage::protocol;

namespace {

// A contributor who does all that keep asks for.
struct Keeper : PushFixture {
  Keeper() {
    publish("resources/sealed.json", record("Scellé", R"(, "confirmed": "2026-01-02")"));
    clone();
    sign_with("key");
    git("config user.email jeanne@users.noreply.example");
  }
  std::string head_commit() const { return std::string(registry->place(place.hex())->at("head").at("commit").as_string()); }
  // The codes of a push with keep, and what each is about.
  std::vector<Error> refused() {
    auto outcome = push(true);
    std::vector<Error> errors;
    if (!outcome)
      for (const auto& problem : outcome.error()) errors.push_back({problem.code, problem.context});
    return errors;
  }
  std::string short_of(const std::string& revision) const { return git("rev-parse " + revision).substr(0, 12); }
};

}  // namespace

TEST_CASE("with keep what the tip drops unseen stays published, in a merge signed by the daemon") {
  Keeper it;
  it.write("resources/sealed.json", it.record("Scellé"));  // without its confirmation: no change that anybody is shown
  it.write("resources/new.json", it.record("Neuf"));
  ObjectId tip = it.commit("-S");
  auto outcome = it.push(true);
  REQUIRE(outcome);
  CHECK(outcome->contribution.files == std::vector<std::string>{"resources/new.json"});
  std::string before = it.head_commit();
  auto approved = it.registry->approve(outcome->contribution.id, kPushNow);
  REQUIRE(approved);
  CHECK(approved->changed == std::vector<std::string>{"resources/new.json"});
  CHECK(it.published("resources/sealed.json").find("confirmed") != std::string::npos);
  it.fetch();
  CHECK(it.git("log -1 --format=%P origin/main") == before + " " + tip.hex() + "\n");
  CHECK(must(it.registry->verify()).empty());
}

TEST_CASE("keep is refused for an address in a message, in any name or beside another, and the commits are named") {
  Keeper it;
  it.write("resources/new.json", it.record("Neuf"));
  it.git("add -A");
  it.git("commit -q -S -m 'New' -m 'Signed-off-by: Ana <ana.real@gmail.com>'");
  CHECK(it.refused() == std::vector<Error>{{ErrorCode::kKeepMessage, "ana.real@gmail.com, " + it.short_of("HEAD")}});
  it.git("commit -q -S --amend -m 'New, for @ana, by git@bot.invalid'");
  CHECK(it.refused().empty());
  it.git("-c user.name='Paul paul@gmail.com' commit -q -S --amend --no-edit");
  CHECK(it.refused() == std::vector<Error>{{ErrorCode::kKeepName, "paul@gmail.com, " + it.short_of("HEAD")}});
  it.git("-c user.email=paul@gmail.com@users.noreply.example commit -q -S --amend --no-edit");
  CHECK(it.refused() == std::vector<Error>{{ErrorCode::kKeepEmail, "paul@gmail.com@users.noreply.example, " + it.short_of("HEAD")}});
}

TEST_CASE("an address is found wherever a text has it, and only when it is somebody's") {
  for (const char* text : {"ana@gmail.com", "<ana@gmail.com>", "see ana@gmail.com.", "mailto:ana@gmail.com", "x@y.invalid, ana@gmail.com"})
    CHECK(private_address_in(text) == "ana@gmail.com");
  for (const char* text : {"", "@", "@ana", "ana@", "ana @ home", "ana@localhost", "ana@.", "x@y.invalid", "7+ana@users.noreply.example", "noreply@gmail.com"})
    CHECK(private_address_in(text).empty());
  CHECK(private_address_in("é@ü.example") == "é@ü.example");
}

TEST_CASE("the commands that keep names mend every commit of a push, and each fault is said once") {
  Keeper it;
  it.git("config user.email jeanne@personne.example");
  for (int i = 0; i < 2; ++i) {
    it.write("resources/new-" + std::to_string(i) + ".json", it.record("Neuf"));
    it.commit();
  }
  std::string commits = it.short_of("HEAD") + ", " + it.short_of("HEAD^");
  CHECK(it.refused() == std::vector<Error>{{ErrorCode::kKeepUnsigned, commits}, {ErrorCode::kKeepEmail, "jeanne@personne.example, " + commits}});
  std::string command = "git rebase origin/main --exec 'git commit --amend --reset-author --no-edit -S'";
  for (Language language : {Language::kFrench, Language::kEnglish})
    CHECK(protocol::sentence(Error{ErrorCode::kKeepEmail, ""}, language).find(command) != std::string::npos);
  it.git("config user.email contribution@example.invalid");
  it.git(command.substr(4));
  CHECK(it.refused().empty());
}

TEST_CASE("keep is refused to a commit whose date is yet to come or of long before, as it would be its records' date, and shows the others") {
  Keeper it;
  it.write("resources/new.json", it.record("Neuf"));
  for (std::int64_t seconds : {std::int64_t{4'070'908'800}, kPushNow.ms / 1000 + 2 * 86'400, kPushNow.ms / 1000 - 2 * 86'400}) {
    it.committed = std::to_string(seconds);
    it.commit("-S --allow-empty");
    CHECK(it.refused() == std::vector<Error>{{ErrorCode::kKeepDate, it.short_of("HEAD")}});
    it.git("reset -q --soft origin/main");
  }
  it.committed = std::to_string(kPushNow.ms / 1000 + 3'600);
  it.commit("-S");
  auto outcome = it.push(true);
  REQUIRE(outcome);
  auto shown = it.registry->show_contribution(outcome->contribution.id, Language::kEnglish);
  REQUIRE(shown);
  CHECK(shown->at("commits").as_array().at(0).at("date") == "2027-01-15T09:00:00Z");
}

TEST_CASE("keep takes an honest merge with what the place published meanwhile, and no commit that brings what nobody is shown") {
  Keeper it;
  it.write("resources/new.json", it.record("Neuf"));
  it.commit("-S");
  it.publish("resources/saw.json", it.record("Scie du lieu"));
  it.fetch();
  it.git("merge -q -S --no-edit origin/main");
  it.write("resources/second.json", it.record("Second"));
  it.commit("-S");
  auto outcome = it.push(true);
  if (!outcome) FAIL(protocol::sentence(outcome.error().front(), Language::kEnglish));
  CHECK(outcome->contribution.files == std::vector<std::string>{"resources/new.json", "resources/second.json"});
  REQUIRE(it.registry->approve(outcome->contribution.id, kPushNow));
  CHECK(it.published("resources/saw.json") == it.record("Scie du lieu"));
  CHECK_FALSE(it.published("resources/new.json").empty());
  CHECK(must(it.registry->verify()).empty());
}

TEST_CASE("keep is refused to a commit before a merge that brings what the merge takes away") {
  Keeper it;
  it.write("resources/new.json", it.record("Neuf"));
  it.write("resources/gone.json", it.record("Parti"));
  it.commit("-S");
  std::string brings = it.short_of("HEAD");
  it.publish("resources/saw.json", it.record("Scie du lieu"));
  it.fetch();
  it.git("merge -q -S --no-edit origin/main");
  it.git("rm -q resources/gone.json");
  it.commit("-S");
  std::vector<Error> errors = it.refused();
  CHECK(std::ranges::find(errors, Error{ErrorCode::kKeepForm, brings + ", resources/gone.json"}) != errors.end());
}
