// The one translation unit that contains Beast's WebSocket.
#include "daemon/peer_transport.h"

#include <list>
#include <map>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "daemon/address_range.h"
#include "daemon/tls_context.h"
#include "protocol/limits.h"

namespace maillage::daemon {
namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using tcp = asio::ip::tcp;
using boost::system::error_code;
using protocol::Role;

using Stream = websocket::stream<ByteStream>;

// Connections beyond what the node holds, so that it can say BYE to each: they are gone within seconds. More are closed.
constexpr std::size_t kRefusedAtOnce = 256;

// A reading buffer this large after a frame is given back: most frames are small, and sessions are many.
constexpr std::size_t kBufferKeptBytes = 2 * 1024;

auto into(error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

void set_options(Stream& stream, const PeerTimes& times) {
  websocket::stream_base::timeout timeout{times.dial, times.idle, true};
  stream.set_option(timeout);
  stream.read_message_max(protocol::kFrameBytesMax);
  stream.auto_fragment(false);
  stream.binary(true);
}

// Stands for kPrivateAddress: no system call gives it to who connects.
const error_code kNotPublic = make_error_code(boost::system::errc::cross_device_link);

tl::unexpected<protocol::Error> unreachable(const error_code& error, const std::string& host) {
  bool unknown = error == asio::error::host_not_found || error == asio::error::host_not_found_try_again;
  if (unknown) return protocol::fail(protocol::ErrorCode::kNotFound, host);
  if (error == kNotPublic) return protocol::fail(protocol::ErrorCode::kPrivateAddress, host);
  bool tls = error.category() == asio::error::get_ssl_category();
  bool untrusted = tls && ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_CERTIFICATE_VERIFY_FAILED;
  if (untrusted) return protocol::fail(protocol::ErrorCode::kDenied, host + ": certificate");
  return tl::unexpected(protocol::system_error(error, host));
}

// Where a name leads, judged after it was resolved: whoever owns a name decides what it says from one moment to the next.
std::vector<tcp::endpoint> allowed(const tcp::resolver::results_type& found, bool public_only) {
  std::vector<tcp::endpoint> endpoints;
  for (const auto& entry : found)
    if (!public_only || is_public(entry.endpoint().address())) endpoints.push_back(entry.endpoint());
  return endpoints;
}

std::string reason_of(const Stream& stream, const error_code& error) {
  if (error != websocket::error::closed) return error.message();
  auto code = std::to_string(stream.reason().code);
  auto text = stream.reason().reason;
  return text.empty() ? code : code + " " + std::string(text.data(), text.size());
}

}  // namespace

namespace {

struct Session {
  Session(SessionId number, Role session_role, ByteStream bytes)
      : id(number), role(session_role), stream(std::move(bytes)), last_words(stream.get_executor()) {}

  SessionId id;
  Role role;
  Stream stream;
  asio::steady_timer last_words;
  beast::flat_buffer buffer{protocol::kFrameBytesMax};
  std::list<SharedBytes> waiting;  // costs nothing when it is empty
  bool open = false;
  bool writing = false;
  std::optional<websocket::close_reason> closing;  // once `waiting` is empty
  bool close_sent = false;
};

}  // namespace

struct PeerTransport::State : std::enable_shared_from_this<PeerTransport::State> {
  State(asio::io_context& context, Events callbacks, PeerTimes limits)
      : node(context), events(std::move(callbacks)), times(limits) {}

  using SessionPtr = std::shared_ptr<Session>;

  // A connection being made: what `abort` must be able to end.
  struct Attempt {
    explicit Attempt(asio::io_context& context) : resolver(context), socket(context), deadline(context) {}
    tcp::resolver resolver;
    tcp::socket socket;
    asio::steady_timer deadline;
    ByteStream stream;
    bool expired = false;
    bool public_only = false;
    void end() {
      error_code ignored;
      expired = true;
      resolver.cancel();
      socket.close(ignored);
      stream.close();
    }
  };

  asio::io_context& node;
  Events events;
  PeerTimes times;
  std::shared_ptr<asio::ssl::context> client_tls;  // made for the first wss:// dial: reading the system's roots takes 40 ms
  std::map<SessionId, SessionPtr> sessions;
  std::map<std::uint64_t, std::weak_ptr<Attempt>> attempts;
  bool looks_names_up = false;  // Asio has its thread for that
  SessionId next_id = 1;
  std::uint64_t next_attempt = 1;
  bool stopping = false;  // no session more: what is on its way to one ends

  error_code make_lookups();
  asio::awaitable<void> greet(SessionPtr session, websocket::request_type request);
  asio::awaitable<void> reach(PeerUrl url, bool verify, Dialled done, bool public_only);
  asio::awaitable<error_code> connect(std::shared_ptr<Attempt> attempt, PeerUrl url, bool verify);
  asio::awaitable<void> listen(SessionPtr session);
  SessionPtr add(Role role, ByteStream stream);
  void open(Session& session);
  void write_next(const SessionPtr& session);
  void begin_close(const SessionPtr& session, websocket::close_code code);
  void allow_last_words(const SessionPtr& session);
  void send_close(const SessionPtr& session);
  void end(const SessionPtr& session, const std::string& reason);
  void stop_attempts();
  void arm(const std::shared_ptr<Attempt>& attempt);
};

PeerTransport::State::SessionPtr PeerTransport::State::add(Role role, ByteStream stream) {
  auto session = std::make_shared<Session>(next_id++, role, std::move(stream));
  set_options(session->stream, times);
  sessions.emplace(session->id, session);
  return session;
}

// Asio looks names up on a thread that it makes for the first one. When the system gives none it throws, which in a coroutine would end
// the process: so it is made here, by an address that needs no looking up.
error_code PeerTransport::State::make_lookups() {
  const auto numbers = tcp::resolver::numeric_host | tcp::resolver::numeric_service;
  try {
    if (!looks_names_up) tcp::resolver(node).async_resolve("127.0.0.1", "1", numbers, [](error_code, const tcp::resolver::results_type&) {});
  } catch (const boost::system::system_error& refused) {
    return refused.code();
  }
  looks_names_up = true;
  return {};
}

void PeerTransport::State::open(Session& session) {
  session.open = true;
  events.opened(session.id, session.role);
}

// The accepting side: handshake, then frames.
asio::awaitable<void> PeerTransport::State::greet(SessionPtr session, websocket::request_type request) {
  auto self = shared_from_this();
  error_code error;
  auto token = into(error);
  co_await session->stream.async_accept(request, token);
  request = {};  // its headers would stay as long as the session
  if (error || stopping) {
    end(session, error.message());
    co_return;
  }
  open(*session);
  co_await listen(session);
}

asio::awaitable<void> PeerTransport::State::listen(SessionPtr session) {
  error_code error;
  while (true) {
    auto token = into(error);
    co_await session->stream.async_read(session->buffer, token);
    if (error) break;
    if (!session->stream.got_binary()) {
      begin_close(session, websocket::close_code::unknown_data);
      session->buffer.clear();
      continue;
    }
    auto bytes = session->buffer.cdata();
    protocol::ByteView frame(static_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    if (session->open && !session->closing) events.frame(session->id, frame);
    session->buffer.clear();
    if (session->buffer.capacity() > kBufferKeptBytes) session->buffer.shrink_to_fit();
  }
  end(session, reason_of(session->stream, error));
}

// At most one write is outstanding, the close included.
void PeerTransport::State::write_next(const SessionPtr& session) {
  if (!session->open || session->close_sent) return;
  if (session->waiting.empty()) {
    session->writing = false;
    if (session->closing) send_close(session);
    return;
  }
  session->writing = true;
  if (session->closing) allow_last_words(session);
  SharedBytes frame = session->waiting.front();
  session->waiting.pop_front();
  session->stream.async_write(asio::buffer(*frame), [self = shared_from_this(), session, frame](error_code error, std::size_t) {
    if (!session->open) return;
    if (error) return self->end(session, error.message());
    self->write_next(session);
    self->events.sent(session->id, frame->size());
  });
}

void PeerTransport::State::begin_close(const SessionPtr& session, websocket::close_code code) {
  session->closing = websocket::close_reason(code);
  allow_last_words(session);
  if (!session->writing) write_next(session);
}

// For the write that is under way, for each one after it and for the close: who reads none of them is not waited for.
void PeerTransport::State::allow_last_words(const SessionPtr& session) {
  session->last_words.expires_after(times.last_words);
  session->last_words.async_wait([session](error_code error) {
    if (!error) session->stream.next_layer().close();
  });
}

void PeerTransport::State::send_close(const SessionPtr& session) {
  session->close_sent = true;
  allow_last_words(session);
  session->stream.async_close(*session->closing, [self = shared_from_this(), session](error_code error) {
    if (error) session->stream.next_layer().close();
    self->end(session, "1000");
  });
}

void PeerTransport::State::end(const SessionPtr& session, const std::string& reason) {
  bool was_open = std::exchange(session->open, false);
  session->last_words.cancel();
  session->stream.next_layer().close();
  session->waiting.clear();
  sessions.erase(session->id);
  if (was_open && events.closed) events.closed(session->id, reason);
}

void PeerTransport::State::stop_attempts() {
  stopping = true;
  for (auto& [number, weak] : attempts)
    if (auto attempt = weak.lock()) attempt->end();
}

void PeerTransport::State::arm(const std::shared_ptr<Attempt>& attempt) {
  attempt->deadline.expires_after(times.dial);
  attempt->deadline.async_wait([weak = std::weak_ptr(attempt)](error_code error) {
    if (error) return;
    if (auto late = weak.lock()) late->end();
  });
}

asio::awaitable<error_code> PeerTransport::State::connect(std::shared_ptr<Attempt> attempt, PeerUrl url, bool verify) {
  error_code error;
  arm(attempt);
  auto resolve_token = into(error);
  auto found = co_await attempt->resolver.async_resolve(url.host, url.port, resolve_token);
  if (error) co_return error;
  std::vector<tcp::endpoint> reachable = allowed(found, attempt->public_only);
  if (reachable.empty()) co_return kNotPublic;
  arm(attempt);
  auto connect_token = into(error);
  co_await asio::async_connect(attempt->socket, reachable, connect_token);
  if (error) co_return error;
  if (attempt->expired) co_return make_error_code(asio::error::timed_out);
  attempt->socket.set_option(tcp::no_delay(true), error);
  if (url.tls) {
    if (!client_tls) client_tls = tls_client_context();
    attempt->stream = ByteStream::tls_client(std::move(attempt->socket), client_tls, url.host, verify);
  } else {
    attempt->stream = ByteStream::plain(std::move(attempt->socket));
  }
  arm(attempt);
  auto handshake_token = into(error);
  co_await attempt->stream.async_handshake(handshake_token);
  attempt->deadline.cancel();
  co_return error;
}

asio::awaitable<void> PeerTransport::State::reach(PeerUrl url, bool verify, Dialled done, bool public_only) {
  auto self = shared_from_this();
  auto attempt = std::make_shared<Attempt>(node);
  attempt->public_only = public_only;
  std::uint64_t number = next_attempt++;
  attempts.emplace(number, attempt);
  error_code error = co_await connect(attempt, url, verify);
  attempts.erase(number);
  if (error || stopping) {
    bool late = attempt->expired && !stopping;
    if (late) error = make_error_code(asio::error::timed_out);
    done(unreachable(error, url.host_header()));
    co_return;
  }
  SessionPtr session = add(Role::kDialling, std::move(attempt->stream));
  std::string host = url.host_header();
  auto token = into(error);
  co_await session->stream.async_handshake(host, url.target, token);
  if (!error && stopping) error = make_error_code(asio::error::operation_aborted);
  if (error) {
    end(session, error.message());
    done(unreachable(error, host));
    co_return;
  }
  open(*session);
  done(session->id);
  co_await listen(session);
}

PeerTransport::PeerTransport(asio::io_context& node, Events events, PeerTimes times)
    : state_(std::make_shared<State>(node, std::move(events), times)) {}

PeerTransport::~PeerTransport() { abort(); }

void PeerTransport::accept(ByteStream stream, const HttpRequest& request) {
  bool from_page = !request.header("Origin").empty();
  bool crowded = state_->sessions.size() >= protocol::kSessionsMax + kRefusedAtOnce;
  if (from_page || state_->stopping || crowded) return stream.close();
  websocket::request_type message;
  message.version(11);
  message.method(beast::http::verb::get);
  message.target(request.target);
  for (const auto& [name, value] : request.headers) message.insert(name, value);
  auto session = state_->add(Role::kDialled, std::move(stream));
  asio::co_spawn(state_->node, state_->greet(session, std::move(message)), asio::detached);
}

void PeerTransport::dial(const PeerUrl& url, bool verify, Dialled done, bool public_only) {
  if (error_code error = state_->make_lookups())
    return asio::post(state_->node, [done = std::move(done), failed = unreachable(error, url.host_header())] { done(failed); });
  asio::co_spawn(state_->node, state_->reach(url, verify, std::move(done), public_only), asio::detached);
}

void PeerTransport::send(SessionId id, SharedBytes frame) {
  auto found = state_->sessions.find(id);
  if (found == state_->sessions.end() || found->second->closing) return;
  auto session = found->second;
  session->waiting.push_back(std::move(frame));
  if (!session->writing) state_->write_next(session);
}

void PeerTransport::close(SessionId id) {
  auto found = state_->sessions.find(id);
  if (found == state_->sessions.end() || found->second->closing) return;
  auto session = found->second;
  state_->begin_close(session, websocket::close_code::normal);
}

// A session that is still shaking hands has nobody yet to take leave of.
void PeerTransport::close_all() {
  state_->stop_attempts();
  auto sessions = state_->sessions;
  for (auto& [id, session] : sessions) {
    if (!session->open) session->stream.next_layer().close();
    else if (!session->closing) state_->begin_close(session, websocket::close_code::service_restart);
  }
}

void PeerTransport::abort() {
  state_->events.closed = nullptr;
  state_->stop_attempts();
  auto sessions = state_->sessions;
  for (auto& [id, session] : sessions) state_->end(session, "");
}

std::size_t PeerTransport::sessions() const { return state_->sessions.size(); }

}  // namespace maillage::daemon
