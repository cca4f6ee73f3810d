#include "daemon/http_server.h"

#include <algorithm>
#include <list>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "daemon/http_connection.h"
#include "daemon/log.h"
#include "daemon/problem.h"

namespace maillage::daemon {
namespace {

namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;
using HeaderParser = http::request_parser<http::empty_body>;
using Parser = http::request_parser<http::string_body>;

constexpr std::string_view kServerHeaders[][2] = {
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
};
constexpr std::string_view kNothingAllowed = "default-src 'none'; frame-ancestors 'none'";

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

bool is_ip(std::string_view host) {
  error_code error;
  asio::ip::make_address(std::string(host), error);
  return !error;
}

// One spelling a client: what comes to a socket of both families by IPv4 is named as IPv4, in quotas, among proxies and as local.
std::string text_of(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  return address.to_string();
}

HttpRequest plain_request(const HeaderParser& parser) {
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
  auto client = asio::ip::make_address(std::string(last), error);
  if (!error) request.remote = text_of(client);
}

std::string without_base(const HttpConfig& config, std::string path) {
  const std::string& base = config.base_path;
  if (base.empty() || !path.starts_with(base)) return path;
  std::string rest = path.substr(base.size());
  if (rest.empty()) return "/";
  return rest.starts_with('/') ? rest : path;
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

std::function<HttpResponse()> answering(const HttpRequest& request, const Route* route) {
  return [request, route] { return route->answer(request); };
}

}  // namespace

HttpResponse refusal(const HttpRequest& request, int status, const Error& error) {
  Language language = accepted_language(request.header("Accept-Language"));
  Problem problem = problem_of(error, language);
  problem.status = status;
  if (error.code == ErrorCode::kWrongHost) problem.detail = say(Message::kWrongHostDetail, language, {error.context});
  return respond(problem, request, language);
}

HttpResponse busy_refusal(const HttpRequest& request) {
  HttpResponse response = refusal(request, 503, {ErrorCode::kBusy, "HTTP"});
  response.headers.emplace_back("Retry-After", "5");
  return response;
}

void set_header(http::response_header<>& header, const HttpResponse& response) {
  header.result(static_cast<unsigned>(response.status));
  if (!response.content_type.empty()) header.set(http::field::content_type, response.content_type);
  header.set("Content-Security-Policy", kNothingAllowed);
  for (const auto& [name, value] : kServerHeaders) header.set(name, value);
  for (const auto& [name, value] : response.headers) header.set(name, value);
}

void arm(const std::shared_ptr<Connection>& connection, std::chrono::milliseconds limit) {
  connection->deadline.expires_after(limit);
  connection->deadline.async_wait([weak = std::weak_ptr(connection)](error_code error) {
    if (error) return;
    if (auto expired = weak.lock()) expired->stream.close();
  });
}

asio::awaitable<bool> send_response(std::shared_ptr<Connection> connection, HttpResponse response, bool keep_alive, bool head,
                                    std::chrono::milliseconds limit) {
  arm(connection, limit);
  http::response<http::string_body> message = message_of<http::string_body>(response, keep_alive);
  bool bodiless = response.status == 204 || response.status == 304;
  if (!bodiless) message.content_length(response.body.size());
  if (!head && !bodiless) message.body() = std::move(response.body);
  http::response_serializer<http::string_body> serializer(message);
  error_code error;
  auto token = into(error);
  if (head) co_await http::async_write_header(connection->stream, serializer, token);
  else co_await http::async_write(connection->stream, serializer, token);
  co_return !error;
}

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
  asio::awaitable<bool> read_rest(std::shared_ptr<Connection> connection, std::unique_ptr<HeaderParser> header);
  asio::awaitable<bool> refuse(std::shared_ptr<Connection> connection, HttpResponse response);
  void observe(const Route* route, const std::string& method, int status, Clock::time_point started) const;
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
  connection->remote = text_of(remote.address());
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
  auto parser = std::make_unique<HeaderParser>();
  parser->header_limit(kHttpHeaderBytesMax);
  parser->body_limit(boost::none);  // what takes the body says how much of it
  arm(connection, limits.read_timeout);
  connection->reading = true;
  error_code error;
  auto token = into(error);
  co_await http::async_read_header(connection->stream, connection->buffer, *parser, token);
  if (error) {
    connection->reading = false;
    HttpResponse refused = unreadable(error);
    co_return co_await refuse(connection, refused);
  }
  HttpRequest request = plain_request(*parser);
  request.remote = connection->remote;
  bool keep_alive = parser->keep_alive();
  bool head = request.method == "HEAD";
  if (wants_peer(request) && connection->buffer.size() == 0 && parser->is_done()) {
    connection->deadline.cancel();
    upgrade(std::move(connection->stream), std::move(request));
    co_return false;
  }
  auto started = Clock::now();
  const Route* route = nullptr;
  HttpResponse response = prepare(request, route);
  std::string method = request.method;
  if (route != nullptr && route->exchange != nullptr) {
    connection->reading = false;
    auto stream = std::make_shared<StreamRequest>();
    stream->parser = std::make_unique<BodyParser>(std::move(*parser));
    stream->request = std::move(request);
    stream->route = route;
    stream->workers = route->workers;
    stream->limits = limits;
    StreamEnd end = co_await carry_exchange(connection, node, stream);
    observe(route, method, end.status, started);
    bool more = end.reusable && !stopping;
    if (!more) co_await part(connection);
    co_return more;
  }
  if (parser->content_length().value_or(0) > kHttpBodyBytesMax) {
    connection->reading = false;
    HttpResponse refused = unreadable(http::error::body_limit);
    co_return co_await refuse(connection, refused);
  }
  bool whole = parser->is_done();
  if (!whole) whole = co_await read_rest(connection, std::move(parser));
  connection->reading = false;
  if (!whole) co_return false;
  if (route != nullptr) response = co_await answer(std::move(request), route);
  int status = response.status;
  keep_alive = keep_alive && !stopping && status != 421;
  bool sent = co_await send_response(connection, std::move(response), keep_alive, head, limits.write_timeout);
  observe(route, method, status, started);
  if (!sent || !keep_alive) co_await part(connection);
  co_return sent && keep_alive;
}

void HttpServer::State::observe(const Route* route, const std::string& method, int status, Clock::time_point started) const {
  double seconds = std::chrono::duration<double>(Clock::now() - started).count();
  if (observer) observer(route != nullptr ? std::string_view(route->path) : std::string_view(), method, status, seconds);
}

// A body that nobody wants, read so that the next request can be; false when the connection is done with.
asio::awaitable<bool> HttpServer::State::read_rest(std::shared_ptr<Connection> connection, std::unique_ptr<HeaderParser> header) {
  Parser parser(std::move(*header));
  parser.body_limit(kHttpBodyBytesMax);
  error_code error;
  auto token = into(error);
  co_await http::async_read(connection->stream, connection->buffer, parser, token);
  if (!error) co_return true;
  connection->reading = false;
  HttpResponse refused = unreadable(error);
  co_return co_await refuse(connection, refused);
}

// The last answer of a connection, if there is somebody to say it to; always false.
asio::awaitable<bool> HttpServer::State::refuse(std::shared_ptr<Connection> connection, HttpResponse response) {
  if (response.status != 0) co_await send_response(connection, response, false, false, limits.write_timeout);
  co_await part(connection);
  co_return false;
}

// The route that answers, or the refusal.
HttpResponse HttpServer::State::prepare(HttpRequest& request, const Route*& route) const {
  locate_client(config, request);
  request.path = without_base(config, request.target.substr(0, request.target.find('?')));  // what a refusal is read by, git or not
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

asio::awaitable<HttpResponse> HttpServer::State::on_worker(HttpRequest request, const Route* route) {
  auto job = answering(request, route);
  WorkerPool& pool = route->workers != nullptr ? *route->workers : workers;
  std::optional<HttpResponse> given = co_await run_on<HttpResponse>(pool, node, job);
  if (!given) given.emplace(busy_refusal(request));
  co_return std::move(*given);
}

// A clean end: FIN, then what the client still sends is read and dropped for a moment, so that a reset does not take
// the answer away from it.
asio::awaitable<void> HttpServer::State::part(std::shared_ptr<Connection> connection) {
  arm(connection, stopping ? limits.parting_at_stop : std::min(limits.read_timeout, limits.parting));
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
  for (auto& weak : state_->open) {
    auto connection = weak.lock();
    if (connection && connection->reading) connection->stream.close();
    else if (connection && connection->closing) arm(connection, state_->limits.parting_at_stop);
  }
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
