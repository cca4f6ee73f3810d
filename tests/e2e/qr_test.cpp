// The QR codes that the program draws, read as a telephone reads them: what is read does what the words and the link do.
#include <catch2/catch.hpp>

#include "tests/daemon/drawn_code.h"
#include "tests/e2e/place.h"
#include "tests/locations.h"

using namespace maillage::tests;
namespace fs = std::filesystem;

namespace {

std::string read_on_terminal(Words words) {
  words.insert(words.begin(), {"python3", "-c", "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)", kBinary});
  Ended shown = run(words);
  INFO(shown.out << shown.err);
  REQUIRE(shown.code == 0);
  return read_drawing(rows_of_drawing(shown.out));
}

}  // namespace

TEST_CASE("what a telephone reads on a recovery sheet confirms it, and brings a lost place back") {
  TemporaryDirectory folder;
  std::string dir = (folder.path() / "made").string();
  std::string made = read_on_terminal({"init", "--lang", "fr", "--dir", dir, "--name", "Le Moulin"});
  CHECK(made.starts_with("MAILLAGE "));
  CHECK(run_maillage({"sheet", "--confirm", "--dir", dir}, made).code == 0);

  Place one(folder.path(), "Konk Ar Lab"), hub(folder.path(), "Réseau");
  std::string fresh = read_on_terminal({"key", "sheet", "--lang", "en"});
  REQUIRE(run_maillage({"key", "rotate", "--new-sheet", "--dir", one.dir().string()}, one.sheet() + "\n" + fresh + "\n").code == 0);
  REQUIRE(one.publish("needs/gants.json", need("gants")).code == 0);
  hub.serve();
  one.serve_with(hub);
  REQUIRE(eventually([&] { return hub.count("needs") == 1; }));
  one.kill();
  fs::remove_all(one.dir());
  fs::path sheet = folder.path() / "sheet.txt";
  write_text(sheet, one.sheet());
  Ended refused = one.command("recover", {"--keys", sheet.string(), "--peer", hub.peer_url(), "--accept-alone"});
  CHECK(text_at(json_of(refused), "/error/code") == "nothing-recovered");
  write_text(sheet, fresh);
  Ended back = one.command("recover", {"--keys", sheet.string(), "--peer", hub.peer_url(), "--accept-alone"});
  INFO(back.out << back.err);
  REQUIRE(back.code == 0);
  CHECK(text_at(json_of(back), "/own") == one.id());
  CHECK(one.count("needs") == 1);
}

TEST_CASE("what a telephone reads on an invitation is its link, from a terminal and from a file of text, and it is accepted") {
  TemporaryDirectory folder;
  Place host(folder.path(), "Konk Ar Lab"), guest(folder.path(), "Le Moulin");
  host.serve();
  guest.serve();
  Words invite{"invite", "--lang", "en", "--dir", host.dir().string(), "--url", host.url()};
  Ended piped = run_maillage(invite);
  REQUIRE(piped.code == 0);
  std::string link = read_drawing(rows_of_drawing(piped.out));
  CHECK(link.starts_with(host.url() + "/join#"));
  CHECK(piped.out.find(link + "\n") != std::string::npos);
  CHECK(text_at(json_of(guest.command("join", {link})), "/state") == "accepted");
  CHECK(read_on_terminal(invite).starts_with(host.url() + "/join#"));
}
