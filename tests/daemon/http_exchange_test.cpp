#include <catch2/catch.hpp>

#include <atomic>

#include <zlib.h>

#include "daemon/http_client.h"
#include "tests/daemon/served.h"

using namespace maillage::daemon;
using namespace maillage;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kBodyMax = 8 * 1024 * 1024;

// Counts the body, then answers with as many pieces as the query asks for.
struct Counting final : HttpExchange {
  Counting(const HttpRequest& request, std::atomic<int>& living_count) : pieces(0), living(living_count) {
    ++living;
    for (const auto& [key, value] : request.query)
      if (key == "pieces") pieces = std::stoi(value);
      else refuses_early = key == "refuse";
  }
  ~Counting() override { --living; }
  std::uint64_t body_bytes_max() const override { return kBodyMax; }
  std::optional<HttpResponse> take(protocol::ByteView bytes) override {
    size += bytes.size();
    if (!refuses_early) return std::nullopt;
    HttpResponse response;
    response.status = 403;
    response.body = "no";
    return response;
  }
  HttpResponse answer() override {
    HttpResponse response;
    response.content_type = "text/plain";
    response.body = "size=" + std::to_string(size) + ";";
    return response;
  }
  protocol::Result<protocol::Bytes> more() override {
    if (pieces < 0) return protocol::fail(protocol::ErrorCode::kIo, "broken");
    if (pieces-- == 0) return protocol::Bytes();
    return protocol::Bytes(100'000, 'x');
  }

  std::uint64_t size = 0;
  int pieces;
  bool refuses_early = false;
  std::atomic<int>& living;
};

struct Streams {
  WorkerPool pool{1, 16};
  std::atomic<int> living = 0;
  std::unique_ptr<Served> served;

  explicit Streams(HttpLimits limits = {}) {
    RouteTable routes;
    routes.add_exchange("/count", pool, [this](const HttpRequest& request) { return std::make_unique<Counting>(request, living); });
    served = std::make_unique<Served>(std::move(routes), HttpConfig{}, limits);
    served->run();
  }
  ~Streams() {
    pool.stop();
    served.reset();
  }
  std::uint16_t port() const { return served->port; }
};

std::string post(const std::string& target, const std::string& lines, const std::string& version = "1.1") {
  return "POST " + target + " HTTP/" + version + "\r\nHost: localhost\r\n" + lines + "\r\n";
}

std::string chunked(const std::string& body, std::size_t each) {
  std::string out;
  for (std::size_t at = 0; at < body.size(); at += each) {
    std::string part = body.substr(at, each);
    char size[16];
    snprintf(size, sizeof size, "%zx\r\n", part.size());
    out += size + part + "\r\n";
  }
  return out + "0\r\n\r\n";
}

std::string gzip(const std::string& plain) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, plain.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string say_all(std::uint16_t port, const std::string& bytes) {
  Caller caller(port);
  caller.send(bytes);
  return caller.receive_all();
}

}  // namespace

TEST_CASE("an exchange takes a chunked body of several megabytes and answers in chunks") {
  Streams streams;
  std::string body(3'000'000, 'b');
  std::string answer = say_all(streams.port(), post("/count?pieces=30", "Transfer-Encoding: chunked\r\nConnection: close\r\n") + chunked(body, 70'001));
  CHECK(contains(answer, "HTTP/1.1 200 OK\r\n"));
  CHECK(contains(answer, "Transfer-Encoding: chunked\r\n"));
  CHECK(contains(answer, "size=3000000;"));
  CHECK(static_cast<std::size_t>(std::count(answer.begin(), answer.end(), 'x')) >= 3'000'000);
  CHECK(answer.ends_with("0\r\n\r\n"));
}

TEST_CASE("our own client reads an answer in pieces whole, and takes a cut or too large one for none") {
  Streams streams;
  auto ask = [&](const std::string& pieces, std::size_t bytes_max) {
    return http_post({false, "127.0.0.1", std::to_string(streams.port()), "/count?pieces=" + pieces}, "en", bytes_max);
  };
  auto whole = ask("30", 4'000'000);
  REQUIRE(whole);
  CHECK(whole->status == 200);
  CHECK(whole->body == "size=0;" + std::string(3'000'000, 'x'));
  CHECK_FALSE(ask("-1", 4'000'000));
  CHECK_FALSE(ask("30", 2'000'000));
}

TEST_CASE("a body of known length and the next request share a connection") {
  Streams streams;
  std::string one = post("/count?pieces=0", "Content-Length: 5\r\n") + "hello";
  std::string two = post("/count?pieces=1", "Content-Length: 0\r\nConnection: close\r\n");
  std::string answers = say_all(streams.port(), one + two);
  auto first = answers.find("size=5;"), second = answers.find("size=0;");
  REQUIRE(second != std::string::npos);
  CHECK(first < second);
}

TEST_CASE("a client of HTTP 1.0 gets the pieces as they are, until the connection closes") {
  Streams streams;
  std::string answer = say_all(streams.port(), post("/count?pieces=2", "Content-Length: 2\r\n", "1.0") + "ab");
  CHECK(!contains(answer, "Transfer-Encoding"));
  CHECK(answer.ends_with("size=2;" + std::string(200'000, 'x')));
}

TEST_CASE("a gzip body is unpacked, and one that unpacks beyond the cap is refused") {
  Streams streams;
  std::string plain(1'000'000, 'z');
  std::string packed = gzip(plain);
  auto lines = [](const std::string& body) { return "Content-Encoding: gzip\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n"; };
  CHECK(contains(say_all(streams.port(), post("/count?pieces=0", lines(packed)) + packed), "size=1000000;"));
  std::string bomb = gzip(std::string(64 * 1024 * 1024, '\0'));
  std::string refused = say_all(streams.port(), post("/count?pieces=0", lines(bomb)) + bomb);
  CHECK(contains(refused, "HTTP/1.1 413"));
  CHECK(contains(refused, "gzip > "));
  std::string cut = packed.substr(0, packed.size() / 2);
  CHECK(contains(say_all(streams.port(), post("/count?pieces=0", lines(cut)) + cut), "HTTP/1.1 400"));
  CHECK(contains(say_all(streams.port(), post("/count?pieces=0", lines(plain)) + plain), "HTTP/1.1 400"));
  std::string other = post("/count", "Content-Encoding: br\r\nConnection: close\r\nContent-Length: 2\r\n") + "ab";
  CHECK(contains(say_all(streams.port(), other), "HTTP/1.1 415"));
}

TEST_CASE("a body over the cap of the exchange gets 413") {
  Streams streams;
  std::string body(kBodyMax + 1, 'b');
  std::string answer = say_all(streams.port(), post("/count", "Connection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n") + body);
  CHECK(contains(answer, "HTTP/1.1 413"));
}

TEST_CASE("a client that expects 100 is told to go on, before its body") {
  Streams streams;
  Caller caller(streams.port());
  caller.send(post("/count?pieces=0", "Expect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n"));
  CHECK(contains(caller.receive_header(), "HTTP/1.1 100 Continue"));
  caller.send("abc");
  CHECK(contains(caller.receive_all(), "size=3;"));
}

TEST_CASE("an exchange that refuses early ends the connection with its answer") {
  Streams streams;
  std::string answer = say_all(streams.port(), post("/count?refuse=1", "Content-Length: 100000\r\n") + std::string(70'000, 'a'));
  CHECK(contains(answer, "HTTP/1.1 403"));
  CHECK(answer.ends_with("no"));
}

TEST_CASE("an answer that breaks is cut, not ended") {
  Streams streams;
  std::string answer = say_all(streams.port(), post("/count?pieces=-1", "Content-Length: 0\r\n"));
  CHECK(contains(answer, "HTTP/1.1 200"));
  CHECK(!answer.ends_with("0\r\n\r\n"));
}

TEST_CASE("clients that vanish, stall or never read leave no exchange behind") {
  HttpLimits limits;
  limits.read_timeout = 300ms;
  limits.piece_timeout = 300ms;
  Streams streams(limits);
  {
    Caller gone(streams.port());
    gone.send(post("/count?pieces=100000", "Content-Length: 0\r\n"));
    gone.receive_header();
  }
  Caller stalled(streams.port()), deaf(streams.port());
  stalled.send(post("/count", "Content-Length: 100\r\n") + "half");
  deaf.send(post("/count?pieces=100000", "Content-Length: 0\r\n"));
  CHECK(stalled.receive_all().empty());
  deaf.receive_header();
  auto deadline = std::chrono::steady_clock::now() + 20s;
  while (streams.living > 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  CHECK(streams.living == 0);
}

TEST_CASE("a route that carries an exchange answers only POST") {
  Streams streams;
  std::string answer = ask(streams.port(), "GET", "/count");
  CHECK(contains(answer, "HTTP/1.1 405"));
  CHECK(contains(answer, "Allow: POST, OPTIONS\r\n"));
}

TEST_CASE("when no worker is left an exchange is told to come back") {
  Streams streams;
  streams.pool.stop();
  std::string answer = say_all(streams.port(), post("/count", "Content-Length: 0\r\n"));
  CHECK(contains(answer, "HTTP/1.1 503"));
  CHECK(contains(answer, "Retry-After: 5\r\n"));
}
