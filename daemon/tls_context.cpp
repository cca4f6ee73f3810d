#include "daemon/tls_context.h"

#include <cerrno>

#include <unistd.h>

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

// OpenSSL tells a missing file from a wrong one in its own words only.
Result<void> readable(const std::string& file) {
  if (::access(file.c_str(), R_OK) == 0) return {};
  return tl::unexpected(protocol::system_error({errno, std::generic_category()}, file));
}

}  // namespace

Result<std::shared_ptr<ssl::context>> tls_server_context(const TlsConfig& config) {
  auto context = modern(ssl::context::tls_server);
  for (const std::string& file : {config.certificate_file, config.key_file})
    if (auto read = readable(file); !read) return tl::unexpected(read.error());
  boost::system::error_code error;
  context->use_certificate_chain_file(config.certificate_file, error);
  if (error) return protocol::fail(ErrorCode::kBadCertificate, config.certificate_file);
  context->use_private_key_file(config.key_file, ssl::context::pem, error);
  if (error) return protocol::fail(ErrorCode::kBadTlsKey, config.key_file);
  return context;
}

std::shared_ptr<ssl::context> tls_client_context() {
  auto context = modern(ssl::context::tls_client);
  boost::system::error_code ignored;  // without roots every verification fails, which the dial then reports
  context->set_default_verify_paths(ignored);
  return context;
}

}  // namespace maillage::daemon
