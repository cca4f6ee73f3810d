#include "daemon/control.h"

#include <set>
#include <sys/stat.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "daemon/log.h"

namespace maillage::daemon {
namespace {

namespace asio = boost::asio;
using Local = asio::local::stream_protocol;
using boost::system::error_code;
using protocol::Bytes;
using protocol::ErrorCode;
using protocol::fail;

auto into(error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

struct Connection {
  explicit Connection(Local::socket opened) : socket(std::move(opened)), deadline(socket.get_executor()) {}
  Local::socket socket;
  asio::steady_timer deadline;
  std::array<std::uint8_t, 4> front{};
  Bytes json;
  ControlStart start;
  ControlMessage request;
};

// Reads exactly `room.size()` bytes. Growing the buffer by steps means that a lying length costs what was sent.
constexpr std::size_t kStepBytes = 1 * protocol::kMiB;

// Closes the connection when what comes next is not done in time: there are few places for all commands.
void arm(const std::shared_ptr<Connection>& connection, std::chrono::milliseconds limit) {
  connection->deadline.expires_after(limit);
  connection->deadline.async_wait([weak = std::weak_ptr(connection)](error_code error) {
    auto expired = error ? nullptr : weak.lock();
    error_code ignored;
    if (expired) expired->socket.close(ignored);
  });
}

ControlMessage failure(const protocol::Error& error) {
  ControlMessage reply;
  reply.body["error"] = {{"code", std::string(protocol::slug(error.code))}, {"context", error.context}};
  return reply;
}

}  // namespace

struct ControlServer::State : std::enable_shared_from_this<ControlServer::State> {
  State(asio::io_context& context, std::filesystem::path path, Perform action, ControlTimes limits)
      : node(context), socket_path(std::move(path)), perform(std::move(action)), times(limits), acceptor(node), pause(node) {}

  asio::io_context& node;
  std::filesystem::path socket_path;
  Perform perform;
  ControlTimes times;
  Local::acceptor acceptor;
  asio::steady_timer pause;
  std::set<std::shared_ptr<Connection>> waiting;  // for their request
  std::size_t count = 0;
  bool stopping = false;

  void welcome(Local::socket socket);
  asio::awaitable<void> accept();
  asio::awaitable<void> serve(std::shared_ptr<Connection> connection);
  asio::awaitable<protocol::Result<void>> receive(std::shared_ptr<Connection> connection);
  asio::awaitable<bool> fill(std::shared_ptr<Connection> connection, Bytes& into_bytes, std::size_t size);
  asio::awaitable<ControlMessage> answer(ControlMessage request);
};

void ControlServer::State::welcome(Local::socket socket) {
  if (count >= kControlConnectionsMax) return;  // dropping the socket closes it
  auto connection = std::make_shared<Connection>(std::move(socket));
  asio::co_spawn(node, serve(std::move(connection)), asio::detached);
}

asio::awaitable<void> ControlServer::State::accept() {
  auto self = shared_from_this();
  while (!stopping) {
    error_code error;
    auto token = into(error);
    Local::socket socket = co_await acceptor.async_accept(token);
    if (!error) {
      welcome(std::move(socket));
      continue;
    }
    if (stopping) break;
    // Out of descriptors, most likely: trying again at once would burn the processor.
    log(LogLevel::kWarning, "control.accept_failed", {{"reason", error.message()}});
    pause.expires_after(std::chrono::milliseconds(100));
    auto pause_token = into(error);
    co_await pause.async_wait(pause_token);
  }
}

asio::awaitable<bool> ControlServer::State::fill(std::shared_ptr<Connection> connection, Bytes& bytes, std::size_t size) {
  bytes.clear();
  error_code error;
  while (bytes.size() < size && !error) {
    std::size_t at = bytes.size();
    std::size_t step = std::min(kStepBytes, size - at);
    bytes.resize(at + step);
    auto room = asio::buffer(bytes.data() + at, step);
    auto token = into(error);
    co_await asio::async_read(connection->socket, room, token);
  }
  co_return !error;
}

asio::awaitable<protocol::Result<void>> ControlServer::State::receive(std::shared_ptr<Connection> connection) {
  auto cut = fail(ErrorCode::kTruncated, "control");
  error_code error;
  auto room = asio::buffer(connection->front);
  auto token = into(error);
  co_await asio::async_read(connection->socket, room, token);
  if (error) co_return cut;
  auto size = control_json_size(connection->front);
  if (!size) co_return tl::unexpected(size.error());
  if (!co_await fill(connection, connection->json, *size)) co_return cut;
  auto start = parse_control_json(connection->json);
  if (!start) co_return tl::unexpected(start.error());
  connection->request.body = std::move(start->body);
  for (std::size_t blob : start->blob_sizes) {
    connection->request.blobs.emplace_back();
    if (!co_await fill(connection, connection->request.blobs.back(), blob)) co_return cut;
  }
  co_return protocol::Result<void>();
}

// Not a coroutine itself: its lambda stays away from any co_await (see STYLE.md).
asio::awaitable<ControlMessage> ControlServer::State::answer(ControlMessage request) {
  auto start = [this, asked = std::move(request)](auto handler) mutable {
    auto back = std::make_shared<decltype(handler)>(std::move(handler));
    perform(std::move(asked), [back](ControlMessage reply) { std::move (*back)(std::move(reply)); });
  };
  return asio::async_initiate<const asio::use_awaitable_t<>, void(ControlMessage)>(std::move(start), asio::use_awaitable);
}

asio::awaitable<void> ControlServer::State::serve(std::shared_ptr<Connection> connection) {
  auto self = shared_from_this();
  ++count;
  waiting.insert(connection);
  arm(connection, times.read);
  auto received = co_await receive(connection);
  waiting.erase(connection);
  connection->deadline.cancel();
  ControlMessage reply;
  if (received) reply = co_await answer(std::move(connection->request));
  else reply = failure(received.error());
  auto bytes = encode(reply);
  if (!bytes) bytes = encode(failure(bytes.error()));
  arm(connection, times.write);
  error_code error;
  auto whole = asio::buffer(*bytes);
  auto token = into(error);
  co_await asio::async_write(connection->socket, whole, token);
  connection->deadline.cancel();
  connection->socket.shutdown(Local::socket::shutdown_both, error);
  --count;
}

ControlServer::ControlServer(asio::io_context& node, std::filesystem::path socket, Perform perform, ControlTimes times)
    : state_(std::make_shared<State>(node, std::move(socket), std::move(perform), times)) {}

ControlServer::~ControlServer() {
  stop();
  std::error_code ignored;
  std::filesystem::remove(state_->socket_path, ignored);
}

protocol::Result<void> ControlServer::listen() {
  std::error_code ignored;
  std::filesystem::remove(state_->socket_path, ignored);
  std::string path = state_->socket_path.string();
  auto failed = [&](const error_code& error) { return tl::unexpected(protocol::system_error(error, path)); };
  Local::endpoint endpoint;
  // 108 bytes are all that sockaddr_un has; Asio would throw.
  if (path.size() > 107) return fail(ErrorCode::kTooLarge, path);
  endpoint.path(path);
  error_code error;
  state_->acceptor.open(Local(), error);
  // The file must not be open to others even for a moment between bind and chmod.
  mode_t before = ::umask(0177);
  if (!error) state_->acceptor.bind(endpoint, error);
  ::umask(before);
  if (!error) state_->acceptor.listen(static_cast<int>(kControlConnectionsMax), error);
  if (error) return failed(error);
  asio::co_spawn(state_->node, state_->accept(), asio::detached);
  return {};
}

void ControlServer::stop() {
  state_->stopping = true;
  error_code ignored;
  state_->acceptor.close(ignored);
  state_->pause.cancel();
  for (const auto& connection : state_->waiting) connection->socket.close(ignored);
}

std::size_t ControlServer::connections() const { return state_->count; }

protocol::Result<ControlMessage> call_daemon(const std::filesystem::path& socket_path, const ControlMessage& request) {
  auto bytes = encode(request);
  if (!bytes) return tl::unexpected(bytes.error());
  std::string path = socket_path.string();
  if (path.size() > 107) return fail(ErrorCode::kNotFound, path);
  asio::io_context context;
  Local::socket socket(context);
  error_code error;
  socket.connect(Local::endpoint(path), error);
  if (error == asio::error::access_denied || error == asio::error::no_permission) return fail(ErrorCode::kDenied, path);
  if (error) return fail(ErrorCode::kNotFound, path);
  asio::write(socket, asio::buffer(*bytes), error);
  // A daemon that refuses answers before it has read everything: what it says counts, not the failed write.
  Bytes reply;
  asio::read(socket, asio::dynamic_buffer(reply, 4 + kControlJsonBytesMax + kControlBlobsBytesMax), error);
  if (!reply.empty()) return decode_control(reply);
  // Who still listens had no place for us.
  Local::socket again(context);
  again.connect(Local::endpoint(path), error);
  return error ? fail(ErrorCode::kDaemonStopped, "") : fail(ErrorCode::kBusy, path);
}

}  // namespace maillage::daemon
