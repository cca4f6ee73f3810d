#include <catch2/catch.hpp>

#include "daemon/git_fetch.h"
#include "daemon/git_routes.h"
#include "tests/daemon/served.h"
#include "tests/registry/git_fixture.h"
#include "tests/twins/memory_content_store.h"

using namespace maillage::daemon;
using namespace maillage;

namespace {

// Fetches of one place. Senders are who a proxy on this machine says that they are.
struct GitServed {
  WorkerPool pool{1, 16};
  std::string asked;
  std::shared_ptr<tests::MemoryContentStore> store = std::make_shared<tests::MemoryContentStore>();
  tests::Place place{1};
  std::unique_ptr<Served> served;

  explicit GitServed(GitLimits limits = {}) {
    GitSource source;
    source.advertise = [this](std::string_view repository) -> protocol::Result<protocol::Bytes> {
      asked = repository;
      if (repository == "nobody") return protocol::fail(protocol::ErrorCode::kNotFound, "nobody");
      return protocol::Bytes{'r', 'e', 'f', 's'};
    };
    tests::publish_files(*store, place, {{"profile.json", tests::bytes_of("{}")}});
    source.fetch = [this](std::string_view repository, protocol::ByteView) { return fetch(repository); };
    RouteTable routes;
    add_git_routes(routes, std::move(source), pool, std::make_shared<GitLoad>(limits));
    HttpConfig config;
    config.trusted_proxies = {"127.0.0.1"};
    served = std::make_unique<Served>(std::move(routes), config);
    served->run();
  }
  protocol::Result<std::unique_ptr<registry::Fetch>> fetch(std::string_view repository) {
    asked = repository;
    if (repository == "lieu") return registry::Fetch::refuse("no");
    registry::UploadRequest request;
    request.wants = {*place.commit};
    request.end = registry::UploadRequest::End::kDone;
    return registry::Fetch::open(store, request, registry::Compare::kWhole);  // a commit, a folder and a file
  }
  ~GitServed() {
    pool.stop();
    served.reset();
  }
  std::string post(const std::string& body, const std::string& type = "application/x-git-upload-pack-request") { return post_to("lieu", body, "", type); }
  std::string post_to(const std::string& repository, const std::string& body, const std::string& sender,
                      const std::string& type = "application/x-git-upload-pack-request") {
    Caller caller(served->port);
    std::string forwarded = sender.empty() ? "" : "\r\nX-Forwarded-For: " + sender;
    caller.send("POST /git/" + repository + ".git/git-upload-pack HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept-Language: en" + forwarded +
                "\r\nContent-Type: " + type + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    return caller.receive_all();
  }
};

}  // namespace

TEST_CASE("the refs of a repository come with git's type and to no cache, whatever its name ends in") {
  GitServed git;
  std::string answer = ask(git.served->port, "GET", "/git/lieu.git/info/refs?service=git-upload-pack");
  CHECK(git.asked == "lieu");
  CHECK(contains(answer, "Content-Type: application/x-git-upload-pack-advertisement\r\n"));
  CHECK(contains(answer, "Cache-Control: no-cache, max-age=0, must-revalidate\r\n"));
  CHECK(contains(answer, "Pragma: no-cache\r\n"));
  CHECK(answer.ends_with("refs"));
}

TEST_CASE("a refusal is plain text, in the reader's language, for git to show") {
  GitServed git;
  std::string answer = ask(git.served->port, "GET", "/git/nobody/info/refs?service=git-upload-pack", "Host: localhost\r\nAccept-Language: en\r\n");
  CHECK(contains(answer, "HTTP/1.1 404"));
  CHECK(contains(answer, "Content-Type: text/plain; charset=utf-8\r\n"));
  CHECK(contains(answer, "No place of this registry"));
  CHECK(contains(ask(git.served->port, "GET", "/git/lieu/info/refs"), "HTTP/1.1 403"));
}

TEST_CASE("a fetch is answered in the stream, another type of body is refused") {
  GitServed git;
  std::string answer = git.post("0000");
  CHECK(contains(answer, "HTTP/1.1 200"));
  CHECK(contains(answer, "Content-Type: application/x-git-upload-pack-result\r\n"));
  CHECK(contains(answer, "ERR no"));
  CHECK(git.asked == "lieu");
  CHECK(contains(git.post("0000", "text/plain"), "HTTP/1.1 415"));
}

TEST_CASE("beyond what may be under way, a client is told to come back, and what was given up is free again") {
  GitLimits limits;
  limits.fetches_max = 0;
  GitServed full(limits);
  std::string answer = full.post("0000");
  CHECK(contains(answer, "HTTP/1.1 503"));
  CHECK(contains(answer, "Retry-After: 5\r\n"));
  limits.fetches_max = 1;
  limits.waiting_bytes_max = 100;
  GitServed narrow(limits);
  CHECK(contains(narrow.post(std::string(101, '0')), "HTTP/1.1 503"));
  for (int again = 0; again < 3; ++again) {
    std::string after;
    for (int tries = 0; tries < 1'000 && !contains(after, "HTTP/1.1 200"); ++tries) after = narrow.post(std::string(60, '0'));
    CHECK(contains(after, "HTTP/1.1 200"));
  }
}

TEST_CASE("one address takes a part of what requests and answers may hold, and others are answered beside it") {
  GitLimits limits;
  limits.waiting_bytes_of_one_max = 50;
  limits.objects_of_one_max = 2;
  GitServed git(limits);
  CHECK(contains(git.post_to("lieu", std::string(60, '0'), "198.51.100.7"), "HTTP/1.1 503"));
  CHECK(contains(git.post_to("lieu", std::string(40, '0'), "198.51.100.7"), "HTTP/1.1 200"));
  CHECK(contains(git.post_to("lieu", std::string(60, '0'), ""), "HTTP/1.1 200"));
  CHECK(contains(git.post_to("atelier", "0000", "198.51.100.7"), "HTTP/1.1 503"));
  CHECK(contains(git.post_to("atelier", "0000", ""), "PACK"));
}

TEST_CASE("a fetch ends when its time is over, while it asks and while it is answered, and what it held is free again") {
  GitLimits limits;
  limits.fetch_time_max = std::chrono::seconds(0);
  GitServed late(limits);
  CHECK(contains(late.post("0000"), "HTTP/1.1 504"));
  auto load = std::make_shared<GitLoad>(limits);
  HttpRequest request;
  request.captures = {"lieu"};
  request.headers.emplace_back("Content-Type", "application/x-git-upload-pack-request");
  auto exchange = fetch_exchange(request, load, [&](protocol::ByteView) { return late.fetch("atelier"); });
  CHECK(exchange->answer().status == 200);
  CHECK(exchange->more().error().code == protocol::ErrorCode::kTimeout);
  exchange.reset();
  CHECK(Share(load->fetches).take(limits.fetches_max));
  CHECK(Share(load->objects).take(limits.objects_max));
}

TEST_CASE("one sender takes a part of the slots, and what is given back may be taken again") {
  Capacity slots(4, 2);
  Share first(slots, "198.51.100.7"), second(slots, "198.51.100.7"), third(slots, "198.51.100.7"), other(slots, "203.0.113.9"), local(slots), more(slots);
  CHECK(first.take(1));
  CHECK(second.take(1));
  CHECK_FALSE(third.take(1));
  CHECK(other.take(1));
  first.release();
  CHECK(third.take(1));
  CHECK(local.take(1));
  CHECK_FALSE(more.take(1));
  CHECK_FALSE(more.take(~std::size_t{0}));
}

TEST_CASE("an address counts whole in IPv4 and by its first half in IPv6, this machine's own does not") {
  CHECK(counted_address("198.51.100.7") == "198.51.100.7");
  CHECK(counted_address("2001:db8:1:2:3:4:5:6") == counted_address("2001:db8:1:2:ffff::1"));
  CHECK(counted_address("2001:db8:1:2::1") != counted_address("2001:db8:1:3::1"));
  for (const char* own : {"127.0.0.1", "::1", "nonsense", ""}) CHECK(counted_address(own).empty());
}
