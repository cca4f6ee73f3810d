#include "daemon/byte_stream.h"

#include <boost/asio/post.hpp>
#include <netinet/tcp.h>

#include "daemon/tls_layer.h"

namespace maillage::daemon {
namespace {

using tcp = asio::ip::tcp;
using ErrorCode = ByteStream::ErrorCode;

// The kernel takes little more than it can send now. Rationale: what it took cannot be overtaken, and by itself it takes
// megabytes; 16 KiB are 2 s on a line of 64 kbit/s.
constexpr int kUnsentBytesMax = 16 * 1024;

tcp::socket keeping_little(tcp::socket socket) {
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentBytesMax, sizeof kUnsentBytesMax);
  return socket;
}

class PlainLayer final : public ByteStream::Layer {
 public:
  explicit PlainLayer(tcp::socket socket) : socket_(std::move(socket)) {}

  ByteStream::executor_type executor() override { return socket_.get_executor(); }
  void read(ByteStream::ReadBuffers buffers, ByteStream::Transfer done) override {
    socket_.async_read_some(buffers, std::move(done));
  }
  void write(ByteStream::WriteBuffers buffers, ByteStream::Transfer done) override {
    socket_.async_write_some(buffers, std::move(done));
  }
  void handshake(ByteStream::Done done) override { finish(std::move(done), {}); }
  void shut_down(ByteStream::Done done) override {
    ErrorCode error;
    socket_.shutdown(tcp::socket::shutdown_send, error);
    finish(std::move(done), error);
  }
  void close() noexcept override {
    ErrorCode ignored;
    socket_.close(ignored);
  }

 private:
  void finish(ByteStream::Done done, ErrorCode error) {
    asio::post(socket_.get_executor(), [done = std::move(done), error]() mutable { std::move(done)(error); });
  }

  tcp::socket socket_;
};

}  // namespace

ByteStream ByteStream::plain(tcp::socket socket) {
  return ByteStream(std::make_shared<PlainLayer>(keeping_little(std::move(socket))));
}

ByteStream ByteStream::tls_server(tcp::socket socket, std::shared_ptr<asio::ssl::context> context) {
  return ByteStream(std::make_shared<TlsLayer>(keeping_little(std::move(socket)), std::move(context), TlsLayer::Role::kServer));
}

ByteStream ByteStream::tls_client(tcp::socket socket, std::shared_ptr<asio::ssl::context> context,
                                  const std::string& host, bool verify) {
  auto layer = std::make_shared<TlsLayer>(keeping_little(std::move(socket)), std::move(context), TlsLayer::Role::kClient);
  layer->expect(host, verify);
  return ByteStream(std::move(layer));
}

}  // namespace maillage::daemon
