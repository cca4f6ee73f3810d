// Asio and its OpenSSL part, compiled once for the whole daemon.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
