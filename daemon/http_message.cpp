#include "daemon/http_message.h"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "protocol/utf8.h"

namespace maillage::daemon {
namespace {

using protocol::ErrorCode;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

// Length of the UTF-8 sequence that starts at `at`, or 0 when it is none (overlong, surrogate, out of range).
std::size_t utf8_length(std::string_view text, std::size_t at) {
  auto byte = [&](std::size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u; };
  unsigned first = byte(0);
  if (first < 0x80) return 1;
  std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  unsigned second = byte(1);
  bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  bool outside = (first == 0xed && second > 0x9f) || (first == 0xf4 && second > 0x8f);
  return overlong || outside ? 0 : length;
}

bool clean_text(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = utf8_length(text, at);
    if (length == 0 || text[at] == '\0') return false;
    at += length;
  }
  return true;
}

}  // namespace

std::string_view HttpRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (equal_ignoring_case(key, name)) return value;
  return {};
}

protocol::Result<DecodedTarget> decode_target(std::string_view target) {
  auto shown = std::string(target.substr(0, 100));
  if (target.size() > kHttpTargetBytesMax) return protocol::fail(ErrorCode::kTooLarge, "URL");
  // What people type after curl has raw UTF-8 in it, which RFC 3986 does not allow: it counts as if it were encoded.
  std::string ascii;
  if (!clean_text(target)) return protocol::fail(ErrorCode::kMalformed, protocol::shown(target, 100));
  for (char c : target) ascii += static_cast<unsigned char>(c) < 0x80 ? std::string(1, c) : encode_parameter(std::string_view(&c, 1));
  auto url = boost::urls::parse_origin_form(boost::urls::string_view(ascii.data(), ascii.size()));
  if (!url) return protocol::fail(ErrorCode::kMalformed, shown);
  DecodedTarget decoded;
  decoded.path = url->path();
  boost::urls::encoding_opts options;
  options.space_as_plus = true;
  for (auto parameter : url->params(options)) {
    if (parameter.key.empty() && !parameter.has_value) continue;  // "&&", or a "&" at either end
    if (decoded.query.size() == kHttpParametersMax) return protocol::fail(ErrorCode::kTooMany, "?…&…");
    decoded.query.emplace_back(parameter.key, parameter.value);
    if (!clean_text(decoded.query.back().first) || !clean_text(decoded.query.back().second))
      return protocol::fail(ErrorCode::kMalformed, shown);
  }
  if (!clean_text(decoded.path)) return protocol::fail(ErrorCode::kMalformed, shown);
  return decoded;
}

std::string encode_parameter(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (unsigned char c : text) {
    bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      std::string_view("-._~").find(static_cast<char>(c)) != std::string_view::npos;
    if (unreserved) encoded += static_cast<char>(c);
    else (encoded += '%') += {kHex[c >> 4], kHex[c & 15]};
  }
  return encoded;
}

std::string host_of(std::string_view host_header) {
  std::string_view host = host_header;
  if (host.starts_with('[')) {
    auto end = host.find(']');
    if (end == std::string_view::npos) return {};
    host = host.substr(1, end - 1);
  } else {
    host = host.substr(0, host.find(':'));
  }
  std::string result(host);
  std::transform(result.begin(), result.end(), result.begin(), lower);
  if (result.ends_with('.')) result.pop_back();
  return result;
}

}  // namespace maillage::daemon
