// Pushes that attack: they stall, dribble, come by the thousand, or never end. A real inbox behind the routes.
#include <future>

#include <catch2/catch.hpp>

#include "daemon/git_push_routes.h"
#include "registry/git/listing.h"
#include "registry/git/pkt_line.h"
#include "tests/daemon/served.h"
#include "tests/registry/git_fixture.h"
#include "tests/twins/memory_content_store.h"

using namespace maillage::daemon;
using namespace maillage::tests;
namespace protocol = maillage::protocol;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr protocol::UnixTime kNow{1'800'000'000'000};

// A daemon's place behind the routes of pushes. Senders are who a proxy on this machine says that they are.
struct PushServed {
  explicit PushServed(PushRouteLimits limits = {}, HttpLimits http = {}) {
    REQUIRE(Registry::create(dir(), {"Konk Ar Lab", false, "29039", {}, {}}, kNow));
    here = must(Registry::open(dir()));
    place = here->identity().place;
    learn();
    RouteTable routes;
    add_git_push_routes(routes, source(), pushes, judges, fetches, std::make_shared<GitLoad>(), limits);
    HttpConfig config;
    config.trusted_proxies = {"127.0.0.1"};
    served = std::make_unique<Served>(std::move(routes), config, http);
    served->run();
  }
  ~PushServed() {
    pushes.stop();
    judges.stop();
    fetches.stop();
    served.reset();
  }

  fs::path dir() const { return folder.path() / "daemon"; }

  PushSource source() {
    PushSource given;
    given.advertise = [this](std::string_view repository) { return here->advertise_push(repository, nonces, kNow); };
    given.place = [this](std::string_view repository) { return here->place_for_push(repository); };
    given.begin = [this]() -> protocol::Result<std::unique_ptr<Inbox::Arrival>> {
      ++begun;
      if (broken) return tl::unexpected(*broken);
      return here->begin_push();
    };
    given.certify = [this](Push& push, const PushCertificate& certificate) { return here->certify(push, certificate, nonces, kNow); };
    given.finish = [this](Inbox::Arrival& arrival, const Push& push) -> tl::expected<PushOutcome, Problems> {
      judging = true;
      if (judged.valid()) judged.wait();
      auto good = here->judge_push(arrival, push, kNow);
      if (!good) return tl::unexpected(good.error());
      return here->take_push(arrival, push, *good, kNow);
    };
    given.name = [this](const protocol::PlaceId& id) { return here->name_of(id); };
    given.contribution = [this](const ContributionId& id) { return here->contribution(id); };
    given.url = [](const HttpRequest&) { return std::string("http://localhost"); };
    given.sender = [](const HttpRequest& request) { return counted_address(request.remote); };
    return given;
  }

  // What a contributor has after her clone.
  void learn() {
    tip = must(ObjectId::parse(std::string(must(here->place("konk-ar-lab")).at("head").at("commit").as_string())));
    std::string wanted = "0032want " + tip.hex() + "\n00000009done\n";
    auto fetch = must(here->fetch("konk-ar-lab", protocol::as_bytes(wanted), kNow));
    Bytes pack;
    for (Bytes piece = must(fetch->read()); !piece.empty(); piece = must(fetch->read())) pack.insert(pack.end(), piece.begin(), piece.end());
    auto staged = stage_bytes(clone, ByteView(pack).subspan(8));  // after its NAK
    auto table = must(PackTable::read(must(staged->bytes()), clone, {}));
    must(clone.adopt(*staged, table));
    tree = must(read_links(clone, tip)).tree;
  }
  // The body of a push that adds one resource, by a contributor of her own.
  std::string push_of(std::uint32_t number) {
    protocol::Seed seed;
    std::memcpy(seed.bytes.data(), &number, sizeof number);
    std::string name = std::to_string(number);
    std::string record = R"({"kind": "resource", "type": "equipment", "licence": "CC0-1.0", "name": "Scie )" + name + "\"}";
    CommitPerson person{"Jeanne " + name, "jeanne@personne.example", 1'800'000'000, 0};
    TreeCache cache;
    auto staged = must(stage_commit(clone, {tip, tree, {{"resources/scie-" + name + ".json", bytes_of(record)}}, person, person, "x\n"},
                                    protocol::KeyPair(seed), cache));
    Bytes body = commands(staged.commit);
    ByteView pack = must(staged.pack->bytes());
    body.insert(body.end(), pack.begin(), pack.end());
    return std::string(protocol::as_text(body));
  }
  Bytes commands(const ObjectId& commit) const {
    Bytes out;
    append_pkt(out, std::string(40, '0') + " " + commit.hex() + " refs/for/main" + std::string(1, '\0') + " report-status side-band-64k");
    append_flush(out);
    return out;
  }
  static std::string header(const std::string& sender, const std::string& more, const std::string& repository = "konk-ar-lab") {
    return "POST /git/" + repository + "/git-receive-pack HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept-Language: en\r\n"
           "Content-Type: application/x-git-receive-pack-request\r\nX-Forwarded-For: " + sender + "\r\n" + more + "\r\n";
  }
  std::string post(const std::string& body, const std::string& sender = "198.51.100.7") const {
    Caller caller(served->port);
    caller.send(header(sender, "Content-Length: " + std::to_string(body.size()) + "\r\n") + body);
    return caller.receive_all();
  }
  // A push that has its slot, and whose pack is to come.
  std::unique_ptr<Caller> begin(const std::string& sender) const {
    auto caller = std::make_unique<Caller>(served->port);
    caller->send(header(sender, "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n"));
    if (!contains(caller->receive_header(), "100 Continue")) return nullptr;
    return caller;
  }
  static void send_chunk(Caller& caller, std::string_view bytes) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    caller.send(size + std::string(bytes) + "\r\n");
  }
  std::vector<std::string> inbox() const {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(dir() / "inbox", error)) names.push_back(entry.path().filename().string());
    return names;
  }

  TemporaryDirectory folder;
  std::unique_ptr<Registry> here;
  protocol::PlaceId place;
  protocol::SystemRandom random;
  PushNonces nonces{random};
  MemoryContentStore clone;
  ObjectId tip, tree;
  WorkerPool pushes{1, 64}, judges{1, 64}, fetches{1, 16};
  std::shared_future<void> judged;  // when it is set, judging waits for it
  std::atomic<bool> judging = false;
  std::unique_ptr<Served> served;
  std::atomic<int> begun = 0;      // packs that got a folder
  std::optional<Error> broken;     // what is wrong with the inbox; set before anybody pushes
};

bool accepted(const std::string& answer) { return contains(answer, "ok refs/for/main"); }

}  // namespace

TEST_CASE("a push too many is read to its end and told to try again, as git shows, until there are too many of those") {
  PushRouteLimits limits;
  limits.pushes_max = 1;
  PushServed it(limits);
  std::string body = it.push_of(1);
  auto first = it.begin("203.0.113.9");
  REQUIRE(first);
  std::string told = it.post(body);
  CHECK(contains(told, "HTTP/1.1 200"));
  CHECK(contains(told, "ng refs/for/main Too many contributions arrive at the same time; try again for “konk-ar-lab” in a few seconds."));
  CHECK(it.begun == 0);  // no folder for it

  limits.turned_away_max = 0;
  PushServed full(limits);
  auto held = full.begin("203.0.113.9");
  REQUIRE(held);
  std::string busy = full.post(body);
  CHECK(contains(busy, "HTTP/1.1 503"));
  CHECK(contains(busy, "Retry-After: 10\r\n"));
}

TEST_CASE("a push that stops is ended, its slot is free again and nothing of it stays") {
  PushRouteLimits limits;
  limits.pushes_max = 1;
  limits.turned_away_max = 0;
  HttpLimits http;
  http.read_timeout = 500ms;
  PushServed it(limits, http);
  std::string body = it.push_of(1);
  auto stalled = it.begin("203.0.113.9");
  REQUIRE(stalled);
  it.send_chunk(*stalled, std::string_view(body).substr(0, body.size() - 30));
  std::string busy = it.post(body);
  CHECK(contains(busy, "HTTP/1.1 503"));
  CHECK(contains(busy, "Retry-After: 10\r\n"));
  CHECK(!contains(stalled->receive_all(), "HTTP/1.1 200"));  // until we close it
  std::string answer = it.post(body);
  for (int tries = 0; tries < 10'000 && contains(answer, "HTTP/1.1 503"); ++tries) answer = it.post(body);
  CHECK(accepted(answer));
  REQUIRE(it.inbox().size() == 1);
  CHECK(!it.inbox()[0].ends_with(".part"));
}

TEST_CASE("one address has a part of the slots for pushes, and others push beside it") {
  PushRouteLimits limits;
  limits.pushes_of_one_max = 2;
  limits.turned_away_max = 0;
  PushServed it(limits);
  auto first = it.begin("203.0.113.9"), second = it.begin("203.0.113.9");
  REQUIRE(first);
  REQUIRE(second);
  std::string body = it.push_of(1);
  CHECK(contains(it.post(body, "203.0.113.9"), "HTTP/1.1 503"));
  CHECK(accepted(it.post(body, "198.51.100.7")));
}

TEST_CASE("while one push is judged, or waits for the writer, others come in") {
  PushServed it;
  std::promise<void> release;
  it.judged = release.get_future().share();
  std::string first = it.push_of(1), second = it.push_of(2);
  auto other = it.begin("198.51.100.7");
  REQUIRE(other);
  auto early = std::async(std::launch::async, [&] { return it.post(first, "203.0.113.9"); });
  auto given_up = std::chrono::steady_clock::now() + 60s;
  auto wait_for = [&](auto done) {
    while (!done() && std::chrono::steady_clock::now() < given_up) std::this_thread::yield();
    return done();
  };
  CHECK(wait_for([&] { return it.judging.load(); }));
  it.send_chunk(*other, second);
  other->send("0\r\n\r\n");
  CHECK(wait_for([&] { return it.inbox().size() == 2; }));  // its pack is in a folder of its own, and the first has no answer yet
  release.set_value();
  CHECK(accepted(early.get()));
  CHECK(accepted(other->receive_all()));
}

TEST_CASE("a push that brings a byte now and then makes room for others") {
  HttpLimits http;
  http.read_timeout = 500ms;
  PushServed it({}, http);
  auto slow = it.begin("203.0.113.9");
  REQUIRE(slow);
  it.send_chunk(*slow, protocol::as_text(it.commands(it.tip)));
  // So slowly that what the server reads at once never fills, so often that it never waits for long.
  boost::system::error_code ended;
  auto given_up = std::chrono::steady_clock::now() + 60s;
  for (auto next = std::chrono::steady_clock::now(); !ended && next < given_up; next += 1ms) {
    while (std::chrono::steady_clock::now() < next) std::this_thread::yield();
    maillage::daemon::asio::write(slow->socket(), maillage::daemon::asio::buffer("1\r\nP\r\n", 6), ended);
  }
  CHECK(ended);
}

TEST_CASE("of a thousand pushes a hundred wait, the disk holds no more, and others are answered meanwhile") {
  PushServed it;
  std::vector<std::string> bodies;
  for (std::uint32_t i = 0; i < 1'000; ++i) bodies.push_back(it.push_of(i));
  auto post_all = [&](std::size_t from) {
    std::size_t taken = 0;
    for (std::size_t i = from; i < bodies.size(); i += 2) {
      std::string answer = it.post(bodies[i], "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1));
      if (accepted(answer)) ++taken;
      else if (!contains(answer, "100")) return std::size_t{10'000};  // refused for another reason than the quota
    }
    return taken;
  };
  auto even = std::async(std::launch::async, post_all, 0), odd = std::async(std::launch::async, post_all, 1);
  std::size_t asked = 0;
  while (even.wait_for(0s) != std::future_status::ready || odd.wait_for(0s) != std::future_status::ready) {
    std::string answer = ask(it.served->port, "GET", "/api/v1/contributions/" + std::string(32, '0'));
    if (!contains(answer, "HTTP/1.1 404")) FAIL(answer);
    ++asked;
  }
  CHECK(even.get() + odd.get() == 100);
  CHECK(asked > 10);
  CHECK(it.here->status().at("contributions").to_number<int>() == 100);
  CHECK(it.inbox().size() == 100);
}

TEST_CASE("a push without end is cut off with a sentence for git to show, and nothing of it stays") {
  PushServed it;
  auto endless = it.begin("203.0.113.9");
  REQUIRE(endless);
  it.send_chunk(*endless, protocol::as_text(it.commands(it.tip)));
  std::string mebibyte(1 << 20, 'x');
  for (int i = 0; i < 130; ++i) it.send_chunk(*endless, mebibyte);
  std::string answer = endless->receive_all();
  INFO(answer);
  CHECK(contains(answer, "HTTP/1.1 413"));
  CHECK(contains(answer, "Content-Type: text/plain"));
  CHECK(contains(answer, "too large"));
  CHECK(accepted(it.post(it.push_of(1))));
  CHECK(it.inbox().size() == 1);
}

TEST_CASE("a push of another type, or to a place that is not kept here, is refused before a byte of its pack is kept") {
  PushServed it;
  std::string commands(protocol::as_text(it.commands(it.tip)));
  auto refusal = [&](std::string header) {
    Caller caller(it.served->port);
    caller.send(header);
    it.send_chunk(caller, commands + std::string(100'000, 'x'));
    return caller.receive_all();  // the pack has no end
  };
  std::string chunked = "Transfer-Encoding: chunked\r\n";
  CHECK(contains(refusal(it.header("203.0.113.9", chunked, "nobody")), "HTTP/1.1 404"));
  std::string other = it.header("203.0.113.9", chunked);
  other.replace(other.find("x-git-receive-pack-request"), 26, "octet-stream");
  CHECK(contains(refusal(other), "HTTP/1.1 415"));
  CHECK(it.begun == 0);
  CHECK(accepted(it.post(it.push_of(1))));
  CHECK(it.begun == 1);
}

TEST_CASE("what is wrong with the disk is told to a stranger without a path of this machine") {
  PushServed it;
  for (auto code : {ErrorCode::kIo, ErrorCode::kDiskFull}) {
    it.broken = Error{code, "/var/lib/maillage/inbox"};
    std::string answer = it.post(it.push_of(1));
    CHECK(contains(answer, code == ErrorCode::kIo ? "input/output error" : "the disk is full"));
    CHECK(!contains(answer, "/var/lib"));
  }
}
