// Forks and restores, with real daemons: cloned directories, snapshots put back, a disk that is lost.
#include <algorithm>

#include <catch2/catch.hpp>

#include "tests/e2e/canary.h"

using namespace maillage::tests;
namespace fs = std::filesystem;

namespace {

bool has(const Place& at, const std::string& name) { return at.count("needs", {"q=" + name}) == 1; }
std::string state_of(const Place& at, const std::string& id) {
  auto item = at.ask("places/" + id).json();
  return text_at(item, "/head/hash") + (item.is_object() && item.as_object().contains("forked") ? " forked" : "");
}
bool agree(const std::vector<const Place*>& places, const std::string& id) {
  return eventually([&] {
    std::string first = state_of(*places.front(), id);
    return first.size() == 64 && std::ranges::all_of(places, [&](const Place* each) { return state_of(*each, id) == first; });
  });
}
std::int64_t epoch_at(const Place& at, const std::string& id) { return number_at(at.ask("places/" + id).json(), "/head/epoch"); }

// What `cp -a` makes of a place that is stopped.
void copy_over(const Place& from, const Place& to) {
  fs::remove_all(to.dir());
  fs::copy(from.dir(), to.dir(), fs::copy_options::recursive);
}

std::string sheet_file(const TemporaryDirectory& folder, const Place& place) {
  fs::path file = folder.path() / "sheet.txt";
  write_text(file, place.sheet() + "\n");
  return file.string();
}

Ended recover(const Place& place, const Words& more) {
  fs::remove_all(place.dir());
  Words words{"recover", "--dir", place.dir().string(), "--json"};
  words.insert(words.end(), more.begin(), more.end());
  return run_maillage(words);
}

// A daemon's HTTP, asked through somebody who changes a digit of each head that it tells, or, when told to, says that it is another
// daemon and gives altered content under true heads. Prints its port.
constexpr const char* kLiar = R"(import http.server, json, sys, urllib.request
class Liar(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        told = json.loads(self.asked())
        if len(sys.argv) > 2: told['daemon'] = sys.argv[2]
        else: told['places'] = [text[:-8] + ('0' if text[-8] != '0' else '1') + text[-7:] for text in told['places']]
        self.say(json.dumps(told).encode())
    def do_POST(self):
        given = self.asked(b'')
        self.say(given[:-30] + bytes([given[-30] ^ 1]) + given[-29:])
    def asked(self, body=None):
        with urllib.request.urlopen(urllib.request.Request(sys.argv[1] + self.path, data=body)) as answer: return answer.read()
    def say(self, body):
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words): pass
server = http.server.HTTPServer(('127.0.0.1', 0), Liar)
print(server.server_port, flush=True)
server.serve_forever()
)";

struct Lying {
  Lying(const Place& through, const Words& as = {}) : proxy(command(through, as), {}) {
    auto port = proxy.line();
    REQUIRE(port);
    url = "ws://127.0.0.1:" + *port + "/peer";
  }
  static Words command(const Place& through, const Words& as) {
    Words words{"python3", "-c", kLiar, through.url()};
    words.insert(words.end(), as.begin(), as.end());
    return words;
  }
  Child proxy;
  std::string url;
};

}  // namespace

TEST_CASE("two machines with one directory both publish: everybody sees the fork, and the owner's daemon heals it with all that both said") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Konk Ar Lab"), two(folder.path(), "Copie"), north(folder.path(), "Nord"), south(folder.path(), "Sud");
  REQUIRE(one.publish("needs/avant.json", need("avant")).code == 0);
  copy_over(one, two);
  north.serve();
  south.serve();
  one.serve_with(north);
  two.serve_with(south);
  REQUIRE(eventually([&] { return has(north, "avant") && has(south, "avant"); }));
  REQUIRE(one.publish("needs/visieres.json", need("visieres")).code == 0);
  REQUIRE(two.publish("needs/gants.json", need("gants")).code == 0);
  REQUIRE(eventually([&] { return has(north, "visieres") && has(south, "gants"); }));
  one.stop();
  two.stop();

  Place bridge(folder.path(), "Pont");
  bridge.serve({north.peer_url(), south.peer_url()});
  auto forked = [&](const Place& at) { return state_of(at, one.id()).ends_with(" forked"); };
  CHECK(eventually([&] { return forked(north) && forked(south) && forked(bridge); }));
  CHECK(eventually([&] { return north.ask("needs?q=avant").json().at_pointer("/items/0/place").as_object().contains("forked"); }));
  Ended told = run_maillage({"query", "--dir", north.dir().string(), "--lang", "en", "needs", "q=avant"});
  CHECK(told.out.find("published twice, differently") != std::string::npos);
  CHECK(json_of(north.command("status")).at_pointer("/forked/0/id").as_string() == one.id());

  one.serve_with(north);
  two.serve_with(south);
  std::vector<const Place*> all{&one, &two, &north, &south, &bridge};
  CHECK(eventually([&] { return std::ranges::all_of(all, [&](const Place* at) { return has(*at, "visieres") && has(*at, "gants") && has(*at, "avant"); }); }));
  CHECK(agree(all, one.id()));
  CHECK(epoch_at(bridge, one.id()) == 1);
  CHECK_FALSE(forked(bridge));
  CHECK_FALSE(json_of(one.command("status")).at_pointer("/own/0").as_object().contains("forked"));
  CHECK_FALSE(json_of(north.command("status")).as_object().contains("forked"));
  CHECK(one.publish("needs/apres.json", need("apres")).code == 0);
  CHECK(agree(all, one.id()));
  for (Place* at : {&one, &two, &bridge}) at->stop();
  for (const Place* at : {&one, &two, &bridge}) CHECK(at->unsound() == "");
}

TEST_CASE("a snapshot put back goes on from what was published since, and what it publishes first is kept back until it knows") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Konk Ar Lab"), hub(folder.path(), "Réseau");
  hub.serve();
  REQUIRE(one.publish("needs/avant.json", need("avant")).code == 0);
  fs::copy(one.dir(), folder.path() / "snapshot", fs::copy_options::recursive);
  one.serve_with(hub);
  REQUIRE(one.publish("needs/visieres.json", need("visieres")).code == 0);
  REQUIRE(one.publish("needs/gants.json", need("gants")).code == 0);
  REQUIRE(eventually([&] { return has(hub, "gants"); }));
  one.kill();
  fs::remove_all(one.dir());
  fs::copy(folder.path() / "snapshot", one.dir(), fs::copy_options::recursive);

  // Nobody is there to ask: it is published here, and told to nobody.
  REQUIRE(one.publish("needs/masques.json", need("masques")).code == 0);
  CHECK(json_of(one.command("status")).at_pointer("/own/0/keptBack").as_bool());
  one.serve_with(hub);
  CHECK(eventually([&] { return has(one, "gants") && has(hub, "masques"); }));
  CHECK(agree({&one, &hub}, one.id()));
  CHECK(epoch_at(hub, one.id()) == 0);  // there never was a fork
  // Of what was published with nobody there, the partner has nothing: what it is sent first is whole.
  CHECK(hub.log().find("missing-object") == std::string::npos);
  CHECK(hub.log().find("event=peer.refused") == std::string::npos);
  CHECK((has(hub, "visieres") && has(hub, "gants") && has(hub, "avant")));
  one.stop();
  CHECK(one.unsound() == "");
}

TEST_CASE("a daemon that knows no partner tells at once, and with one that does not answer it publishes all the same") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Konk Ar Lab");
  one.serve();
  REQUIRE(one.publish("needs/visieres.json", need("visieres")).code == 0);
  CHECK_FALSE(json_of(one.command("status")).at_pointer("/own/0").as_object().contains("keptBack"));
  one.stop();
  one.serve({"ws://127.0.0.1:9/peer"});
  REQUIRE(one.publish("needs/gants.json", need("gants")).code == 0);
  CHECK(has(one, "gants"));
  CHECK(json_of(one.command("status")).at_pointer("/own/0/keptBack").as_bool());
  // Whoever dials us in the meantime is heard, and told, too.
  Place other(folder.path(), "Autre");
  other.serve_with(one);
  CHECK(eventually([&] { return has(other, "gants"); }));
}

TEST_CASE("the second fork within a day asks a person, in status and by refusing to publish, and the answer ends it") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Konk Ar Lab"), two(folder.path(), "Copie"), hub(folder.path(), "Réseau");
  copy_over(one, two);
  hub.serve();
  auto publish = [](const Place& at, const std::string& name) { REQUIRE(at.publish("needs/" + name + ".json", need(name)).code == 0); };
  // Daemons that know no partner sign without asking. `two` signs less, and is the one that sees both.
  auto part = [&](const std::string& first, const std::string& second, const std::string& third) {
    one.serve();
    publish(one, first);
    publish(one, second);
    one.stop();
    two.serve();
    publish(two, third);
    two.stop();
    one.serve_with(hub);
    REQUIRE(eventually([&] { return has(hub, second); }));
    one.stop();
    two.serve_with(hub);
  };
  part("alpha", "bravo", "charlie");
  CHECK(eventually([&] { return has(two, "bravo") && has(hub, "charlie") && epoch_at(hub, one.id()) == 1; }));
  two.stop();
  one.serve_with(hub);
  REQUIRE(eventually([&] { return has(one, "charlie") && epoch_at(one, one.id()) == 1; }));
  one.stop();
  part("delta", "echo", "foxtrot");
  CHECK(eventually([&] { return text_at(json_of(two.command("status")), "/own/0/question/code") == "two-daemons"; }));
  Ended refused = two.publish("needs/golf.json", need("golf"));
  CHECK(refused.code == 1);
  CHECK(text_at(json_of(refused), "/problems/0/code") == "identity-in-question");
  for (const char* language : {"fr", "en"}) {
    Ended status = run_maillage({"status", "--dir", two.dir().string(), "--lang", language});
    CHECK(status.out.find("maillage settle --take --place " + one.id() + " --dir " + two.dir().string()) != std::string::npos);
  }
  CHECK(two.command("settle").code == 2);
  two.kill();  // the question is kept
  two.serve_with(hub);
  CHECK(text_at(json_of(two.command("status")), "/own/0/question/code") == "two-daemons");
  bool keep = GENERATE(true, false);
  REQUIRE(two.command("settle", {keep ? "--keep" : "--take"}).code == 0);
  CHECK(eventually([&] { return has(two, "echo") != keep && has(two, "foxtrot") == keep; }));
  CHECK(two.publish("needs/golf.json", need("golf")).code == 0);
  CHECK(eventually([&] { return has(hub, "golf") && has(hub, "foxtrot") == keep; }));
  CHECK(agree({&two, &hub}, one.id()));
  CHECK(text_at(json_of(two.command("settle", {"--keep"})), "/error/code") == "not-found");
  two.stop();
  CHECK(two.unsound() == "");
}

TEST_CASE("a lost disk: the recovery sheet and two partners bring back the place and all that it hosted, under a new key") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Konk Ar Lab"), north(folder.path(), "Nord"), south(folder.path(), "Sud");
  north.serve();
  south.serve();
  Ended added = run_maillage({"place", "add", "--dir", one.dir().string(), "--json", "--name", "Le Moulin", "--own-sheet"});
  REQUIRE(added.code == 0);
  std::string moulin = text_at(json_of(added), "/place"), moulin_sheet = text_at(json_of(added), "/recovery_sheet");
  one.serve({north.peer_url(), south.peer_url()});
  REQUIRE(one.publish("needs/visieres.json", need("visieres")).code == 0);
  REQUIRE(eventually([&] { return has(north, "visieres") && has(south, "visieres") && north.count("places") == 4 && south.count("places") == 4; }));
  one.kill();
  std::string sheet = sheet_file(folder, one);

  SECTION("one partner alone is believed only when a person says so") {
    Ended refused = recover(one, {"--keys", sheet, "--peer", north.peer_url()});
    CHECK(text_at(json_of(refused), "/error/code") == "not-agreed");
    CHECK(recover(one, {"--keys", sheet, "--peer", north.peer_url(), "--peer", north.peer_url()}).code == 1);
    CHECK(recover(one, {"--keys", sheet, "--peer", north.peer_url(), "--accept-alone"}).code == 0);
  }
  SECTION("two that agree are believed") {
    Ended back = recover(one, {"--keys", sheet, "--peer", north.peer_url(), "--peer", south.peer_url()});
    INFO(back.out + back.err);
    REQUIRE(back.code == 0);
    CHECK(text_at(json_of(back), "/own") == one.id());
    CHECK(json_of(back).at("places").as_array().size() == 2);
  }
  SECTION("the sheet of another place brings nothing back, and a word that is wrong is noticed") {
    write_text(sheet, north.sheet().substr(0, north.sheet().size() - 1) + (north.sheet().back() == '0' ? "1" : "0"));
    CHECK(text_at(json_of(recover(one, {"--keys", sheet, "--peer", north.peer_url()})), "/error/code") == "bad-sheet");
    write_text(sheet, one.sheet());
    Place stranger(folder.path(), "Ailleurs");
    stranger.serve();
    CHECK(text_at(json_of(recover(one, {"--keys", sheet, "--peer", stranger.peer_url()})), "/error/code") == "nothing-recovered");
    return;
  }
  one.serve({north.peer_url(), south.peer_url()});
  CHECK(has(one, "visieres"));
  CHECK(one.count("places", {"q=moulin"}) == 1);
  REQUIRE(one.publish("needs/gants.json", need("gants")).code == 0);
  CHECK(eventually([&] { return has(north, "gants") && has(south, "gants"); }));
  CHECK(agree({&one, &north, &south}, one.id()));
  CHECK(agree({&one, &north, &south}, moulin));
  CHECK(number_at(north.ask("places/" + one.id()).json(), "/head/charter") == 1);
  // Its people keep the sheet that the hosted place has of its own.
  CHECK(one.command("sheet", {"--confirm", "--place", moulin}, moulin_sheet + "\n").code == 0);
  CHECK(json_of(one.command("status")).at("sheetConfirmed").as_bool());
  one.stop();
  CHECK(one.unsound() == "");
}

TEST_CASE("a partner that is behind, knows nothing or lies beside two honest ones changes nothing in what is recovered") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Konk Ar Lab"), north(folder.path(), "Nord"), south(folder.path(), "Sud"), third(folder.path(), "Tiers");
  std::string kind = GENERATE("behind", "ignorant", "liar");
  INFO(kind);
  for (Place* at : {&north, &south, &third}) at->serve();
  REQUIRE(one.publish("needs/visieres.json", need("visieres")).code == 0);
  Words honest{north.peer_url(), south.peer_url()}, all = honest;
  if (kind != "ignorant") all.push_back(third.peer_url());
  one.serve(all);
  REQUIRE(eventually([&] { return has(north, "visieres") && has(south, "visieres") && (kind == "ignorant" || has(third, "visieres")); }));
  if (kind == "behind") third.stop();
  REQUIRE(one.publish("needs/gants.json", need("gants")).code == 0);
  REQUIRE(eventually([&] { return has(north, "gants") && has(south, "gants") && (kind != "liar" || has(third, "gants")); }));
  one.kill();
  if (kind == "behind") third.serve();
  std::unique_ptr<Lying> liar;
  if (kind == "liar") liar = std::make_unique<Lying>(third);
  std::string first = liar ? liar->url : third.peer_url(), sheet = sheet_file(folder, one);

  Ended refused = recover(one, {"--keys", sheet, "--peer", first, "--peer", honest[0]});
  CHECK(text_at(json_of(refused), "/error/code") == "not-agreed");
  Ended back = recover(one, {"--keys", sheet, "--peer", first, "--peer", honest[0], "--peer", honest[1]});
  INFO(back.out + back.err);
  REQUIRE(back.code == 0);
  CHECK(text_at(json_of(back), "/own") == one.id());
  one.serve(honest);
  CHECK((has(one, "visieres") && has(one, "gants")));
  REQUIRE(one.publish("needs/masques.json", need("masques")).code == 0);
  CHECK(eventually([&] { return has(north, "masques") && has(south, "masques"); }));
  CHECK(agree({&one, &north, &south}, one.id()));
  CHECK(epoch_at(north, one.id()) == 0);
  one.stop();
  CHECK(one.unsound() == "");
}

TEST_CASE("who gives altered content under a true head, even in another partner's name, is passed over for the one who does not") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Konk Ar Lab"), north(folder.path(), "Nord"), south(folder.path(), "Sud");
  north.serve();
  south.serve();
  one.serve({north.peer_url(), south.peer_url()});
  REQUIRE(one.publish("needs/visieres.json", need("visieres")).code == 0);
  REQUIRE(eventually([&] { return has(north, "visieres") && has(south, "visieres"); }));
  one.kill();
  std::string sheet = sheet_file(folder, one);
  Lying liar(north, {south.id()});
  CHECK(text_at(json_of(recover(one, {"--keys", sheet, "--peer", liar.url, "--accept-alone"})), "/error/code") == "bad-pack");
  CHECK(text_at(json_of(recover(one, {"--keys", sheet, "--peer", liar.url, "--peer", south.peer_url()})), "/error/code") == "not-agreed");
  Ended back = recover(one, {"--keys", sheet, "--peer", liar.url, "--peer", north.peer_url(), "--peer", south.peer_url()});
  INFO(back.out + back.err);
  REQUIRE(back.code == 0);
  CHECK(has(one, "visieres"));
  CHECK(one.unsound() == "");
}

TEST_CASE("a backup from before an erasure, whose first partner hides the erasure, brings nothing back once an honest one is met") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Konk Ar Lab"), honest(folder.path(), "Nord"), hiding(folder.path(), "Sud");
  REQUIRE(one.publish("needs/secret.json", need(kCanary)).code == 0);
  REQUIRE(one.publish("needs/avant.json", need("avant")).code == 0);
  honest.serve();
  hiding.serve();
  one.serve({honest.peer_url(), hiding.peer_url()});
  REQUIRE(eventually([&] { return has(honest, "avant") && has(hiding, "avant"); }));
  hiding.stop();
  one.stop();
  fs::copy(one.dir(), folder.path() / "snapshot", fs::copy_options::recursive);
  one.serve_with(honest);
  REQUIRE(one.command("erase", {"--yes", "needs/secret.json"}).code == 0);
  REQUIRE(one.publish("needs/apres.json", need("apres")).code == 0);
  REQUIRE(eventually([&] { return has(honest, "apres") && files_that_hold(honest.dir()) == ""; }));
  one.kill();
  fs::remove_all(one.dir());
  fs::copy(folder.path() / "snapshot", one.dir(), fs::copy_options::recursive);

  hiding.serve();
  one.serve_with(hiding);
  REQUIRE(one.publish("needs/masques.json", need("masques")).code == 0);
  REQUIRE(eventually([&] { return has(hiding, "masques"); }));
  CHECK(epoch_at(hiding, one.id()) == 0);

  one.stop();
  one.serve({hiding.peer_url(), honest.peer_url()});
  CHECK(eventually([&] { return text_at(json_of(one.command("status")), "/own/0/question/code") == "history-replaced"; }));
  CHECK(text_at(json_of(one.publish("needs/gants.json", need("gants"))), "/problems/0/code") == "identity-in-question");
  CHECK(has(honest, "apres"));
  CHECK(epoch_at(honest, one.id()) == 1);
  REQUIRE(one.command("settle", {"--take"}).code == 0);
  CHECK(eventually([&] { return has(one, "apres") && !has(one, kCanary); }));
  CHECK(one.publish("needs/gants.json", need("gants")).code == 0);
  std::vector<const Place*> all{&one, &honest, &hiding};
  for (const Place* at : all) CHECK(eventually([&] { return has(*at, "apres") && has(*at, "avant") && has(*at, "gants") && !has(*at, kCanary); }));
  CHECK(agree(all, one.id()));
  for (Place* at : {&one, &honest, &hiding}) at->stop();
  one.serve();
  for (const Place* at : all) CHECK(eventually([&] { return files_that_hold(at->dir()) == ""; }));
  one.stop();
  for (const Place* at : all) CHECK(at->unsound() == "");
}

TEST_CASE("the directory that was believed lost learns that its place was recovered elsewhere, says so, and publishes no more") {
  TemporaryDirectory folder;
  Place one(folder.path(), "Konk Ar Lab"), old(folder.path(), "Ancien"), hub(folder.path(), "Réseau");
  hub.serve();
  one.serve_with(hub);
  REQUIRE(eventually([&] { return hub.count("places") == 2; }));
  one.stop();
  copy_over(one, old);
  REQUIRE(recover(one, {"--keys", sheet_file(folder, one), "--peer", hub.peer_url(), "--accept-alone"}).code == 0);
  one.serve_with(hub);
  REQUIRE(eventually([&] { return number_at(hub.ask("places/" + one.id()).json(), "/head/charter") == 1; }));
  one.stop();
  // Its key opens no session any more; what its roots signed comes with the refusal.
  auto moved = [&] {
    auto status = json_of(old.command("status"));
    return status.at_pointer("/own/0").as_object().contains("movedAway") && number_at(status, "/hosted") == 0 && number_at(status, "/movedAway") == 0;
  };
  CHECK_FALSE(moved());
  old.serve_with(hub);
  CHECK(eventually(moved));
  Ended refused = old.publish("needs/ancien.json", need("ancien"));
  CHECK(refused.code == 1);
  CHECK(text_at(json_of(refused), "/problems/0/code") == "moved-away");
  CHECK(run_maillage({"status", "--dir", old.dir().string()}).out.find("another server keeps this place") != std::string::npos);
  old.stop();
  CHECK(moved());  // it is on its disk
  old.serve_with(hub);
  CHECK(moved());
  CHECK(number_at(hub.ask("places/" + one.id()).json(), "/head/charter") == 1);
  CHECK_FALSE(has(hub, "ancien"));
}
