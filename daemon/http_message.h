// A request and its answer as plain values: what routes see. No library's types, so that routes and their tests need
// no socket. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/error.h"

namespace maillage::daemon {

using Parameters = std::vector<std::pair<std::string, std::string>>;

// Bounds of what a public request may be; each refusal says which.
inline constexpr std::size_t kHttpHeaderBytesMax = 16 * 1024;  // browsers send 1–2 KB
inline constexpr std::size_t kHttpBodyBytesMax = 64 * 1024;    // nothing public takes a body yet
inline constexpr std::size_t kHttpTargetBytesMax = 8 * 1024;   // a shared URL with every filter set is below 2 KB
inline constexpr std::size_t kHttpParametersMax = 100;

struct HttpRequest {
  std::string method;
  std::string target;  // as received
  std::string path;    // percent-decoded, without base_path
  Parameters query;    // percent-decoded, in order
  std::vector<std::pair<std::string, std::string>> headers;
  std::string remote;  // address of the client, a trusted proxy's word for it included
  bool local = false;  // from this machine, through no proxy
  std::vector<std::string> captures;  // what the template's {…} matched

  // The first header of that name in any case, or empty.
  std::string_view header(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

struct DecodedTarget {
  std::string path;
  Parameters query;
};

// Takes a request target apart with Boost.URL. `+` in a query is a space. kMalformed for what is no origin-form
// target, for NUL, and for bytes that are not UTF-8; kTooLarge, kTooMany.
protocol::Result<DecodedTarget> decode_target(std::string_view target);

// `text` with everything but unreserved characters percent-encoded.
std::string encode_parameter(std::string_view text);

// Host header without its port: "[::1]:80" → "::1". Lower case. Empty when it is malformed.
std::string host_of(std::string_view host_header);

}  // namespace maillage::daemon
