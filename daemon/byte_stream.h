// ByteStream: one connection, plain TCP or TLS, behind one type, so that HTTP and WebSocket code is compiled once and
// does not know which it has.
//
// Satisfies Asio's AsyncReadStream and AsyncWriteStream. At most one read and one write may be outstanding. Moving it
// while an operation is outstanding is allowed (operations hold the layer, not the handle); destroying it is not,
// close() first. Node thread.
#pragma once

#include <array>
#include <memory>
#include <string>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/role.hpp>

namespace maillage::daemon {

namespace asio = boost::asio;

// A short buffer sequence that is copied by value: what HTTP and WebSocket writes need is four buffers at most; what
// is beyond the capacity waits for the next call, as any short write.
template <class Buffer>
class BufferList {
 public:
  template <class Sequence>
  explicit BufferList(const Sequence& buffers) {
    auto end = asio::buffer_sequence_end(buffers);
    for (auto at = asio::buffer_sequence_begin(buffers); at != end && count_ < buffers_.size(); ++at)
      if (Buffer buffer(*at); buffer.size() > 0) buffers_[count_++] = buffer;
  }
  const Buffer* begin() const { return buffers_.data(); }
  const Buffer* end() const { return buffers_.data() + count_; }
  using value_type = Buffer;
  using const_iterator = const Buffer*;

 private:
  std::array<Buffer, 8> buffers_;
  std::size_t count_ = 0;
};

class ByteStream {
 public:
  using executor_type = asio::any_io_executor;
  using ErrorCode = boost::system::error_code;
  using Transfer = asio::any_completion_handler<void(ErrorCode, std::size_t)>;
  using Done = asio::any_completion_handler<void(ErrorCode)>;
  using ReadBuffers = BufferList<asio::mutable_buffer>;
  using WriteBuffers = BufferList<asio::const_buffer>;

  // What plain TCP and TLS each implement.
  class Layer {
   public:
    virtual ~Layer() = default;
    virtual executor_type executor() = 0;
    virtual void read(ReadBuffers buffers, Transfer done) = 0;
    virtual void write(WriteBuffers buffers, Transfer done) = 0;
    virtual void handshake(Done done) = 0;  // TLS; at once on a plain stream
    virtual void shut_down(Done done) = 0;  // close_notify and FIN
    virtual void close() noexcept = 0;      // at once; outstanding operations end with an error
  };

  ByteStream() = default;
  static ByteStream plain(asio::ip::tcp::socket socket);
  static ByteStream tls_server(asio::ip::tcp::socket socket, std::shared_ptr<asio::ssl::context> context);
  // `host` is sent as SNI and, when `verify`, must be what the certificate names.
  static ByteStream tls_client(asio::ip::tcp::socket socket, std::shared_ptr<asio::ssl::context> context,
                               const std::string& host, bool verify);

  executor_type get_executor() const noexcept { return layer_->executor(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    auto start = [layer = layer_](auto handler, ReadBuffers list) { layer->read(list, std::move(handler)); };
    return asio::async_initiate<Token, void(ErrorCode, std::size_t)>(std::move(start), token, ReadBuffers(buffers));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    auto start = [layer = layer_](auto handler, WriteBuffers list) { layer->write(list, std::move(handler)); };
    return asio::async_initiate<Token, void(ErrorCode, std::size_t)>(std::move(start), token, WriteBuffers(buffers));
  }
  template <class Token>
  auto async_handshake(Token&& token) {
    auto start = [layer = layer_](auto handler) { layer->handshake(std::move(handler)); };
    return asio::async_initiate<Token, void(ErrorCode)>(std::move(start), token);
  }
  template <class Token>
  auto async_shut_down(Token&& token) {
    auto start = [layer = layer_](auto handler) { layer->shut_down(std::move(handler)); };
    return asio::async_initiate<Token, void(ErrorCode)>(std::move(start), token);
  }
  void close() noexcept {
    if (layer_) layer_->close();
  }

 private:
  explicit ByteStream(std::shared_ptr<Layer> layer) : layer_(std::move(layer)) {}

  std::shared_ptr<Layer> layer_;  // shared with the operations in flight
};

// What Beast's WebSocket asks of a stream that is not its own (found by argument-dependent look-up).
template <class Done>
void async_teardown(boost::beast::role_type, ByteStream& stream, Done&& done) {
  stream.async_shut_down(std::forward<Done>(done));
}
inline void beast_close_socket(ByteStream& stream) { stream.close(); }

}  // namespace maillage::daemon
