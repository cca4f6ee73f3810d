#include "daemon/http_client.h"

#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "daemon/byte_stream.h"
#include "daemon/tls_context.h"

namespace maillage::daemon {
namespace {

namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;

auto into(error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

struct Call {
  Call(asio::io_context& context, const PeerUrl& address, http::verb verb, std::string_view accept_language, std::size_t bytes_max)
      : url(address), resolver(context), socket(context) {
    parser.body_limit(bytes_max);
    parser.eager(true);
    request.version(11);
    request.method(verb);
    request.target(url.target.empty() ? "/" : url.target);
    request.set(http::field::host, url.host_header());
    request.set(http::field::accept_language, accept_language);
    request.set(http::field::connection, "close");
    request.prepare_payload();
  }
  PeerUrl url;
  http::request<http::empty_body> request;
  tcp::resolver resolver;
  tcp::socket socket;
  ByteStream stream;
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  bool moved = false;  // something came since it was looked at
  error_code error = make_error_code(asio::error::timed_out);
};

asio::awaitable<void> converse(std::shared_ptr<Call> call) {
  error_code error;
  auto resolve_token = into(error);
  auto found = co_await call->resolver.async_resolve(call->url.host, call->url.port, resolve_token);
  auto connect_token = into(error);
  if (!error) co_await asio::async_connect(call->socket, found, connect_token);
  if (!error) {
    if (call->url.tls) call->stream = ByteStream::tls_client(std::move(call->socket), tls_client_context(), call->url.host, true);
    else call->stream = ByteStream::plain(std::move(call->socket));
    auto token = into(error);
    co_await call->stream.async_handshake(token);
  }
  auto write_token = into(error);
  if (!error) co_await http::async_write(call->stream, call->request, write_token);
  while (!error && !call->parser.is_done()) {
    auto read_token = into(error);
    co_await http::async_read_some(call->stream, call->buffer, call->parser, read_token);
    call->moved = true;
  }
  call->error = error;
}

enum class Patience { kInAll, kWhileSomethingComes };

protocol::Result<HttpResponse> carry_out(asio::io_context& context, const std::shared_ptr<Call>& call, Patience patience) {
  asio::co_spawn(context, converse(call), asio::detached);
  do {
    call->moved = false;
    context.run_for(kAnswerTimeout);
  } while (patience == Patience::kWhileSomethingComes && call->moved && !context.stopped());
  std::string host = call->url.host_header();
  if (call->error == asio::error::timed_out) return protocol::fail(protocol::ErrorCode::kTimeout, host);
  if (call->error) return tl::unexpected(protocol::system_error(call->error, host));
  auto& message = call->parser.get();
  HttpResponse response;
  response.status = static_cast<int>(message.result_int());
  response.content_type = std::string(message[http::field::content_type]);
  response.body = std::move(message.body());
  return response;
}

}  // namespace

protocol::Result<HttpResponse> http_get(const PeerUrl& url, std::string_view accept_language) {
  asio::io_context context;
  return carry_out(context, std::make_shared<Call>(context, url, http::verb::get, accept_language, kAnswerBytesMax), Patience::kInAll);
}

protocol::Result<HttpResponse> http_post(const PeerUrl& url, std::string_view accept_language, std::size_t bytes_max) {
  asio::io_context context;
  return carry_out(context, std::make_shared<Call>(context, url, http::verb::post, accept_language, bytes_max), Patience::kWhileSomethingComes);
}

protocol::Result<std::string> body_of(const PeerUrl& url, protocol::Result<HttpResponse> answer) {
  if (!answer) return tl::unexpected(answer.error());
  if (answer->status != 200)
    return protocol::fail(protocol::ErrorCode::kNobodyAnswers, url.host_header() + url.target + " : " + std::to_string(answer->status));
  return std::move(answer->body);
}

}  // namespace maillage::daemon
