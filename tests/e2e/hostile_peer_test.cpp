// Strangers with raw sockets: each gets an answer or is cut, and nobody else notices.
#include <catch2/catch.hpp>

#include "protocol/frame.h"
#include "tests/e2e/place.h"

using namespace maillage::tests;
namespace protocol = maillage::protocol;

namespace {

// The client side of RFC 6455, as far as a liar needs it.
struct WebSocket {
  explicit WebSocket(const std::string& address) : socket(address) {
    socket.send("GET /peer HTTP/1.1\r\nHost: " + address + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    accepted = socket.receive_until("\r\n\r\n").starts_with("HTTP/1.1 101");
  }

  // `announced` is the length that the header claims; the mask is zero, so that bytes go as they are.
  void send_frame(std::string_view bytes, std::uint64_t announced, char opcode = 2) {
    int length_bytes = announced < 126 ? 0 : announced < 65'536 ? 2 : 8;
    int short_length = length_bytes == 0 ? static_cast<int>(announced) : length_bytes == 2 ? 126 : 127;
    std::string header{static_cast<char>(0x80 | opcode), static_cast<char>(0x80 | short_length)};
    for (int at = length_bytes - 1; at >= 0; --at) header += static_cast<char>(announced >> 8 * at);
    socket.send(header + std::string(4, '\0') + std::string(bytes));
  }
  void send(std::string_view bytes) { send_frame(bytes, bytes.size()); }

  // The next message; empty when the other side closed.
  std::string receive(Milliseconds limit) {
    std::string start = socket.receive(2, limit);
    if (start.size() < 2) return "";
    std::uint64_t size = static_cast<unsigned char>(start[1]) & 0x7f;
    if (size >= 126) {
      std::string longer = socket.receive(size == 126 ? 2 : 8, limit);
      size = 0;
      for (unsigned char byte : longer) size = size << 8 | byte;
    }
    closing = (start[0] & 0x0f) == 8;
    return socket.receive(size, limit);
  }

  // The code of the BYE that ends the session; "" when it ends without one, "open" when it does not end.
  std::string farewell(Milliseconds limit = kPatience) {
    std::string code;
    while (!closing) {
      std::string message = receive(limit);
      if (message.empty()) break;
      auto frame = protocol::decode_frame(protocol::as_bytes(message));
      if (frame && std::holds_alternative<protocol::Bye>(*frame)) code = std::get<protocol::Bye>(*frame).code;
    }
    return closing || socket.closed() ? code : "open";
  }

  Socket socket;
  bool accepted = false;
  bool closing = false;
};

// Two friends, of which one is attacked: at the end of each test they still hear each other.
struct Attacked {
  Attacked() : place(folder.path(), "Cible"), friendly(folder.path(), "Ami") {
    place.serve();
    friendly.serve_with(place);
    REQUIRE(eventually([&] { return place.count("places") == 2; }));
  }
  void goes_on() {
    REQUIRE(friendly.publish("offers/after.json", R"({"kind": "offer", "name": "Après"})").code == 0);
    CHECK(eventually([&] { return place.count("offers") == 1; }));
    CHECK(get(place.address(), "/readyz").status == 200);
    CHECK(place.stop() == 0);
    CHECK(place.unsound() == "");
  }
  TemporaryDirectory folder;
  Place place, friendly;
};

}  // namespace

TEST_CASE_METHOD(Attacked, "garbage instead of HTTP is refused or cut") {
  for (const std::string& bytes : {std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8), std::string(100'000, 'A'), std::string("GET\r\n\r\n"),
                                   "GET / HTTP/1.1\r\nX: " + std::string(100'000, 'y') + "\r\n\r\n", std::string(4096, '\0'),
                                   std::string("POST /api/v1/places HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"),
                                   std::string("GET /%00%ff/../../etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")}) {
    Socket socket(place.address());
    REQUIRE(socket.open());
    socket.send(bytes);
    std::string answer = socket.receive_all();
    INFO(bytes.substr(0, 20) << " → " << answer.substr(0, 100));
    CHECK(socket.closed());
    CHECK((answer.empty() || answer.starts_with("HTTP/1.1 4")));
  }
  goes_on();
}

TEST_CASE_METHOD(Attacked, "a session that opens with garbage gets a BYE that says why, and a close") {
  for (const std::string& bytes :
       {std::string("\x7f hello", 7), std::string("\x01\x00", 2), std::string(1000, '\x03'), std::string("\x04\x00\x00\xff\xff", 5)}) {
    WebSocket stranger(place.address());
    REQUIRE(stranger.accepted);
    stranger.send(bytes);
    std::string code = stranger.farewell();
    CAPTURE(code);
    CHECK_FALSE(code.empty());
    CHECK(code != "open");
  }
  CHECK(place.log().find("peer.refused") != std::string::npos);
  goes_on();
}

TEST_CASE_METHOD(Attacked, "a message over 256 KiB ends the session before it is read") {
  WebSocket liar(place.address());
  REQUIRE(liar.accepted);
  liar.send_frame("x", std::uint64_t{1} << 40);
  CHECK(liar.farewell() != "open");
  WebSocket flooder(place.address());
  flooder.send(std::string(257 * 1024, 'x'));
  CHECK(flooder.farewell() != "open");
  goes_on();
}

TEST_CASE_METHOD(Attacked, "a text message or a message without mask ends the session") {
  WebSocket texter(place.address());
  texter.send_frame("hello", 5, 1);
  CHECK(texter.farewell() != "open");
  WebSocket bare(place.address());
  bare.socket.send(std::string("\x82\x05hello", 7));
  CHECK(bare.farewell() != "open");
  goes_on();
}

TEST_CASE_METHOD(Attacked, "a session that stays silent is cut after the time of a handshake") {
  WebSocket silent(place.address());
  REQUIRE(silent.accepted);
  CHECK(silent.farewell() == "timeout");
  goes_on();
}

TEST_CASE_METHOD(Attacked, "two hundred connections at once leave partners and readers unaffected") {
  std::vector<Socket> idle;
  std::vector<WebSocket> half_open;
  for (int i = 0; i < 100; ++i) {
    idle.emplace_back(place.address()).send("GET /api/v1/pla");
    half_open.emplace_back(place.address()).send(std::string(1, static_cast<char>(i)));
  }
  CHECK(place.count("places") == 2);
  goes_on();
}

TEST_CASE_METHOD(Attacked, "a web page cannot open a session, even on the machine itself") {
  Socket page(place.address());
  page.send("GET /peer HTTP/1.1\r\nHost: " + place.address() + "\r\nOrigin: https://evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  CHECK(page.receive_all().find("101 Switching") == std::string::npos);
  CHECK(page.closed());
  goes_on();
}
