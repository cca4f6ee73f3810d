#include <catch2/catch.hpp>

#include <cstdlib>
#include <future>
#include <optional>
#include <sys/stat.h>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "daemon/control.h"

using namespace maillage::daemon;
namespace protocol = maillage::protocol;
namespace asio = boost::asio;

namespace {

ControlMessage example() {
  ControlMessage message;
  message.body["verb"] = "publish";
  message.blobs = {{1, 2, 3}, {}, {4}};
  return message;
}

// A control server that answers with what it was asked, in a folder of its own.
struct Echo {
  Echo() {
    std::string pattern = (std::filesystem::temp_directory_path() / "maillage-control-XXXXXX").string();
    folder = mkdtemp(pattern.data());
    socket = folder / "control.sock";
  }
  ~Echo() {
    if (server) asio::post(node, [this] { server->stop(); });
    guard.reset();
    if (thread.joinable()) thread.join();
    server.reset();
    std::filesystem::remove_all(folder);
  }
  static void echo(ControlMessage request, ControlServer::Reply reply) { reply(std::move(request)); }
  void run(ControlServer::Perform perform = echo, ControlTimes times = {}) {
    server.emplace(node, socket, std::move(perform), times);
    REQUIRE(server->listen());
    thread = std::thread([this] { node.run(); });
  }
  // Sends raw bytes, ends, and gives what comes back.
  protocol::Bytes talk(protocol::ByteView bytes) {
    asio::io_context context;
    asio::local::stream_protocol::socket raw(context);
    raw.connect(socket.string());
    boost::system::error_code error;
    asio::write(raw, asio::buffer(bytes.data(), bytes.size()), error);
    raw.shutdown(asio::socket_base::shutdown_send, error);
    protocol::Bytes reply;
    asio::read(raw, asio::dynamic_buffer(reply), error);
    return reply;
  }

  std::filesystem::path folder, socket;
  asio::io_context node;
  asio::executor_work_guard<asio::io_context::executor_type> guard{node.get_executor()};
  std::optional<ControlServer> server;
  std::thread thread;
};

}  // namespace

TEST_CASE("a control message survives encoding, blobs included") {
  auto bytes = encode(example());
  REQUIRE(bytes);
  auto back = decode_control(*bytes);
  REQUIRE(back);
  CHECK(back->body == example().body);
  CHECK(back->blobs == example().blobs);
}

TEST_CASE("every truncation of a control message is refused, and no flipped byte does harm") {
  auto bytes = *encode(example());
  for (std::size_t size = 0; size < bytes.size(); ++size) CHECK_FALSE(decode_control(protocol::ByteView(bytes).first(size)));
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    auto flipped = bytes;
    flipped[at] ^= 0x41;
    if (auto decoded = decode_control(flipped)) CHECK(decoded->blobs.size() <= 3);
  }
}

TEST_CASE("sizes that lie are refused before anything is allocated") {
  auto with_json = [](std::string json) {
    protocol::Writer out;
    out.u32(static_cast<std::uint32_t>(json.size())).text(json);
    return decode_control(out.bytes());
  };
  CHECK(with_json(R"({"blobs":[99999999999]})").error().code == protocol::ErrorCode::kTooLarge);
  CHECK(with_json(R"({"blobs":[268435456,268435456]})").error().code == protocol::ErrorCode::kTooLarge);
  CHECK(with_json(R"({"blobs":[-1]})").error().code == protocol::ErrorCode::kMalformed);
  CHECK(with_json(R"({"blobs":["a"]})").error().code == protocol::ErrorCode::kMalformed);
  CHECK(with_json(R"([])").error().code == protocol::ErrorCode::kMalformed);
  CHECK(with_json(R"({"blobs":[5]})").error().code == protocol::ErrorCode::kTruncated);
  CHECK(decode_control(protocol::as_bytes(std::string_view("\xff\xff\xff\xff{}", 6))).error().code == protocol::ErrorCode::kTooLarge);
}

TEST_CASE("a command and a daemon talk over the socket, which is open to its owner only") {
  Echo echo;
  echo.run();
  auto reply = call_daemon(echo.socket, example());
  REQUIRE(reply);
  CHECK(reply->body == example().body);
  CHECK(reply->blobs == example().blobs);
  struct stat status {};
  REQUIRE(::stat(echo.socket.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("a request that breaks off gets an addressed refusal, and the next command is served") {
  Echo echo;
  echo.run();
  auto bytes = *encode(example());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    auto reply = decode_control(echo.talk(protocol::ByteView(bytes).first(size)));
    REQUIRE(reply);
    CHECK(reply->body.at("error").at("code").as_string() == "truncated");
  }
  CHECK(call_daemon(echo.socket, example()));
}

TEST_CASE("without a daemon there is nobody to call, a stale socket or not") {
  Echo echo;
  CHECK(call_daemon(echo.socket, example()).error().code == protocol::ErrorCode::kNotFound);
  asio::io_context context;
  {
    asio::local::stream_protocol::acceptor died(context, echo.socket.string());
  }
  REQUIRE(std::filesystem::exists(echo.socket));
  CHECK(call_daemon(echo.socket, example()).error().code == protocol::ErrorCode::kNotFound);
  echo.run();
  CHECK(call_daemon(echo.socket, example()));
}

TEST_CASE("a daemon that ends before it has answered is told from one that has no place for another command") {
  Echo echo;
  asio::io_context context;
  asio::local::stream_protocol::acceptor listening(context, echo.socket.string());
  bool dies = GENERATE(true, false);
  std::thread daemon([&] {
    auto taken = listening.accept();
    protocol::Bytes request(encode(example())->size());
    asio::read(taken, asio::buffer(request));
    if (dies) listening.close();
  });
  auto reply = call_daemon(echo.socket, example());
  daemon.join();
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == (dies ? protocol::ErrorCode::kDaemonStopped : protocol::ErrorCode::kBusy));
}

TEST_CASE("a request that never becomes whole is not waited for") {
  Echo echo;
  echo.run(Echo::echo, {std::chrono::milliseconds(50), std::chrono::seconds(10)});
  asio::io_context context;
  asio::local::stream_protocol::socket raw(context);
  raw.connect(echo.socket.string());
  asio::write(raw, asio::buffer("\0\0", 2));
  auto closed = std::async(std::launch::async, [&] {
    char byte;
    boost::system::error_code error;
    asio::read(raw, asio::buffer(&byte, 1), error);
    return error.failed();
  });
  bool in_time = closed.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
  raw.shutdown(asio::socket_base::shutdown_both);
  CHECK(in_time);
  CHECK(closed.get());
}

TEST_CASE("a reply that nobody reads is not waited for") {
  Echo echo;
  ControlMessage large;
  large.body["text"] = std::string(4 * protocol::kMiB, 'x');
  std::promise<void> asked;
  echo.run([&](ControlMessage, ControlServer::Reply reply) {
    reply(large);
    asked.set_value();
  }, {std::chrono::seconds(10), std::chrono::milliseconds(50)});
  asio::io_context context;
  asio::local::stream_protocol::socket raw(context);
  raw.connect(echo.socket.string());
  auto bytes = *encode(example());
  asio::write(raw, asio::buffer(bytes));
  asked.get_future().get();
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  auto connections = [&] {
    std::promise<std::size_t> count;
    asio::post(echo.node, [&] { count.set_value(echo.server->connections()); });
    return count.get_future().get();
  };
  while (connections() != 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  CHECK(connections() == 0);
}

TEST_CASE("a reply that is being made when the server stops counts as a connection, and still leaves") {
  Echo echo;
  std::promise<ControlServer::Reply> asked;
  echo.run([&](ControlMessage, ControlServer::Reply reply) { asked.set_value(std::move(reply)); });
  auto answered = std::async(std::launch::async, [&] { return call_daemon(echo.socket, example()); });
  ControlServer::Reply reply = asked.get_future().get();
  std::promise<std::size_t> left;
  asio::post(echo.node, [&] {
    echo.server->stop();
    left.set_value(echo.server->connections());
    reply(example());
  });
  CHECK(left.get_future().get() == 1);
  auto answer = answered.get();
  REQUIRE(answer);
  CHECK(answer->body == example().body);
}
