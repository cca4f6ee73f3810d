#include <atomic>

#include <catch2/catch.hpp>

#include "tests/daemon/served.h"

using namespace maillage::daemon;
using namespace std::chrono_literals;

namespace {

RouteTable echo_routes() {
  RouteTable routes;
  auto echo = [](const HttpRequest& request) {
    HttpResponse response;
    response.content_type = "text/plain";
    response.body = request.path;
    for (const auto& capture : request.captures) response.body += "|" + capture;
    for (const auto& [key, value] : request.query) response.body += "|" + key + "=" + value;
    response.body += request.local ? "|local" : "|far";
    return response;
  };
  routes.add("/hello", RunsOn::kWorker, echo);
  routes.add("/places/{id}", RunsOn::kNode, echo);
  routes.add("/big", RunsOn::kWorker, [](const HttpRequest&) {
    HttpResponse response;
    response.body.assign(3'000'000, 'x');
    return response;
  });
  return routes;
}

}  // namespace

TEST_CASE("a route answers with what its template matched and the decoded parameters") {
  Served served(echo_routes());
  served.run();
  std::string answer = ask(served.port, "GET", "/places/konk?q=caf%C3%A9+bar&type=a&type=b");
  CHECK(contains(answer, "HTTP/1.1 200 OK\r\n"));
  CHECK(contains(answer, "/places/konk|konk|q=café bar|type=a|type=b|local"));
  CHECK(contains(answer, "X-Content-Type-Options: nosniff\r\n"));
  CHECK(contains(answer, "Content-Security-Policy: default-src 'none'"));
}

TEST_CASE("an empty pair in a query is none, a value without a name is one") {
  Served served(echo_routes());
  served.run();
  CHECK(contains(ask(served.port, "GET", "/hello?&q=a&&type=b&"), "/hello|q=a|type=b|local"));
  CHECK(contains(ask(served.port, "GET", "/hello?&=a"), "/hello|=a|local"));
  CHECK(contains(ask(served.port, "GET", "/hello?"), "/hello|local"));
}

TEST_CASE("an answer of several megabytes arrives whole") {
  Served served(echo_routes());
  served.run();
  std::string answer = ask(served.port, "GET", "/big");
  CHECK(answer.size() - answer.find("\r\n\r\n") - 4 == 3'000'000);
}

TEST_CASE("HEAD has the headers of GET and no body") {
  Served served(echo_routes());
  served.run();
  std::string answer = ask(served.port, "HEAD", "/hello");
  CHECK(contains(answer, "Content-Length: 12\r\n"));
  CHECK(answer.ends_with("\r\n\r\n"));
}

TEST_CASE("requests sent in one burst are answered in order on the same connection") {
  Served served(echo_routes());
  served.run();
  Caller caller(served.port);
  caller.send("GET /places/1 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
              "GET /places/3 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  std::string answers = caller.receive_all();
  auto first = answers.find("/places/1|1"), second = answers.find("/hello|"), third = answers.find("/places/3|3");
  REQUIRE(third != std::string::npos);
  CHECK(first < second);
  CHECK(second < third);
}

TEST_CASE("refusals are problem+json in the reader's language") {
  Served served(echo_routes());
  served.run();
  std::string french = ask(served.port, "GET", "/nowhere");
  CHECK(contains(french, "HTTP/1.1 404"));
  CHECK(contains(french, "Content-Type: application/problem+json\r\n"));
  CHECK(contains(french, "\"title\":\"Introuvable\""));
  CHECK(contains(french, "\"instance\":\"/nowhere\""));
  std::string english = ask(served.port, "DELETE", "/hello", "Host: localhost\r\nAccept-Language: en-GB,fr;q=0.5\r\n");
  CHECK(contains(english, "HTTP/1.1 405"));
  CHECK(contains(english, "Allow: GET, HEAD, OPTIONS\r\n"));
  CHECK(contains(english, "\"title\":\"Method not allowed\""));
  CHECK(contains(english, "/problems/method-not-allowed"));
}

TEST_CASE("OPTIONS tells other sites what they may ask") {
  Served served(echo_routes());
  served.run();
  std::string answer = ask(served.port, "OPTIONS", "/hello");
  CHECK(contains(answer, "HTTP/1.1 204"));
  CHECK(contains(answer, "Access-Control-Allow-Origin: *\r\n"));
}

TEST_CASE("a name that nobody configured gets 421 and learns how to allow it") {
  HttpConfig config;
  config.public_url = "https://lieu.example";
  config.host_names = {"Autre.Example"};
  Served served(echo_routes(), config);
  served.run();
  CHECK(contains(ask(served.port, "GET", "/hello", "Host: evil.example\r\n"), "HTTP/1.1 421"));
  CHECK(contains(ask(served.port, "GET", "/hello", "Host: evil.example\r\n"), "host_names"));
  CHECK(contains(ask(served.port, "GET", "/hello", ""), "HTTP/1.1 421"));
  for (std::string host : {"lieu.example", "LIEU.example:8420", "autre.example", "localhost:1", "192.0.2.7:80", "[::1]:8420"})
    CHECK(contains(ask(served.port, "GET", "/hello", "Host: " + host + "\r\n"), "HTTP/1.1 200"));
}

TEST_CASE("what is refused below /git/ is plain text in the reader's language, as git shows nothing else") {
  HttpConfig config;
  config.base_path = "/maillage";
  Served served(echo_routes(), config);
  served.run();
  for (std::string path : {"/git/lieu/info/refs?service=git-upload-pack", "/maillage/git/lieu/info/refs?service=git-upload-pack"}) {
    std::string answer = ask(served.port, "GET", path, "Host: vm\r\nAccept-Language: fr\r\n");
    CHECK(contains(answer, "HTTP/1.1 421"));
    CHECK(contains(answer, "Content-Type: text/plain; charset=utf-8\r\n"));
    CHECK(contains(answer, "\r\n\r\nCe serveur ne répond pas au nom « vm ». Pour l'autoriser, ajoutez-le à host_names dans config.toml.\n"));
  }
  CHECK(contains(ask(served.port, "GET", "/git/a/b/info/refs"), "Content-Type: text/plain; charset=utf-8\r\n"));
  CHECK(contains(ask(served.port, "GET", "/git/a%00b/info/refs"), "Content-Type: text/plain; charset=utf-8\r\n"));
  CHECK(contains(ask(served.port, "GET", "/hello", "Host: vm\r\n"), "Content-Type: application/problem+json\r\n"));
}

TEST_CASE("a base path that a proxy keeps is taken off") {
  HttpConfig config;
  config.base_path = "/maillage";
  Served served(echo_routes(), config);
  served.run();
  CHECK(contains(ask(served.port, "GET", "/maillage/hello"), "/hello|local"));
  CHECK(contains(ask(served.port, "GET", "/hello"), "/hello|local"));
  CHECK(contains(ask(served.port, "GET", "/maillagehello"), "HTTP/1.1 404"));
}

TEST_CASE("what a proxy forwards is not local") {
  Served served(echo_routes());
  served.run();
  CHECK(contains(ask(served.port, "GET", "/hello", "Host: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n"), "|far"));
}

TEST_CASE("who comes by IPv4 to an address of both families is the same client as by IPv4 alone: local, a proxy, one sender") {
  RouteTable routes;
  routes.add("/who", RunsOn::kWorker, [](const HttpRequest& request) {
    HttpResponse response;
    response.body = request.remote + (request.local ? "|local" : "|far");
    return response;
  });
  HttpConfig config;
  config.listen.host = "::";
  config.trusted_proxies = {"127.0.0.1"};
  Served served(std::move(routes), config);
  served.run();
  CHECK(contains(ask(served.port, "GET", "/who"), "\r\n127.0.0.1|local"));
  CHECK(contains(ask(served.port, "GET", "/who", "Host: localhost\r\nX-Forwarded-For: 198.51.100.7\r\n"), "\r\n198.51.100.7|far"));
  CHECK(contains(ask(served.port, "GET", "/who", "Host: localhost\r\nX-Forwarded-For: ::ffff:198.51.100.7\r\n"), "\r\n198.51.100.7|far"));
}

TEST_CASE("headers over 16 KiB get 431") {
  Served served(echo_routes());
  served.run();
  std::string answer = ask(served.port, "GET", "/hello", "Host: localhost\r\nX-Long: " + std::string(20'000, 'a') + "\r\n");
  CHECK(contains(answer, "HTTP/1.1 431"));
}

TEST_CASE("a body over 64 KiB gets 413") {
  Served served(echo_routes());
  served.run();
  std::string answer = ask(served.port, "GET", "/hello", "Host: localhost\r\nContent-Length: 70000\r\n");
  CHECK(contains(answer, "HTTP/1.1 413"));
}

TEST_CASE("bytes that are no HTTP get 400 and the end of the connection") {
  Served served(echo_routes());
  served.run();
  for (std::string garbage : {std::string("\x16\x03\x01\x02\x00\x01", 6), std::string("GET\r\n\r\n"),
                              std::string("GET /%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
                              std::string("GET http://x/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
                              std::string("GET /?q=%ff HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
                              std::string("GET /?q=%00 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")}) {
    Caller caller(served.port);
    caller.send(garbage);
    caller.send_end();
    std::string answer = caller.receive_all();
    CHECK((answer.empty() || contains(answer, "HTTP/1.1 400")));
  }
  CHECK(contains(ask(served.port, "GET", "/hello"), "HTTP/1.1 200"));
}

TEST_CASE("a client that sends its header too slowly is cut off") {
  HttpLimits limits;
  limits.read_timeout = 50ms;
  Served served(echo_routes(), {}, limits);
  served.run();
  Caller caller(served.port);
  caller.send("GET /hello HTTP/1.1\r\nHost: loc");
  CHECK(caller.receive_all().empty());
  CHECK(contains(ask(served.port, "GET", "/hello"), "HTTP/1.1 200"));
}

TEST_CASE("connections beyond the limit are closed and the others still answered") {
  HttpLimits limits;
  limits.connections_max = 1;
  Served served(echo_routes(), {}, limits);
  served.run();
  Caller first(served.port);
  first.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
  std::string start(12, ' ');
  asio::read(first.socket(), asio::buffer(start));
  CHECK(start == "HTTP/1.1 200");
  Caller second(served.port);
  CHECK(second.receive_all().empty());
  first.send("GET /places/7 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  CHECK(contains(first.receive_all(), "/places/7|7"));
}

TEST_CASE("workers that are all busy make the answer 503, not a queue without end") {
  constexpr int kRun = 2, kWait = 16, kRefused = 22;  // the workers of Served
  std::promise<void> release, all_run, all_refused;
  auto released = release.get_future().share();
  std::atomic<int> running = 0;
  int refused = 0;
  RouteTable routes;
  routes.add("/slow", RunsOn::kWorker, [&, released](const HttpRequest&) {
    if (++running == kRun) all_run.set_value();
    released.wait();
    return HttpResponse{};
  });
  Served served(std::move(routes));
  served.server.on_answer([&](std::string_view, std::string_view, int status, double) {
    if (status == 503 && ++refused == kRefused) all_refused.set_value();
  });
  served.run();
  std::vector<std::unique_ptr<Caller>> callers;
  auto call = [&](int times) {
    for (int i = 0; i < times; ++i) {
      callers.push_back(std::make_unique<Caller>(served.port));
      callers.back()->send("GET /slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    }
  };
  auto in_time = [](std::promise<void>& event) { return event.get_future().wait_for(std::chrono::seconds(60)) == std::future_status::ready; };
  call(kRun);
  CHECK(in_time(all_run));  // else a worker that begins later makes room where a request would wait
  call(kWait + kRefused);
  CHECK(in_time(all_refused));
  release.set_value();
  int answered = 0, busy = 0;
  for (auto& caller : callers) {
    std::string answer = caller->receive_all();
    answered += contains(answer, "HTTP/1.1 200");
    busy += contains(answer, "HTTP/1.1 503");
  }
  CHECK(answered == kRun + kWait);
  CHECK(busy == kRefused);
}

TEST_CASE("stopping closes idle connections and takes no new ones") {
  Served served(echo_routes());
  served.run();
  Caller idle(served.port);
  idle.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
  std::string start(12, ' ');
  asio::read(idle.socket(), asio::buffer(start));
  served.on_node([&] { served.server.stop(); });
  CHECK(contains(idle.receive_all(), "/hello"));
  CHECK_THROWS(Caller(served.port));
}

TEST_CASE("a client that has its last answer and does not end its side is not waited for once the server stops") {
  HttpLimits limits;
  limits.parting = 60s;
  limits.read_timeout = 60s;
  Served served(echo_routes(), {}, limits);
  served.run();
  Caller open(served.port);
  open.send("GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  CHECK(contains(open.receive_all(), "/hello"));
  auto connections = [&] { return served.on_node([&] { return served.server.connections(); }); };
  CHECK(connections() == 1);
  served.on_node([&] { served.server.stop(); });
  auto deadline = std::chrono::steady_clock::now() + 20s;
  while (connections() != 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  CHECK(connections() == 0);
}
