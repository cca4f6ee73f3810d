// TlsLayer: TLS over one TCP socket. OpenSSL reads and writes the socket itself, without ever waiting; what cannot be done at once is
// tried again when the socket is ready.
//
// Rationale: Asio's own TLS stream keeps four buffers of 17 kB a connection between OpenSSL and the socket, idle or not. Here an idle
// connection keeps none: OpenSSL gives its own back when they are empty. Node thread.
#pragma once

#include <openssl/types.h>

#include "daemon/byte_stream.h"

namespace maillage::daemon {

class TlsLayer final : public ByteStream::Layer, public std::enable_shared_from_this<TlsLayer> {
 public:
  enum class Role { kClient, kServer };

  TlsLayer(asio::ip::tcp::socket socket, std::shared_ptr<asio::ssl::context> context, Role role);

  // `host` is sent as SNI and, when `verify`, must be what the certificate names. Before the handshake.
  void expect(const std::string& host, bool verify);

  ByteStream::executor_type executor() override { return socket_.get_executor(); }
  void read(ByteStream::ReadBuffers buffers, ByteStream::Transfer done) override;
  void write(ByteStream::WriteBuffers buffers, ByteStream::Transfer done) override;
  void handshake(ByteStream::Done done) override;
  void shut_down(ByteStream::Done done) override;
  void close() noexcept override;

 private:
  // What stands between OpenSSL and the socket.
  struct Wire;
  struct FreeSsl {
    void operator()(SSL* ssl) const;
  };

  // `call` is asked again until it is done or fails: int(SSL*, std::size_t& bytes).
  template <class Call, class Handler>
  void attempt(Call call, Handler done);
  ByteStream::ErrorCode error_of(int kind) const;

  std::shared_ptr<asio::ssl::context> context_;  // the one this connection began with, kept over a reload
  asio::ip::tcp::socket socket_;
  ByteStream::ErrorCode wire_error_;  // of the call under way
  std::size_t read_budget_ = 0;       // of the call under way, bytes
  std::unique_ptr<SSL, FreeSsl> ssl_;
};

}  // namespace maillage::daemon
