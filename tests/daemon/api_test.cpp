#include <catch2/catch.hpp>

#include <atomic>

#include "daemon/api.h"
#include "daemon/dialer.h"
#include "daemon/metrics.h"
#include "protocol/crypto.h"
#include "tests/daemon/served.h"

using namespace maillage::daemon;
using namespace std::chrono_literals;
namespace protocol = maillage::protocol;
namespace registry = maillage::registry;

namespace {

MetricsAccess local() { return MetricsAccess::kLocal; }

// A registry of one place, whose revision the test sets.
struct Commons {
  std::atomic<int> revision = 1, asked = 0;
  registry::Query last;
  Metrics metrics;

  ApiSource source() {
    ApiSource given;
    given.query = [this](const registry::Query& query) -> protocol::Result<registry::Page> {
      ++asked;
      last = query;
      registry::Page page;
      page.number_matched = 2;
      page.items.push_back({{"name", "Konk Ar Lab"}});
      page.next = query.after.empty() ? "a b" : "";
      return page;
    };
    given.place = [](std::string_view wanted) -> protocol::Result<boost::json::object> {
      if (wanted != "konk-ar-lab") return protocol::fail(ErrorCode::kNotFound, std::string(wanted));
      return boost::json::object{{"name", "Konk Ar Lab"}};
    };
    given.revision = [this] { return std::to_string(revision); };
    given.status = [] { return boost::json::object{{"counts", 1}}; };
    given.ready = [] { return true; };
    given.metrics = [this] { return metrics.text(); };
    return given;
  }
};

std::string header_of(const std::string& answer, const std::string& name) {
  auto at = answer.find(name + ": ");
  if (at == std::string::npos) return "";
  at += name.size() + 2;
  return answer.substr(at, answer.find("\r\n", at) - at);
}

}  // namespace

TEST_CASE("a list says how many match and leads to its next page") {
  Commons commons;
  Served served(api_routes(commons.source(), local));
  served.run();
  std::string answer = ask(served.port, "GET", "/api/v1/places?q=caf%C3%A9&limit=1");
  CHECK(contains(answer, R"({"numberMatched":2,"numberReturned":1,"items":[{"name":"Konk Ar Lab"}],"next":"a b"})"));
  CHECK(header_of(answer, "Link") == "</api/v1/places?q=caf%C3%A9&limit=1&after=a%20b>; rel=\"next\"");
  CHECK(header_of(answer, "Access-Control-Allow-Origin") == "*");
  CHECK(commons.last.q == std::vector<std::string>{"café"});
  CHECK(header_of(ask(served.port, "GET", "/api/v1/places?after=a%20b"), "Link").empty());
}

TEST_CASE("a client that has the answer gets 304 until the registry changes") {
  Commons commons;
  Served served(api_routes(commons.source(), local));
  served.run();
  std::string tag = header_of(ask(served.port, "GET", "/api/v1/events"), "ETag");
  REQUIRE(tag.size() == 34);
  std::string again = "Host: localhost\r\nIf-None-Match: \"x\", W/" + tag + "\r\n";
  std::string unchanged = ask(served.port, "GET", "/api/v1/events", again);
  CHECK(contains(unchanged, "HTTP/1.1 304"));
  CHECK(header_of(unchanged, "ETag") == tag);
  CHECK(unchanged.ends_with("\r\n\r\n"));
  CHECK(commons.asked == 1);
  CHECK(contains(ask(served.port, "GET", "/api/v1/offers", again), "HTTP/1.1 200"));
  ++commons.revision;
  CHECK(contains(ask(served.port, "GET", "/api/v1/events", again), "HTTP/1.1 200"));
}

TEST_CASE("a wrong parameter and an unknown place are problems, in both languages") {
  Commons commons;
  Served served(api_routes(commons.source(), local));
  served.run();
  std::string wrong = ask(served.port, "GET", "/api/v1/places?tpye=x");
  CHECK(contains(wrong, "HTTP/1.1 400"));
  CHECK(contains(wrong, "application/problem+json"));
  CHECK(contains(wrong, "tpye"));
  std::string unknown = ask(served.port, "GET", "/api/v1/places/nobody", "Host: localhost\r\nAccept-Language: en\r\n");
  CHECK(contains(unknown, "HTTP/1.1 404"));
  CHECK(contains(unknown, "not found: nobody"));
  CHECK(header_of(unknown, "ETag").empty());
  CHECK(contains(ask(served.port, "GET", "/api/v1/places/konk-ar-lab"), "Konk Ar Lab"));
}

TEST_CASE("metrics are for the machine itself unless a reload says otherwise, and label routes by their template") {
  Commons commons;
  std::atomic<MetricsAccess> access = MetricsAccess::kLocal;
  Served served(api_routes(commons.source(), [&] { return access.load(); }));
  served.server.on_answer([&](std::string_view route, std::string_view method, int status, double seconds) {
    commons.metrics.http_answered(route, method, status, seconds);
  });
  served.run();
  ask(served.port, "GET", "/api/v1/places/konk-ar-lab");
  std::string text = ask(served.port, "GET", "/metrics");
  CHECK(contains(text, "maillage_http_requests_total{route=\"/api/v1/places/{place}\",method=\"GET\",code=\"200\"} 1\n"));
  CHECK(contains(text, "maillage_build_info{version="));
  CHECK(contains(ask(served.port, "GET", "/metrics", "Host: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n"), "HTTP/1.1 403"));
  access = MetricsAccess::kOff;
  CHECK(contains(ask(served.port, "GET", "/metrics"), "HTTP/1.1 404"));
  access = MetricsAccess::kAll;
  CHECK(contains(ask(served.port, "GET", "/metrics", "Host: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n"), "HTTP/1.1 200"));
}

TEST_CASE("the first page lists what there is, in the reader's language") {
  Commons commons;
  Served served(api_routes(commons.source(), local));
  served.run();
  CHECK(contains(ask(served.port, "GET", "/"), "<html lang=\"fr\">"));
  CHECK(contains(ask(served.port, "GET", "/", "Host: localhost\r\nAccept-Language: en\r\n"), "<a href=\"api/v1/needs\">Needs</a>"));
  CHECK(contains(ask(served.port, "GET", "/problems/not-found"), "introuvable"));
  CHECK(contains(ask(served.port, "GET", "/readyz"), "{\"ready\":true}"));
}

TEST_CASE("a dialler waits longer after each failure and rests while its peer is connected another way") {
  protocol::SystemRandom random;
  Dialer dialer(random);
  protocol::Instant now{};
  dialer.set_urls({"ws://a:1/peer"}, now);
  REQUIRE(dialer.due(now).size() == 1);
  CHECK(dialer.due(now).empty());
  CHECK_FALSE(dialer.next_due());
  dialer.failed("ws://a:1/peer", now);
  REQUIRE(dialer.next_due());
  CHECK(*dialer.next_due() - now <= 1500ms);
  now = *dialer.next_due();
  CHECK(dialer.due(now).size() == 1);
  dialer.opened("ws://a:1/peer", 7);
  protocol::PlaceId place;
  place.bytes[0] = 1;
  dialer.authenticated(7, place, now);
  dialer.superfluous(7);
  dialer.closed(7, now);
  CHECK(*dialer.next_due() - now >= 5min);
  CHECK(dialer.view().front().place == place);
  CHECK(dialer.view().front().due == dialer.next_due());
  dialer.place_gone(place, now);
  CHECK(*dialer.next_due() - now <= 1500ms);
}

TEST_CASE("only a session that lived makes the next wait short again") {
  protocol::SystemRandom random;
  Dialer dialer(random);
  protocol::Instant now{};
  dialer.set_urls({"ws://a:1/peer"}, now);
  for (int i = 0; i < 12; ++i) {
    now = *dialer.next_due();
    dialer.due(now);
    dialer.opened("ws://a:1/peer", 7);
    dialer.authenticated(7, {}, now);
    dialer.closed(7, now);
  }
  CHECK(*dialer.next_due() - now >= 5min);
  now = *dialer.next_due();
  dialer.due(now);
  dialer.opened("ws://a:1/peer", 8);
  dialer.authenticated(8, {}, now);
  now += 2min;
  dialer.closed(8, now);
  CHECK(*dialer.next_due() - now <= 1500ms);
}

TEST_CASE("the sessions to addresses that left the configuration are given back to be closed") {
  protocol::SystemRandom random;
  Dialer dialer(random);
  protocol::Instant now{};
  CHECK(dialer.set_urls({"ws://a:1/peer", "ws://b:1/peer", "ws://c:1/peer"}, now).empty());
  REQUIRE(dialer.due(now).size() == 3);
  dialer.opened("ws://a:1/peer", 7);
  dialer.opened("ws://b:1/peer", 8);
  CHECK(dialer.set_urls({"ws://a:1/peer"}, now) == std::vector<protocol::SessionId>{8});
  CHECK(dialer.knows(7));
  dialer.opened("ws://c:1/peer", 9);  // it was being dialled meanwhile
  CHECK_FALSE(dialer.knows(9));
}
