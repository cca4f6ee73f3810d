#include "daemon/tls_context.h"

namespace maillage::daemon {
namespace {

namespace ssl = boost::asio::ssl;

std::shared_ptr<ssl::context> modern(ssl::context::method method) {
  auto context = std::make_shared<ssl::context>(method);
  boost::system::error_code ignored;
  context->set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1 |
                           ssl::context::no_sslv3 | ssl::context::no_compression,
                       ignored);
  return context;
}

}  // namespace

Result<std::shared_ptr<ssl::context>> tls_server_context(const TlsConfig& config) {
  auto context = modern(ssl::context::tls_server);
  boost::system::error_code error;
  context->use_certificate_chain_file(config.certificate_file, error);
  if (error) return protocol::fail(ErrorCode::kBadConfig, "tls_cert: " + config.certificate_file + ": " + error.message());
  context->use_private_key_file(config.key_file, ssl::context::pem, error);
  if (error) return protocol::fail(ErrorCode::kBadConfig, "tls_key: " + config.key_file + ": " + error.message());
  return context;
}

std::shared_ptr<ssl::context> tls_client_context() {
  auto context = modern(ssl::context::tls_client);
  boost::system::error_code ignored;  // without roots every verification fails, which the dial then reports
  context->set_default_verify_paths(ignored);
  return context;
}

}  // namespace maillage::daemon
