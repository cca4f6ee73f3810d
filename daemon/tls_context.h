// TLS settings made from files: the server's certificate and key, and the client's trust in the system's roots.
// TLS 1.2 and 1.3 only. Contexts are shared and never changed: a reload makes a new one. Any thread.
#pragma once

#include <memory>

#include <boost/asio/ssl/context.hpp>

#include "daemon/config.h"

namespace maillage::daemon {

// kBadCertificate, kBadTlsKey, or why the file cannot be read; they name it.
Result<std::shared_ptr<boost::asio::ssl::context>> tls_server_context(const TlsConfig& config);

std::shared_ptr<boost::asio::ssl::context> tls_client_context();

}  // namespace maillage::daemon
