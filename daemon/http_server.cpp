#include "daemon/http_server.h"

#include <algorithm>
#include <list>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "daemon/log.h"
#include "daemon/problem.h"

namespace maillage::daemon {
namespace {

namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;
using Parser = http::request_parser<http::string_body>;

constexpr std::string_view kServerHeaders[][2] = {
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
};
constexpr std::string_view kNothingAllowed = "default-src 'none'; frame-ancestors 'none'";

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

// A token for `co_await`: operations report through `error` and never throw.
auto into(error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

bool is_ip(std::string_view host) {
  error_code error;
  asio::ip::make_address(std::string(host), error);
  return !error;
}

HttpRequest plain_request(const Parser& parser) {
  const auto& message = parser.get();
  HttpRequest request;
  request.method = view(message.method_string());
  request.target = view(message.target());
  for (const auto& field : message) request.headers.emplace_back(view(field.name_string()), view(field.value()));
  return request;
}

// The client's address as a trusted proxy reports it: the last entry of X-Forwarded-For, which that proxy wrote.
void locate_client(const HttpConfig& config, HttpRequest& request) {
  std::string_view forwarded = request.header("X-Forwarded-For");
  error_code error;
  auto address = asio::ip::make_address(request.remote, error);
  request.local = !error && address.is_loopback() && forwarded.empty() && request.header("Forwarded").empty();
  const auto& trusted = config.trusted_proxies;
  if (forwarded.empty() || std::find(trusted.begin(), trusted.end(), request.remote) == trusted.end()) return;
  auto comma = forwarded.rfind(',');
  std::string_view last = comma == std::string_view::npos ? forwarded : forwarded.substr(comma + 1);
  while (last.starts_with(' ')) last.remove_prefix(1);
  if (is_ip(last)) request.remote = last;
}

std::string without_base(const HttpConfig& config, std::string path) {
  const std::string& base = config.base_path;
  if (base.empty() || !path.starts_with(base)) return path;
  std::string rest = path.substr(base.size());
  if (rest.empty()) return "/";
  return rest.starts_with('/') ? rest : path;
}

HttpResponse refusal(const HttpRequest& request, int status, const Error& error) {
  Language language = accepted_language(request.header("Accept-Language"));
  Problem problem = problem_of(error, language);
  problem.status = status;
  if (error.code == ErrorCode::kWrongHost) problem.detail = say(Message::kWrongHostDetail, language, {error.context});
  return respond(problem, request.target, language);
}

// What is said of bytes that are no request; status 0 when there is nobody to say it to.
HttpResponse unreadable(const error_code& error) {
  HttpResponse nothing;
  nothing.status = 0;
  if (error.category() != make_error_code(http::error::end_of_stream).category()) return nothing;
  if (error == http::error::end_of_stream || error == http::error::partial_message) return nothing;
  HttpRequest none;
  if (error == http::error::header_limit) return refusal(none, 431, {ErrorCode::kTooLarge, "HTTP header"});
  if (error == http::error::body_limit) return refusal(none, 413, {ErrorCode::kTooLarge, "HTTP body"});
  return refusal(none, 400, {ErrorCode::kMalformed, "HTTP"});
}

http::response<http::string_body> beast_response(HttpResponse response, bool keep_alive, bool without_body) {
  http::response<http::string_body> message;
  message.version(11);
  message.result(static_cast<unsigned>(response.status));
  message.keep_alive(keep_alive);
  if (!response.content_type.empty()) message.set(http::field::content_type, response.content_type);
  message.set("Content-Security-Policy", kNothingAllowed);
  for (const auto& [name, value] : kServerHeaders) message.set(name, value);
  for (const auto& [name, value] : response.headers) message.set(name, value);
  bool bodiless = response.status == 204 || response.status == 304;
  if (!bodiless) message.content_length(response.body.size());
  if (!without_body && !bodiless) message.body() = std::move(response.body);
  return message;
}

struct Connection {
  explicit Connection(ByteStream opened) : stream(std::move(opened)), deadline(stream.get_executor()) {}

  ByteStream stream;
  asio::steady_timer deadline;
  boost::beast::flat_buffer buffer{kHttpHeaderBytesMax + kHttpBodyBytesMax};
  std::string remote;
  bool reading = false;  // between two requests, or inside one that is not whole yet
  bool closing = false;
};

// Closes the connection when the next operation is not done in time.
void arm(const std::shared_ptr<Connection>& connection, std::chrono::milliseconds limit) {
  connection->deadline.expires_after(limit);
  connection->deadline.async_wait([weak = std::weak_ptr(connection)](error_code error) {
    if (error) return;
    if (auto expired = weak.lock()) expired->stream.close();
  });
}

}  // namespace

struct HttpServer::State : std::enable_shared_from_this<HttpServer::State> {
  State(asio::io_context& node_context, WorkerPool& pool, RouteTable table, HttpConfig http_config, HttpLimits http_limits)
      : node(node_context), workers(pool), routes(std::move(table)), config(std::move(http_config)), limits(http_limits),
        acceptor(node), pause(node) {}

  asio::io_context& node;
  WorkerPool& workers;
  RouteTable routes;
  HttpConfig config;
  HttpLimits limits;
  tcp::acceptor acceptor;
  asio::steady_timer pause;
  std::shared_ptr<asio::ssl::context> tls;
  Upgrade upgrade;
  Observer observer;
  std::list<std::weak_ptr<Connection>> open;
  std::size_t count = 0;
  bool stopping = false;

  void welcome(tcp::socket socket);
  asio::awaitable<void> accept();
  asio::awaitable<void> converse(std::shared_ptr<Connection> connection);
  asio::awaitable<bool> exchange(std::shared_ptr<Connection> connection);
  asio::awaitable<bool> send(std::shared_ptr<Connection> connection, HttpResponse response, bool keep_alive, bool head);
  asio::awaitable<HttpResponse> answer(HttpRequest request, const Route* route);
  asio::awaitable<HttpResponse> on_worker(HttpRequest request, const Route* route);
  asio::awaitable<void> part(std::shared_ptr<Connection> connection);
  HttpResponse prepare(HttpRequest& request, const Route*& route) const;
  bool wants_peer(const HttpRequest& request) const;
};

void HttpServer::State::welcome(tcp::socket socket) {
  if (count >= limits.connections_max) return;  // dropping the socket closes it
  error_code error;
  auto remote = socket.remote_endpoint(error);
  if (error) return;
  socket.set_option(tcp::no_delay(true), error);
  auto stream = tls ? ByteStream::tls_server(std::move(socket), tls) : ByteStream::plain(std::move(socket));
  auto connection = std::make_shared<Connection>(std::move(stream));
  connection->remote = remote.address().to_string();
  asio::co_spawn(node, converse(std::move(connection)), asio::detached);
}

asio::awaitable<void> HttpServer::State::accept() {
  auto self = shared_from_this();
  while (!stopping) {
    error_code error;
    auto token = into(error);
    tcp::socket socket = co_await acceptor.async_accept(token);
    if (!error) {
      welcome(std::move(socket));
      continue;
    }
    if (stopping) break;
    // Out of descriptors, most likely: trying again at once would burn the processor.
    log(LogLevel::kWarning, "http.accept_failed", {{"reason", error.message()}});
    pause.expires_after(std::chrono::milliseconds(100));
    auto pause_token = into(error);
    co_await pause.async_wait(pause_token);
  }
}

asio::awaitable<void> HttpServer::State::converse(std::shared_ptr<Connection> connection) {
  auto self = shared_from_this();
  auto place = open.insert(open.end(), connection);
  ++count;
  arm(connection, limits.read_timeout);
  error_code error;
  auto token = into(error);
  co_await connection->stream.async_handshake(token);
  bool more = !error;
  while (more && !stopping) more = co_await exchange(connection);
  connection->deadline.cancel();
  open.erase(place);
  --count;
}

// One request and its answer; false when the connection is done with.
asio::awaitable<bool> HttpServer::State::exchange(std::shared_ptr<Connection> connection) {
  Parser parser;
  parser.header_limit(kHttpHeaderBytesMax);
  parser.body_limit(kHttpBodyBytesMax);
  arm(connection, limits.read_timeout);
  connection->reading = true;
  error_code error;
  auto token = into(error);
  co_await http::async_read(connection->stream, connection->buffer, parser, token);
  connection->reading = false;
  if (error) {
    HttpResponse refused = unreadable(error);
    if (refused.status != 0) co_await send(connection, std::move(refused), false, false);
    co_await part(connection);
    co_return false;
  }
  HttpRequest request = plain_request(parser);
  request.remote = connection->remote;
  bool keep_alive = parser.keep_alive();
  bool head = request.method == "HEAD";
  if (wants_peer(request) && connection->buffer.size() == 0) {
    connection->deadline.cancel();
    upgrade(std::move(connection->stream), std::move(request));
    co_return false;
  }
  auto started = Clock::now();
  const Route* route = nullptr;
  HttpResponse response = prepare(request, route);
  std::string method = request.method;
  if (route != nullptr) response = co_await answer(std::move(request), route);
  int status = response.status;
  keep_alive = keep_alive && !stopping && status != 421;
  bool sent = co_await send(connection, std::move(response), keep_alive, head);
  double seconds = std::chrono::duration<double>(Clock::now() - started).count();
  if (observer) observer(route != nullptr ? std::string_view(route->path) : std::string_view(), method, status, seconds);
  if (!sent || !keep_alive) co_await part(connection);
  co_return sent && keep_alive;
}

// The route that answers, or the refusal.
HttpResponse HttpServer::State::prepare(HttpRequest& request, const Route*& route) const {
  locate_client(config, request);
  std::string host = host_of(request.header("Host"));
  if (!host_allowed(config, host)) return refusal(request, 421, {ErrorCode::kWrongHost, host.substr(0, 253)});
  auto decoded = decode_target(request.target);
  if (!decoded) return refusal(request, decoded.error().code == ErrorCode::kTooLarge ? 414 : 400, decoded.error());
  request.path = without_base(config, std::move(decoded->path));
  request.query = std::move(decoded->query);
  if (request.path == kPeerPath && request.method == "GET") {  // a browser: what asks for an upgrade never comes here
    HttpResponse refused = refusal(request, 426, {ErrorCode::kWantsWebSocket, std::string(kPeerPath)});
    refused.headers.emplace_back("Upgrade", "websocket");
    return refused;
  }
  RouteTable::Found found = routes.find(request);
  route = found.route;
  return std::move(found.refusal);
}

bool HttpServer::State::wants_peer(const HttpRequest& request) const {
  if (!upgrade || request.method != "GET") return false;
  std::string_view wanted = request.header("Upgrade");
  std::string_view path = std::string_view(request.target).substr(0, request.target.find('?'));
  bool websocket = wanted.size() == 9 && (wanted[0] | 0x20) == 'w';
  return websocket && (path == kPeerPath || path == config.base_path + std::string(kPeerPath));
}

asio::awaitable<HttpResponse> HttpServer::State::answer(HttpRequest request, const Route* route) {
  if (route->runs_on == RunsOn::kWorker) co_return co_await on_worker(std::move(request), route);
  co_return route->answer(request);
}

// Not a coroutine itself: its lambdas stay away from any co_await (see STYLE.md).
asio::awaitable<HttpResponse> HttpServer::State::on_worker(HttpRequest request, const Route* route) {
  auto start = [this, route, asked = std::move(request)](auto handler) mutable {
    auto executor = asio::get_associated_executor(handler, node.get_executor());
    auto back = std::make_shared<decltype(handler)>(std::move(handler));
    auto finish = [back, executor](HttpResponse response) {
      asio::post(executor, [back, answer = std::move(response)]() mutable { std::move(*back)(std::move(answer)); });
    };
    auto shared = std::make_shared<HttpRequest>(std::move(asked));
    bool accepted = workers.post([finish, route, shared, guard = asio::make_work_guard(node)] { finish(route->answer(*shared)); });
    if (!accepted) finish(refusal(*shared, 503, {ErrorCode::kBusy, "HTTP"}));
  };
  return asio::async_initiate<const asio::use_awaitable_t<>, void(HttpResponse)>(std::move(start), asio::use_awaitable);
}

asio::awaitable<bool> HttpServer::State::send(std::shared_ptr<Connection> connection, HttpResponse response,
                                              bool keep_alive, bool head) {
  arm(connection, limits.write_timeout);
  http::response<http::string_body> message = beast_response(std::move(response), keep_alive, head);
  http::response_serializer<http::string_body> serializer(message);
  error_code error;
  auto token = into(error);
  if (head) co_await http::async_write_header(connection->stream, serializer, token);
  else co_await http::async_write(connection->stream, serializer, token);
  co_return !error;
}

// A clean end: FIN, then what the client still sends is read and dropped for a moment, so that a reset does not take
// the answer away from it.
asio::awaitable<void> HttpServer::State::part(std::shared_ptr<Connection> connection) {
  arm(connection, std::min(limits.read_timeout, std::chrono::milliseconds(2'000)));
  connection->closing = true;
  error_code error;
  auto token = into(error);
  co_await connection->stream.async_shut_down(token);
  std::array<char, 4096> dropped;
  while (!error) {
    auto room = asio::buffer(dropped);
    auto read_token = into(error);
    co_await connection->stream.async_read_some(room, read_token);
  }
  connection->stream.close();
}

HttpServer::HttpServer(asio::io_context& node, WorkerPool& workers, RouteTable routes, HttpConfig config, HttpLimits limits)
    : state_(std::make_shared<State>(node, workers, std::move(routes), std::move(config), limits)) {}

HttpServer::~HttpServer() { abort(); }

void HttpServer::on_upgrade(Upgrade upgrade) { state_->upgrade = std::move(upgrade); }
void HttpServer::on_answer(Observer observer) { state_->observer = std::move(observer); }
void HttpServer::use_tls(std::shared_ptr<asio::ssl::context> context) { state_->tls = std::move(context); }
std::size_t HttpServer::connections() const { return state_->count; }

void HttpServer::reload(const HttpConfig& config) {
  Address listening = state_->config.listen;
  state_->config = config;
  state_->config.listen = listening;
}

Result<Address> HttpServer::listen() {
  const Address& wanted = state_->config.listen;
  auto failed = [&](const error_code& error) { return tl::unexpected(protocol::system_error(error, wanted.text())); };
  error_code error;
  tcp::resolver resolver(state_->node);
  auto found = resolver.resolve(wanted.host, std::to_string(wanted.port), tcp::resolver::passive, error);
  if (error) return failed(error);
  tcp::endpoint endpoint = found.begin()->endpoint();
  tcp::acceptor& acceptor = state_->acceptor;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return failed(error);
  Address bound{wanted.host, acceptor.local_endpoint(error).port()};
  asio::co_spawn(state_->node, state_->accept(), asio::detached);
  return bound;
}

void HttpServer::stop() {
  state_->stopping = true;
  error_code ignored;
  state_->acceptor.close(ignored);
  state_->pause.cancel();
  for (auto& weak : state_->open)
    if (auto connection = weak.lock(); connection && connection->reading) connection->stream.close();
}

void HttpServer::abort() {
  stop();
  for (auto& weak : state_->open)
    if (auto connection = weak.lock()) connection->stream.close();
}

bool host_allowed(const HttpConfig& config, std::string_view host) {
  if (host.empty()) return false;
  if (host == "localhost" || is_ip(host)) return true;
  auto scheme = config.public_url.find("://");
  if (scheme != std::string::npos) {
    std::string authority = config.public_url.substr(scheme + 3);
    if (host_of(authority.substr(0, authority.find('/'))) == host) return true;
  }
  for (const std::string& name : config.host_names)
    if (host_of(name) == host) return true;
  return false;
}

}  // namespace maillage::daemon
