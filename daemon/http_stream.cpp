// Exchanges: the body of a request goes to a worker piece by piece, the answer comes back the same way.
#include <boost/asio/write.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include "daemon/http_connection.h"
#include "registry/gunzip.h"

namespace maillage::daemon {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t kBodyPieceBytes = 64 * 1024;

// The worker's side: the exchange, and the cap and packing of its body. One call at a time, from any worker.
class Carried {
 public:
  Carried(const OpenExchange& open, HttpRequest request) : open_(open), request_(std::move(request)) {}

  // Nothing: go on.
  std::optional<HttpResponse> begin() {
    std::string_view encoding = request_.header("Content-Encoding");
    bool packed = encoding == "gzip" || encoding == "x-gzip";
    if (!packed && !encoding.empty() && encoding != "identity")
      return refusal(request_, 415, {protocol::ErrorCode::kMalformed, "Content-Encoding"});
    exchange_ = open_(request_);
    left_ = exchange_->body_bytes_max();
    if (packed) gunzip_.emplace(left_);
    return std::nullopt;
  }

  std::optional<HttpResponse> take(protocol::ByteView bytes) {
    if (!gunzip_) {
      if (bytes.size() > left_) return refusal(request_, 413, {protocol::ErrorCode::kTooLarge, "HTTP body"});
      left_ -= bytes.size();
      return exchange_->take(bytes);
    }
    std::optional<HttpResponse> early;
    auto taken = gunzip_->take(bytes, [&](protocol::ByteView piece) {
      early = exchange_->take(piece);
      return !early;
    });
    return taken ? early : wrong_body(taken.error());
  }

  HttpResponse answer() {
    if (gunzip_)
      if (auto whole = gunzip_->finish(); !whole) return wrong_body(whole.error());
    return exchange_->answer();
  }

  protocol::Result<protocol::Bytes> more() { return exchange_->more(); }

 private:
  HttpResponse wrong_body(const Error& error) {
    return refusal(request_, error.code == protocol::ErrorCode::kTooLarge ? 413 : 400, error);
  }

  OpenExchange open_;
  HttpRequest request_;
  std::unique_ptr<HttpExchange> exchange_;
  std::optional<registry::Gunzip> gunzip_;
  std::uint64_t left_ = 0;
};

using Shared = std::shared_ptr<Carried>;
using Early = std::optional<HttpResponse>;
using Piece = protocol::Result<protocol::Bytes>;

std::function<Early()> beginning(Shared carried) {
  return [carried = std::move(carried)] { return carried->begin(); };
}
std::function<Early()> taking(Shared carried, protocol::ByteView bytes) {
  return [carried = std::move(carried), bytes] { return carried->take(bytes); };
}
std::function<HttpResponse()> answering(Shared carried) {
  return [carried = std::move(carried)] { return carried->answer(); };
}
std::function<Piece()> continuing(Shared carried) {
  return [carried = std::move(carried)] { return carried->more(); };
}

// Freeing a large listing, or a folder of what was pushed, is work for a worker; with none left it is done here.
class Destroyed {
 public:
  Destroyed(WorkerPool& workers, Shared& carried) : workers_(workers), carried_(carried) {}
  ~Destroyed() {
    auto last = std::make_shared<Shared>(std::move(carried_));
    (void)workers_.post([last] { last->reset(); });
  }

 private:
  WorkerPool& workers_;
  Shared& carried_;
};

asio::awaitable<bool> send_text(std::shared_ptr<Connection> connection, std::string text, std::chrono::milliseconds limit) {
  arm(connection, limit);
  error_code error;
  auto token = into(error);
  auto bytes = asio::buffer(text);
  co_await asio::async_write(connection->stream, bytes, token);
  co_return !error;
}

struct BodyPart {
  bool broken = false;
  std::size_t size = 0;
};

// The next bytes of the body, until `room` is full or the body ends.
asio::awaitable<BodyPart> read_part(std::shared_ptr<Connection> connection, BodyParser* parser, std::vector<std::uint8_t>* room,
                                    std::chrono::milliseconds limit) {
  arm(connection, limit);
  auto& body = parser->get().body();
  body.data = room->data();
  body.size = room->size();
  error_code error;
  auto token = into(error);
  co_await http::async_read(connection->stream, connection->buffer, *parser, token);
  BodyPart part;
  part.broken = error && error != http::error::need_buffer;
  part.size = room->size() - parser->get().body().size;
  co_return part;
}

asio::awaitable<bool> send_piece(std::shared_ptr<Connection> connection, protocol::Bytes piece, bool chunked, std::chrono::milliseconds limit) {
  arm(connection, limit);
  error_code error;
  auto token = into(error);
  auto bytes = asio::const_buffer(piece.data(), piece.size());
  auto chunk = http::make_chunk(bytes);
  if (chunked) co_await asio::async_write(connection->stream, chunk, token);
  else co_await asio::async_write(connection->stream, bytes, token);
  co_return !error;
}

asio::awaitable<bool> send_last(std::shared_ptr<Connection> connection, std::chrono::milliseconds limit) {
  arm(connection, limit);
  error_code error;
  auto token = into(error);
  auto last = http::make_chunk_last();
  co_await asio::async_write(connection->stream, last, token);
  co_return !error;
}

asio::awaitable<bool> send_start(std::shared_ptr<Connection> connection, HttpResponse response, bool keep_alive, bool chunked,
                                 std::chrono::milliseconds limit) {
  arm(connection, limit);
  http::response<http::empty_body> message = message_of<http::empty_body>(response, keep_alive);
  if (chunked) message.chunked(true);
  http::response_serializer<http::empty_body> serializer(message);
  error_code error;
  auto token = into(error);
  co_await http::async_write_header(connection->stream, serializer, token);
  if (error || response.body.empty()) co_return !error;
  protocol::Bytes first(response.body.begin(), response.body.end());
  co_return co_await send_piece(connection, first, chunked, limit);
}

// The pieces of an answer, each made when the last one is sent; true when the client has them all.
asio::awaitable<bool> send_pieces(std::shared_ptr<Connection> connection, asio::io_context& node, std::shared_ptr<StreamRequest> stream,
                                  Shared carried, bool chunked) {
  while (true) {
    auto job = continuing(carried);
    connection->deadline.cancel();
    std::optional<Piece> piece = co_await run_on<Piece>(*stream->workers, node, job);
    if (!piece || !*piece) co_return false;
    if ((*piece)->empty()) break;
    protocol::Bytes bytes = std::move(**piece);
    bool sent = co_await send_piece(connection, bytes, chunked, stream->limits.piece_timeout);
    if (!sent) co_return false;
  }
  if (!chunked) co_return true;
  co_return co_await send_last(connection, stream->limits.piece_timeout);
}

// The whole body to the exchange; an answer when it ends early, status 0 when the client went away.
asio::awaitable<Early> take_body(std::shared_ptr<Connection> connection, asio::io_context& node, std::shared_ptr<StreamRequest> stream,
                                 Shared carried) {
  std::vector<std::uint8_t> room(kBodyPieceBytes);
  BodyParser* parser = stream->parser.get();
  HttpResponse gone;
  gone.status = 0;
  while (!parser->is_done()) {
    BodyPart part = co_await read_part(connection, parser, &room, stream->limits.read_timeout);
    if (part.broken) co_return gone;
    if (part.size == 0) continue;
    auto job = taking(carried, protocol::ByteView(room.data(), part.size));
    connection->deadline.cancel();
    std::optional<Early> early = co_await run_on<Early>(*stream->workers, node, job);
    if (!early) co_return busy_refusal(stream->request);
    if (*early) co_return std::move(*early);
  }
  co_return std::nullopt;
}

}  // namespace

asio::awaitable<StreamEnd> carry_exchange(std::shared_ptr<Connection> connection, asio::io_context& node, std::shared_ptr<StreamRequest> stream) {
  auto carried = std::make_shared<Carried>(stream->route->exchange, stream->request);
  Destroyed destroyed(*stream->workers, carried);
  const auto& header = stream->parser->get();
  bool chunked = header.version() >= 11;
  bool keep_alive = stream->parser->keep_alive() && chunked;
  bool waits = chunked && boost::beast::iequals(header[http::field::expect], "100-continue");
  StreamEnd end;

  auto begin = beginning(carried);
  connection->deadline.cancel();
  std::optional<Early> early = co_await run_on<Early>(*stream->workers, node, begin);
  if (!early) early.emplace(busy_refusal(stream->request));
  if (!*early && waits) {
    bool told = co_await send_text(connection, std::string("HTTP/1.1 100 Continue\r\n\r\n"), stream->limits.write_timeout);
    if (!told) co_return end;
  }
  if (!*early) *early = co_await take_body(connection, node, stream, carried);
  bool whole = !*early;
  if (whole) {
    auto answer = answering(carried);
    WorkerPool& answerers = stream->route->answerers != nullptr ? *stream->route->answerers : *stream->workers;
    std::optional<HttpResponse> given = co_await run_on<HttpResponse>(answerers, node, answer);
    if (!given) given.emplace(busy_refusal(stream->request));
    *early = std::move(given);
  }
  HttpResponse response = std::move(**early);
  end.status = response.status;
  if (response.status == 0) co_return end;
  if (!whole || response.status != 200) {
    end.reusable = co_await send_response(connection, response, keep_alive && whole, false, stream->limits.write_timeout);
    end.reusable = end.reusable && keep_alive && whole;
    co_return end;
  }
  bool started = co_await send_start(connection, response, keep_alive, chunked, stream->limits.piece_timeout);
  if (!started) co_return end;
  bool sent = co_await send_pieces(connection, node, stream, carried, chunked);
  // A cut answer must not look whole to a client that reads until the end.
  if (!sent) connection->stream.close();
  end.reusable = sent && keep_alive;
  co_return end;
}

}  // namespace maillage::daemon
