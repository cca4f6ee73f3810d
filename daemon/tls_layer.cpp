#include "daemon/tls_layer.h"

#include <algorithm>
#include <new>

#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace maillage::daemon {
namespace {

using tcp = asio::ip::tcp;
using ErrorCode = ByteStream::ErrorCode;

// What OpenSSL makes one record of at most.
constexpr std::size_t kRecordBytesMax = SSL3_RT_MAX_PLAIN_LENGTH;
// Of one connection, before the others have their turn.
constexpr std::size_t kReadAtOnceMax = 64 * 1024;

void finish(ByteStream::Transfer& done, ErrorCode error, std::size_t bytes) { std::move(done)(error, bytes); }
void finish(ByteStream::Done& done, ErrorCode error, std::size_t) { std::move(done)(error); }

template <class Pointer>
Pointer* made(Pointer* pointer) {
  if (pointer == nullptr) throw std::bad_alloc();
  return pointer;
}

}  // namespace

// A BIO that is the socket. Rationale for not SSL_set_fd: a write to a socket that the peer has closed would raise SIGPIPE, and a number
// that was closed may be another connection's.
struct TlsLayer::Wire {
  static TlsLayer& layer(BIO* bio) { return *static_cast<TlsLayer*>(BIO_get_data(bio)); }

  static int moved(BIO* bio, const ErrorCode& error, std::size_t bytes, int retry) {
    BIO_clear_retry_flags(bio);
    if (!error) return static_cast<int>(bytes);
    if (error == asio::error::would_block || error == asio::error::try_again) BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY);
    else layer(bio).wire_error_ = error;
    return -1;
  }
  // Rationale for a budget: of records that carry nothing (KeyUpdate, RFC 8446 §4.6.3) OpenSSL reads on for as long as any come.
  static int read(BIO* bio, char* to, int size) {
    ErrorCode error;
    std::size_t& budget = layer(bio).read_budget_;
    if (budget == 0) return moved(bio, asio::error::would_block, 0, BIO_FLAGS_READ);
    std::size_t bytes = layer(bio).socket_.read_some(asio::buffer(to, std::min(budget, static_cast<std::size_t>(size))), error);
    budget -= bytes;
    return moved(bio, error, bytes, BIO_FLAGS_READ);
  }
  static int write(BIO* bio, const char* from, int size) {
    ErrorCode error;
    std::size_t bytes = layer(bio).socket_.write_some(asio::buffer(from, static_cast<std::size_t>(size)), error);
    return moved(bio, error, bytes, BIO_FLAGS_WRITE);
  }
  static long control(BIO*, int what, long, void*) { return what == BIO_CTRL_FLUSH ? 1 : 0; }

  static const BIO_METHOD* method() {
    static BIO_METHOD* const kMethod = [] {
      BIO_METHOD* fresh = made(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "maillage"));
      BIO_meth_set_read(fresh, read);
      BIO_meth_set_write(fresh, write);
      BIO_meth_set_ctrl(fresh, control);
      return fresh;
    }();
    return kMethod;
  }
};

void TlsLayer::FreeSsl::operator()(SSL* ssl) const { SSL_free(ssl); }

TlsLayer::TlsLayer(tcp::socket socket, std::shared_ptr<asio::ssl::context> context, Role role)
    : context_(std::move(context)), socket_(std::move(socket)), ssl_(made(SSL_new(context_->native_handle()))) {
  ErrorCode ignored;  // of a socket that is closed already: the first read says so
  socket_.non_blocking(true, ignored);
  BIO* wire = made(BIO_new(Wire::method()));
  BIO_set_data(wire, this);
  BIO_set_init(wire, 1);
  SSL_set_bio(ssl_.get(), wire, wire);
  SSL_set_mode(ssl_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_set_read_ahead(ssl_.get(), 1);  // one system call a record, not two
  if (role == Role::kClient) SSL_set_connect_state(ssl_.get());
  else SSL_set_accept_state(ssl_.get());
}

void TlsLayer::expect(const std::string& host, bool verify) {
  SSL_set_tlsext_host_name(ssl_.get(), host.c_str());
  SSL_set_verify(ssl_.get(), verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (!verify) return;
  X509_VERIFY_PARAM* wanted = SSL_get0_param(ssl_.get());
  if (X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) != 1) X509_VERIFY_PARAM_set1_host(wanted, host.data(), host.size());
}

ErrorCode TlsLayer::error_of(int kind) const {
  if (kind == SSL_ERROR_NONE) return {};
  if (kind == SSL_ERROR_ZERO_RETURN) return asio::error::eof;
  unsigned long reason = ERR_get_error();
  if (wire_error_ == asio::error::eof) return asio::ssl::error::stream_truncated;  // without a goodbye
  if (wire_error_) return wire_error_;
  if (reason != 0) return {static_cast<int>(reason), asio::error::get_ssl_category()};
  return asio::ssl::error::unspecified_system_error;
}

template <class Call, class Handler>
void TlsLayer::attempt(Call call, Handler done) {
  std::size_t bytes = 0;
  ERR_clear_error();
  wire_error_ = {};
  read_budget_ = kReadAtOnceMax;
  int kind = SSL_get_error(ssl_.get(), call(ssl_.get(), bytes));
  if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) {
    auto again = [self = shared_from_this(), call = std::move(call), done = std::move(done)](ErrorCode error) mutable {
      if (error) return finish(done, error, 0);
      self->attempt(std::move(call), std::move(done));
    };
    return socket_.async_wait(kind == SSL_ERROR_WANT_READ ? tcp::socket::wait_read : tcp::socket::wait_write, std::move(again));
  }
  asio::post(socket_.get_executor(), [done = std::move(done), error = error_of(kind), bytes]() mutable { finish(done, error, bytes); });
}

void TlsLayer::read(ByteStream::ReadBuffers buffers, ByteStream::Transfer done) {
  auto call = [buffers](SSL* ssl, std::size_t& bytes) {
    asio::mutable_buffer room = buffers.begin() != buffers.end() ? *buffers.begin() : asio::mutable_buffer();
    return room.size() == 0 ? 1 : SSL_read_ex(ssl, room.data(), room.size(), &bytes);
  };
  attempt(call, std::move(done));
}

// Each call makes a record: what is in several buffers, as a frame and its header of ten bytes, goes in one.
void TlsLayer::write(ByteStream::WriteBuffers buffers, ByteStream::Transfer done) {
  auto call = [buffers](SSL* ssl, std::size_t& bytes) {
    std::array<unsigned char, kRecordBytesMax> together;
    asio::const_buffer what = buffers.begin() != buffers.end() ? *buffers.begin() : asio::const_buffer();
    bool several = buffers.end() - buffers.begin() > 1;
    if (several && what.size() < together.size()) what = asio::buffer(together, asio::buffer_copy(asio::buffer(together), buffers));
    return what.size() == 0 ? 1 : SSL_write_ex(ssl, what.data(), what.size(), &bytes);
  };
  attempt(call, std::move(done));
}

void TlsLayer::handshake(ByteStream::Done done) {
  attempt([](SSL* ssl, std::size_t&) { return SSL_do_handshake(ssl); }, std::move(done));
}

// Our goodbye leaves, and the end of our bytes; theirs is read by who reads on.
void TlsLayer::shut_down(ByteStream::Done done) {
  auto call = [this](SSL* ssl, std::size_t&) {
    int said = SSL_shutdown(ssl);
    ErrorCode ignored;
    if (said >= 0) socket_.shutdown(tcp::socket::shutdown_send, ignored);
    return said >= 0 ? 1 : said;
  };
  attempt(call, std::move(done));
}

void TlsLayer::close() noexcept {
  ErrorCode ignored;
  socket_.close(ignored);
}

}  // namespace maillage::daemon
