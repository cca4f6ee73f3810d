// An HttpServer on a free port of its own, run by its own thread, and a blocking client to talk to it in raw bytes.
#pragma once

#include <future>
#include <string>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include "daemon/http_server.h"

namespace maillage::daemon {

class Served {
 public:
  template <class Function>
  auto on_node(Function function) {
    std::packaged_task<decltype(function())()> task(std::move(function));
    auto result = task.get_future();
    asio::post(node, std::move(task));
    return result.get();
  }

  explicit Served(RouteTable routes, HttpConfig config = {}, HttpLimits limits = {})
      : workers(2, 16), server(node, workers, std::move(routes), at_free_port(config), limits) {
    port = server.listen()->port;
  }
  ~Served() {
    if (thread.joinable()) on_node([this] { server.abort(); });
    workers.stop();
    guard.reset();
    if (thread.joinable()) thread.join();
  }
  // After everything is set up on `server`.
  Served& run() {
    thread = std::thread([this] { node.run(); });
    return *this;
  }
  asio::io_context node;
  WorkerPool workers;
  HttpServer server;
  std::uint16_t port = 0;

 private:
  static HttpConfig at_free_port(HttpConfig config) {
    config.listen.port = 0;
    return config;
  }
  asio::executor_work_guard<asio::io_context::executor_type> guard{node.get_executor()};
  std::thread thread;
};

// A blocking connection.
class Caller {
 public:
  explicit Caller(std::uint16_t port) : socket_(context_) {
    socket_.connect({asio::ip::make_address("127.0.0.1"), port});
  }
  void send(std::string_view bytes) {
    boost::system::error_code ignored;  // a server that has refused may have closed already
    asio::write(socket_, asio::buffer(bytes.data(), bytes.size()), ignored);
  }
  void send_end() {
    boost::system::error_code ignored;
    socket_.shutdown(asio::socket_base::shutdown_send, ignored);
  }
  // Everything until the server closes.
  std::string receive_all() {
    std::string bytes = std::exchange(ahead_, {});
    boost::system::error_code error;
    asio::read(socket_, asio::dynamic_buffer(bytes), error);
    return bytes;
  }
  // Up to and including the end of a header; what came after it is kept for `receive_all`.
  std::string receive_header() {
    boost::system::error_code error;
    std::size_t size = asio::read_until(socket_, asio::dynamic_buffer(ahead_), "\r\n\r\n", error);
    std::string header = ahead_.substr(0, size);
    ahead_.erase(0, size);
    return header;
  }
  asio::ip::tcp::socket& socket() { return socket_; }

 private:
  asio::io_context context_;
  asio::ip::tcp::socket socket_;
  std::string ahead_;
};

// One request on a connection of its own; `lines` are extra header lines, each ended by CR LF.
inline std::string ask(std::uint16_t port, std::string_view method, std::string_view target, std::string_view lines = "Host: localhost\r\n") {
  Caller caller(port);
  caller.send(std::string(method) + " " + std::string(target) + " HTTP/1.1\r\n" + std::string(lines) + "Connection: close\r\n\r\n");
  return caller.receive_all();
}

inline bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace maillage::daemon
