// What the two halves of the HTTP server share: a connection with its deadline, answers as Beast writes them, and the way to a
// worker and back. Private to http_server.cpp and http_stream.cpp. Node thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>

#include "daemon/byte_stream.h"
#include "daemon/http_exchange.h"
#include "daemon/http_server.h"
#include "daemon/worker_pool.h"

namespace maillage::daemon {

struct Connection {
  explicit Connection(ByteStream opened) : stream(std::move(opened)), deadline(stream.get_executor()) {}

  ByteStream stream;
  asio::steady_timer deadline;
  boost::beast::flat_buffer buffer{kHttpHeaderBytesMax + kHttpBodyBytesMax};
  std::string remote;
  bool reading = false;  // between two requests, or inside one that is not whole yet
  bool closing = false;  // it has its last answer
};

// Closes the connection when the next operation is not done in time.
void arm(const std::shared_ptr<Connection>& connection, std::chrono::milliseconds limit);

// A token for `co_await`: operations report through `error` and never throw.
inline auto into(boost::system::error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

// Status and headers, ours added.
void set_header(boost::beast::http::response_header<>& header, const HttpResponse& response);

// The start of every answer, whatever its body is.
template <class Body>
boost::beast::http::response<Body> message_of(const HttpResponse& response, bool keep_alive) {
  boost::beast::http::response<Body> message;
  message.version(11);
  set_header(message.base(), response);
  message.keep_alive(keep_alive);
  return message;
}

HttpResponse refusal(const HttpRequest& request, int status, const Error& error);
// 503, and when to come back.
HttpResponse busy_refusal(const HttpRequest& request);

asio::awaitable<bool> send_response(std::shared_ptr<Connection> connection, HttpResponse response, bool keep_alive, bool head,
                                    std::chrono::milliseconds limit);

// Runs `job` on the pool and comes back with what it gave; nothing when the pool is full. Not a coroutine itself: its
// lambdas stay away from any co_await (STYLE.md).
template <class Given>
asio::awaitable<std::optional<Given>> run_on(WorkerPool& pool, asio::io_context& node, std::function<Given()> job) {
  auto start = [&pool, &node, work = std::move(job)](auto handler) mutable {
    auto executor = asio::get_associated_executor(handler, node.get_executor());
    auto back = std::make_shared<decltype(handler)>(std::move(handler));
    auto finish = [back, executor](std::optional<Given> given) {
      asio::post(executor, [back, result = std::move(given)]() mutable { std::move (*back)(std::move(result)); });
    };
    bool accepted = pool.post([finish, shared = std::make_shared<std::function<Given()>>(std::move(work)),
                               guard = asio::make_work_guard(node)] { finish((*shared)()); });
    if (!accepted) finish(std::nullopt);
  };
  return asio::async_initiate<const asio::use_awaitable_t<>, void(std::optional<Given>)>(std::move(start), asio::use_awaitable);
}

// ---- http_stream.cpp

using BodyParser = boost::beast::http::request_parser<boost::beast::http::buffer_body>;

struct StreamRequest {
  std::unique_ptr<BodyParser> parser;  // its header is read
  HttpRequest request;
  const Route* route;
  WorkerPool* workers;
  HttpLimits limits;
};

struct StreamEnd {
  int status = 0;
  bool reusable = false;  // the body was read and the answer sent: another request may follow
};

// Carries one exchange from the header on.
asio::awaitable<StreamEnd> carry_exchange(std::shared_ptr<Connection> connection, asio::io_context& node, std::shared_ptr<StreamRequest> stream);

}  // namespace maillage::daemon
