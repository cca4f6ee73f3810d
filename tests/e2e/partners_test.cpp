// Two places become partners by a link: given, taken, used up, expired, withdrawn, and a link that leads to somebody else.
#include <catch2/catch.hpp>

#include "tests/e2e/place.h"

using namespace maillage::tests;

namespace {

// Nobody's place gets in without an invitation.
const std::string kClosed = "admission = \"invited\"\n";

struct Invited {
  Invited() : host(folder.path(), "Le Hangar"), guest(folder.path(), "Le Moulin") {
    write_text(host.dir() / "config.toml", kClosed);
    host.serve();
    guest.serve();
  }

  std::string invite(const Words& more = {}) const {
    Words words{"--url", host.url()};
    words.insert(words.end(), more.begin(), more.end());
    Ended made = host.command("invite", words);
    INFO(made.err);
    REQUIRE(made.code == 0);
    return text_at(json_of(made), "/link");
  }
  static Ended join(const Place& who, const std::string& link) { return who.command("join", {link}); }

  // What `who` says of its partners.
  static std::string state(const Place& who, const std::string& pointer) { return text_at(json_of(who.command("partners")), pointer); }

  TemporaryDirectory folder;
  Place host, guest;
};

bool hears(const Place& listener, const Place& speaker, const std::string& name) {
  std::int64_t before = listener.count("offers");
  REQUIRE(speaker.publish("offers/" + name + ".json", R"({"kind": "offer", "name": ")" + name + R"("})").code == 0);
  return eventually([&] { return listener.count("offers") == before + 1; });
}

}  // namespace

TEST_CASE("two places become partners by a link, hear each other, and stay partners when both start again") {
  Invited both;
  Place stranger(both.folder.path(), "Inconnu");
  stranger.serve_with(both.host);
  std::string link = both.invite({"--note", "pour le Moulin"});
  CHECK(link.starts_with(both.host.url() + "/join#"));
  Ended joined = Invited::join(both.guest, link);
  INFO(joined.out << joined.err);
  REQUIRE(joined.code == 0);
  CHECK(text_at(json_of(joined), "/state") == "accepted");
  CHECK(text_at(json_of(joined), "/place") == both.host.id());
  CHECK(Invited::state(both.guest, "/joined/0/place") == both.host.id());
  CHECK(Invited::state(both.guest, "/joined/0/state") == "accepted");
  REQUIRE(eventually([&] { return Invited::state(both.host, "/accepted/0/place") == both.guest.id(); }));
  CHECK(Invited::state(both.host, "/invitations/0/state") == "used");
  CHECK(hears(both.host, both.guest, "du-moulin"));
  CHECK(hears(both.guest, both.host, "du-hangar"));
  CHECK(both.host.count("places") == 2);  // the stranger's is not there
  CHECK(stranger.stop() == 0);

  CHECK(both.guest.stop() == 0);
  CHECK(both.host.stop() == 0);
  both.host.serve({}, {"--listen", both.host.address()});
  both.guest.serve();
  CHECK(hears(both.host, both.guest, "encore-du-moulin"));
  CHECK(hears(both.guest, both.host, "encore-du-hangar"));
  CHECK(Invited::state(both.guest, "/joined/0/state") == "accepted");
  CHECK(both.host.stop() == 0);
  CHECK(both.guest.stop() == 0);
  CHECK(both.host.unsound() == "");
  CHECK(both.guest.unsound() == "");
}

TEST_CASE("a link for one place is refused to a second, who reads why") {
  Invited both;
  Place late(both.folder.path(), "Retard");
  late.serve();
  std::string link = both.invite();
  REQUIRE(Invited::join(both.guest, link).code == 0);
  Ended refused = Invited::join(late, link);
  CHECK(refused.code == 1);
  CHECK(text_at(json_of(refused), "/state") == "refused");
  CHECK(text_at(json_of(refused), "/trouble") == "used-invitation");
  CHECK(run_maillage({"partners", "--dir", late.dir().string()}).out.find("refused: this invitation was used already") != std::string::npos);
  CHECK(both.host.count("places") == 2);
  REQUIRE(Invited::join(late, both.invite()).code == 0);  // a link of its own
  CHECK(hears(both.host, late, "du-retard"));
}

TEST_CASE("a link that was withdrawn is refused, and so is a partner who was parted from") {
  Invited both;
  std::string link = both.invite();
  std::string id = Invited::state(both.host, "/invitations/0/invitation");
  CHECK(both.host.command("partners", {"--revoke", id}).code == 0);
  CHECK(text_at(json_of(Invited::join(both.guest, link)), "/trouble") == "unknown-invitation");
  CHECK(text_at(json_of(both.host.command("partners", {"--revoke", id})), "/error/code") == "unknown-invitation");
  REQUIRE(Invited::join(both.guest, both.invite()).code == 0);
  REQUIRE(eventually([&] { return Invited::state(both.host, "/accepted/0/place") == both.guest.id(); }));
  CHECK(both.host.command("partners", {"--part", both.guest.id()}).code == 0);
  CHECK(Invited::state(both.host, "/accepted/0/place") == "");
  CHECK(eventually([&] { return Invited::state(both.guest, "/joined/0/trouble") == "used-invitation"; }));
}

TEST_CASE("a blocked partner is listed as that alone, and is a partner again once it is not blocked") {
  Invited both;
  REQUIRE(Invited::join(both.guest, both.invite()).code == 0);
  REQUIRE(eventually([&] { return Invited::state(both.host, "/accepted/0/place") == both.guest.id(); }));
  for (const Place* who : {&both.host, &both.guest}) {
    const Place& other = who == &both.host ? both.guest : both.host;
    REQUIRE(who->command("block", {other.id().substr(0, 12)}).code == 0);
    auto listed = json_of(who->command("partners"));
    CHECK(listed.at("accepted").as_array().size() + listed.at("joined").as_array().size() == 0);
    CHECK(text_at(listed, "/blocked/0/place") == other.id());
    std::string said = run_maillage({"partners", "--dir", who->dir().string()}).out;
    CHECK(said.find("a partner again") != std::string::npos);
    CHECK(run_maillage({"unblock", "--dir", who->dir().string(), other.id().substr(0, 8)}).out.find("It was a partner: it is one again") != std::string::npos);
  }
  CHECK(Invited::state(both.host, "/accepted/0/place") == both.guest.id());
  CHECK(Invited::state(both.guest, "/joined/0/place") == both.host.id());
  CHECK(hears(both.host, both.guest, "de-nouveau"));
}

TEST_CASE("a link whose address belongs to another place is refused before anything is shown, and the reason is said") {
  Invited both;
  Place other(both.folder.path(), "Autre");
  other.serve();
  std::string link = both.invite();
  std::string astray = other.url() + link.substr(link.find("/join#"));
  Ended refused = Invited::join(both.guest, astray);
  CHECK(refused.code == 1);
  CHECK(text_at(json_of(refused), "/state") == "waiting");
  CHECK(text_at(json_of(refused), "/trouble") == "wrong-place");
  Ended said = run_maillage({"partners", "--dir", both.guest.dir().string()});
  CHECK(said.out.find("another place than the one that invites") != std::string::npos);
  CHECK(other.count("places") == 1);
  REQUIRE(Invited::join(both.guest, link).code == 0);  // the right address, the same invitation
}

TEST_CASE("a link that was cut, or is none, is refused where it is typed, and nothing is written") {
  Invited both;
  std::string link = both.invite();
  for (const std::string& cut : {link.substr(0, link.size() - 1), link.substr(0, link.size() - 60), both.host.url() + "/join"}) {
    Ended refused = Invited::join(both.guest, cut);
    CHECK(refused.code == 1);
    CHECK(text_at(json_of(refused), "/error/code") == "cut-invitation");
    CHECK(refused.err.find("this link is not whole") != std::string::npos);
  }
  for (const std::string& wrong : {std::string("bonjour"), link + "x", "ftp" + link.substr(4)}) {
    Ended refused = Invited::join(both.guest, wrong);
    CHECK(refused.code == 1);
    CHECK(text_at(json_of(refused), "/error/code") == "bad-invitation");
  }
  CHECK(text_at(json_of(Invited::join(both.host, link)), "/error/code") == "same-place");
  CHECK(json_of(both.guest.command("partners")).at("joined").as_array().empty());
}

TEST_CASE("an invitation taken while no server runs is shown when it does, and an address that nobody answers is said") {
  Invited both;
  std::string link = both.invite();
  CHECK(both.guest.stop() == 0);
  CHECK(text_at(json_of(both.guest.command("join", {"-"}, "  " + link + "\n")), "/state") == "waiting");
  both.guest.serve();
  CHECK(eventually([&] { return Invited::state(both.guest, "/joined/0/state") == "accepted"; }));
  std::string second = both.invite();
  CHECK(both.host.stop() == 0);
  Place late(both.folder.path(), "Retard");
  late.serve();
  Ended nobody = Invited::join(late, second);
  CHECK(nobody.code == 1);
  CHECK(text_at(json_of(nobody), "/state") == "waiting");
  CHECK(text_at(json_of(nobody), "/trouble") != "");
}

TEST_CASE("the link comes with its QR code, as blocks on the screen or as a drawing to print") {
  Invited both;
  std::string dir = both.host.dir().string(), drawing = (both.folder.path() / "invitation.svg").string();
  Ended shown = run_maillage({"invite", "--dir", dir, "--url", both.host.url()});
  CHECK(shown.code == 0);
  CHECK(shown.out.find("████") != std::string::npos);
  CHECK(shown.out.find("\x1b") == std::string::npos);
  CHECK(shown.out.find("/join#") != std::string::npos);
  Ended drawn = run_maillage({"invite", "--dir", dir, "--url", both.host.url(), "--svg", drawing});
  CHECK(drawn.out.find("█") == std::string::npos);
  CHECK(read_text(drawing).starts_with("<svg "));
  CHECK(run_maillage({"invite", "--dir", dir}).code == 2);  // which address?
  CHECK(run_maillage({"invite", "--dir", dir, "--url", "ws://a"}).code == 1);
  CHECK(text_at(json_of(both.host.command("invite", {"--url", both.host.url(), "--days", "0"})), "/error/code") == "usage");
  Answer page = get(both.host.address(), "/join", {"Accept-Language: en"});
  CHECK(page.status == 200);
  CHECK(page.body.find("maillage join --dir DIR") != std::string::npos);
}
