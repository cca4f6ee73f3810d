#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "daemon/backoff.h"
#include "daemon/peer_transport.h"
#include "daemon/tls_context.h"
#include "protocol/crypto.h"
#include "protocol/limits.h"
#include "tests/daemon/served.h"
#include "tests/registry/no_threads.h"

using namespace maillage::daemon;
using namespace std::chrono_literals;
namespace protocol = maillage::protocol;

namespace {

// A certificate for "localhost" that nobody else vouches for, in files of its own.
struct SelfSigned {
  SelfSigned() {
    std::string pattern = (std::filesystem::temp_directory_path() / "maillage-tls-XXXXXX").string();
    folder = mkdtemp(pattern.data());
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_sign(certificate, key, EVP_sha256());
    write(config().certificate_file, [&](FILE* file) { PEM_write_X509(file, certificate); });
    write(config().key_file, [&](FILE* file) { PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr); });
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  ~SelfSigned() { std::filesystem::remove_all(folder); }
  TlsConfig config() const { return {folder + "/cert.pem", folder + "/key.pem"}; }

  template <class Function>
  static void write(const std::string& path, Function function) {
    FILE* file = std::fopen(path.c_str(), "w");
    function(file);
    std::fclose(file);
  }
  std::string folder;
};

// Two transports on one thread: one behind an HTTP server that echoes, one that dials it.
struct Pair {
  explicit Pair(bool with_tls = false, PeerTimes times = {})
      : served(RouteTable{}), echo(served.node, echo_events(), times), caller(served.node, caller_events(), times), tls(with_tls) {
    served.server.on_upgrade([this](ByteStream stream, HttpRequest request) { echo.accept(std::move(stream), request); });
    if (tls) served.server.use_tls(*tls_server_context(certificate.config()));
    served.run();
  }
  ~Pair() {
    served.on_node([this] {
      caller.abort();
      echo.abort();
    });
  }

  PeerTransport::Events echo_events() {
    PeerTransport::Events events;
    events.opened = [this](SessionId id, protocol::Role) { echo_opened.set_value(id); };
    events.frame = [this](SessionId id, protocol::ByteView frame) {
      echo.send(id, std::make_shared<const protocol::Bytes>(frame.begin(), frame.end()));
    };
    events.sent = [](SessionId, std::size_t) {};
    events.closed = [this](SessionId, const std::string& reason) { echo_closed.set_value(reason); };
    return events;
  }
  PeerTransport::Events caller_events() {
    PeerTransport::Events events;
    events.opened = [](SessionId, protocol::Role) {};
    events.frame = [this](SessionId, protocol::ByteView frame) {
      received.insert(received.end(), frame.begin(), frame.end());
      if (received.size() >= wanted) arrived.set_value();
    };
    events.sent = [](SessionId, std::size_t) {};
    events.closed = [this](SessionId, const std::string& reason) { caller_closed.set_value(reason); };
    return events;
  }
  protocol::Result<SessionId> dial(bool verify = false) {
    std::promise<protocol::Result<SessionId>> done;
    auto result = done.get_future();
    served.on_node([&] {
      PeerUrl url{tls, "localhost", std::to_string(served.port), "/peer"};
      url.host = tls ? "localhost" : "127.0.0.1";
      caller.dial(url, verify, [&](protocol::Result<SessionId> outcome) { done.set_value(std::move(outcome)); });
    });
    return result.get();
  }
  void send(SessionId session, std::size_t bytes) {
    served.on_node([&] { caller.send(session, std::make_shared<const protocol::Bytes>(bytes, std::uint8_t{7})); });
  }

  // Before `served`, whose thread speaks to them until it ends.
  protocol::Bytes received;
  std::size_t wanted = 0;
  std::promise<void> arrived;
  std::promise<SessionId> echo_opened;
  std::promise<std::string> echo_closed, caller_closed;

  Served served;
  PeerTransport echo, caller;
  bool tls;
  SelfSigned certificate;
};

std::string upgrade_request(std::string_view lines = "") {
  return "GET /peer HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + std::string(lines) + "\r\n";
}

}  // namespace

TEST_CASE("frames come back from a peer, plain and over TLS, up to the largest") {
  for (bool tls : {false, true}) {
    Pair pair(tls);
    pair.wanted = 5 + protocol::kFrameBytesMax;
    auto session = pair.dial();
    REQUIRE(session);
    pair.send(*session, 5);
    pair.send(*session, protocol::kFrameBytesMax);
    pair.arrived.get_future().get();
    CHECK(pair.received.size() == pair.wanted);
  }
}

TEST_CASE("a certificate that nobody vouches for is refused unless the operator says so") {
  Pair pair(true);
  auto session = pair.dial(true);
  REQUIRE_FALSE(session);
  CHECK(session.error().code == protocol::ErrorCode::kDenied);
  CHECK(contains(session.error().context, "certificate"));
}

TEST_CASE("a close says goodbye after what was sent before") {
  Pair pair;
  auto session = pair.dial();
  REQUIRE(session);
  pair.wanted = 3;
  pair.send(*session, 3);
  pair.arrived.get_future().get();
  pair.served.on_node([&] { pair.caller.close(*session); });
  CHECK(pair.echo_closed.get_future().get() == "1000");
  CHECK(pair.caller_closed.get_future().get() == "1000");
  CHECK(pair.served.on_node([&] { return pair.caller.sessions() + pair.echo.sessions(); }) == 0);
}

TEST_CASE("a stopping daemon tells its peers that it restarts") {
  Pair pair;
  REQUIRE(pair.dial());
  pair.served.on_node([&] { pair.echo.close_all(); });
  CHECK(pair.caller_closed.get_future().get() == "1012");
}

TEST_CASE("a transport that stops while it dials opens no session afterwards") {
  Pair pair;
  std::promise<protocol::Result<SessionId>> done;
  pair.served.on_node([&] {
    pair.caller.dial({false, "127.0.0.1", std::to_string(pair.served.port), "/peer"}, true, [&](auto outcome) { done.set_value(std::move(outcome)); });
    pair.caller.close_all();
  });
  CHECK_FALSE(done.get_future().get());
  CHECK(pair.served.on_node([&] { return pair.caller.sessions(); }) == 0);
}

TEST_CASE("a transport that stops while a peer does not answer its handshake does not wait for it") {
  asio::io_context context;
  asio::ip::tcp::acceptor silent(context, {asio::ip::address_v4::loopback(), 0});
  Pair pair;  // which waits ten seconds for a handshake, and two for a close
  std::promise<protocol::Result<SessionId>> done;
  PeerUrl url{false, "127.0.0.1", std::to_string(silent.local_endpoint().port()), "/peer"};
  pair.served.on_node([&] { pair.caller.dial(url, true, [&](auto outcome) { done.set_value(std::move(outcome)); }); });
  auto socket = silent.accept();
  std::string request;
  asio::read_until(socket, asio::dynamic_buffer(request), "\r\n\r\n");
  auto ended = done.get_future();
  pair.served.on_node([&] { pair.caller.close_all(); });
  REQUIRE(ended.wait_for(1s) == std::future_status::ready);
  CHECK_FALSE(ended.get());
  CHECK(pair.served.on_node([&] { return pair.caller.sessions(); }) == 0);
}

TEST_CASE("a peer that reads nothing does not keep its place after a goodbye") {
  Pair pair(false, {10'000ms, 600'000ms, 50ms});
  Caller raw(pair.served.port);
  raw.send(upgrade_request());
  SessionId session = pair.echo_opened.get_future().get();
  pair.served.on_node([&] {
    auto frame = std::make_shared<const protocol::Bytes>(protocol::kFrameBytesMax, std::uint8_t{7});
    for (int i = 0; i < 256; ++i) pair.echo.send(session, frame);  // more than any socket buffer takes
    pair.echo.close(session);
  });
  REQUIRE(pair.echo_closed.get_future().wait_for(20s) == std::future_status::ready);
  CHECK(pair.served.on_node([&] { return pair.echo.sessions(); }) == 0);
}

TEST_CASE("a frame over 256 KiB ends the session with 1009") {
  Pair pair;
  Caller raw(pair.served.port);
  raw.send(upgrade_request());
  REQUIRE(contains(raw.receive_header(), "HTTP/1.1 101"));
  // FIN, binary; masked, 64-bit length 0x50000 = 320 KiB; mask.
  raw.send(std::string("\x82\xff\x00\x00\x00\x00\x00\x05\x00\x00\x01\x02\x03\x04", 14));
  CHECK(raw.receive_all().substr(0, 4) == "\x88\x02\x03\xf1");
  CHECK_FALSE(pair.echo_closed.get_future().get().empty());
}

TEST_CASE("a text message ends the session with 1003") {
  Pair pair;
  Caller raw(pair.served.port);
  raw.send(upgrade_request());
  REQUIRE(contains(raw.receive_header(), "HTTP/1.1 101"));
  raw.send(std::string("\x81\x81\x00\x00\x00\x00x", 7));
  CHECK(raw.receive_all().substr(0, 4) == "\x88\x02\x03\xeb");
}

TEST_CASE("a web page is not taken for a peer") {
  Pair pair;
  Caller raw(pair.served.port);
  raw.send(upgrade_request("Origin: http://localhost\r\n"));
  CHECK(raw.receive_all().empty());
}

TEST_CASE("compression is not agreed to") {
  Pair pair;
  Caller raw(pair.served.port);
  raw.send(upgrade_request("Sec-WebSocket-Extensions: permessage-deflate\r\n"));
  std::string answer = raw.receive_header();
  CHECK(contains(answer, "HTTP/1.1 101"));
  CHECK_FALSE(contains(answer, "permessage-deflate"));
}

TEST_CASE("a peer that says nothing is let go, by the one that dialled too") {
  Pair pair(false, {10'000ms, 60ms, 50ms});
  // Answers the handshake, then nothing, not even a ping.
  asio::io_context context;
  asio::ip::tcp::acceptor silent(context, {asio::ip::make_address("127.0.0.1"), 0});
  std::promise<protocol::Result<SessionId>> done;
  pair.served.on_node([&] {
    PeerUrl url{false, "127.0.0.1", std::to_string(silent.local_endpoint().port()), "/peer"};
    pair.caller.dial(url, true, [&](protocol::Result<SessionId> outcome) { done.set_value(std::move(outcome)); });
  });
  auto socket = silent.accept();
  std::string request;
  asio::read_until(socket, asio::dynamic_buffer(request), "\r\n\r\n");
  std::string key = request.substr(request.find("Sec-WebSocket-Key: ") + 19, 24) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[20], text[32];
  EVP_Digest(key.data(), key.size(), digest, nullptr, EVP_sha1(), nullptr);
  EVP_EncodeBlock(text, digest, 20);
  std::string answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
                       std::string(reinterpret_cast<char*>(text)) + "\r\n\r\n";
  asio::write(socket, asio::buffer(answer));
  REQUIRE(done.get_future().get());
  CHECK_FALSE(pair.caller_closed.get_future().get().empty());
}

TEST_CASE("a dial to nobody fails and says where") {
  Pair pair;
  std::promise<protocol::Result<SessionId>> done;
  pair.served.on_node([&] {
    pair.caller.dial({false, "127.0.0.1", "1", "/peer"}, true, [&](protocol::Result<SessionId> outcome) { done.set_value(std::move(outcome)); });
  });
  auto outcome = done.get_future().get();
  REQUIRE_FALSE(outcome);
  CHECK(contains(outcome.error().context, "127.0.0.1:1"));
}

TEST_CASE("a dial fails while the system gives no thread to look names up, and the next one succeeds") {
  Pair pair;
  {
    maillage::tests::NoThreads none;
    auto refused = pair.dial();
    REQUIRE_FALSE(refused);
    CHECK(contains(refused.error().context, "127.0.0.1"));
  }
  CHECK(pair.dial());
}

TEST_CASE("the wait before a new dial doubles to ten minutes and only success makes it short again") {
  protocol::SystemRandom random;
  Backoff backoff;
  protocol::Duration first = backoff.next(random);
  CHECK(first >= 500ms);
  CHECK(first <= 1500ms);
  for (int i = 0; i < 20; ++i) backoff.next(random);
  CHECK(backoff.next(random) >= 5min);
  CHECK(backoff.next(random) <= 15min);
  backoff.succeeded();
  CHECK(backoff.next(random) <= 1500ms);
}
